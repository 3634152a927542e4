"""Questions that have to be worked out from several documents are taken apart; look-ups are left alone."""

from __future__ import annotations

import pytest

from mmrag.agent.plan import make_plan
from mmrag.domain.aggregates import Aggregate, Giving, Operation, Quantity
from mmrag.domain.plans import AnswerType

A, B = "ALPHA TRADING SDN BHD", "BETA CAFE"


def aggregate(question: str) -> Aggregate:
    found = make_plan(question).aggregate
    assert found is not None, question
    return found


@pytest.mark.parametrize(
    ("question", "operation"),
    [
        (f"What is the total of all receipts from {A}?", Operation.SUM),
        (f"How much was spent in total at {A} in 2017?", Operation.SUM),
        (f"What is the average total of the receipts from {A}?", Operation.AVERAGE),
        (f"How many receipts are from {A}?", Operation.COUNT),
        ("How many receipts were issued before 01/01/2018?", Operation.COUNT),
        ("List all receipts over 50", Operation.LIST),
        ("Which receipts have a total over 300?", Operation.LIST),
        ("Which receipt has the highest total?", Operation.LARGEST),
        ("Which receipt is the oldest?", Operation.SMALLEST),
        (f"How many days are there between the receipt from {A} and the receipt from {B}?", Operation.DAYS),
        (f"How much more is the total of the receipt from {A} than that of {B}?", Operation.DIFFERENCE),
        (f"Which was larger, the receipt from {A} or the one from {B}?", Operation.LARGEST),
        (f"Which came first, the receipt from {A} or the one from {B}?", Operation.SMALLEST),
        (f"Was the receipt from {A} issued before the one from {B}?", Operation.SMALLEST),
        (f"Compare the totals of the receipts from {A} and {B}", Operation.LIST),
        (f"How many days passed between the two receipts from {A}?", Operation.DAYS),
        (f"What is the total GST on all receipts from {A}?", Operation.SUM),
        ("Which companies issued receipts in January 2018?", Operation.LIST),
    ],
)
def test_the_operation_shows_in_the_question(question: str, operation: Operation) -> None:
    assert aggregate(question).operation is operation


@pytest.mark.parametrize(
    "question",
    [
        f"What is the total amount on the receipt from {A} dated 20/11/2017?",
        f"On what date was the receipt from {A} with a total of 39.80 issued?",
        "Which company issued the receipt dated 20/11/2017 with a total of 39.80?",
        "How many more Tweets are attributed to Germanwings than Lufthansa?",
        'In the Pew report "Older Adults and Technology Use": What is the percentage of people who do not go online?',
        "Which fiscal year shows the highest total Maintenance Product Net Sales?",
        "How many charts and tables in this report are sourced from Annual totals?",
    ],
)
def test_a_look_up_is_no_aggregate(question: str) -> None:
    assert make_plan(question).aggregate is None


def test_a_question_about_one_file_is_no_aggregate() -> None:
    assert make_plan("What is the total of all receipts?", document="a.pdf").aggregate is None


def test_the_two_sides_of_a_comparison_keep_what_is_said_of_each() -> None:
    found = aggregate(f"Which receipt has the higher total: the one from {A} dated 20/11/2017 or the one from {B}?")
    assert [part.name for part in found.parts] == [A, B]
    assert [len(part.constraints) for part in found.parts] == [2, 1]
    assert not any(part.several for part in found.parts)
    assert found.giving is Giving.PART


def test_a_pool_has_a_part_for_each_name() -> None:
    found = aggregate(f"What is the sum of the receipts from {A} and {B}?")
    assert [(part.name, part.several) for part in found.parts] == [(A, True), (B, True)]


@pytest.mark.parametrize(
    ("words", "least", "most"),
    [
        ("dated in June 2018", "2018-06-01", "2018-06-30"),
        ("in February 2016", "2016-02-01", "2016-02-29"),
        ("from 2017", "2017-01-01", "2017-12-31"),
        ("dated 20/11/2017", "2017-11-20", "2017-11-20"),
        ("between 01/05/2018 and 31/05/2018", "2018-05-01", "2018-05-31"),
        ("issued before 01/01/2018", None, "2017-12-31"),
        ("issued after 31/12/2017", "2018-01-01", None),
    ],
)
def test_a_time_is_a_condition_on_the_date(words: str, least: str | None, most: str | None) -> None:
    condition = aggregate(f"What is the total of all receipts {words}?").conditions[0]
    assert (condition.quantity, condition.least, condition.most) == (Quantity.DATE, least, most)


def test_a_month_without_a_year_is_that_month_of_any_year() -> None:
    assert aggregate(f"total of all receipts from {A} in December").conditions[0].month == 12


@pytest.mark.parametrize(
    ("words", "least", "most", "strict"),
    [
        ("over 50", "50", None, True),
        ("of at least RM 50.00", "50", None, False),
        ("under 12.50", None, "12.5", True),
        ("between 50 and 60", "50", "60", False),
        ("of exactly 50.00", "50", "50", False),
    ],
)
def test_a_bound_is_a_condition_on_the_amount(words: str, least: str | None, most: str | None, strict: bool) -> None:
    condition = aggregate(f"How many receipts have a total {words}?").conditions[0]
    assert (condition.least, condition.most, condition.strict) == (least, most, strict)
    assert condition.quantity is Quantity.AMOUNT


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("How many receipts are over 100?", AnswerType.NUMBER),
        ("List all receipts over 50", AnswerType.LIST),
        ("What is the total of all receipts?", AnswerType.AMOUNT),
        ("What is the latest date of all receipts?", AnswerType.DATE),
        (f"Is the receipt from {A} larger than the one from {B}?", AnswerType.YES_NO),
        ("Which company issued the receipt with the highest total?", AnswerType.NAME),
    ],
)
def test_the_answer_has_the_shape_that_is_asked_for(question: str, kind: AnswerType) -> None:
    assert make_plan(question).answer_type is kind


@pytest.mark.parametrize(
    ("question", "operation", "rank"),
    [
        ("What is the second highest total of all receipts?", Operation.LARGEST, 2),
        ("Which receipt has the third-lowest total?", Operation.SMALLEST, 3),
        ("What is the highest total of all receipts?", Operation.LARGEST, 1),
        ("What is the 2nd most recent receipt's total among all receipts?", Operation.LARGEST, 2),
    ],
)
def test_a_place_in_the_order_of_all_is_told(question: str, operation: Operation, rank: int) -> None:
    aggregate = make_plan(question).aggregate
    assert aggregate is not None
    assert (aggregate.operation, aggregate.rank) == (operation, rank)
