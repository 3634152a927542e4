"""Critique and revision: an answer is held to the constitution, and changed only where that makes it better.

Rules judge what needs no model, on every tier. A model, where there is one, judges the principles that no rule covers.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from mmrag.agent.critique_rules import Reviewed, judge_by_rules
from mmrag.domain.answers import Abstention, AbstentionReason, Draft, Verdict, VerdictKind, VerifyMethod
from mmrag.domain.critique import Critique, Finding, Principle, Ruling, Severity
from mmrag.domain.hashing import Json
from mmrag.domain.messages import ImagePart
from mmrag.errors import ModelError

Look = Callable[[], Awaitable[tuple[ImagePart, ...]]]
"""Fetches the pictures that were drafted from. Called only for principles that need them."""
Check = Callable[[Draft], Awaitable[tuple[Verdict, ...]]]
"""Verifies a revised draft: its claims against the pages, as for any draft."""


class Critic(Protocol):
    """Judges the principles that no rule covers. Raises ``ModelError`` when it cannot."""

    async def findings(
        self, reviewed: Reviewed, principles: Sequence[Principle], pictures: Sequence[ImagePart]
    ) -> tuple[Finding, ...]: ...


class Reviser(Protocol):
    """Drafts again where principles were violated. Raises ``ModelError`` when it cannot."""

    async def revise(self, reviewed: Reviewed, violations: Sequence[Finding]) -> Draft: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Improved:
    """What became of a draft. ``tried`` revisions were made, of which ``kept`` scored higher and took its place."""

    reviewed: Reviewed
    critique: Critique
    tried: int = 0
    kept: int = 0

    @property
    def draft(self) -> Draft:
        return self.reviewed.draft


async def criticise(
    reviewed: Reviewed, principles: Sequence[Principle], critic: Critic | None = None, look: Look | None = None
) -> Critique:
    """The rules' findings, and the critic's on the principles that no rule covers.

    Pictures go only with the call that judges principles which need them. A critic that fails is counted, not hidden:
    ``failed`` says why, and its principles stay without a finding.
    """
    found = judge_by_rules(reviewed, principles)
    if critic is None or not reviewed.text:
        return Critique(findings=found)
    judged = {f.principle.id for f in found}
    rest = [p for p in principles if p.id not in judged and p.told]
    by_text, by_sight = [p for p in rest if not p.pictures], [p for p in rest if p.pictures]
    if look is None:  # nobody can look: one call judges them all
        by_text, by_sight = rest, []
    failed = ""
    for asked in (by_text, by_sight):
        if not asked:
            continue
        try:
            pictures = await look() if look is not None and asked is by_sight else ()
            found = (*found, *await critic.findings(reviewed, asked, pictures))
        except ModelError as error:
            failed = str(error)
    return Critique(findings=found, failed=failed)


async def improve(
    reviewed: Reviewed,
    principles: Sequence[Principle],
    *,
    critic: Critic | None = None,
    reviser: Reviser | None = None,
    check: Check | None = None,
    look: Look | None = None,
    rounds: int = 1,
) -> Improved:
    """Criticise, and revise at most ``rounds`` times while something is violated and revising helps.

    A revision takes the draft's place only when it scores higher than it; one that does not ends the rounds.
    """
    best = Improved(reviewed=reviewed, critique=await criticise(reviewed, principles, critic, look))
    for _ in range(rounds if reviser is not None and check is not None else 0):
        if not best.critique.violations or reviser is None or check is None:
            break
        try:
            draft = await reviser.revise(best.reviewed, best.critique.violations)
        except ModelError as error:
            return replace(best, critique=replace(best.critique, failed=str(error)))
        best = replace(best, tried=best.tried + 1)
        if draft.answer is None:
            break
        revised = replace(best.reviewed, draft=draft, verdicts=await check(draft))
        critique = await criticise(revised, principles, critic, look)
        if critique.score <= best.critique.score:
            break
        best = replace(best, reviewed=revised, critique=critique, kept=best.kept + 1)
    return best


def says_only_what_is_printed(reviewed: Reviewed) -> bool:
    """True when every claim was found on the page as a value or word for word: a model has nothing to judge in it."""
    by_page = (VerifyMethod.VALUE, VerifyMethod.LEXICAL)
    return bool(reviewed.verdicts) and all(
        v.kind is VerdictKind.SUPPORTED and v.method in by_page for v in reviewed.verdicts
    )


def refusal_of(critique: Critique) -> Abstention | None:
    """The refusal that a critical violation of a safety principle ends in; None when the answer may be given.

    What accuracy lacks is the verifier's to decide, and what helpfulness lacks does no harm.
    """
    for finding in critique.violations:
        if finding.principle.severity is Severity.CRITICAL and finding.principle.group == "safety":
            detail = f"The draft broke a principle ({finding.principle.id}): {finding.reason}."
            return Abstention(reason=AbstentionReason.UNSAFE, detail=detail)
    return None


def notes_of(critique: Critique) -> tuple[str, ...]:
    """What to tell beside an answer that is given: doubts that the answer itself does not own up to."""
    return tuple(
        f"“{finding.words}” {finding.reason}" if finding.words else finding.reason
        for finding in critique.findings
        if finding.ruling is Ruling.VIOLATED and finding.principle.id == "say-unsure"
    )


def critique_json(improved: Improved) -> Json:
    """For the trace: every finding on what is left, the score, what failed, and how many revisions were tried and kept."""
    critique = improved.critique
    return {
        "tried": improved.tried,
        "kept": improved.kept,
        "score": round(critique.score, 4),
        "failed": critique.failed,
        "findings": [
            {"principle": f.principle.id, "ruling": f.ruling.value, "reason": f.reason, "words": f.words, "judge": f.judge}
            for f in critique.findings
        ],
    }
