"""Who made a document, and when: names behind 'by', names alone on a cover, the firm that signs each page, the one date."""

from __future__ import annotations

from dataclasses import replace

import pytest
from agent_world import World
from test_reader import page_of, reading
from test_select_page import leaf

from mmrag.agent.covers import Maker, maker_asked
from mmrag.agent.plan import make_plan
from mmrag.agent.reader import ReaderDrafter
from mmrag.agent.tiers import reader_tier
from mmrag.domain.documents import Page

SIGNED = [(0.75, "Tern & Gull Advisers")]


def sheets(*pages: Page) -> list[Page]:
    return [replace(page, number=number) for number, page in enumerate(pages, 1)]


def slide(text: str) -> Page:
    return page_of(SIGNED, [], [], [], [], [], [], [(0.1, text)])


COVER = page_of([(0.3, "THE SALT ROAD")], [(0.3, "25 March 2015")], [(0.3, "ADA BROOK + BEN FORD")], SIGNED)
DECK = sheets(COVER, slide("Wells along the way"), slide("Camels and carts"), slide("What it cost"))
MAILED = sheets(
    page_of([(0.3, "The Salt Road")], [(0.3, "Cleo Marsh")], [(0.3, "cleo.m@example.org")]), slide("Wells along the way")
)
REPORT = sheets(
    page_of(
        [(0.3, "Survey of the Otter Mill")],
        [(0.3, "Prepared for:")],
        [(0.3, "The Mill Trust")],
        [],
        [],
        [(0.3, "Prepared by:")],
        [(0.3, "H. Dora Finch (PI)")],
        [(0.3, "Emil Heron")],
        [],
        [],
        [],
        [(0.3, "July 2009")],
    )
)
NAMELESS = sheets(page_of([(0.3, "The Salt Road")], [(0.3, "Silver Meadow")]), slide("Wells along the way"))


@pytest.mark.parametrize(
    ("question", "pages", "answer"),
    [
        ("Who are the authors?", DECK, "ADA BROOK\nBEN FORD"),
        ("Who wrote the presentation?", MAILED, "Cleo Marsh"),
        ("Who prepared the report?", REPORT, "H. Dora Finch (PI)\nEmil Heron"),
        ("Which firm made the presentation?", DECK, "Tern & Gull Advisers"),
        ("When was the report published?", REPORT, "July 2009"),
        ("When was the presentation made?", DECK, "25 March 2015"),
    ],
)
async def test_covers_tell_who_made_a_document_and_when(question: str, pages: list[Page], answer: str) -> None:
    draft = await ReaderDrafter(None).draft(make_plan(question), [reading(page) for page in pages])
    assert draft.answer == answer
    assert len(draft.items) == (answer.count("\n") + 1 if "\n" in answer else 0)
    assert draft.confidence > 0.5


async def test_two_words_under_a_title_are_no_author_unless_something_says_so() -> None:
    draft = await ReaderDrafter(None).draft(make_plan("Who is the author?"), [reading(page) for page in NAMELESS])
    assert draft.confidence < 0.3


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("Who are the authors?", Maker.PERSON),
        ("By whom was the annual report written?", Maker.PERSON),
        ("What is the name of the company that created this presentation?", Maker.FIRM),
        ("When was the plan revised?", Maker.DATE),
        ("Who signed the contract?", None),
        ("Who prepared the soup?", None),
        ("What is the date of the invoice?", None),
    ],
)
def test_only_questions_about_the_whole_are_looked_up_on_covers(question: str, asked: Maker | None) -> None:
    assert maker_asked(question) is asked
    assert make_plan(question).about_cover is (asked is not None)


async def test_the_cover_is_read_though_other_pages_say_more_of_the_question() -> None:
    leaves = [
        leaf(1, "By Ada Brook"),
        leaf(2, "The authors of the report thank the authors of other reports"),
        leaf(3, "Authors of the report are paid"),
        leaf(4, "The end"),
    ]
    world = World(leaves, tiers=[reader_tier("reader", ReaderDrafter(None))])
    given = await (await world.agent()).ask('In the report "Otter Mill Survey": Who is the author of the report?')
    assert given.answer == "Ada Brook"


async def test_whom_a_report_was_prepared_for_is_another_question() -> None:
    draft = await ReaderDrafter(None).draft(
        make_plan("For whom was the report prepared?"), [reading(page) for page in REPORT]
    )
    assert draft.answer == "The Mill Trust"


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Who is the Keeper of the Mill?", "Ada Brook"),
        ("Who is the Director of Tides?", "Ben de Ford"),
        ("Who is the Harbour Master General?", "Cleo Marsh, MD, MPH"),
    ],
)
async def test_a_person_is_found_by_the_role_behind_or_under_the_name(question: str, answer: str) -> None:
    page = page_of(
        [(0.1, "Ada Brook, Keeper of the Mill")],
        [(0.1, "Ben de Ford, Director, Tides")],
        [],
        [],
        [(0.5, "Cleo Marsh, MD, MPH")],
        [(0.5, "Harbour Master General")],
        [(0.5, "and Secretary")],
    )
    draft = await ReaderDrafter(None).draft(make_plan(question), [reading(page)])
    assert draft.answer == answer
