"""A question that names a page is answered from that page, as the file counts it or as it is printed, or not at all."""

from __future__ import annotations

from dataclasses import replace

import pytest
from agent_pages import reading
from agent_world import World

from mmrag.agent.reader import ReaderDrafter
from mmrag.agent.tiers import reader_tier
from mmrag.domain.plans import Reading


def leaf(number: int, *lines: str) -> Reading:
    made = reading(["Otter Mill Survey", *lines], name="mill.pdf", number=number)
    return replace(made, document=replace(made.document, pages=4))


LEAVES = [
    leaf(1, "Keeper: Ada Brook"),
    leaf(2, "Keeper: Ben Ford"),
    leaf(3, "Keeper: Cleo Marsh", "2"),
    leaf(4, "The end"),
]


@pytest.mark.parametrize(
    ("where", "answer"),
    [
        ("on the first page", "Ada Brook"),
        ("on the cover", "Ada Brook"),
        ("on page 3", "Cleo Marsh"),
        ("on the last page", None),
    ],
)
async def test_the_page_named_is_the_one_that_is_read(where: str, answer: str | None) -> None:
    world = World(LEAVES, tiers=[reader_tier("reader", ReaderDrafter(None))])
    given = await (await world.agent()).ask(f'In the report "Otter Mill Survey": What is the name of the keeper {where}?')
    assert given.answer == answer
    assert {hit.document for hit in given.evidence} == {"mill.pdf"}


async def test_a_printed_number_names_a_page_as_well() -> None:
    from mmrag.agent.gather import gather
    from mmrag.agent.plan import make_plan
    from mmrag.agent.select import select

    world = World(LEAVES)
    parts = (await world.agent())._parts.search
    plan = make_plan('In the report "Otter Mill Survey": What is the name of the keeper on page 2?')
    readings = await select(plan, await gather(plan, parts, k=12), parts.catalog, pages=6)
    assert sorted(r.page.number for r in readings) == [2, 3]
