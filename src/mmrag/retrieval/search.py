"""Search: all legs at once, joined by reciprocal rank fusion, with the documents meant first.

Captions are found by the same dense and lexical search as printed text, and ranked apart from it: what a model wrote never
pushes what is printed out of its place.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from mmrag.domain.documents import Document
from mmrag.domain.evidence import Hit, Leg, Scored
from mmrag.domain.pictures import PageKind
from mmrag.domain.plans import ConstraintKind, Gathered, Plan
from mmrag.ports import Catalog, ImageEmbedder, LexicalIndex, PageRef, PageScored, SummaryIndex, TextEmbedder, VectorIndex
from mmrag.retrieval.broad import beside, findable, is_broad, summary_hits
from mmrag.retrieval.fusion import order, ranks
from mmrag.retrieval.matching import SATISFIED, Matches, documents_called, match_constraints
from mmrag.retrieval.ranking import rank_elements
from mmrag.retrieval.seen import (
    Placed,
    Ranking,
    Seen,
    better_captioned,
    caption_ranks,
    captions_apart,
    seen_pages,
)
from mmrag.retrieval.visual import DESCRIBED, TEXT_BESIDE, Wish, wish_of, without_description

DEPTH = 60
"""How many elements each leg may propose. More changed no ranking on the development documents."""
NEAR_BEST = 0.08
"""A document is still meant when its match is this close to the best one's."""
_ALL_OF_IT = 0.999
"""A document that shows every date, amount and number as they are likeliest meant is not confused with one that shows
them if day and month change places."""
SPARE = 40
"""Proposals beyond that, which make up for the captions among them."""
_WHOLE_PAGES = 4
"""Pages of each page ranking of which every element is looked at; elements of other pages have to be found themselves."""
_MEANT = 8
_NAMED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchParts:
    """What searching needs. Built once by the composition root. Without ``pictures`` and ``image_embedder`` there is no
    image leg, without ``summaries`` broad questions are searched like others."""

    catalog: Catalog
    lexical: LexicalIndex
    vectors: VectorIndex
    embedder: TextEmbedder
    summaries: SummaryIndex | None = None
    pictures: VectorIndex | None = None
    image_embedder: ImageEmbedder | None = None


async def search(
    plan: Plan,
    parts: SearchParts,
    *,
    k: int,
    kinds: Sequence[PageKind] | None = None,
    languages: Sequence[str] | None = None,
) -> Gathered:
    """The ``k`` best elements for ``plan``, and the documents that satisfy its constraints.

    With ``kinds`` only pages that the image model took for one of these are searched, with ``languages`` (ISO 639-1) only
    pages in these.
    """
    wish = wish_of(plan)
    plan = replace(plan, constraints=without_description(plan))
    scope = await _scope(plan, parts.catalog)
    allowed = await _allowed(parts.catalog, kinds, languages)
    if allowed is not None:
        of_kind = {ref.document_id for ref in allowed}
        scope = sorted(of_kind if scope is None else of_kind & set(scope))
    matches, (whole, target), wide = await asyncio.gather(
        match_constraints(plan.constraints, parts.lexical, parts.catalog, documents=scope),
        _embed([plan.question, plan.target or plan.question], parts.embedder),
        _by_words(plan.question, parts, scope),
    )
    meant = meant_documents(matches)
    nearest = parts.vectors.query(whole, DEPTH + SPARE, documents=scope)
    if meant:
        # Inside the documents meant, the words that name them tell nothing apart; on a title page they only mislead.
        within = _ranking(plan.target or plan.question, target, parts, meant[:_MEANT])
        dense, narrow = await asyncio.gather(nearest, within)
        rankings = [(dense, *wide), narrow]
    else:
        rankings = [(await nearest, *wide)]
    found = sorted({s.id for dense, lexical, _ in rankings for s in (*dense, *lexical)})
    elements = {e.id: e for e in await parts.catalog.places(found)}
    seen = await _seen(wish, rankings, elements, parts, scope, named=bool(matches.documents))
    rankings = captions_apart(rankings, elements, DEPTH)
    pages = {p.ref for _, _, by_page in rankings for p in by_page[:_WHOLE_PAGES]} | set(_best_pages(matches, meant))
    for element in await parts.catalog.places_of(sorted(pages | set(seen.best(_WHOLE_PAGES)))):
        elements.setdefault(element.id, element)
    elements = {e.id: e for e in findable(list(elements.values()))}
    if allowed is not None:
        elements = {i: e for i, e in elements.items() if PageRef(document_id=e.document_id, page=e.page) in allowed}
    ranked = rank_elements(tuple(elements.values()), rankings, matches, seen, k=k)
    hits = await _hits(ranked, elements, parts.catalog)
    if parts.summaries is not None and is_broad(plan.question):
        led = await summary_hits(plan.question, whole, parts.summaries, parts.catalog, k, scope)
        if allowed is not None:
            led = tuple(h for h in led if PageRef(document_id=h.element.document_id, page=h.element.page) in allowed)
        hits = beside(hits, led, k)
    named = await _names(meant[:_NAMED], hits, parts.catalog)
    return Gathered(
        hits=hits,
        documents=tuple(meant),
        matches=matches.documents,
        unmatched=matches.unmatched(meant),
        named=named,
        others=matches.others,
    )


def meant_documents(matches: Matches) -> list[str]:
    """Documents that satisfy the constraints about as well as the best one does; none when even that one is poor."""
    if not matches.documents:
        return []
    top = max(matches.documents.values())
    if top < SATISFIED / 2:
        return []
    by_values = all(c.kind is not ConstraintKind.NAME for c, _ in matches.best)
    near = 0.0 if by_values and top >= _ALL_OF_IT else NEAR_BEST
    return [d for d in order(matches.documents) if matches.documents[d] >= top - near]


async def _embed(texts: Sequence[str], embedder: TextEmbedder) -> list[list[float]]:
    vectors: list[list[float]] = (await embedder.embed(texts)).tolist()
    return vectors


async def _scope(plan: Plan, catalog: Catalog) -> list[str] | None:
    """The ids of the documents that the question is restricted to, by the plan or by a file that it names; None for all."""
    if plan.document is None:
        return await documents_called(plan.constraints, catalog) or None
    return [d.id for d in await catalog.documents() if d.name == plan.document]


async def _allowed(
    catalog: Catalog, kinds: Sequence[PageKind] | None, languages: Sequence[str] | None
) -> frozenset[PageRef] | None:
    """The pages that may be found; None for all of them."""
    chosen = [] if kinds is None else [frozenset(await catalog.pages_of_kind(kinds))]
    chosen += [] if languages is None else [frozenset(await catalog.pages_in_language(languages))]
    return frozenset.intersection(*chosen) if chosen else None


async def _seen(
    wish: Wish,
    rankings: Sequence[Ranking],
    elements: Mapping[str, Placed],
    parts: SearchParts,
    scope: Sequence[str] | None,
    *,
    named: bool,
) -> Seen:
    """What the image leg and the captions say; nothing of weight where the question is about text."""
    if not wish.weight and not named and better_captioned(rankings, elements):
        wish = replace(wish, weight=DESCRIBED)
    own, captions = caption_ranks(rankings, elements)
    if not wish.weight:
        return Seen(own_ranks=own)
    pages: tuple[tuple[PageRef, float], ...] = ()
    if parts.pictures is not None and parts.image_embedder is not None:
        (vector,) = await parts.image_embedder.embed_texts([wish.text])
        nearest = await parts.pictures.query([float(x) for x in vector], DEPTH, documents=scope)
        pages = await seen_pages(nearest, parts.catalog)
    of_kind = frozenset(await parts.catalog.pages_of_kind(wish.kinds)) if wish.kinds else frozenset[PageRef]()
    share = TEXT_BESIDE if wish.weight >= DESCRIBED else 1.0
    return Seen(weight=wish.weight, pages=ranks(pages), captions=captions, of_kind=of_kind, text_share=share, own_ranks=own)


async def _ranking(text: str, vector: Sequence[float], parts: SearchParts, documents: Sequence[str]) -> Ranking:
    nearest = parts.vectors.query(vector, DEPTH + SPARE, documents=documents)
    dense, (lexical, pages) = await asyncio.gather(nearest, _by_words(text, parts, documents))
    return dense, lexical, pages


async def _by_words(
    text: str, parts: SearchParts, documents: Sequence[str] | None
) -> tuple[tuple[Scored, ...], tuple[PageScored, ...]]:
    """Elements and pages by the words of ``text``."""
    return await asyncio.gather(
        parts.lexical.search_elements(text, DEPTH + SPARE, documents=documents),
        parts.lexical.search_pages(text, DEPTH, documents=documents),
    )


def _best_pages(matches: Matches, meant: Sequence[str]) -> list[PageRef]:
    wanted = frozenset(meant[:_MEANT])
    inside = {ref: s for ref, s in matches.pages.items() if ref.document_id in wanted}
    return order(inside)[: 2 * _WHOLE_PAGES]


async def _names(meant: Sequence[str], hits: Sequence[Hit], catalog: Catalog) -> tuple[str, ...]:
    """The names of the documents ``meant``; most of them have a hit, and are not looked up again."""
    known = {hit.element.document_id: hit.document for hit in hits}
    for id_ in meant:
        if id_ not in known and (document := await catalog.document(id_)) is not None:
            known[id_] = document.name
    return tuple(known[id_] for id_ in meant if id_ in known)


async def _hits(
    ranked: Sequence[tuple[str, float, Mapping[Leg, int]]], places: Mapping[str, Placed], catalog: Catalog
) -> tuple[Hit, ...]:
    ids = sorted({places[id_].document_id for id_, _, _ in ranked})
    read, documents = await asyncio.gather(catalog.elements([id_ for id_, _, _ in ranked]), _documents(ids, catalog))
    elements = {e.id: e for e in read}
    hits = []
    for element_id, score, legs in ranked:
        element = elements.get(element_id)
        document = None if element is None else documents.get(element.document_id)
        if element is not None and document is not None:  # else removed by a writer since it was found: no longer evidence
            hits.append(Hit(element=element, document=document.name, sha256=document.sha256, score=score, legs=legs))
    return tuple(hits)


async def _documents(ids: Sequence[str], catalog: Catalog) -> dict[str, Document]:
    read = [await catalog.document(id_) for id_ in ids]
    return {document.id: document for document in read if document is not None}
