"""Which documents an aggregate is about: those that show what each part says, or all of a kind."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from mmrag.agent.aggregate_words import ANY, aggregate_words
from mmrag.domain.aggregates import Part
from mmrag.domain.documents import Document, DocumentStatus
from mmrag.domain.plans import Constraint, Gathered, Plan, Reading
from mmrag.errors import UsageError
from mmrag.ports import Catalog, PageRef
from mmrag.retrieval.matching import match_constraints
from mmrag.retrieval.search import SearchParts, meant_documents, search

SHOWS_NAME = 0.69
"""A document among several is one of those meant from this match on: wrong ones reach 0.67, right ones begin at 0.7 (see
``mmrag.retrieval.matching``)."""
MOST_DOCUMENTS = 400
"""Documents read for one question: more would not be read within the time a question has."""
_PAGES = 4
"""Pages read of a document that has more: its first ones."""
_DEPTH = 1000


async def gather_parts(plan: Plan, parts: SearchParts, *, k: int) -> Gathered:
    """``k`` hits as evidence, and the documents of each part of ``plan.aggregate``.

    Where a part has no document, ``documents`` is empty and ``unmatched`` holds what none shows. Raises ``UsageError`` when
    more documents are meant than can be read for one question.
    """
    if plan.aggregate is None:
        raise ValueError("the plan is no aggregate")
    gathered = await search(plan, parts, k=k)
    by_part: list[tuple[str, ...]] = []
    missing: list[Constraint] = []
    for part in plan.aggregate.parts:
        documents, unmatched = await _documents_of(part, parts)
        by_part.append(documents)
        missing += unmatched if documents else (unmatched or part.constraints)
    found = tuple(dict.fromkeys(d for documents in by_part for d in documents)) if all(by_part) else ()
    if len(found) > MOST_DOCUMENTS:
        raise UsageError(
            f"The question is about {len(found)} documents; at most {MOST_DOCUMENTS} are read for one answer. "
            "Name a company or a kind of document."
        )
    return replace(
        gathered,
        documents=found,
        matches=MappingProxyType(dict.fromkeys(found, 1.0)),
        unmatched=tuple(missing),
        by_part=tuple(by_part),
    )


async def select_parts(gathered: Gathered, catalog: Catalog) -> tuple[Reading, ...]:
    """The first pages of every document of every part, in the order of the parts."""
    readings: list[Reading] = []
    for part, documents in enumerate(gathered.by_part):
        for document_id in documents:
            document = await catalog.document(document_id)
            for number in range(1, min(document.pages, _PAGES) + 1 if document else 1):
                page = await catalog.page(PageRef(document_id=document_id, page=number))
                if document is not None and page is not None:
                    readings.append(Reading(document=document, page=page, match=1.0, relevance=1.0, part=part))
    return tuple(readings)


async def _documents_of(part: Part, parts: SearchParts) -> tuple[tuple[str, ...], tuple[Constraint, ...]]:
    """The documents of ``part``, best first, and what of it no document shows."""
    ready = {d.id: d for d in await parts.catalog.documents() if d.status is DocumentStatus.READY}
    if not part.constraints:
        return await _of_genre(part.genre, ready, parts), ()
    matches = await match_constraints(part.constraints, parts.lexical, parts.catalog)
    if part.several or part.conditions:
        named = {d: s for d, s in matches.documents.items() if s >= SHOWS_NAME and d in ready}
        return tuple(sorted(named, key=lambda d: (-named[d], ready[d].name))), matches.unmatched(())
    if matches.unmatched(()) and max(matches.documents.values(), default=0.0) < SHOWS_NAME:
        return (), matches.unmatched(())
    meant = [d for d in meant_documents(matches) if d in ready]
    top = max((matches.documents[d] for d in meant), default=0.0)
    return tuple(d for d in meant if matches.documents[d] >= top - 1e-9), matches.unmatched(())


async def _of_genre(genre: str | None, ready: dict[str, Document], parts: SearchParts) -> tuple[str, ...]:
    """Documents whose name says that they are of this kind; where none does, those that print it; else all."""
    by_name = sorted(ready, key=lambda d: ready[d].name)
    if genre in (None, ANY):
        return tuple(by_name)
    named = tuple(d for d in by_name if genre.replace(" ", "") in ready[d].name.lower().replace("-", "").replace("_", ""))
    if named:
        return named
    printed: set[str] = set()
    for words in aggregate_words().printed.get(genre, (genre,)):
        printed |= {p.ref.document_id for p in await parts.lexical.search_pages(words, _DEPTH)}
    return tuple(d for d in by_name if d in printed) or tuple(by_name)
