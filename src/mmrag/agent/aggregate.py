"""Drafting an answer that has to be worked out: every operand is read on its own document, the rest is arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from mmrag.agent.aggregate_math import Entry, Worked, work_out
from mmrag.agent.quoting import locate
from mmrag.agent.reader import TIER as READER
from mmrag.domain.aggregates import Aggregate, Giving, Operation, Quantity
from mmrag.domain.answers import Claim, Draft, Span
from mmrag.domain.plans import AnswerType, ConstraintKind, Plan, Reading
from mmrag.domain.values import ValueKind
from mmrag.ports import Drafter
from mmrag.values import find_values, normals_of

_READ = 0.3
"""A value read with less confidence than this counts as unreadable: one wrong operand makes the whole answer wrong."""
_DATE_TARGET, _ISSUER_TARGET = "date", "company"
_NUMERIC = (ValueKind.AMOUNT, ValueKind.NUMBER)


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
            kept = tuple(f for f in found if f.claim is not None and f.confidence >= _READ)
            read[document] = kept
            entries.append(_entry(document, pages[0].document.name, part, aggregate, kept))
        worked = work_out(aggregate, entries)
        if worked.text is not None and aggregate.giving is Giving.ISSUER:
            named = worked.used if aggregate.operation is Operation.LIST else worked.used[:1]
            issuers = {e.document: await self._issuer(_by_document(readings)[e.part, e.document]) for e in named}
            for document, issuer in issuers.items():
                read[document] = (*read[document], issuer) if issuer.claim else read[document]
            told = {document: issuer.claim.text for document, issuer in issuers.items() if issuer.claim}
            worked = work_out(aggregate, [replace(e, issuer=told.get(e.document)) for e in entries])
        readers = [value.tier for values in read.values() for value in values]
        # One value that a model has read makes it the model's answer: the reader's calibration says nothing of it.
        tier = next((name for name in readers if name != READER), next(iter(readers), READER))
        return _drafted(aggregate, worked, read, _by_document(readings), tier)

    async def _issuer(self, pages: Sequence[Reading]) -> _Read:
        return await self._ask(_ISSUER_TARGET, AnswerType.NAME, "Which company issued this document?", pages)

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
        if value.kind is AnswerType.DATE:
            entry = replace(entry, day=day_of(value.claim.text))
        elif amount := amount_of(value.claim.text):
            entry = replace(entry, amount=amount[0], currency=amount[1])
    return entry


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
        counted = aggregate.operation is Operation.COUNT and not aggregate.conditions
        name = _name_on(aggregate, pages[entry.part, entry.document], entry.part) if counted else None
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
