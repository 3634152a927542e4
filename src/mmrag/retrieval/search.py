"""Search: dense, lexical, value and name legs at once, joined by reciprocal rank fusion, with the documents meant first."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from mmrag.domain.documents import Element
from mmrag.domain.evidence import Hit, Leg, Scored
from mmrag.domain.plans import Gathered, Plan
from mmrag.ports import Catalog, LexicalIndex, PageRef, PageScored, TextEmbedder, VectorIndex
from mmrag.retrieval.fusion import fuse, order, ranks
from mmrag.retrieval.matching import SATISFIED, Matches, match_constraints

DEPTH = 60
"""How many elements each leg may propose. More changed no ranking on the development documents."""
NEAR_BEST = 0.08
"""A document is still meant when its match is this close to the best one's."""
_WHOLE_PAGES = 4
"""Pages of each page ranking of which every element is looked at; elements of other pages have to be found themselves."""
MATCH_SHARE = 0.7
"""Weight of the match in the score when the question names its document; fusion has the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchParts:
    """What searching needs. Built once by the composition root."""

    catalog: Catalog
    lexical: LexicalIndex
    vectors: VectorIndex
    embedder: TextEmbedder


async def search(plan: Plan, parts: SearchParts, *, k: int) -> Gathered:
    """The ``k`` best elements for ``plan``, and the documents that satisfy its constraints."""
    scope = await _scope(plan, parts.catalog)
    matches, vector = await asyncio.gather(
        match_constraints(plan.constraints, parts.lexical, documents=scope), _embed(plan.question, parts.embedder)
    )
    meant = meant_documents(matches)
    rankings = await _rankings(plan, parts, vector, scope)
    if meant:
        rankings += await _rankings(plan, parts, vector, meant[:8])
    found = sorted({s.id for dense, lexical, _ in rankings for s in (*dense, *lexical)})
    pages = sorted({p.ref for _, _, by_page in rankings for p in by_page[:_WHOLE_PAGES]} | set(_best_pages(matches, meant)))
    elements = {e.id: e for e in await parts.catalog.elements(found)}
    for element in await parts.catalog.elements_of(pages):
        elements.setdefault(element.id, element)
    hits = await _hits(rank_elements(tuple(elements.values()), rankings, matches), elements, parts.catalog, k)
    return Gathered(hits=hits, documents=tuple(meant), matches=matches.documents, unmatched=matches.unmatched)


def meant_documents(matches: Matches) -> list[str]:
    """Documents that satisfy the constraints about as well as the best one does; none when even that one is poor."""
    if not matches.documents:
        return []
    top = max(matches.documents.values())
    if top < SATISFIED / 2:
        return []
    return [d for d in order(matches.documents) if matches.documents[d] >= top - NEAR_BEST]


Ranking = tuple[tuple[Scored, ...], tuple[Scored, ...], tuple[PageScored, ...]]


def rank_elements(
    elements: Sequence[Element], rankings: Sequence[Ranking], matches: Matches
) -> list[tuple[str, float, Mapping[Leg, int]]]:
    """Every element with its score in ``[0, 1]`` and its rank in each leg, best first. Pure.

    Page and document rankings count for all elements that stand there. With constraints, the score is a weighted mean of
    the document's match and the fused score relative to the best.
    """
    dense = ranks((s.id, s.score) for d, _, _ in rankings for s in d)
    lexical = ranks((s.id, s.score) for _, w, _ in rankings for s in w)
    page_ranks = ranks((p.ref, p.score) for _, _, by_page in rankings[:1] for p in by_page)
    match_ranks = ranks(matches.pages.items())
    by_page = {e.id: PageRef(document_id=e.document_id, page=e.page) for e in elements}
    legs: dict[Leg, dict[str, int]] = {
        Leg.TEXT: dense,
        Leg.LEXICAL: {e: min(lexical.get(e, 10**9), page_ranks.get(ref, 10**9)) for e, ref in by_page.items()},
        Leg.VALUE: {e: match_ranks[ref] for e, ref in by_page.items() if ref in match_ranks},
    }
    legs[Leg.LEXICAL] = {e: r for e, r in legs[Leg.LEXICAL].items() if r < 10**9}
    scores = fuse(
        {"dense": dense, "lexical": lexical, "page": {e: page_ranks[r] for e, r in by_page.items() if r in page_ranks}}
    )
    fused = {e: scores.get(e, 0.0) for e in by_page}
    top = max(fused.values(), default=0.0) or 1.0
    share = MATCH_SHARE if matches.documents else 0.0
    final = {e.id: share * matches.documents.get(e.document_id, 0.0) + (1 - share) * fused[e.id] / top for e in elements}
    ordered = order(final, [e.id for e in sorted(elements, key=lambda e: (e.document_id, e.page, e.ordinal))])
    return [(e, final[e], MappingProxyType({leg: r[e] for leg, r in legs.items() if e in r})) for e in ordered]


async def _embed(text: str, embedder: TextEmbedder) -> list[float]:
    rows = await embedder.embed([text])
    return [float(x) for x in rows[0]]


async def _scope(plan: Plan, catalog: Catalog) -> list[str] | None:
    """The ids of the documents that bear the plan's document name, when it has one."""
    if plan.document is None:
        return None
    return [d.id for d in await catalog.documents() if d.name == plan.document]


async def _rankings(
    plan: Plan, parts: SearchParts, vector: Sequence[float], documents: Sequence[str] | None
) -> list[Ranking]:
    text = plan.question if documents is None else f"{plan.target} {plan.question}"
    dense, lexical, pages = await asyncio.gather(
        parts.vectors.query(vector, DEPTH, documents=documents),
        parts.lexical.search_elements(text, DEPTH, documents=documents),
        parts.lexical.search_pages(text, DEPTH, documents=documents),
    )
    return [(dense, lexical, pages)]


def _best_pages(matches: Matches, meant: Sequence[str]) -> list[PageRef]:
    wanted = frozenset(meant[:8])
    inside = {ref: s for ref, s in matches.pages.items() if ref.document_id in wanted}
    return order(inside)[: 2 * _WHOLE_PAGES]


async def _hits(
    ranked: Sequence[tuple[str, float, Mapping[Leg, int]]], elements: Mapping[str, Element], catalog: Catalog, k: int
) -> tuple[Hit, ...]:
    documents = {id_: await catalog.document(id_) for id_ in sorted({elements[e].document_id for e, _, _ in ranked[:k]})}
    hits = []
    for element_id, score, legs in ranked[:k]:
        element = elements[element_id]
        document = documents[element.document_id]
        if document is not None:  # else removed by a writer since it was found: no longer evidence
            hits.append(Hit(element=element, document=document.name, sha256=document.sha256, score=score, legs=legs))
    return tuple(hits)
