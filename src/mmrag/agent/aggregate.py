"""Drafting an answer that has to be worked out: every operand is read on its own document, the rest is arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from mmrag.agent.aggregate_math import Entry, Worked, keeps, work_out
from mmrag.agent.quoting import locate
from mmrag.agent.reader import TIER as READER
from mmrag.domain.aggregates import Aggregate, Field, Giving, Operation, Quantity
from mmrag.domain.answers import Claim, Draft, Span
from mmrag.domain.plans import AnswerType, ConstraintKind, Plan, Reading
from mmrag.domain.values import ValueKind
from mmrag.ports import Drafter
from mmrag.values import find_values, normals_of

_READ = 0.3
"""A value read with less confidence than this counts as unreadable: one wrong operand makes the whole answer wrong."""
_DATE_TARGET, _ISSUER_TARGET = "date", "company"
_NUMERIC = (ValueKind.AMOUNT, ValueKind.NUMBER)
_NAMING = frozenset({Giving.ISSUER, Giving.FIELD})
_FIELDS = {
    Field.CUSTOMER: ("customer", AnswerType.NAME, "Who is the customer?"),
    Field.PAYMENT: ("payment method", AnswerType.FREE, "What is the payment method?"),
}


class AggregateDrafter:
    """A drafter in front of another: it takes aggregates apart, and hands every other plan on as it is.

    ``inner`` reads one value at a time from the pages of one document. It is asked once a document and value.
    """

    def __init__(self, inner: Drafter) -> None:
        self._inner = inner

    async def draft(self, plan: Plan, readings: Sequence[Reading]) -> Draft:
        """The worked-out answer with its operands as claims; no answer when an operand cannot be read."""
        if plan.aggregate is None:
            return await self._inner.draft(plan, readings)
        aggregate = plan.aggregate
        entries: list[Entry] = []
        read: dict[str, tuple[_Read, ...]] = {}
        for (part, document), pages in _by_document(readings).items():
            found = [await self._read(aggregate, quantity, pages) for quantity in aggregate.reads]
            found += [await self._field(aggregate, part, pages)] if aggregate.reads_fields else []
            kept = tuple(f for f in found if f.claim is not None and f.confidence >= _READ)
            read[document] = kept
            entry = _entry(document, pages[0].document.name, part, aggregate, kept)
            entries.append(entry if entry.day else replace(entry, undated=_is_undated(aggregate, part, pages)))
        worked = work_out(aggregate, entries)
        if worked.text is not None and aggregate.giving in _NAMING and not aggregate.lists_fields:
            worked = await self._with_names(aggregate, worked, entries, read, readings)
        readers = [value.tier for values in read.values() for value in values]
        # One value that a model has read makes it the model's answer: the reader's calibration says nothing of it.
        tier = next((name for name in readers if name != READER), next(iter(readers), READER))
        return _drafted(aggregate, worked, read, _by_document(readings), tier)

    async def _with_names(
        self,
        aggregate: Aggregate,
        worked: Worked,
        entries: Sequence[Entry],
        read: dict[str, tuple[_Read, ...]],
        readings: Sequence[Reading],
    ) -> Worked:
        """``worked`` with the issuer, or another field, of the documents that the answer names; what is read for that is put
        into ``read``. A field that cannot be read leaves no answer."""
        pages = _by_document(readings)
        listed = aggregate.operation is Operation.LIST
        names: dict[str, str] = {}
        for entry in worked.used if listed else worked.used[:1]:
            own = pages[entry.part, entry.document]
            issued = aggregate.giving is Giving.ISSUER
            told = await (self._issuer(own) if issued else self._field(aggregate, entry.part, own))
            if told.claim is None or (not issued and told.confidence < _READ):
                if issued:
                    continue
                return Worked(text=None, why=f"the {aggregate.field} cannot be read on {entry.label}")
            read[entry.document] = (*read[entry.document], told)
            names[entry.document] = told.claim.text
        if aggregate.giving is Giving.ISSUER:
            return work_out(aggregate, [replace(e, issuer=names.get(e.document)) for e in entries])
        return work_out(aggregate, [replace(e, field=names.get(e.document)) for e in entries])

    async def _issuer(self, pages: Sequence[Reading]) -> _Read:
        return await self._ask(_ISSUER_TARGET, AnswerType.NAME, "Which company issued this document?", pages)

    async def _field(self, aggregate: Aggregate, part: int, pages: Sequence[Reading]) -> _Read:
        """The field that is told of one document."""
        field = aggregate.field or Field.CUSTOMER
        if field is Field.NUMBER:
            noun = f"{aggregate.parts[part].genre or 'document'} number"
            target, kind, question = noun, AnswerType.IDENTIFIER, f"What is the {noun}?"
        else:
            target, kind, question = _FIELDS[field]
        return replace(await self._ask(target, kind, question, pages), is_field=True)

    async def _read(self, aggregate: Aggregate, quantity: Quantity, pages: Sequence[Reading]) -> _Read:
        """The value of ``quantity`` on one document."""
        if quantity is Quantity.DATE:
            return await self._ask(_DATE_TARGET, AnswerType.DATE, "What is the date on this document?", pages)
        target = aggregate.target if aggregate.quantity is Quantity.AMOUNT else "total amount"
        return await self._ask(target, AnswerType.AMOUNT, f"What is the {target}?", pages)

    async def _ask(self, target: str, kind: AnswerType, question: str, pages: Sequence[Reading]) -> _Read:
        draft = await self._inner.draft(Plan(question=question, answer_type=kind, target=target), pages)
        claim = None if draft.answer is None or not draft.spans else Claim(text=draft.answer, spans=draft.spans)
        return _Read(claim=claim, kind=kind, confidence=draft.confidence, tier=draft.tier)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """One value of one document: what it says and where, None when nothing was found."""

    claim: Claim | None
    kind: AnswerType
    confidence: float
    tier: str
    is_field: bool = False


def day_of(text: str) -> date | None:
    """The likeliest day that ``text`` prints; None when it is no whole date."""
    normals = normals_of(text, ValueKind.DATE)
    return date.fromisoformat(normals[0]) if normals and len(normals[0]) == 10 else None


def amount_of(text: str) -> tuple[Decimal, str | None] | None:
    """The amount that ``text`` prints, with its currency where one is printed; None when it prints none."""
    found = next((v for v in find_values(text) if v.kind in _NUMERIC), None)
    if found is not None:
        return Decimal(found.normal), found.currency
    normals = normals_of(text, ValueKind.AMOUNT)
    return (Decimal(normals[0]), None) if normals else None


def _by_document(readings: Sequence[Reading]) -> dict[tuple[int, str], list[Reading]]:
    found: dict[tuple[int, str], list[Reading]] = {}
    for reading in readings:
        found.setdefault((reading.part, reading.document.id), []).append(reading)
    return found


def _entry(document: str, label: str, part: int, aggregate: Aggregate, read: Sequence[_Read]) -> Entry:
    entry = Entry(document=document, label=label, part=part)
    for value in read:
        if value.claim is None:
            continue
        if value.is_field:
            entry = replace(entry, field=value.claim.text)
            continue
        if value.kind is AnswerType.DATE:
            entry = replace(entry, day=day_of(value.claim.text))
        elif amount := amount_of(value.claim.text):
            entry = replace(entry, amount=amount[0], currency=amount[1])
    return entry


def _is_undated(aggregate: Aggregate, part: int, pages: Sequence[Reading]) -> bool:
    """True where a date is asked for and none that ``pages`` print is one that the conditions allow."""
    bounds = [c for c in (*aggregate.conditions, *aggregate.parts[part].conditions) if c.quantity is Quantity.DATE]
    if not bounds:
        return False
    printed = {n for r in pages for v in find_values(r.page.text) if v.kind is ValueKind.DATE for n in v.normals}
    # A month without a day may hold any of its days.
    days = [date.fromisoformat(n if len(n) > len("2018-03") else f"{n}-{day}") for n in printed for day in ("01", "28")]
    return not any(keeps(bounds, Entry(document="", label="", day=day)) for day in days)


def _drafted(
    aggregate: Aggregate,
    worked: Worked,
    read: dict[str, tuple[_Read, ...]],
    pages: dict[tuple[int, str], list[Reading]],
    tier: str,
) -> Draft:
    if worked.text is None:
        return Draft(answer=None, spans=(), confidence=0.0, tier=tier, why=worked.why)
    claims: list[Claim] = []
    weakest = 1.0
    for entry in worked.used:
        values = read[entry.document]
        name = _name_on(aggregate, pages[entry.part, entry.document], entry.part) if aggregate.counts_all else None
        if name is not None:
            claims.append(name)
        elif values:
            claims += [v.claim for v in values if v.claim is not None]
            weakest = min(weakest, *(v.confidence for v in values))
        else:
            return Draft(answer=None, spans=(), confidence=0.0, tier=tier, why=f"nothing can be read on {entry.label}")
    decided = len(worked.used) / (len(worked.used) + len(worked.undecided))
    spans = tuple(dict.fromkeys(span for claim in claims for span in claim.spans))
    return Draft(
        answer=worked.text,
        spans=spans,
        confidence=round(weakest * decided, 4),
        tier=tier,
        operands=tuple(dict.fromkeys(claims)),
    )


def _name_on(aggregate: Aggregate, pages: Sequence[Reading], part: int) -> Claim | None:
    """The name that makes a document belong to its part, as its page prints it."""
    names = [c.text for c in aggregate.parts[part].constraints if c.kind is ConstraintKind.NAME]
    for name in names[:1]:
        for reading in pages:
            for element in reading.page.elements:
                own = frozenset(element.words)
                if not (element.kind.stands_alone and own):
                    continue
                words = locate(name, [w for w in reading.page.words if w.index in own])
                if words:
                    return Claim(text=name, spans=(Span(element_id=element.id, words=words, quote=""),))
    return None
