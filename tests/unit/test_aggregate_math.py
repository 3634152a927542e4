"""Sums, comparisons, counts and days between, from values read on several documents."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmrag.agent.aggregate_math import Entry, work_out
from mmrag.domain.aggregates import Aggregate, Condition, Giving, Operation, Part, Quantity

POOL = (Part(name="A", several=True),)
PAIR = (Part(name="A"), Part(name="B"))


def aggregate(
    operation: Operation,
    *,
    parts: tuple[Part, ...] = POOL,
    quantity: Quantity = Quantity.AMOUNT,
    conditions: tuple[Condition, ...] = (),
    giving: Giving = Giving.VALUE,
) -> Aggregate:
    return Aggregate(
        operation=operation, quantity=quantity, target="total", parts=parts, conditions=conditions, giving=giving
    )


@pytest.mark.parametrize(
    ("currencies", "said"),
    [(("EUR", "EUR"), "7.50 EUR"), (("$", "$"), "$7.50"), (("EUR", None), "7.50"), ((None, None), "7.50")],
)
def test_what_is_worked_out_keeps_the_unit_that_all_of_it_print(currencies: tuple[str | None, ...], said: str) -> None:
    entries = [entry(name, "3.75", currency=currency) for name, currency in zip("ab", currencies, strict=True)]
    assert work_out(aggregate(Operation.SUM), entries).text == said


def entry(
    name: str, amount: str | None = None, day: str | None = None, *, part: int = 0, currency: str | None = None
) -> Entry:
    return Entry(
        document=name,
        label=name,
        part=part,
        amount=None if amount is None else Decimal(amount),
        day=None if day is None else date.fromisoformat(day),
        currency=currency,
    )


@given(st.lists(st.decimals(min_value=0, max_value=10_000, places=2), min_size=1, max_size=30))
def test_a_sum_is_exact_to_the_cent(amounts: list[Decimal]) -> None:
    entries = [entry(f"d{n}", str(amount)) for n, amount in enumerate(amounts)]
    cents = sum(int(amount * 100) for amount in amounts)
    text = work_out(aggregate(Operation.SUM), entries).text
    assert text is not None
    assert int(Decimal(text) * 100) == cents


def test_a_sum_with_an_operand_that_cannot_be_read_is_no_sum() -> None:
    worked = work_out(aggregate(Operation.SUM), [entry("a", "1.00"), entry("b")])
    assert worked.text is None
    assert "b" in worked.why


def test_amounts_in_different_currencies_are_not_added() -> None:
    worked = work_out(aggregate(Operation.SUM), [entry("a", "1.00", currency="USD"), entry("b", "2.00", currency="EUR")])
    assert worked.text is None
    assert "EUR, USD" in worked.why


def test_a_document_whose_date_cannot_be_read_is_named_as_left_out() -> None:
    may = Condition(quantity=Quantity.DATE, least="2018-05-01", most="2018-05-31")
    entries = [entry("a", "1.50", "2018-05-31"), entry("b", "2.00", "2018-06-01"), entry("c", "3.00")]
    worked = work_out(aggregate(Operation.SUM, conditions=(may,)), entries)
    assert worked.text == "1.50 (not counted, because it cannot be read: c)"
    assert [e.label for e in worked.used] == ["a"]


@pytest.mark.parametrize(("strict", "names"), [(True, ["b"]), (False, ["a", "b"])])
def test_over_fifty_leaves_out_fifty_itself(strict: bool, names: list[str]) -> None:
    over = Condition(quantity=Quantity.AMOUNT, least="50", strict=strict)
    worked = work_out(aggregate(Operation.LIST, conditions=(over,)), [entry("a", "50.00"), entry("b", "50.01")])
    assert [e.label for e in worked.used] == names


def test_a_month_of_any_year() -> None:
    march = Condition(quantity=Quantity.DATE, month=3)
    entries = [entry("a", day="2016-03-01"), entry("b", day="2018-03-31"), entry("c", day="2018-04-01")]
    assert work_out(aggregate(Operation.COUNT, quantity=Quantity.DATE, conditions=(march,)), entries).text == "2"


def test_days_between_two_documents() -> None:
    entries = [entry("a", day="2016-02-28"), entry("b", day="2016-03-01", part=1)]
    assert work_out(aggregate(Operation.DAYS, parts=PAIR, quantity=Quantity.DATE), entries).text == "2"


def test_a_difference_has_no_sign() -> None:
    entries = [entry("a", "18.80"), entry("b", "96.20", part=1)]
    assert work_out(aggregate(Operation.DIFFERENCE, parts=PAIR), entries).text == "77.40"


@pytest.mark.parametrize(
    ("operation", "giving", "text"),
    [
        (Operation.LARGEST, Giving.PART, "B"),
        (Operation.SMALLEST, Giving.PART, "A"),
        (Operation.LARGEST, Giving.VALUE, "96.20"),
        (Operation.LARGEST, Giving.YES_NO, "No"),
        (Operation.SMALLEST, Giving.YES_NO, "Yes"),
        (Operation.LARGEST, Giving.DOCUMENT, "b (96.20)"),
    ],
)
def test_a_comparison_names_what_is_asked_for(operation: Operation, giving: Giving, text: str) -> None:
    entries = [entry("a", "18.80"), entry("b", "96.20", part=1)]
    assert work_out(aggregate(operation, parts=PAIR, giving=giving), entries).text == text


def test_of_two_equals_none_is_the_larger() -> None:
    entries = [entry("a", "5.00"), entry("b", "5.00", part=1)]
    assert work_out(aggregate(Operation.LARGEST, parts=PAIR, giving=Giving.PART), entries).text is None


def test_a_side_that_several_documents_fit_is_asked_about() -> None:
    entries = [entry("a", "5.00"), entry("a2", "6.00"), entry("b", "7.00", part=1)]
    worked = work_out(aggregate(Operation.DIFFERENCE, parts=PAIR), entries)
    assert worked.text is None
    assert "say which is meant" in worked.why


def test_an_average_is_rounded_half_up() -> None:
    assert work_out(aggregate(Operation.AVERAGE), [entry("a", "0.01"), entry("b", "0.02")]).text == "0.02"


def test_the_second_largest_is_so_among_different_values() -> None:
    entries = [
        Entry(document=str(n), label=f"{n}.jpg", part=0, amount=Decimal(amount)) for n, amount in enumerate([5, 9, 9, 7])
    ]
    part = Part(name="", several=True)
    second = Aggregate(operation=Operation.LARGEST, quantity=Quantity.AMOUNT, target="total amount", parts=(part,), rank=2)
    assert work_out(second, entries).text == "7"
    assert work_out(second, entries).used[0].document == "3"
    fourth = replace(second, rank=4)
    assert work_out(fourth, entries).text is None


@pytest.mark.parametrize(("order", "said"), [(1, "3"), (0, "3"), (-1, None)])
def test_days_after_a_document_are_not_those_before_it(order: int, said: str | None) -> None:
    asked = replace(aggregate(Operation.DAYS, parts=PAIR, quantity=Quantity.DATE), order=order)
    entries = [entry("a", day="2024-05-01"), entry("b", day="2024-05-04", part=1)]
    worked = work_out(asked, entries)
    assert worked.text == said
    assert said is not None or "a is the earlier one" in worked.why
