"""Ranking elements by page gives what adding up every leg of every element gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from hypothesis import given
from hypothesis import strategies as st

from mmrag.domain.documents import ElementKind, ElementPlace, PageRef
from mmrag.domain.evidence import Leg, Scored
from mmrag.ports import PageScored
from mmrag.retrieval.fusion import K, ranks
from mmrag.retrieval.matching import Matches
from mmrag.retrieval.ranking import MATCH_SHARE, rank_elements
from mmrag.retrieval.seen import OWN_SHARE, Ranking, Seen

PAGES = [PageRef(document, page) for document in ("a", "b") for page in (1, 2)]
PLACES = [
    ElementPlace(f"{ref.document_id}{ref.page}{n}", ref.document_id, ref.page, n, kind)
    for ref in PAGES
    for n, kind in enumerate((ElementKind.TEXT, ElementKind.TABLE, ElementKind.CAPTION))
]
IDS = [place.id for place in PLACES if place.kind is not ElementKind.CAPTION]
CAPTIONS = [place.id for place in PLACES if place.kind is ElementKind.CAPTION]
SCORES = st.sampled_from((0.25, 0.5, 0.75, 1.0))

found = st.lists(st.builds(Scored, id=st.sampled_from([*IDS, "gone"]), score=SCORES), max_size=5).map(tuple)
pages = st.lists(st.builds(PageScored, ref=st.sampled_from(PAGES), score=SCORES), max_size=4).map(tuple)
rankings = st.lists(st.tuples(found, found, pages), min_size=1, max_size=2)
page_ranks = st.dictionaries(st.sampled_from(PAGES), st.integers(1, 5)).map(MappingProxyType)
seen = st.builds(
    Seen,
    weight=st.sampled_from((0.0, 0.25, 2.0)),
    pages=page_ranks,
    captions=page_ranks,
    of_kind=st.frozensets(st.sampled_from(PAGES)),
    text_share=st.sampled_from((1.0, 0.25)),
    own_ranks=st.dictionaries(
        st.sampled_from((Leg.TEXT, Leg.LEXICAL)), st.dictionaries(st.sampled_from(CAPTIONS), st.integers(1, 9))
    ),
)
matches = st.builds(
    Matches,
    documents=st.dictionaries(st.sampled_from(("a", "b")), SCORES),
    pages=st.dictionaries(st.sampled_from(PAGES), SCORES),
)


@given(places=st.sets(st.sampled_from(PLACES)).map(sorted), rankings=rankings, matches=matches, seen=seen)
def test_ranking_by_page_is_ranking_one_by_one(
    places: list[ElementPlace], rankings: list[Ranking], matches: Matches, seen: Seen
) -> None:
    ranked = rank_elements(places, rankings, matches, seen, k=4)
    scores = _one_by_one(places, rankings, matches, seen)
    best = sorted(places, key=lambda p: (-scores[p.id], p.document_id, p.page, p.ordinal))[:4]
    assert [(id_, score) for id_, score, _ in ranked] == [(p.id, scores[p.id]) for p in best]
    for id_, _, legs in ranked:
        ref = next(PageRef(p.document_id, p.page) for p in places if p.id == id_)
        assert (Leg.TEXT in legs) == (
            id_ in seen.own_ranks.get(Leg.TEXT, {}) or any(id_ == s.id for r in rankings for s in r[0])
        )
        assert (Leg.VALUE in legs) == (ref in matches.pages)


def _one_by_one(
    places: Sequence[ElementPlace], rankings: Sequence[Ranking], matches: Matches, seen: Seen
) -> Mapping[str, float]:
    fused = dict.fromkeys((*(p.id for p in places), "gone"), 0.0)
    at = {p.id: PageRef(p.document_id, p.page) for p in places}
    for dense, lexical, by_page in rankings:
        legs = [ranks((s.id, s.score) for s in leg) for leg in (dense, lexical)]
        of_page = ranks((p.ref, p.score) for p in by_page)
        for id_ in {*fused, *legs[0], *legs[1]}:
            own = sum((1.0 / (K + leg[id_]) for leg in legs if id_ in leg), 0.0)
            own += 1.0 / (K + of_page[at[id_]]) if at.get(id_) in of_page else 0.0
            fused[id_] = fused.get(id_, 0.0) * 0.5 + own
    for id_ in fused:
        fused[id_] *= seen.text_share
    for place in places:
        fused[place.id] += _gain(place, at[place.id], seen)
    top = max(fused.values()) or 1.0
    share = MATCH_SHARE if matches.documents else 0.0
    return {p.id: share * matches.documents.get(p.document_id, 0.0) + (1 - share) * fused[p.id] / top for p in places}


def _gain(place: ElementPlace, ref: PageRef, seen: Seen) -> float:
    gain = 0.0
    if seen.weight:
        gain += sum(seen.weight / (K + leg[ref]) for leg in (seen.pages, seen.captions) if ref in leg)
        gain += seen.weight * 0.5 / (K + 1) if ref in seen.of_kind else 0.0
    if place.kind.is_generated:
        share = max(seen.weight, OWN_SHARE) if seen.weight else OWN_SHARE
        gain += sum(share / (K + own[place.id]) for own in seen.own_ranks.values() if place.id in own)
    return gain
