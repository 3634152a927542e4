"""Gathering evidence for a plan: search, then the neighbours of the best hits on their pages."""

from __future__ import annotations

import re
from dataclasses import replace
from types import MappingProxyType

from mmrag.agent.aggregate_gather import gather_parts
from mmrag.agent.reading.synonyms import variants
from mmrag.domain.evidence import Hit
from mmrag.domain.plans import Gathered, Plan
from mmrag.ports import PageRef
from mmrag.retrieval.search import SearchParts, search

_NEIGHBOURS_OF = 3
_PARTS = re.compile(r"\bhow many\s+(?:[\w-]+\s+)?(?:chapters|appendices|appendixes|annexes|sections)\b", re.IGNORECASE)


async def gather(plan: Plan, parts: SearchParts, *, k: int) -> Gathered:
    """Up to ``k`` hits, with the elements just before and after the three best ones behind them."""
    gathered = await (search if plan.aggregate is None else gather_parts)(looked_for(plan), parts, k=k)
    best = gathered.hits[:_NEIGHBOURS_OF]
    refs = sorted({PageRef(document_id=h.element.document_id, page=h.element.page) for h in best})
    around = {(e.document_id, e.page, e.ordinal): e for e in await parts.catalog.places_of(refs)}
    known = {h.element.id for h in gathered.hits}
    beside: dict[str, Hit] = {}
    for hit in best:
        at = hit.element
        for ordinal in (at.ordinal - 1, at.ordinal + 1):
            place = around.get((at.document_id, at.page, ordinal))
            if place is not None and place.kind.stands_alone and place.id not in known:
                known.add(place.id)
                beside[place.id] = hit
    neighbours = [
        replace(beside[e.id], element=e, score=beside[e.id].score / 2, legs=MappingProxyType({}))
        for e in await parts.catalog.elements(list(beside))
    ]
    return replace(gathered, hits=(*gathered.hits, *neighbours))


def looked_for(plan: Plan) -> Plan:
    """The plan of a search that looks for the statement of accounts which the question names, by the titles it goes by, or
    for the table of contents, where chapters are counted."""
    titles = ("table of contents",) if _PARTS.search(plan.question) else variants(plan.question)[1][:2]
    return replace(plan, target=f"{plan.target} {' '.join(titles)}") if titles else plan
