"""Arithmetic on two printed values, pure and exact: done once by the drafter, and again by the verifier."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

from mmrag.domain.answers import Claim, Formula, Verdict, VerdictKind, VerifyMethod
from mmrag.domain.values import ValueKind
from mmrag.values import find_values

_NUMERIC = (ValueKind.AMOUNT, ValueKind.NUMBER, ValueKind.PERCENT)
_KEPT = frozenset({VerdictKind.SUPPORTED, VerdictKind.PARTLY})
_CENT = Decimal("0.01")
_DECIMALS = re.compile(r"\d[.,](\d{1,2})(?!\d)")


ROSE, FELL = "rose", "fell"
"""How a worked-out difference says which way it went."""
_ESTIMATE = re.compile(r" \((?:[^()]*; )?estimated from the chart, ± [^()]*\)$")


def as_estimate(value: str, error: float, unit: str | None = None) -> str:
    """How a measured value is told: ``about 42 (estimated from the chart, ± 1)``, with the unit of its axis
    ``about 42 (in millions; estimated from the chart, ± 1)``."""
    place = math.floor(math.log10(error)) if error > 0 else -3
    within = f"{math.ceil(round(error / 10.0**place, 6)) * 10.0**place:.{max(0, -place)}f}"
    said = f"{re.sub('[()]', '', unit)}; " if unit else ""
    return f"about {value} ({said}estimated from the chart, ± {within})"


def number_in(text: str) -> Decimal | None:
    """The number that ``text`` prints; None when it prints none, or more than one. The error of an estimate is none."""
    numbers = [v for v in find_values(_ESTIMATE.sub("", text)) if v.kind in _NUMERIC]
    return Decimal(numbers[0].normal) if len(numbers) == 1 else None


def is_bracketed(text: str) -> bool:
    """True for a number in brackets, as accounts print what is taken off: beside one without, its sign is in doubt."""
    return _ESTIMATE.sub("", text).lstrip(" $€£").startswith("(")


def evaluate(formula: Formula, first: str, second: str) -> str | None:
    """The result on two printed values, as plain digits; None when one is no number, or the division has no result.

    A difference has as many decimals as the more precise of the two.
    """
    a, b = number_in(first), number_in(second)
    if a is None or b is None or is_bracketed(first) != is_bracketed(second):
        return None
    if formula is Formula.DIFFERENCE:
        places = max(len(m[1]) if (m := _DECIMALS.search(text)) else 0 for text in (first, second))
        return f"{abs(b - a).quantize(Decimal(1).scaleb(-places)):f}"
    if a == 0:
        return None
    return f"{(abs(b - a) / abs(a) * 100).quantize(_CENT, ROUND_HALF_UP):f}"


def check_formula(claim: Claim, operands: Sequence[Verdict]) -> Verdict:
    """The verdict on a worked-out claim from those on its two operands. Never surer than the least sure."""
    refuted = [v for v in operands if v.kind not in _KEPT]
    if claim.formula is None or len(operands) != 2 or refuted:
        detail = refuted[0].detail if refuted else "it does not name two operands"
        return _verdict(claim, VerdictKind.UNSUPPORTED, 1.0, f"an operand does not stand: {detail}")
    first, second = (v.claim.text for v in operands)
    least = min(v.confidence for v in operands)
    again = evaluate(claim.formula, first, second)
    if again is None or number_in(claim.text) != Decimal(again) or not _goes_that_way(claim.text, first, second):
        return _verdict(claim, VerdictKind.CONTRADICTED, least, f"{first} and {second} give {again}, not {claim.text}")
    kind = VerdictKind.SUPPORTED if all(v.kind is VerdictKind.SUPPORTED for v in operands) else VerdictKind.PARTLY
    return _verdict(claim, kind, least, f"worked out again ({claim.formula.value}) from {first} and {second}")


def _goes_that_way(text: str, first: str, second: str) -> bool:
    """False where ``text`` says that the second value lies above the first, or under it, and it does not."""
    a, b = number_in(first), number_in(second)
    said = re.search(rf"\b(?:{ROSE}|{FELL})\b", text)
    return said is None or a is None or b is None or (b > a) is (said.group() == ROSE)


def _verdict(claim: Claim, kind: VerdictKind, confidence: float, detail: str) -> Verdict:
    bounded = round(max(0.0, min(1.0, confidence)), 4)
    return Verdict(claim=claim, kind=kind, method=VerifyMethod.VALUE, confidence=bounded, detail=detail)
