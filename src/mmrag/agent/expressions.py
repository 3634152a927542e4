"""Arithmetic that a model has asked for: worked out again by code, on numbers that stand on the pages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from mmrag.agent.formulas import number_in
from mmrag.agent.tools.calculating import value_of
from mmrag.domain.answers import Claim, Verdict, VerdictKind, VerifyMethod
from mmrag.errors import UsageError

_KEPT = frozenset({VerdictKind.SUPPORTED, VerdictKind.PARTLY})
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_NAMES = re.compile(r"(?:max|min)\(")
"""The claim may be the name of what is the largest or the smallest."""
_PERCENT = Decimal(100)
_SCALES = frozenset(Decimal(10) ** power for power in (3, 6, 9))
"""Between the unit that a table prints its numbers in and the one that a question asks for."""


def check_expression(claim: Claim, operands: Sequence[Verdict]) -> Verdict:
    """The verdict on a claim that was worked out by ``claim.expression``. Never surer than the least sure operand.

    Every number in the expression has to be one of the operands, which have verdicts of their own; beside them only 100, a
    thousand, a million and a billion, and how many operands there are may stand in it.
    """
    refuted = [v for v in operands if v.kind not in _KEPT]
    if refuted or not operands:
        detail = refuted[0].detail if refuted else "it names no operand"
        return _verdict(claim, VerdictKind.UNSUPPORTED, 1.0, f"an operand does not stand: {detail}")
    known = {number for v in operands if (number := number_in(v.claim.text)) is not None}
    allowed = known | _SCALES | {_PERCENT, Decimal(len(operands))}
    made_up = [n for n in _NUMBER.findall(claim.expression) if Decimal(n) not in allowed]
    if made_up:
        return _verdict(claim, VerdictKind.UNSUPPORTED, 1.0, f"{made_up[0]} in {claim.expression} stands on no page cited")
    least, said = min(v.confidence for v in operands), number_in(claim.text)
    try:
        value = value_of(claim.expression)
    except UsageError as error:
        return _verdict(claim, VerdictKind.UNSUPPORTED, least, str(error))
    if _NAMES.match(claim.expression) and len(operands) > 1 and claim.text == operands[0].claim.text:
        # The name of a row and its value, then all that it was compared with.
        if number_in(operands[1].claim.text) != value:
            detail = f"{claim.expression} is {value:f}, which is not that of {claim.text}"
            return _verdict(claim, VerdictKind.CONTRADICTED, least, detail)
        said = value
    # Half of the last place either way: people round a half up, and decimals to even.
    if said is None or 2 * abs(value - said) > Decimal(1).scaleb(-_places(said)):
        return _verdict(claim, VerdictKind.CONTRADICTED, least, f"{claim.expression} is {value:f}, not {claim.text}")
    kind = VerdictKind.SUPPORTED if all(v.kind is VerdictKind.SUPPORTED for v in operands) else VerdictKind.PARTLY
    return _verdict(claim, kind, least, f"worked out again: {claim.expression}")


def _places(number: Decimal) -> int:
    """Decimals that ``number`` is written with."""
    exponent = number.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _verdict(claim: Claim, kind: VerdictKind, confidence: float, detail: str) -> Verdict:
    bounded = round(max(0.0, min(1.0, confidence)), 4)
    return Verdict(claim=claim, kind=kind, method=VerifyMethod.VALUE, confidence=bounded, detail=detail)
