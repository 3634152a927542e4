"""Selecting the pages that a drafter reads: few, the documents meant first."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence

from mmrag.agent.aggregate_gather import select_parts
from mmrag.agent.covers import FIRST
from mmrag.domain.documents import Page
from mmrag.domain.plans import ConstraintKind, Gathered, Plan, Reading
from mmrag.ports import Catalog, PageRef

_DOCUMENTS = 3
_LEAVES = 12
"""Pages that may stand before the first that is counted: covers, contents."""
_PAGE_NUMBER = re.compile(r"(?i:page)|[\s|–—-]")


async def select(plan: Plan, gathered: Gathered, catalog: Catalog, *, pages: int) -> tuple[Reading, ...]:
    """The ``pages`` best pages with all their words, best first.

    Where the question names its document, pages of other documents are left out: an answer from the wrong receipt is worse
    than none. An aggregate reads every document of every part, whatever ``pages`` says.
    """
    if plan.aggregate is not None:
        return await select_parts(gathered, catalog)
    constrained = _names_documents(plan)
    scores = eligible(plan, gathered)
    if plan.on_page is not None and (named := await _on_page(plan.on_page, scores, gathered, catalog)):
        scores = named
    if plan.about_cover:
        scores = await _with_covers(scores, gathered, catalog)
    chosen = sorted(scores, key=lambda ref: (-scores[ref], ref))[:pages]
    top = max((scores[ref] for ref in chosen), default=0.0) or 1.0
    readings: list[Reading] = []
    for ref, page in zip(chosen, await asyncio.gather(*map(catalog.page, chosen)), strict=True):
        document = await catalog.document(ref.document_id)
        if page is None or document is None:  # replaced by a writer since it was found
            continue
        match = gathered.matches.get(ref.document_id, 0.0) if constrained else 1.0
        readings.append(Reading(document=document, page=page, match=min(1.0, match), relevance=min(1.0, scores[ref] / top)))
    return tuple(readings)


async def _with_covers(scores: Mapping[PageRef, float], gathered: Gathered, catalog: Catalog) -> dict[PageRef, float]:
    """``scores``, and before all the first pages and the last of the document that fits best: they say who made it."""
    found = dict(scores)
    for id_ in gathered.documents[:1]:
        document = await catalog.document(id_)
        best = max(scores.values(), default=0.0)
        pages = set() if document is None else {*range(1, min(FIRST, document.pages) + 1), document.pages}
        found.update({PageRef(document_id=id_, page=n): best for n in pages})
    return found


async def _on_page(
    number: int, scores: Mapping[PageRef, float], gathered: Gathered, catalog: Catalog
) -> dict[PageRef, float]:
    """The page that the question names, of each document that is meant: as the file counts, and as it is printed on pages.

    Empty where no document is told, as a page then tells nothing.
    """
    found: dict[PageRef, float] = {}
    for id_ in gathered.documents[:_DOCUMENTS]:
        document = await catalog.document(id_)
        if document is None:
            continue
        counted = number if number > 0 else document.pages + 1 + number
        best = max((s for ref, s in scores.items() if ref.document_id == id_), default=0.0)
        refs = [PageRef(document_id=id_, page=n) for n in range(counted, min(document.pages, counted + _LEAVES) + 1)]
        for ref in refs[: 1 if number < 0 else None]:
            page = await catalog.page(ref)
            if page is not None and (ref.page == counted or _prints_number(page, number)):
                found[ref] = best
    return found


def _prints_number(page: Page, number: int) -> bool:
    """True where the page's first or last line is its number."""
    lines = page.text.splitlines()
    return any(_PAGE_NUMBER.sub("", line) == str(number) for line in (*lines[:1], *lines[-1:]))


def eligible(plan: Plan, gathered: Gathered) -> dict[PageRef, float]:
    """Score of each page that may be read for this question."""
    scores = page_scores(gathered)
    if not _names_documents(plan) or not gathered.documents:
        return scores
    meant = frozenset(gathered.documents)
    return {ref: s for ref, s in scores.items() if ref.document_id in meant}


def unread(plan: Plan, gathered: Gathered, readings: Sequence[Reading]) -> frozenset[PageRef]:
    """Pages that may be read for this question and were not."""
    read = {PageRef(document_id=r.page.document_id, page=r.page.number) for r in readings}
    return frozenset(eligible(plan, gathered)) - read


def is_read_up(plan: Plan, gathered: Gathered, readings: Sequence[Reading]) -> bool:
    """True when no further search can bring up another page: every page of the documents meant was read."""
    if plan.aggregate is not None:
        return True
    if not _names_documents(plan) or not gathered.documents:
        return False
    read: dict[str, int] = {}
    pages: dict[str, int] = {}
    for reading in readings:
        read[reading.document.id] = read.get(reading.document.id, 0) + 1
        pages[reading.document.id] = reading.document.pages
    return all(document in read and read[document] >= pages[document] for document in gathered.documents)


def margin(scores: Mapping[PageRef, float]) -> float:
    """How far the best document is ahead of the next one, as a share of its best page's score; 1 without another."""
    best: dict[str, float] = {}
    for ref, score in scores.items():
        best[ref.document_id] = max(score, best.get(ref.document_id, 0.0))
    ranked = sorted(best.values(), reverse=True)
    return 1.0 if len(ranked) < 2 or ranked[0] <= 0 else 1.0 - ranked[1] / ranked[0]


def _names_documents(plan: Plan) -> bool:
    return any(c.kind is not ConstraintKind.GENRE for c in plan.constraints)


def page_scores(gathered: Gathered) -> dict[PageRef, float]:
    """Score of each page that has a hit: its best hit's, plus a tenth of the next two, so that agreement counts."""
    by_page: dict[PageRef, list[float]] = {}
    for hit in gathered.hits:
        by_page.setdefault(PageRef(document_id=hit.element.document_id, page=hit.element.page), []).append(hit.score)
    return {ref: max(found) + 0.1 * sum(sorted(found, reverse=True)[1:3]) for ref, found in by_page.items()}
