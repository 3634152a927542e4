"""Claims that rest on values measured on a chart: they may stand, but never as if the page printed them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from mmrag.agent.checking import likeness
from mmrag.agent.evidence_words import Cited
from mmrag.agent.formulas import as_estimate, number_in
from mmrag.domain.answers import Claim, Verdict, VerdictKind, VerifyMethod
from mmrag.domain.documents import Cell

SURE = 0.95
"""The confidence of a verdict on an estimate that agrees with the chart as it was measured: a little less than the share of
measured values that are right within their error (0.97 and 0.99 on drawn charts, docs/benchmarks/reading.md)."""
_NAMED = 0.8


def check_estimate(claim: Claim, cells: Sequence[Cell], cited: Sequence[Cited]) -> Verdict:
    """``partly`` where the claim says the measured value within its error, or the name of what was measured; never more."""
    readable = min(word.confidence for place in cited for word in place.words)
    (cell, *more) = cells
    # A year is a number and may be the name of what was measured.
    printed = {word.text.strip(" .,:;()") for place in cited for word in place.words}
    said = None if claim.text.strip() in printed else number_in(claim.text)
    if more or cell.error is None:
        return _say(claim, VerdictKind.UNSUPPORTED, 1.0, "an estimate is of one value")
    if said is None:
        named = " ".join(word.text for place in cited for word in place.words)
        if likeness(claim.text, named) < _NAMED:
            return _say(claim, VerdictKind.UNSUPPORTED, 1.0, "the chart does not name it so")
        detail = f"by values measured on the chart, not printed: {as_estimate(cell.text, cell.error)}"
        return _say(claim, VerdictKind.PARTLY, SURE * readable, detail)
    measured = number_in(cell.text)
    if measured is None or abs(said - measured) > Decimal(str(cell.error)):
        detail = f"the chart was measured as {as_estimate(cell.text, cell.error)}"
        return _say(claim, VerdictKind.CONTRADICTED, readable, detail)
    detail = f"measured on the chart, not printed: {as_estimate(cell.text, cell.error)}"
    return _say(claim, VerdictKind.PARTLY, SURE * readable, detail)


def _say(claim: Claim, kind: VerdictKind, confidence: float, detail: str) -> Verdict:
    bounded = round(max(0.0, min(1.0, confidence)), 4)
    return Verdict(claim=claim, kind=kind, method=VerifyMethod.VALUE, confidence=bounded, detail=detail)
