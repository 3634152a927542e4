"""Premises: what a question takes for granted and its document contradicts leads to a refusal that says so."""

from __future__ import annotations

import pytest
from agent_pages import reading
from agent_world import World

from mmrag.agent.plan import make_plan
from mmrag.agent.premises import broken_premise
from mmrag.agent.reader import ReaderDrafter
from mmrag.agent.reading.labels import LabelIndex
from mmrag.agent.reading.layout import Layout
from mmrag.agent.tiers import reader_tier
from mmrag.domain.answers import Claim

RECEIPT = ["ALPHA TRADING SDN BHD", "Date: 03/05/2018", "Amount (RM)", "Total: 39.80", "VISA 39.80", "Change Due: 0.00"]


def broken(question: str, lines: list[str], said: str = "39.80") -> str | None:
    return broken_premise(make_plan(question), Claim(text=said, spans=()), [reading(lines).page])


@pytest.mark.parametrize(
    ("question", "word"),
    [
        ("How many US dollars is the total on the receipt from ALPHA TRADING SDN BHD?", "RM"),
        ("What is the total in euros on the receipt from ALPHA TRADING SDN BHD?", "RM"),
        ("How much was paid in cash on the receipt from ALPHA TRADING SDN BHD?", "visa, not by cash"),
        ("What was the total in 2016?", "2016"),
    ],
)
def test_a_premise_that_the_document_contradicts_is_named(question: str, word: str) -> None:
    told = broken(question, RECEIPT)
    assert told is not None
    assert word in told


@pytest.mark.parametrize(
    ("question", "lines"),
    [
        ("What is the total in ringgit on the receipt from ALPHA TRADING SDN BHD?", RECEIPT),
        ("How much was paid by card on the receipt from ALPHA TRADING SDN BHD?", RECEIPT),
        ("What was the total in 2018?", RECEIPT),
        ("How many euros is the total?", ["Total: 39.80"]),  # nothing is said of a currency
        ("How much was paid in cash?", ["Total: 39.80", "Paid: 50.00"]),
        ("What is the total in US dollars?", ["Total: $39.80"]),
        ("What was the margin in 2019?", ["Q3 FY19 margin 39.80"]),
        ("What were the sales in 2013?", ["Sales 2012-13", "39.80"]),
        ("What were the sales in 2020?", ["Invoice date 05/19/20", "39.80"]),
    ],
)
def test_a_premise_that_holds_or_is_open_is_left_alone(question: str, lines: list[str]) -> None:
    assert broken(question, lines) is None


def test_a_canadian_dollar_is_not_any_dollar() -> None:
    assert broken("What is the gross total in Canadian dollars?", ["Gross total $39.80"]) is not None
    assert broken("What is the gross total in Canadian dollars?", ["Gross total CAD 39.80"]) is None


async def answered(question: str) -> tuple[str | None, str]:
    pages = [
        reading(["ALPHA TRADING SDN BHD", "Date: 03/05/2018", "TEA 5.00", "Total: RM 39.80"], name="a.jpg"),
        reading(["BETA CAFE", "Date: 14/06/2018", "Total: RM 12.40"], name="b.jpg"),
    ]
    world = World(pages)
    world.tiers.append(reader_tier("reader", ReaderDrafter(None)))
    answer = await (await world.agent()).ask(question)
    return answer.answer, answer.abstention.detail if answer.abstention else ""


async def test_the_date_of_another_document_does_not_make_it_that_of_this_one() -> None:
    right, _ = await answered("What is the total amount on the receipt from ALPHA TRADING SDN BHD dated 03/05/2018?")
    wrong, why = await answered("What is the total amount on the receipt from ALPHA TRADING SDN BHD dated 14/06/2018?")
    assert right in ("39.80", "RM 39.80")
    assert wrong is None
    assert "a.jpg" in why
    assert "14/06/2018" in why


async def test_a_wrong_currency_is_refused_with_what_the_page_shows() -> None:
    wrong, why = await answered("How many euros is the total on the receipt from ALPHA TRADING SDN BHD?")
    assert wrong is None
    assert "RM" in why


async def test_the_price_of_what_is_not_on_the_page_is_refused() -> None:
    wrong, _ = await answered("What is the price of the cappuccino on the receipt from ALPHA TRADING SDN BHD?")
    assert wrong is None


def test_a_label_is_no_misread_other_label() -> None:
    labels = LabelIndex(Layout(reading(["Change 5.00"]).page))
    assert not labels.find({"charge": 1.0})
    assert LabelIndex(Layout(reading(["Chargc 5.00"]).page)).find({"charge": 1.0})


PLAN = [
    "Otter Mill Plan",
    "Version 2",
    "Revised May 2016",
    "Keeper: Ada Brook",
    "In April 2012 the mill was found to be empty for years",
]


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ("in the plan revised in May 2018", "Revised May 2016"),
        ("in the plan that was revised on 3 June 2016", "Revised May 2016"),
        ("in the report of April 2012", "Revised May 2016"),
        ("in the document dated March 2011", "Revised May 2016"),
    ],
)
def test_a_date_that_the_document_does_not_bear_is_named(said: str, word: str) -> None:
    told = broken(f'In the report "Otter Mill Plan": Who is the keeper {said}?', PLAN, "Ada Brook")
    assert told is not None
    assert word in told


@pytest.mark.parametrize(
    "said",
    [
        "in the plan revised in May 2016",
        "in the plan revised on 4 May 2016",
        "in the document dated May 2016",
        "in April 2012",
        "for the year ended March 2019, 2016",
        "from May 2018 to June 2018",
    ],
)
def test_a_date_that_agrees_or_dates_something_else_is_left_alone(said: str) -> None:
    asked = f'In the report "Otter Mill Plan": Who is the keeper {said}?'
    assert broken(asked, [*PLAN, "2018 2019"], "Ada Brook") is None


def test_a_document_without_a_date_contradicts_none() -> None:
    sets = ["Otter Mill Plan", "Keeper: Ada Brook", "1 HERON SET 19.90", "2016"]
    assert (
        broken('In the report "Otter Mill Plan": Who is the keeper in the document dated May 2016?', sets, "Ada Brook")
        is None
    )
    asked = 'In the report "Otter Mill Plan": Who is the keeper in the plan revised in May 2016?'
    assert broken(asked, ["Otter Mill Plan", "Keeper: Ada Brook", "2016"], "Ada Brook") is None


def test_a_date_by_which_the_document_was_found_is_not_held_against_it_again() -> None:
    lines = ["ALPHA TRADING SDN BHD", "1 HERON SET 19.90", "Printed 04/05/2018", "Total: 39.80"]
    assert broken("What is the total on the receipt from ALPHA TRADING SDN BHD dated 03/05/2018?", lines) is None


async def test_a_month_is_shown_by_its_days_and_a_refusal_names_the_document_that_fits() -> None:
    world = World(
        [reading([*RECEIPT[:1], "Date: 13/05/2018", *RECEIPT[2:]])], tiers=[reader_tier("reader", ReaderDrafter(None))]
    )
    agent = await world.agent()
    asked = "What is the total amount on the receipt from ALPHA TRADING SDN BHD of {} 2018?"
    assert (await agent.ask(asked.format("May"))).answer == "39.80"
    refused = (await agent.ask(asked.format("June"))).abstention
    assert refused is not None
    assert "receipt.jpg fits the rest" in refused.detail
    assert "June 2018" in refused.detail
    assert "receipt.jpg" in refused.help
