"""From what each leg of a search has found to the best elements: pure.

A page or a document that was found counts for all elements that stand there. Most elements of such a page were found by
nothing else, and share one score; so scores are kept by page, and apart only for elements that a leg has found themselves.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
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

    With constraints, the score is a weighted mean of the document's match and the fused score relative to the best. What was
    ``seen`` counts with its own weight.
    """
    on = _pages_of(elements)
    legs = [_legs_of(ranking) for ranking in rankings]
    fused = _Fused(on)
    for dense, lexical, pages in legs:
        # The last ranking knows most; an earlier, wider one breaks its ties and ranks what it leaves out.
        fused.scale(_WIDER_SHARE)
        fused.add(fuse({"dense": dense, "lexical": lexical}), fuse({"page": pages}))
    fused.scale(seen.text_share)
    fused.add(*seen.gains(on))
    share = MATCH_SHARE if matches.documents else 0.0
    top = fused.top or 1.0

    def scored(document_id: str, score: float) -> float:
        return share * matches.documents.get(document_id, 0.0) + (1 - share) * score / top

    of_pages = {ref: scored(ref.document_id, score) for ref, score in fused.pages.items()}
    own = {id_: scored(on[id_].document_id, score) for id_, score in fused.own.items() if id_ in on}
    rows = [
        (-own[e.id] if e.id in own else -of_pages[on[e.id]], e.document_id, e.page, e.ordinal, n)
        for n, e in enumerate(elements)
    ]
    best = [(elements[n].id, -score) for score, _, _, _, n in heapq.nsmallest(k, rows)]
    by_value = ranks(matches.pages.items())
    return [(id_, score, _ranks_of(id_, on[id_], legs, seen, by_value)) for id_, score in best]


class _Fused:
    """Fused scores: of ``pages``, for all elements that stand there, and of elements of their ``own``, that a leg has found
    themselves. There may be some among these that are not to be ranked: they set the scale all the same."""

    def __init__(self, on: Mapping[str, PageRef]) -> None:
        self._on = on
        self.pages: dict[PageRef, float] = dict.fromkeys(on.values(), 0.0)
        self.own: dict[str, float] = {}

    def scale(self, share: float) -> None:
        self.pages = {ref: score * share for ref, score in self.pages.items()}
        self.own = {id_: score * share for id_, score in self.own.items()}

    def add(self, own: Mapping[str, float], pages: Mapping[PageRef, float]) -> None:
        """Add to elements what they gain themselves, and to all elements of pages what these gain."""
        for id_ in own:
            if id_ not in self.own:
                self.own[id_] = self.pages.get(self._on.get(id_, _NOWHERE), 0.0)
        for id_, score in self.own.items():
            self.own[id_] = score + (own.get(id_, 0.0) + pages.get(self._on.get(id_, _NOWHERE), 0.0))
        for ref, score in pages.items():
            if ref in self.pages:
                self.pages[ref] += score

    @property
    def top(self) -> float:
        return max((*self.own.values(), *self.pages.values()), default=0.0)


def _pages_of(elements: Sequence[Placed]) -> dict[str, PageRef]:
    """The page of each element, by its id; one record a page."""
    refs: dict[tuple[str, int], PageRef] = {}
    on: dict[str, PageRef] = {}
    for element in elements:
        at = (element.document_id, element.page)
        ref = refs.get(at)
        if ref is None:
            ref = refs[at] = PageRef(*at)
        on[element.id] = ref
    return on


def _legs_of(ranking: Ranking) -> _Legs:
    dense, lexical, pages = ranking
    return (
        ranks((s.id, s.score) for s in dense),
        ranks((s.id, s.score) for s in lexical),
        ranks((p.ref, p.score) for p in pages),
    )


def _ranks_of(
    id_: str, ref: PageRef, legs: Sequence[_Legs], seen: Seen, by_value: Mapping[PageRef, int]
) -> Mapping[Leg, int]:
    """The best rank of an element in each leg that has found it or its page."""
    found = {
        Leg.TEXT: [dense[id_] for dense, _, _ in legs if id_ in dense],
        Leg.LEXICAL: [
            *(lexical[id_] for _, lexical, _ in legs if id_ in lexical),
            *(pages[ref] for _, _, pages in legs if ref in pages),
        ],
        Leg.IMAGE: [seen.pages[ref]] if ref in seen.pages else [],
        Leg.VALUE: [by_value[ref]] if ref in by_value else [],
    }
    for leg, own in seen.own_ranks.items():
        found[leg] = [own[id_]] if id_ in own else found[leg]
    return MappingProxyType({leg: min(told) for leg, told in found.items() if told})
