"""Reciprocal rank fusion and matching do not depend on the order in which things arrive."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mmrag.domain.plans import Constraint, ConstraintKind
from mmrag.ports import PageRef
from mmrag.retrieval.fusion import K, crowded_ranks, fuse, order, ranks
from mmrag.retrieval.matching import combine

SCORED = st.lists(st.tuples(st.sampled_from("abcdefgh"), st.floats(-5, 5, allow_nan=False)), max_size=20)


@given(SCORED, st.randoms())
def test_ranks_do_not_depend_on_the_order(scored: list[tuple[str, float]], random: object) -> None:
    shuffled = sorted(scored, key=lambda pair: (pair[1], pair[0]))
    assert ranks(scored) == ranks(shuffled)


def test_what_many_have_in_common_lifts_none_of_them_far() -> None:
    alike = [(f"p{i}", 0.5) for i in range(80)]
    assert set(crowded_ranks(alike).values()) == {80}
    assert crowded_ranks([*alike, ("own", 0.9), ("far", 0.1)]) == dict.fromkeys(dict(alike), 81) | {"own": 1, "far": 82}


@given(SCORED)
def test_crowded_ranks_are_how_many_score_as_high(scored: list[tuple[str, float]]) -> None:
    best = {item: max(score for other, score in scored if other == item) for item, _ in scored}
    assert crowded_ranks(scored) == {item: sum(other >= best[item] for other in best.values()) for item in best}


@given(SCORED)
def test_ranks_start_at_one_and_leave_no_gap(scored: list[tuple[str, float]]) -> None:
    assert sorted(set(ranks(scored).values())) == list(range(1, len(set(ranks(scored).values())) + 1))


@given(SCORED, SCORED)
def test_an_item_found_by_more_legs_never_loses_by_it(
    first: list[tuple[str, float]], second: list[tuple[str, float]]
) -> None:
    one, both = fuse({"a": ranks(first)}), fuse({"a": ranks(first), "b": ranks(second)})
    assert all(both[item] >= score for item, score in one.items())


def test_fused_score_is_the_published_sum() -> None:
    # Cormack et al. 2009: score(d) = sum over rankings of 1 / (60 + rank(d)).
    fused = fuse({"text": {"x": 1, "y": 2}, "lexical": {"y": 1}})
    assert fused == {"x": 1 / (K + 1), "y": 1 / (K + 2) + 1 / (K + 1)}
    assert order(fused) == ["y", "x"]


@given(st.lists(st.tuples(st.integers(0, 3), st.floats(0, 1)), min_size=1, max_size=8))
def test_a_match_stays_between_zero_and_one(shown: list[tuple[int, float]]) -> None:
    refs = {PageRef(document_id=f"d{number}", page=1): score for number, score in shown}
    name = Constraint(kind=ConstraintKind.NAME, text="Mill Lane Press")
    date = Constraint(kind=ConstraintKind.DATE, text="1 May 2020", normals=("2020-05-01",))
    matches = combine([(name, refs), (date, {})])
    assert all(0 <= score <= 1 for score in matches.documents.values())
    assert date in matches.unmatched([])
