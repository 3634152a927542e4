"""Verifying what was worked out: the arithmetic is done again, on the operands that the verifier has found on the pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from mmrag.agent.aggregate import amount_of, day_of
from mmrag.agent.aggregate_math import NOT_COUNTED, Entry, work_out
from mmrag.domain.aggregates import Aggregate, Giving
from mmrag.domain.answers import Claim, Verdict, VerdictKind, VerifyMethod
from mmrag.domain.plans import Reading

_KEPT = frozenset({VerdictKind.SUPPORTED, VerdictKind.PARTLY})


def check_worked_out(
    aggregate: Aggregate, claim: Claim, operands: Sequence[Verdict], readings: Sequence[Reading]
) -> Verdict:
    """The verdict on ``claim``, the answer, from those on its ``operands``. Never surer than the least sure."""
    refuted = [v for v in operands if v.kind not in _KEPT]
    if refuted or not operands:
        detail = refuted[0].detail if refuted else "it names no operand"
        return _verdict(claim, VerdictKind.UNSUPPORTED, 1.0, f"an operand does not stand: {detail}")
    worked = work_out(aggregate, _entries(aggregate, operands, readings))
    said, _, _ = claim.text.partition(NOT_COUNTED)
    least = min(v.confidence for v in operands)
    if worked.text is None:
        return _verdict(claim, VerdictKind.UNSUPPORTED, least, worked.why)
    if worked.text != said:
        return _verdict(claim, VerdictKind.CONTRADICTED, least, f"the operands give {worked.text}, not {said}")
    kind = VerdictKind.SUPPORTED if all(v.kind is VerdictKind.SUPPORTED for v in operands) else VerdictKind.PARTLY
    names = ", ".join(dict.fromkeys(e.label for e in worked.used))
    return _verdict(claim, kind, least, f"worked out again ({aggregate.operation.value}) from {names}")


def _entries(aggregate: Aggregate, operands: Sequence[Verdict], readings: Sequence[Reading]) -> list[Entry]:
    """What the operands say of each document. A claim's kind shows in its text: a date, an amount, else a name."""
    of_element = {e.id: r for r in readings for e in r.page.elements}
    parts: dict[str, dict[int, None]] = {}
    for reading in readings:
        parts.setdefault(reading.document.id, {})[reading.part] = None
    found: dict[tuple[int, str], Entry] = {}
    said: dict[str, int] = {}
    for verdict in operands:
        document = of_element[verdict.claim.spans[0].element_id].document
        said[document.id] = said.get(document.id, 0) + 1
        for part in parts[document.id]:
            key = part, document.id
            entry = found.get(key, Entry(document=document.id, label=document.name, part=part))
            # Behind all that was read to work it out stands what is told of the document.
            is_field = aggregate.field is not None and said[document.id] > len(aggregate.reads)
            found[key] = _with(aggregate, entry, verdict.claim.text, is_field=is_field)
    return list(found.values())


def _with(aggregate: Aggregate, entry: Entry, text: str, *, is_field: bool) -> Entry:
    if is_field:
        return replace(entry, field=text)
    day: date | None = day_of(text)
    amount = None if day else amount_of(text)
    if day is not None:
        entry = replace(entry, day=day)
    elif amount is not None and entry.amount is None and not _is_name(aggregate, text):
        entry = replace(entry, amount=amount[0], currency=amount[1])
    elif aggregate.giving is Giving.ISSUER:
        entry = replace(entry, issuer=text)
    return entry


def _is_name(aggregate: Aggregate, text: str) -> bool:
    """True for the claim that a document shows a name: it may have digits in it and is no amount."""
    return aggregate.counts_all and any(c.text == text for part in aggregate.parts for c in part.constraints)


def _verdict(claim: Claim, kind: VerdictKind, confidence: float, detail: str) -> Verdict:
    return Verdict(
        claim=claim, kind=kind, method=VerifyMethod.VALUE, confidence=round(max(0.0, min(1.0, confidence)), 4), detail=detail
    )
