"""What an answer is held to, and what was found when it was held to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    CRITICAL = "critical"
    MAJOR = "major"
    MINOR = "minor"

    @property
    def loss(self) -> float:
        """The share of its principle's weight that a violation costs."""
        return {Severity.CRITICAL: 1.0, Severity.MAJOR: 0.6, Severity.MINOR: 0.3}[self]


class Ruling(StrEnum):
    KEPT = "kept"
    VIOLATED = "violated"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True, kw_only=True)
class Principle:
    """One rule that an answer is held to. The weights of a group's principles add up to that group's weight.

    ``pictures`` says that it cannot be judged from the text alone; ``when`` names what has to be on a page for it to be in
    force (``people``, ``medical``, ...), always when empty. ``told``: models that draft or judge are told of it; a shipped
    rule that a file of one's own does not mention is judged by code alone.
    """

    id: str
    text: str
    why: str
    group: str
    severity: Severity
    weight: float
    pictures: bool = False
    when: tuple[str, ...] = ()
    told: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """How one principle was kept. ``words`` are those of the answer that it is about; ``judge`` says who found it."""

    principle: Principle
    ruling: Ruling
    reason: str = ""
    words: str = ""
    judge: str = "rules"


@dataclass(frozen=True, slots=True, kw_only=True)
class Critique:
    """All findings on one answer. ``failed`` says why a model that was to judge did not, empty when it did."""

    findings: tuple[Finding, ...]
    failed: str = ""

    @property
    def violations(self) -> tuple[Finding, ...]:
        return tuple(f for f in self.findings if f.ruling is Ruling.VIOLATED)

    @property
    def score(self) -> float:
        """In [0, 1]: the weight of what was kept among what was judged. A doubt costs half of a violation."""
        whole = sum(f.principle.weight for f in self.findings)
        lost = sum(f.principle.weight * f.principle.severity.loss * _SHARE[f.ruling] for f in self.findings)
        return 1.0 - lost / whole if whole else 1.0


_SHARE = {Ruling.KEPT: 0.0, Ruling.UNSURE: 0.5, Ruling.VIOLATED: 1.0}


def in_force(principles: Sequence[Principle], shown: frozenset[str] | None) -> tuple[Principle, ...]:
    """The principles that hold for pages that show ``shown``; None when nobody has looked, and then all of them do."""
    return tuple(p for p in principles if not p.when or shown is None or shown.intersection(p.when))
