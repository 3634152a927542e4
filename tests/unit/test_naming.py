"""Names as a page prints them: spelt another way they are the same, another word is another name."""

from __future__ import annotations

from pathlib import Path

import pytest
from agent_pages import reading
from agent_world import World
from store_support import make_document, make_page, open_parts, put

from mmrag.agent.reader import ReaderDrafter
from mmrag.agent.tiers import reader_tier
from mmrag.domain.documents import Page, PageRef
from mmrag.domain.plans import Constraint, ConstraintKind
from mmrag.retrieval.matching import match_constraints
from mmrag.retrieval.naming import Showing, how_named
from mmrag.retrieval.spelling import is_same

PAGE = ["Thistledown Garden Supplies Ltd", "14 Colour Centre, Malmö", "Invoice no. TG-4471", "Total due £88.40"]


def shown(name: str, lines: list[str] | None = None, *, confidence: float = 0.99) -> Showing:
    return how_named(name, reading(lines or PAGE, confidence=confidence).page.words).showing


@pytest.mark.parametrize(
    "name",
    [
        "Thistledown",
        "Thistledown Garden Supplies Limited",
        "THISTLEDOWN GARDEN SUPPLY",
        "Garden Supplies Thistledown",
        "Thistle-Down Garden Supplies",
        "ThistledownGardenSupplies",
        "Thistledown Garden Supplies, Leeds",
        "Color Center",
        "Malmo",
    ],
)
def test_a_name_spelt_another_way_or_given_in_part_is_shown(name: str) -> None:
    assert shown(name) is Showing.SHOWN


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("Whistledown Garden Supplies", "Thistledown Garden Supplies"),
        ("Thistledown Kitchen Supplies", "Thistledown Garden Supplies"),
        ("Thistledown Garden Centre", "Thistledown Garden Supplies"),
        ("Thistle", "Thistledown"),
    ],
)
def test_one_other_word_on_a_page_that_is_read_well_is_another_name(name: str, nearest: str) -> None:
    found = how_named(name, reading(PAGE, confidence=0.99).page.words)
    assert (found.showing, found.nearest) == (Showing.ANOTHER, nearest)


def test_a_name_that_begins_within_a_word_is_another() -> None:
    assert shown("Alder", ["CALDER SHIPPING", "14 May 2020"]) is Showing.ANOTHER


@pytest.mark.parametrize(
    ("wanted", "printed", "confidence", "same"),
    [
        ("Hardware", "Hardare", 0.92, True),
        ("Hardware", "Hardare", 0.99, False),
        ("Timber", "Tmber", 0.9, True),
        ("Norris", "Nornis", 0.8, True),
        ("Modern", "Modem", 0.93, True),
        ("Modern", "Modem", 0.99, False),
        ("Idea", "1dea", 0.99, True),
        ("Light", "Night", 0.95, False),
        ("Copper", "Silver", 0.5, False),
        ("2006", "2008", 0.5, False),
        ("Bros", "Brothers", 1.0, True),
        ("Müller", "Mueller", 1.0, True),
    ],
)
def test_what_may_be_misread_depends_on_how_well_it_was_read(
    wanted: str, printed: str, confidence: float, *, same: bool
) -> None:
    assert is_same(wanted, printed, confidence) is same


def test_what_stands_there_unreadably_may_be_the_word() -> None:
    lines = ["Th1sflecldrn Garden Supplies", "Total 9.90"]
    words = reading(lines, confidence=0.99, weak=["Th1sflecldrn"]).page.words
    assert how_named("Thistledown Garden Supplies", words).showing is Showing.UNCLEAR


def test_scripts_without_spaces_are_looked_for_by_their_letters() -> None:
    assert shown("東京商店", ["株式会社東京商店御中"]) is Showing.SHOWN


@pytest.mark.parametrize("printed", ["COPPERHILL TEA ROOM", "Copperhill Tea Rooms Ltd"])
async def test_a_document_of_another_name_is_not_meant(tmp_path: Path, printed: str) -> None:
    with open_parts(tmp_path) as parts:
        await put(parts.writer, make_document("tea", pages=1), [make_page("tea", 1, printed, "Receipt 12", "Total 8.20")])
        assert parts.lexical is not None

        async def best(name: str) -> tuple[float, list[str]]:
            asked = Constraint(kind=ConstraintKind.NAME, text=name)
            found = await match_constraints([asked], parts.lexical, parts.catalog)
            return max(found.documents.values(), default=0.0), [other.printed.lower() for other in found.others]

        assert await best("Copperhill Tea Room") == (pytest.approx(1.0), [])
        score, others = await best("Coppergate Tea Room")
    assert score < 0.5
    assert others == [" ".join(printed.lower().split()[:3])]


async def test_a_question_about_another_issuer_is_refused_with_the_nearest_name() -> None:
    world = World([reading(PAGE, name="invoice.png", confidence=0.99)])
    world.tiers.append(reader_tier("reader", ReaderDrafter(None)))
    agent = await world.agent()
    right = await agent.ask("What is the total due on the invoice from Thistledown Garden Supplies?")
    wrong = await agent.ask("What is the total due on the invoice from Thistledown Kitchen Supplies?")
    assert right.answer == "£88.40"
    assert wrong.answer is None
    assert wrong.abstention is not None
    assert "“Thistledown Garden Supplies”" in wrong.abstention.detail


async def test_no_more_pages_of_a_document_are_looked_at_than_it_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_parts(tmp_path) as parts:
        pages = [make_page("tea", n, "COPPERHILL TEA ROOM", f"Sheet {n}", "Total 8.20") for n in (1, 2, 3)]
        await put(parts.writer, make_document("tea", pages=3), pages)
        assert parts.lexical is not None
        looked: list[PageRef] = []
        read = parts.catalog.page

        async def counted(ref: PageRef) -> Page | None:
            looked.append(ref)
            return await read(ref)

        monkeypatch.setattr(parts.catalog, "page", counted)
        asked = [Constraint(kind=ConstraintKind.NAME, text=name) for name in ("Copperhill Tea Room", "Coppergate Tea Room")]
        there = await match_constraints(asked[:1], parts.lexical, parts.catalog)
        assert (len(looked), there.others) == (1, ())
        looked.clear()
        other = await match_constraints(asked[1:], parts.lexical, parts.catalog)
    assert len(looked) == len(other.others) == 3
