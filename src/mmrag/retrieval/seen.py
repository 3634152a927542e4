"""What the image leg and the captions contribute to a ranking. Pure, but for the look-up of pictures."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeAlias

from mmrag.domain.documents import Element, ElementPlace
from mmrag.domain.evidence import Leg, Scored
from mmrag.ports import Catalog, PageRef, PageScored
from mmrag.retrieval.fusion import K, crowded_ranks, order, ranks
from mmrag.retrieval.visual import BETTER

Ranking: TypeAlias = tuple[tuple[Scored, ...], tuple[Scored, ...], tuple[PageScored, ...]]
"""Of one text: elements by meaning, elements by words, pages by words."""

Placed: TypeAlias = Element | ElementPlace
"""What is ranked: by where it stands and what it is, whatever it says."""

KIND_SHARE = 0.5
"""What being of the kind that a question speaks of counts, beside the first rank of the image leg."""
OWN_SHARE = 0.5
"""What a caption's own ranks count for itself where nothing was asked to be seen, beside 1 for printed text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Ranks (from 1) of pages by their pictures and by their captions, and the pages of the kinds that were asked for.

    ``text_share`` is what the text legs still count: little where a picture is described, whose page may have no words.
    ``own_ranks`` are the places of captions in the text legs. ``weight`` 0 means that no element gains by what is seen.
    """

    weight: float = 0.0
    pages: Mapping[PageRef, int] = field(default_factory=lambda: MappingProxyType({}))
    captions: Mapping[PageRef, int] = field(default_factory=lambda: MappingProxyType({}))
    of_kind: frozenset[PageRef] = frozenset()
    text_share: float = 1.0
    own_ranks: Mapping[Leg, Mapping[str, int]] = field(default_factory=lambda: MappingProxyType({}))

    def best(self, count: int) -> list[PageRef]:
        """The pages that have to be looked at as a whole: the first of each leg."""
        if not self.weight:
            return []
        legs = (self.pages, self.captions)
        return [ref for leg in legs for ref in order({ref: -float(rank) for ref, rank in leg.items()})[:count]]

    def gains(self, on_pages: Mapping[PageRef, Collection[str]]) -> tuple[dict[str, float], dict[PageRef, float]]:
        """What captions gain by their own ranks, and what all elements of each page gain; ``on_pages`` are those that are
        ranked."""
        share = max(self.weight, OWN_SHARE) if self.weight else OWN_SHARE
        legs = [own for own in self.own_ranks.values() if own]
        ranked = {id_ for ids in on_pages.values() for id_ in ids} if legs else set()
        captions = {id_ for own in legs for id_ in own if id_ in ranked}
        of_captions = {id_: sum(share / (K + own[id_]) for own in legs if id_ in own) for id_ in captions}
        return of_captions, {ref: self._of_page(ref) for ref in on_pages} if self.weight else {}

    def _of_page(self, ref: PageRef) -> float:
        score = sum(self.weight / (K + leg[ref]) for leg in (self.pages, self.captions) if ref in leg)
        return score + (self.weight * KIND_SHARE / (K + 1) if ref in self.of_kind else 0.0)


NOTHING_SEEN = Seen()


def captions_apart(rankings: Sequence[Ranking], elements: Mapping[str, Placed], depth: int) -> list[Ranking]:
    """The same rankings without what models wrote, each of at most ``depth`` elements."""
    written = {id_ for id_, element in elements.items() if element.kind.is_generated}

    def printed(scored: Sequence[Scored]) -> tuple[Scored, ...]:
        return tuple([s for s in scored if s.id not in written] if written else scored)[:depth]

    return [(printed(dense), printed(lexical), pages) for dense, lexical, pages in rankings]


def caption_ranks(
    rankings: Sequence[Ranking], elements: Mapping[str, Placed]
) -> tuple[dict[Leg, dict[str, int]], dict[PageRef, int]]:
    """The places of captions among all that a leg found, and of pages by their best caption among captions.

    Of a hundred photographs no more may be said than that they are photographs, which is alike near to a question about one:
    such a caption counts as the last of its equals.
    """
    own: dict[Leg, dict[str, int]] = {Leg.TEXT: {}, Leg.LEXICAL: {}}
    pages: dict[PageRef, int] = {}
    for dense, lexical, _ in rankings[:1]:
        for leg, scored in ((Leg.TEXT, dense), (Leg.LEXICAL, lexical)):
            written = [s for s in scored if s.id in elements and elements[s.id].kind.is_generated]
            every = ranks((s.id, s.score) for s in scored) if written else {}
            own[leg] = {s.id: every[s.id] for s in written}
            for id_, rank in crowded_ranks((s.id, s.score) for s in written).items():
                ref = PageRef(document_id=elements[id_].document_id, page=elements[id_].page)
                pages[ref] = min(rank, pages.get(ref, rank))
    return own, pages


def better_captioned(rankings: Sequence[Ranking], elements: Mapping[str, Placed]) -> bool:
    """Whether a caption is clearly nearer to the question, by meaning, than any printed text."""
    dense = [s for s in rankings[0][0] if s.id in elements]
    written = max((s.score for s in dense if elements[s.id].kind.is_generated), default=None)
    printed = max((s.score for s in dense if not elements[s.id].kind.is_generated), default=0.0)
    return written is not None and written >= printed + BETTER


async def seen_pages(nearest: Sequence[Scored], catalog: Catalog) -> tuple[tuple[PageRef, float], ...]:
    """The pages of the pictures found, each with the score of its best one."""
    pictures = {picture.id: picture for picture in await catalog.pictures([s.id for s in nearest])}
    best: dict[PageRef, float] = {}
    for scored in nearest:
        if scored.id in pictures:
            ref = PageRef(document_id=pictures[scored.id].document_id, page=pictures[scored.id].page)
            best[ref] = max(scored.score, best.get(ref, scored.score))
    return tuple(best.items())
