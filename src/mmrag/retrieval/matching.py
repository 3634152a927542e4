"""Which documents are meant: how well each one satisfies the constraints of a question.

``the receipt from X dated Y`` names one document by a name and a date. A date or an amount is satisfied by a document that
shows an equal typed value anywhere, a name by one that shows its characters in spite of spacing and OCR errors. The match of
a document is the mean over the constraints, weighted by how much each tells documents apart.
"""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from mmrag.domain.documents import DocumentStatus
from mmrag.domain.plans import Constraint, ConstraintKind, OtherName
from mmrag.domain.values import ValueKind
from mmrag.ports import Catalog, LexicalIndex, PageRef
from mmrag.retrieval.naming import Named, Showing, how_named

SATISFIED = 0.66
"""Score from which a document is said to show a name. On 161 names of the development questions the right documents score
0.7 to 1.0 (but for six that OCR or handwriting leaves illegible) and the best of the wrong ones at most 0.67."""
_SHOWING = 15
"""Pages that a name is looked for on at first."""
_ASKED_AGAIN = 20
"""Documents on which a common name is looked for again, since something else says that they may be meant."""
_NEARLY = 0.5
"""Score from which a page is looked at for whether it prints another name."""
_MOST = 0.5
"""Share of a name's words from which a page that lacks the others shows another name, and not none."""
_ANOTHER = 0.4
"""What is left of the score of a page that does: enough to be named as the nearest, too little to be meant."""
CERTAIN = 0.9
"""A number that is no typed value may still be part of one: it has to be shown nearly whole."""

_WEIGHT = {
    ConstraintKind.NAME: 1.0,
    ConstraintKind.IDENTIFIER: 1.2,
    ConstraintKind.DATE: 0.8,
    ConstraintKind.AMOUNT: 0.8,
    ConstraintKind.FILE: 1.5,
}
_SHORT_PAPERS = frozenset({"receipt", "invoice", "bill", "ticket", "voucher", "slip", "cheque", "check"})
"""Kinds of documents of few pages: what is said of one stands close together in it."""
_TOGETHER = 4
"""Pages in a row on which all that is said of such a document has to stand. A long report shows some day and some amount."""
_EQUAL, _ANOTHER_MONTH = 0.1, 0.6
"""Documents that match so nearly alike are told apart by the month that the question names; what the others keep."""
_YEARS = range(1980, 2041)
_MONTH = re.compile(r"(?:19|20)\d\d-\d\d")
_KINDS = {
    ConstraintKind.DATE: (ValueKind.DATE,),
    ConstraintKind.AMOUNT: (ValueKind.AMOUNT, ValueKind.NUMBER),
    ConstraintKind.IDENTIFIER: None,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Matches:
    """``documents`` maps a document id to its match in ``[0, 1]``; ``pages`` the same for the pages that show something.

    ``best`` is, for each constraint, the best that any document does; ``satisfied`` which documents satisfy it. ``others``
    are documents that a search found for a name, and that print another.
    """

    documents: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    pages: Mapping[PageRef, float] = field(default_factory=lambda: MappingProxyType({}))
    best: tuple[tuple[Constraint, float], ...] = ()
    satisfied: tuple[frozenset[str], ...] = ()
    others: tuple[OtherName, ...] = ()

    def unmatched(self, meant: Sequence[str]) -> tuple[Constraint, ...]:
        """The constraints that no document satisfies, and the dates, amounts and numbers that none of the documents
        ``meant`` does: a receipt of another day that shows the date asked for does not make it the date of this one, nor
        does one of another firm where some of those meant are of the firm that is named.
        """
        here = frozenset(meant)
        for (constraint, _), documents in zip(self.best, self.satisfied, strict=True):
            if constraint.kind is ConstraintKind.NAME:
                here = here & documents or here
        return tuple(
            constraint
            for (constraint, score), documents in zip(self.best, self.satisfied, strict=True)
            if score < SATISFIED or (here and constraint.kind is not ConstraintKind.NAME and not here & documents)
        )


async def match_constraints(
    constraints: Sequence[Constraint], lexical: LexicalIndex, catalog: Catalog, *, documents: Sequence[str] | None = None
) -> Matches:
    """Ask the lexical index for each constraint at once and join what it says.

    What it finds for a name forgives a few letters. The words of those pages are looked at in ``catalog``: one that prints
    another name does not satisfy the constraint, however like it is.
    """
    asked = [c for c in constraints if c.kind is not ConstraintKind.GENRE and c.month is None]
    if not asked:
        return Matches()
    called = await documents_called(constraints, catalog)
    if called is not None:
        documents = called if documents is None else [d for d in documents if d in called]
    shown = list(await asyncio.gather(*(_pages_showing(c, lexical, called or ()) for c in asked)))
    shown = await _with_common_names(asked, shown, lexical)
    if documents is not None:
        allowed = frozenset(documents)
        shown = [{ref: s for ref, s in pages.items() if ref.document_id in allowed} for pages in shown]
    if any(c.kind is ConstraintKind.GENRE and c.text in _SHORT_PAPERS for c in constraints):
        told = [n for n, c in enumerate(asked) if c.kind is not ConstraintKind.FILE]
        for number, together in zip(told, _together([shown[n] for n in told]), strict=True):
            shown[number] = together
    others: list[OtherName] = []
    names = [number for number, constraint in enumerate(asked) if constraint.kind is ConstraintKind.NAME]
    looked = await asyncio.gather(*(_by_their_words(asked[n], shown[n], catalog) for n in names))
    for number, (pages, printed) in zip(names, looked, strict=True):
        shown[number] = pages
        others += printed
    matches = replace(combine(list(zip(asked, shown, strict=True))), others=tuple(others))
    months = [c.month for c in constraints if c.month is not None]
    return await _of_month(matches, months[0], lexical) if len(months) == 1 else matches


async def _of_month(matches: Matches, month: int, lexical: LexicalIndex) -> Matches:
    """``matches`` with less for those of the best documents that show no day of ``month``, where another of them does.

    The month tells two receipts of one shop apart. A chart is asked for a month as well, and shows no day at all.
    """
    top = max(matches.documents.values(), default=0.0)
    best = [d for d, score in matches.documents.items() if score >= top - _EQUAL]
    if len(best) < 2:
        return matches
    days = tuple(day for year in _YEARS for day in _days(f"{year}-{month:02}"))
    showing = {v.document_id for v in await lexical.search_values(days, kinds=_KINDS[ConstraintKind.DATE])}
    others = frozenset(best) - showing
    if not showing & frozenset(best):
        return matches
    documents = {d: score * (_ANOTHER_MONTH if d in others else 1.0) for d, score in matches.documents.items()}
    pages = {r: score * (_ANOTHER_MONTH if r.document_id in others else 1.0) for r, score in matches.pages.items()}
    return replace(matches, documents=MappingProxyType(documents), pages=MappingProxyType(pages))


async def documents_called(constraints: Sequence[Constraint], catalog: Catalog) -> list[str] | None:
    """The ids of the documents that the files named in a question are; None when it names none.

    A name is the whole one, or its last part where no document has the whole. Case does not matter.
    """
    files = [c.text.casefold() for c in constraints if c.kind is ConstraintKind.FILE]
    if not files:
        return None
    ready = {d.id: d.name.casefold() for d in await catalog.documents() if d.status is DocumentStatus.READY}
    found: list[str] = []
    for file in files:
        whole = [id_ for id_, name in ready.items() if name == file]
        found += whole or [id_ for id_, name in ready.items() if name.endswith((f"/{file}", f" {file}"))]
    return list(dict.fromkeys(found))


def _together(shown: Sequence[Mapping[PageRef, float]]) -> list[dict[PageRef, float]]:
    """``shown`` without the pages of long documents that are not among the few in a row that show the most."""
    numbers: dict[str, set[int]] = {}
    for pages in shown:
        for ref in pages:
            numbers.setdefault(ref.document_id, set()).add(ref.page)
    first: dict[str, int] = {}
    for document_id, found in numbers.items():
        if max(found) - min(found) >= _TOGETHER:
            first[document_id] = max(sorted(found), key=lambda start: _shown_from(document_id, start, shown))
    return [
        {r: s for r, s in pages.items() if r.document_id not in first or 0 <= r.page - first[r.document_id] < _TOGETHER}
        for pages in shown
    ]


def _shown_from(document_id: str, start: int, shown: Sequence[Mapping[PageRef, float]]) -> float:
    """How much of what is asked for the pages from ``start`` on show together."""
    refs = [PageRef(document_id=document_id, page=start + n) for n in range(_TOGETHER)]
    return sum(max(pages.get(ref, 0.0) for ref in refs) for pages in shown)


def combine(shown: Sequence[tuple[Constraint, Mapping[PageRef, float]]]) -> Matches:
    """Pure part of :func:`match_constraints`: pages showing each constraint to matches of documents and pages."""
    total = 0.0
    documents: dict[str, float] = {}
    pages: dict[PageRef, float] = {}
    best: list[tuple[Constraint, float]] = []
    satisfied: list[frozenset[str]] = []
    for constraint, refs in shown:
        by_document: dict[str, float] = {}
        for ref, score in refs.items():
            by_document[ref.document_id] = max(score, by_document.get(ref.document_id, 0.0))
        best.append((constraint, max(by_document.values(), default=0.0)))
        satisfied.append(frozenset(d for d, score in by_document.items() if score >= SATISFIED))
        weight = _WEIGHT[constraint.kind] / (1.0 + 0.25 * math.log1p(max(0, len(satisfied[-1]) - 1)))
        total += weight
        for document_id, score in by_document.items():
            documents[document_id] = documents.get(document_id, 0.0) + weight * score
        for ref, score in refs.items():
            pages[ref] = pages.get(ref, 0.0) + weight * score
    return Matches(
        documents=MappingProxyType({d: s / total for d, s in documents.items()}),
        pages=MappingProxyType({p: s / total for p, s in pages.items()}),
        best=tuple(best),
        satisfied=tuple(satisfied),
    )


async def _with_common_names(
    asked: Sequence[Constraint], shown: Sequence[dict[PageRef, float]], lexical: LexicalIndex
) -> list[dict[PageRef, float]]:
    """``shown``, and where a name is on more pages than were asked for, also the documents that satisfy another constraint.

    Of a firm's five thousand invoices the first search gives some: the one with the number asked for is hardly among them.
    """
    satisfying = [frozenset(ref.document_id for ref, score in pages.items() if score >= SATISFIED) for pages in shown]
    completed: list[dict[PageRef, float]] = []
    for number, (constraint, pages) in enumerate(zip(asked, shown, strict=True)):
        cut = constraint.kind is ConstraintKind.NAME and len(pages) >= _SHOWING and min(pages.values()) >= SATISFIED
        others = frozenset().union(*(found for n, found in enumerate(satisfying) if n != number)) - satisfying[number]
        if cut and 0 < len(others) <= _ASKED_AGAIN:
            again = await lexical.search_names(constraint.text, _SHOWING, documents=sorted(others))
            completed.append({**pages, **{page.ref: page.score for page in again}})
        else:
            completed.append(pages)
    return completed


async def _by_their_words(
    constraint: Constraint, pages: Mapping[PageRef, float], catalog: Catalog
) -> tuple[dict[PageRef, float], list[OtherName]]:
    """``pages`` with less for those that print another name than ``constraint``, and the documents that do.

    A document with one page that shows the name is not told by its others: its best pages are looked at first, and no more
    than it takes.
    """
    of_documents: dict[str, list[PageRef]] = {}
    for ref, score in pages.items():
        if score >= _NEARLY:
            of_documents.setdefault(ref.document_id, []).append(ref)
    best_first = (sorted(refs, key=lambda ref: -pages[ref]) for refs in of_documents.values())
    told = await asyncio.gather(*(_other_names(constraint.text, refs, pages, catalog) for refs in best_first))
    printed = {ref: text for of_document in told for ref, text in of_document.items()}
    wrong = [ref for ref in pages if ref in printed]
    others = [OtherName(constraint=constraint, document_id=ref.document_id, printed=printed[ref]) for ref in wrong]
    lowered = {ref: min(pages[ref], _ANOTHER) for ref in wrong}
    return {**pages, **lowered}, [other for other in others if other.printed]


async def _other_names(
    name: str, refs: Sequence[PageRef], scores: Mapping[PageRef, float], catalog: Catalog
) -> dict[PageRef, str]:
    """What the pages ``refs`` of one document print instead of ``name``; empty where one of them may show it."""
    printed: dict[PageRef, str] = {}
    for ref in refs:
        page = await catalog.page(ref)
        if page is None:
            continue
        found = how_named(name, page.words)
        if not _is_another(found, scores[ref]):
            return {}
        printed[ref] = found.nearest
    return printed


def _is_another(found: Named, score: float) -> bool:
    """Where little is like the name, it may stand on the page as a picture: then nothing is said."""
    return found.showing is Showing.ANOTHER and (score >= SATISFIED or found.share >= _MOST)


async def _pages_showing(constraint: Constraint, lexical: LexicalIndex, called: Sequence[str]) -> dict[PageRef, float]:
    shown: dict[PageRef, float] = {}
    if constraint.kind is ConstraintKind.FILE:
        return {PageRef(document_id=id_, page=1): 1.0 for id_ in called}
    if constraint.kind is not ConstraintKind.NAME:
        normals = tuple(day for normal in constraint.normals for day in _days(normal))
        likely = frozenset(_days(constraint.normals[0])) if constraint.normals else frozenset[str]()
        found = await lexical.search_values(normals, kinds=_KINDS[constraint.kind])
        for value in found:
            # The likeliest reading of both sides agrees: full marks. Day and month changed places: nearly.
            score = 1.0 if value.normals and value.normals[0] in likely else 0.9
            ref = PageRef(document_id=value.document_id, page=value.page)
            shown[ref] = max(score, shown.get(ref, 0.0))
    if constraint.kind is ConstraintKind.NAME or (constraint.kind is ConstraintKind.IDENTIFIER and not shown):
        least = CERTAIN if constraint.kind is ConstraintKind.IDENTIFIER else 0.0
        for page in await lexical.search_names(constraint.text, _SHOWING):
            if page.score >= least:
                shown[page.ref] = max(page.score, shown.get(page.ref, 0.0))
    return shown


def _days(normal: str) -> tuple[str, ...]:
    """A month is shown by itself and by each of its days; anything else only by itself."""
    if _MONTH.fullmatch(normal) is None:
        return (normal,)
    return (normal, *(f"{normal}-{day:02}" for day in range(1, 32)))
