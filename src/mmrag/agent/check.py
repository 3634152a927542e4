"""Deciding a question for a yes or a no by the value that another drafter reads, and checking that decision again."""

from __future__ import annotations

from collections.abc import Sequence

from mmrag.agent.aggregate import amount_of, day_of
from mmrag.agent.aggregate_math import Entry, keeps
from mmrag.agent.claims import split_claims
from mmrag.agent.reading.text import STOP, fold, stem, words
from mmrag.domain.aggregates import Quantity
from mmrag.domain.answers import Claim, Draft, Verdict, VerdictKind, VerifyMethod
from mmrag.domain.checks import Check
from mmrag.domain.plans import Plan, Reading
from mmrag.ports import Drafter

_KEPT = frozenset({VerdictKind.SUPPORTED, VerdictKind.PARTLY})
_UNDECIDED = "the value that was read does not decide it"


class CheckDrafter:
    """A drafter in front of another: it has the value read that decides a yes or a no, and hands every other plan on."""

    def __init__(self, inner: Drafter) -> None:
        self._inner = inner

    async def draft(self, plan: Plan, readings: Sequence[Reading]) -> Draft:
        """'Yes' or 'No' with the value as operand; no answer where none was read, or the one read decides nothing."""
        check = plan.check
        if check is None:
            return await self._inner.draft(plan, readings)
        draft = await self._inner.draft(check.asks, readings)
        held = None if draft.answer is None else holds(check, draft.answer)
        if held is None and check.sides is not None:
            return await self._compared(check, check.sides, readings)
        if draft.answer is None:
            return draft
        if held is None or not draft.spans:
            rivals = ((draft.answer, draft.confidence),)
            return Draft(answer=None, spans=(), confidence=0.0, tier=draft.tier, rivals=rivals, why=_UNDECIDED)
        return Draft(
            answer="Yes" if held else "No",
            spans=draft.spans,
            confidence=draft.confidence,
            tier=draft.tier,
            rivals=draft.rivals,
            operands=split_claims(check.asks, draft),
            looked=draft.looked,
        )

    async def _compared(self, check: Check, sides: tuple[Plan, Plan], readings: Sequence[Reading]) -> Draft:
        """Yes or no from two values that are read one by one; no answer where one is not, or they are equal."""
        drafts = [await self._inner.draft(side, readings) for side in sides]
        answers = [draft.answer for draft in drafts if draft.answer is not None and draft.spans and not draft.operands]
        held = is_larger(check, *answers) if len(answers) == len(sides) else None
        if held is None:
            return Draft(answer=None, spans=(), confidence=0.0, tier=drafts[0].tier, why=_UNDECIDED)
        operands = tuple(Claim(text=a, spans=d.spans) for a, d in zip(answers, drafts, strict=True))
        return Draft(
            answer="Yes" if held else "No",
            spans=tuple(dict.fromkeys(span for claim in operands for span in claim.spans)),
            confidence=min(draft.confidence for draft in drafts),
            tier=drafts[0].tier,
            operands=operands,
            expression=f"{answers[0]} {'>' if check.larger else '<'} {answers[1]}",
        )


def is_larger(check: Check, one: str, other: str) -> bool | None:
    """Whether ``one`` is larger than ``other``, or smaller where that is asked; None where they cannot be compared."""
    first, second = amount_of(one), amount_of(other)
    if first is None or second is None or first[0] == second[0]:
        return None
    if first[1] is not None and second[1] is not None and first[1] != second[1]:
        return None
    return (first[0] > second[0]) is check.larger


def holds(check: Check, value: str) -> bool | None:
    """Whether ``value``, as it was read, says yes; None where it says neither."""
    if check.condition is not None:
        if check.condition.quantity is Quantity.DATE:
            return keeps((check.condition,), Entry(document="", label="", day=day_of(value)))
        amount = amount_of(value)
        return None if amount is None else keeps((check.condition,), Entry(document="", label="", amount=amount[0]))
    said = _stems(value)
    one, other = _stems(check.name or ""), _stems(check.other or "")
    if not said or not one:
        return None
    if check.other is not None:
        # Which of the two was named: by a word that the other has not.
        yes, no = bool(said & (one - other)), bool(said & (other - one))
        return None if yes is no else yes
    if said == one or fold(value) == fold(check.name or ""):
        return True
    # 'Holm' of 'Petra Holm' may be her brother: neither is said of a name that is alike in part.
    return None if said & one else False


def check_held(check: Check, claim: Claim, operands: Sequence[Verdict]) -> Verdict:
    """The verdict on ``claim``, a yes or a no, from those on the values that it was decided by."""
    refuted = next((v for v in operands if v.kind not in _KEPT), None)
    if refuted is not None or not operands:
        detail = "it names no value" if refuted is None else f"what decides it does not stand: {refuted.detail}"
        return _verdict(claim, VerdictKind.UNSUPPORTED, 1.0, detail)
    least = min(v.confidence for v in operands)
    sided = bool(claim.expression) and len(operands) > 1
    held = is_larger(check, *(v.claim.text for v in operands[:2])) if sided else holds(check, operands[0].claim.text)
    if held is None:
        return _verdict(claim, VerdictKind.UNSUPPORTED, least, _UNDECIDED)
    right = claim.text.casefold() == ("yes" if held else "no")
    kind = VerdictKind.SUPPORTED if all(v.kind is VerdictKind.SUPPORTED for v in operands) else VerdictKind.PARTLY
    detail = f"decided by {claim.expression or operands[0].claim.text}"
    return _verdict(claim, kind if right else VerdictKind.CONTRADICTED, least, detail)


def _stems(text: str) -> frozenset[str]:
    return frozenset(stem(w) for w in words(text) if w not in STOP)


def _verdict(claim: Claim, kind: VerdictKind, confidence: float, detail: str) -> Verdict:
    bounded = round(max(0.0, min(1.0, confidence)), 4)
    return Verdict(claim=claim, kind=kind, method=VerifyMethod.VALUE, confidence=bounded, detail=detail)
