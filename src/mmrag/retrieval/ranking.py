"""From what each leg of a search has found to the best elements: pure."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Final, TypeAlias

from mmrag.domain.documents import PageRef
from mmrag.domain.evidence import Leg
from mmrag.retrieval.fusion import fuse, ranks
from mmrag.retrieval.matching import Matches
from mmrag.retrieval.seen import NOTHING_SEEN, Placed, Ranking, Seen

_WIDER_SHARE: Final = 0.5
"""What a ranking over all documents counts beside one within the documents meant."""
MATCH_SHARE: Final = 0.7
"""Weight of the match in the score when the question names its document; fusion has the rest."""
_NOWHERE: Final = PageRef("", 0)

_Legs: TypeAlias = tuple[Mapping[str, int], Mapping[str, int], Mapping[PageRef, int]]


def rank_elements(
    elements: Sequence[Placed], rankings: Sequence[Ranking], matches: Matches, seen: Seen = NOTHING_SEEN, *, k: int
) -> list[tuple[str, float, Mapping[Leg, int]]]:
    """The best ``k`` elements with their scores in ``[0, 1]`` and their ranks in each leg, best first.

    Page and document rankings count for all elements that stand there. With constraints, the score is a weighted mean of
    the document's match and the fused score relative to the best. What was ``seen`` counts with its own weight.
    """
    legs = [_legs_of(ranking) for ranking in rankings]
    fused = _fused(_by_page(elements), legs, seen)
    top = max(fused.values(), default=0.0) or 1.0
    share = MATCH_SHARE if matches.documents else 0.0
    matched = {id_: share * score for id_, score in matches.documents.items()}
    rest = 1 - share
    rows = [
        (-(matched.get(e.document_id, 0.0) + rest * fused[e.id] / top), e.document_id, e.page, e.ordinal, n)
        for n, e in enumerate(elements)
    ]
    best = [(elements[n], -score) for score, _, _, _, n in heapq.nsmallest(k, rows)]
    by_value = ranks(matches.pages.items())
    return [(e.id, score, _ranks_of(e, legs, seen, by_value)) for e, score in best]


def _fused(on_pages: Mapping[PageRef, Collection[str]], legs: Sequence[_Legs], seen: Seen) -> dict[str, float]:
    """The fused score of each element. What was found and is not to be ranked has one as well: it sets the scale."""
    told = [(fuse({"dense": dense, "lexical": lexical}), fuse({"page": pages})) for dense, lexical, pages in legs]
    others = {id_ for own, _ in told for id_ in own}.difference(*on_pages.values())
    placed = {**on_pages, _NOWHERE: others}
    fused = dict[str, float]()
    for own, of_pages in told:
        # The last ranking knows most; an earlier, wider one breaks its ties and ranks what it leaves out.
        before, fused = fused, {}
        for ref, ids in placed.items():
            of_page = of_pages.get(ref, 0.0)
            for id_ in ids:
                fused[id_] = before.get(id_, 0.0) * _WIDER_SHARE + (own.get(id_, 0.0) + of_page)
    captions, gained = seen.gains(on_pages)
    if gained or seen.text_share != 1.0:
        for ref, ids in placed.items():
            of_page = gained.get(ref, 0.0)
            for id_ in ids:
                fused[id_] = fused[id_] * seen.text_share + (captions.get(id_, 0.0) + of_page)
    else:
        for id_, score in captions.items():
            fused[id_] += score
    return fused


def _by_page(elements: Sequence[Placed]) -> dict[PageRef, list[str]]:
    """The ids of the elements of each page."""
    ids: dict[tuple[str, int], list[str]] = {}
    for element in elements:
        ids.setdefault((element.document_id, element.page), []).append(element.id)
    return {PageRef(document_id, page): found for (document_id, page), found in ids.items()}


def _legs_of(ranking: Ranking) -> _Legs:
    dense, lexical, pages = ranking
    return (
        ranks([(s.id, s.score) for s in dense]),
        ranks([(s.id, s.score) for s in lexical]),
        ranks([(p.ref, p.score) for p in pages]),
    )


def _ranks_of(element: Placed, legs: Sequence[_Legs], seen: Seen, by_value: Mapping[PageRef, int]) -> Mapping[Leg, int]:
    """The best rank of an element in each leg that has found it or its page."""
    id_, ref = element.id, PageRef(element.document_id, element.page)
    of_page = [pages[ref] for _, _, pages in legs if ref in pages]
    found = {
        Leg.TEXT: [dense[id_] for dense, _, _ in legs if id_ in dense],
        Leg.LEXICAL: [*(lexical[id_] for _, lexical, _ in legs if id_ in lexical), *of_page],
        Leg.IMAGE: [seen.pages[ref]] if ref in seen.pages else [],
        Leg.VALUE: [by_value[ref]] if ref in by_value else [],
    }
    for leg, own in seen.own_ranks.items():
        found[leg] = [own[id_]] if id_ in own else found[leg]
    return MappingProxyType({leg: min(told) for leg, told in found.items() if told})
