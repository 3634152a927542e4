"""Which tiers are worth asking: whatever is needed and whoever there is, the last tier is asked and skips have reasons."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mmrag.agent.starting import Need, Skill, starting_tier

skills = st.lists(
    st.builds(
        Skill, name=st.sampled_from(["a", "b", "c", "d"]), sees=st.booleans(), reasons=st.booleans(), paid=st.booleans()
    ),
    min_size=1,
    max_size=4,
)
needs = st.frozensets(st.sampled_from(Need))


@given(needs, skills)
def test_every_tier_is_asked_or_left_out_for_a_reason(wanted: frozenset[Need], tiers: list[Skill]) -> None:
    start = starting_tier(wanted, tiers)
    assert start.order[-1] == len(tiers) - 1
    assert list(start.order) == sorted(set(start.order))
    assert len(start.order) + len(start.skipped) == len(tiers)
    assert all(why for _, why in start.skipped)


@given(needs, needs, skills)
def test_more_needs_never_bring_a_tier_back(some: frozenset[Need], more: frozenset[Need], tiers: list[Skill]) -> None:
    assert set(starting_tier(some | more, tiers).order) <= set(starting_tier(some, tiers).order)


@given(needs, skills)
def test_a_tier_is_left_out_only_for_one_that_can_do_more(wanted: frozenset[Need], tiers: list[Skill]) -> None:
    start = starting_tier(wanted, tiers)
    for n in set(range(len(tiers))) - set(start.order):
        later = tiers[n + 1 :]
        assert any((t.sees and not tiers[n].sees) or (t.reasons and not tiers[n].reasons) for t in later)


@given(skills)
def test_a_plain_question_begins_with_the_first_tier(tiers: list[Skill]) -> None:
    assert starting_tier(frozenset(), tiers).order == tuple(range(len(tiers)))
