"""The cascade's decisions, pure: can this be answered here at all, and what becomes of a draft once it is verified."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

from mmrag.domain.answers import Abstention, AbstentionReason, Draft, Verdict, VerdictKind
from mmrag.domain.plans import Constraint, ConstraintKind, Gathered, Plan

_KEPT = frozenset({VerdictKind.SUPPORTED, VerdictKind.PARTLY})
NEARLY_ALL = 0.75
"""Match from which a document is taken to be the one meant although one thing said of it is not found: OCR may have lost
that one thing."""
_SOME = 0.4
"""Match from which the document that fits best is named in a refusal, as the one that the question may mean."""
_NOUNS = {
    ConstraintKind.NAME: "the name",
    ConstraintKind.DATE: "the date",
    ConstraintKind.AMOUNT: "the amount",
    ConstraintKind.IDENTIFIER: "the number",
    ConstraintKind.FILE: "the file name",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Probabilities of being right: under ``min_confidence`` an answer is refused rather than given; from ``accept`` on no
    further tier is asked. Between the two it is kept, and given when no later tier does better."""

    min_confidence: float
    accept: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TierPosition:
    """Where the cascade stands. ``index`` counts from 0 of ``count`` tiers; ``repairs_left`` at this tier.

    ``next_usd`` is what the next tier is estimated to cost, None when its price is unknown.
    """

    index: int
    count: int
    repairs_left: int = 0
    next_usd: Decimal | None = Decimal(0)

    @property
    def is_last(self) -> bool:
        return self.index >= self.count - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Accept:
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """Give the best answer of the tiers before: ``why`` nothing better came."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """Read more pages with the same tier. ``missing`` says what is wanting."""

    missing: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalate:
    """Ask the next tier."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Abstain:
    abstention: Abstention


Decision: TypeAlias = Accept | Keep | Repair | Escalate | Abstain


def out_of_reach(plan: Plan, gathered: Gathered) -> Abstention | None:
    """The refusal of a question about a document that is not here; None when its document may be."""
    told = [c for c in plan.constraints if c.kind is not ConstraintKind.GENRE]
    missing = [c for c in gathered.unmatched if c.kind is not ConstraintKind.GENRE]
    if not told or not missing:
        return None
    best = max((gathered.matches.get(document, 0.0) for document in gathered.documents), default=0.0)
    files = [c for c in missing if c.kind is ConstraintKind.FILE]
    if files:
        return Abstention(
            reason=AbstentionReason.NO_EVIDENCE, detail=f"No document here is called “{_short(files[0].text)}”."
        )
    others = [other for other in gathered.others if other.constraint in missing]
    others.sort(key=lambda other: other.document_id not in gathered.documents)
    other = others[0] if others else None
    if best >= NEARLY_ALL and (other is None or other.document_id not in gathered.documents):
        return None
    named = " or ".join(_named(c) for c in missing)
    if other is not None:
        shown = next((hit.document for hit in gathered.hits if hit.element.document_id == other.document_id), "one")
        detail = f"No document here shows {named}; {shown} shows the name “{_short(other.printed)}”."
        return Abstention(reason=AbstentionReason.NO_EVIDENCE, detail=detail)
    nearest = next(iter(gathered.named), None)
    if nearest is not None and len(missing) < len(told) and best >= _SOME:
        detail = f"{nearest} fits the rest of what the question says, but does not show {named}."
        return Abstention(reason=AbstentionReason.NO_EVIDENCE, detail=detail)
    return Abstention(reason=AbstentionReason.NO_EVIDENCE, detail=f"No document here shows {named}.")


def drafted_score(draft: Draft) -> float:
    """How sure the tier is: what it says of itself, times the probability of its answer's tokens where that is told.

    Small models say that they are certain whatever they write; the tokens tell more.
    """
    return draft.confidence * (1.0 if draft.token_probability is None else draft.token_probability)


def answer_confidence(drafted: float, verdicts: Sequence[Verdict]) -> float:
    """The tier's own score times the weakest verdict that keeps a claim; 0 when a claim is refuted or there is none."""
    if not verdicts or is_refuted(verdicts):
        return 0.0
    return round(max(0.0, min(1.0, drafted)) * min(v.confidence for v in verdicts), 4)


def trusted(confidence: float, score: float, verdicts: Sequence[Verdict]) -> float:
    """The probability of being right, never more than the plain ``score`` where an answer rests on a measured value:
    calibration knows printed ones."""
    estimated = any(span.cell is not None for verdict in verdicts for span in verdict.claim.spans)
    return min(confidence, score) if estimated else confidence


def is_refuted(verdicts: Sequence[Verdict]) -> bool:
    """True when the verifier does not let a claim stand."""
    return any(v.kind not in _KEPT for v in verdicts)


class FailureKind(StrEnum):
    """Why a tier gave no draft: each is an outcome of its own, and none says anything about the documents."""

    UNAVAILABLE = "unavailable"  # no reply, or none that can be read
    MISSING = "missing"  # no weights, package or key, or not known to the provider
    REJECTED = "rejected"  # the provider does not take the call as it was made
    REFUSED = "refused"  # the model declined to answer
    UNSAFE = "unsafe"  # its draft broke a principle that no answer may break
    CUT_OFF = "cut_off"  # the reply ended before it was complete
    OVER_BUDGET = "over_budget"  # the call was not made
    KEPT = "kept"  # its pages may not leave this machine, and the tier is hosted
    UNREAD = "unread"  # what the answer is worked out from could not be read


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """``abstention`` is what the question ends with when no other tier answers."""

    kind: FailureKind
    abstention: Abstention


def decide(
    verdicts: Sequence[Verdict],
    confidence: float,
    thresholds: Thresholds,
    position: TierPosition,
    spent: Decimal,
    budget: Decimal,
    *,
    failure: Failure | None = None,
    best: float | None = None,
) -> Decision:
    """Accept, keep an earlier answer, repair, escalate or abstain.

    ``verdicts`` is empty when the tier found no answer, ``confidence`` is the calibrated :func:`answer_confidence`,
    ``failure`` says why a tier could not answer at all, ``best`` is the confidence of the best answer of the tiers before
    that clears its threshold. Every claim must stand: one that is refuted is reason enough. Never escalates on the last
    tier, nor to one that would go over ``budget``; money is in USD. An unknown price is no reason against a tier: what it
    cost is counted as unpriced.
    """
    trouble = failure.abstention if failure else _trouble(verdicts, confidence, thresholds)
    if trouble is None and confidence >= thresholds.accept:
        return Accept(confidence=confidence)
    if trouble and not failure and position.repairs_left > 0 and trouble.reason is not AbstentionReason.LOW_CONFIDENCE:
        return Repair(missing=trouble.detail)
    unsure = f"A tier was sure to {confidence:.2f}, and {thresholds.accept:.2f} is asked for before the next is left out."
    too_dear = position.next_usd is not None and spent + position.next_usd > budget
    if not position.is_last and not too_dear:
        return Escalate(why=trouble.detail if trouble else unsure)
    if best is not None and (trouble or best > confidence):
        return Keep(why=trouble.detail if trouble else f"A later tier was less sure of its own: {confidence:.2f}.")
    if trouble is None:
        return Accept(confidence=confidence)
    if position.is_last or position.next_usd is None:
        return Abstain(abstention=trouble)
    detail = (
        f"The next tier would cost about ${position.next_usd:.4f}; ${spent:.4f} of the ${budget:.4f} allowed are spent. "
        f"{trouble.detail}"
    )
    return Abstain(abstention=Abstention(reason=AbstentionReason.OVER_BUDGET, detail=detail))


def _trouble(verdicts: Sequence[Verdict], confidence: float, thresholds: Thresholds) -> Abstention | None:
    if not verdicts:
        return Abstention(reason=AbstentionReason.NO_EVIDENCE, detail="Nothing on the pages found answers this question.")
    refuted = [v for v in verdicts if v.kind not in _KEPT]
    if refuted:
        worst = refuted[0]
        detail = f"A draft said “{_short(worst.claim.text)}”, but {worst.detail or 'the page does not show it'}."
        return Abstention(reason=AbstentionReason.UNSUPPORTED, detail=detail)
    if confidence < thresholds.min_confidence:
        said = _short(" / ".join(v.claim.text for v in verdicts))
        detail = (
            f"The best candidate, “{said}”, is too uncertain: {confidence:.2f} of {thresholds.min_confidence:.2f} asked for."
        )
        return Abstention(reason=AbstentionReason.LOW_CONFIDENCE, detail=detail)
    return None


def _named(constraint: Constraint) -> str:
    return f"{_NOUNS.get(constraint.kind, 'anything called')} “{_short(constraint.text)}”"


def _short(text: str) -> str:
    return text if len(text) <= 100 else text[:99] + "…"
