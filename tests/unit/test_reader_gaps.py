"""Where a value cannot be read, the one above is no answer."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest
from agent_pages import LINE, reading
from agent_world import World
from hypothesis import given, settings
from hypothesis import strategies as st

from mmrag.agent.reader import ReaderDrafter
from mmrag.agent.tiers import reader_tier
from mmrag.domain.answers import Answer
from mmrag.domain.documents import Element, ElementKind, element_id
from mmrag.domain.geometry import BBox
from mmrag.domain.plans import Reading

SHOP = ["Pebble Lane Florist", "Receipt no. 2217", "Date: 8 March 2024", "Roses: 14.00", "Ribbon 2.50", "Total:"]


def blurred(of: Reading, row: int) -> Reading:
    """``of`` with a region that could not be read right of the words of line ``row``."""
    top, left = 0.05 + row * LINE, 0.05 + 0.012 * (1 + max(len(line) for line in SHOP[row : row + 1]))
    page = of.page
    region = Element(
        id=element_id(page.document_id, 1, 90, ElementKind.UNREADABLE, ""),
        document_id=page.document_id,
        page=1,
        ordinal=90,
        kind=ElementKind.UNREADABLE,
        bbox=BBox.clamped(left, top - 0.003, left + 0.1, top + 0.024),
        text="",
    )
    return replace(of, page=replace(page, elements=(*page.elements, region)))


async def ask(of: Reading, question: str = "What is the total on the receipt from Pebble Lane Florist?") -> Answer:
    world = World([of])
    world.tiers.append(reader_tier("reader", ReaderDrafter(None)))
    return await (await world.agent()).ask(question)


async def test_a_blurred_total_is_refused_with_its_place() -> None:
    answer = await ask(blurred(reading(SHOP), 5))
    assert answer.answer is None
    assert answer.abstention is not None
    assert answer.abstention.detail == "What stands beside “Total” on page 1 of receipt.jpg cannot be read."
    assert answer.evidence[0].element.kind is ElementKind.UNREADABLE
    assert answer.evidence[0].element.bbox.x0 == pytest.approx(0.134)


@pytest.mark.parametrize("below", [[], ["Change: 3.50"], ["Thank you for your visit"]])
async def test_a_total_without_a_value_is_refused_with_its_label(below: list[str]) -> None:
    answer = await ask(reading([*SHOP, *below]))
    assert answer.answer is None
    assert "Total" in " ".join(hit.element.text for hit in answer.evidence[:2])


@pytest.mark.parametrize("line", ["Total: 16.50", "Total 16.50"])
async def test_a_total_that_is_printed_is_given(line: str) -> None:
    assert (await ask(reading([*SHOP[:-1], line]))).answer == "16.50"


async def test_a_total_printed_again_under_another_name_is_given() -> None:
    answer = await ask(blurred(reading([*SHOP, "Grand total: 16.50"]), 5))
    assert answer.answer == "16.50"


@given(amount=st.decimals(1, 999, places=2), item=st.sampled_from(["Tulips", "Vaccine:", "Room charge", "Fern, large"]))
@settings(max_examples=25, deadline=None)
def test_the_price_of_an_item_is_never_the_total_under_it(amount: Decimal, item: str) -> None:
    answer = asyncio.run(ask(reading([*SHOP[:3], f"{item} {amount}", "Total:"])))
    assert answer.answer is None
