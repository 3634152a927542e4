"""Figures of reports and slides: found by row and column, by their caption, and worked out of several."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_reader import page_of, reading

from mmrag.agent.claims import split_claims
from mmrag.agent.plan import make_plan
from mmrag.agent.reader import ReaderDrafter
from mmrag.agent.verify import verify
from mmrag.domain.answers import Draft, Formula, VerdictKind
from mmrag.domain.documents import Page

STATEMENT = page_of(
    [(0.3, "Northwind Ferries Inc.")],
    [(0.3, "Consolidated Balance Sheets")],
    [(0.3, "(in thousands)")],
    [(0.5, "March 31, 2021"), (0.75, "March 31, 2020")],
    [(0.05, "Current assets:")],
    [(0.08, "Cash and cash equivalents"), (0.5, "$"), (0.55, "2,822,795"), (0.75, "$"), (0.8, "1,467,576")],
    [(0.08, "Merchandise inventories"), (0.55, "536,245"), (0.8, "260,202")],
    [(0.1, "Total current assets"), (0.55, "3,359,040"), (0.8, "1,727,778")],
    [(0.05, "Current liabilities:")],
    [(0.08, "Accounts payable"), (0.55, "359,555"), (0.8, "312,842")],
    [(0.1, "Total current liabilities"), (0.55, "459,555"), (0.8, "412,842")],
)
SLIDE = page_of(
    [(0.05, "Harbour visits by the numbers")],
    [(0.05, "Most crews write in English."), (0.5, "Crew"), (0.8, "Messages")],
    [(0.05, "Some write in Danish."), (0.5, "Otter"), (0.82, "24")],
    [(0.5, "Heron"), (0.82, "12")],
    [(0.5, "Seal"), (0.82, "5")],
)
CAPTIONED = page_of(
    [(0.05, "What was written about the Otter")],
    [],
    [(0.1, "18"), (0.4, "60,860"), (0.7, "7%")],
    [(0.1, "Blogs"), (0.4, "Postcards"), (0.7, "Complaints")],
)
GROWTH = page_of(
    [(0.3, "Spending on signs")],
    [(0.4, "2012"), (0.52, "2014"), (0.64, "2016"), (0.8, "CAGR")],
    [(0.05, "Buoys"), (0.4, "154"), (0.52, "193"), (0.64, "241"), (0.8, "11.5%")],
    [(0.05, "Lamps"), (0.4, "130"), (0.52, "170"), (0.64, "230"), (0.8, "14.7%")],
)


TOLD = page_of(
    [(0.05, "In 1882 the parish of Brook covered some 538 square miles of marsh, and")],
    [(0.05, "its 12 wardens kept 40 ferries on 3 rivers.")],
    [],
    [],
    [(0.05, "The parish of Ford has 77 square miles.")],
)


async def ask(question: str, page: Page) -> Draft:
    return await ReaderDrafter(None).draft(make_plan(question), [reading(page)])


def stands(question: str, draft: Draft, page: Page) -> bool:
    plan = make_plan(question)
    verdicts = verify(plan, split_claims(plan, draft), [reading(page)])
    return bool(verdicts) and all(v.kind is VerdictKind.SUPPORTED for v in verdicts)


@pytest.mark.parametrize(
    ("question", "page", "answer"),
    [
        ("What were the total current liabilities at the end of FY2021?", STATEMENT, "459,555"),
        ("What was the total amount of inventories in FY2020?", STATEMENT, "260,202"),
        ("How many messages did the Heron write?", SLIDE, "12"),
        ("How many blogs mentioned the Otter?", CAPTIONED, "18"),
        ("What percentage were complaints about the Otter?", CAPTIONED, "7%"),
        ("What is the CAGR of lamps from 2012 to 2016?", GROWTH, "14.7%"),
        ("What was the spending on buoys in 2014?", GROWTH, "193"),
    ],
)
async def test_the_figure_in_the_row_and_column_asked_for(question: str, page: Page, answer: str) -> None:
    draft = await ask(question, page)
    assert draft.answer == answer
    assert draft.confidence >= 0.5
    assert stands(question, draft, page)


@pytest.mark.parametrize(
    ("question", "page", "answer", "operands"),
    [
        ("How many more messages did the Otter write than the Heron?", SLIDE, "12", ("24", "12")),
        ("How many messages did the Otter, the Heron and the Seal write in total?", SLIDE, "41", ("24", "12", "5")),
        ("How much higher was the spending on lamps in 2016 than in 2012?", GROWTH, "100", ("230", "130")),
        ("What is the ratio of total current assets to total current liabilities in 2021?", STATEMENT, "7.31", None),
        ("What is the FY2020 ratio of total current assets to total current liabilities?", STATEMENT, "4.19", None),
        ("What were the inventories in FY2021 (in millions)?", STATEMENT, "536.25", ("536,245",)),
        ("What was the cash in FY2021? Answer in USD millions.", STATEMENT, "2,823", ("2,822,795",)),
    ],
)
async def test_what_is_worked_out_names_each_figure(
    question: str, page: Page, answer: str, operands: tuple[str, ...] | None
) -> None:
    draft = await ask(question, page)
    assert draft.answer == answer
    assert operands is None or tuple(o.text for o in draft.operands) == operands
    assert stands(question, draft, page)


@pytest.mark.parametrize(
    ("question", "page", "answer"),
    [
        ("Which crew wrote more messages, the Heron or the Otter?", SLIDE, "Otter"),
        ("Who wrote fewer messages, the Heron or the Otter?", SLIDE, "Heron"),
        ("In which year was the spending on lamps higher, 2012 or 2014?", GROWTH, "2014"),
    ],
)
async def test_the_larger_or_smaller_of_two_is_named(question: str, page: Page, answer: str) -> None:
    draft = await ask(question, page)
    assert draft.answer == answer
    assert stands(question, draft, page)


@pytest.mark.parametrize(
    ("question", "page"),
    [
        ("How many blogs mentioned the Heron?", CAPTIONED),
        ('In the slides "Harbour visits by the numbers": How many messages did the Walrus write?', SLIDE),
        ("How many more messages did the Otter write than the Walrus?", SLIDE),
        ("What percentage of the Otter's messages are in English?", SLIDE),
        ("What is the CAGR of sirens from 2012 to 2016?", GROWTH),
        ("What was the spending on lamps in 2013?", GROWTH),
        ("What was the total amount of goodwill in FY2021?", STATEMENT),
        ("What were the adjusted payables in FY2021?", STATEMENT),
    ],
)
async def test_what_the_page_does_not_say_is_left_open(question: str, page: Page) -> None:
    draft = await ask(question, page)
    assert draft.answer is None or draft.confidence < 0.5


async def test_a_scale_that_is_no_power_of_a_thousand_is_refuted() -> None:
    question = "What were the inventories in FY2021 (in millions)?"
    draft = await ask(question, STATEMENT)
    assert not stands(question, replace(draft, answer="53.62", expression="536245 / 10000"), STATEMENT)
    assert not stands(question, replace(draft, answer="537", expression="536245 / 1000"), STATEMENT)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("How many square miles did the parish of Brook cover in 1882?", "538"),
        ("How many wardens did the parish of Brook have?", "12"),
        ('In the book "Marshes": How many square miles of the parish belong to Ford?', "77"),
    ],
)
async def test_a_number_in_front_of_what_is_counted(question: str, answer: str) -> None:
    draft = await ask(question, TOLD)
    assert draft.answer == answer
    assert draft.confidence >= 0.5
    assert stands(question, draft, TOLD)


async def test_another_parish_has_no_count() -> None:
    draft = await ask('In the book "Marshes": How many square miles did the parish of Heath cover?', TOLD)
    assert draft.answer is None or draft.confidence < 0.5


@settings(deadline=None, max_examples=25)
@given(
    values=st.lists(st.integers(1, 9999), min_size=4, max_size=4, unique=True),
    row=st.integers(0, 1),
    column=st.integers(0, 1),
)
async def test_row_and_column_meet_wherever_they_stand(values: list[int], row: int, column: int) -> None:
    names, heads = ("Oysters landed", "Mussels landed"), ("2018", "2019")
    page = page_of(
        [(0.5, heads[0]), (0.7, heads[1])],
        [(0.05, names[0]), (0.5, f"{values[0]:,}"), (0.7, f"{values[1]:,}")],
        [(0.05, names[1]), (0.5, f"{values[2]:,}"), (0.7, f"{values[3]:,}")],
    )
    draft = await ask(f"How many {names[row].split()[0].lower()} were landed in {heads[column]}?", page)
    assert draft.answer == f"{values[2 * row + column]:,}"
    draft = await ask(f"How many more {names[row].split()[0].lower()} were landed in 2018 than in 2019?", page)
    assert draft.formula is Formula.DIFFERENCE
    assert Decimal(draft.answer or 0) == abs(values[2 * row] - values[2 * row + 1])
