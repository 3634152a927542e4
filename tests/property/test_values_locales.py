"""Numbers and dates as the Unicode CLDR writes them in six languages are found with the value they were written from."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from babel.dates import format_date
from babel.numbers import format_currency, format_decimal, format_percent
from hypothesis import given
from hypothesis import strategies as st

from mmrag.domain.values import Value, ValueKind
from mmrag.values import find_values

LOCALES = (
    ("en_US", "USD"), ("en_GB", "GBP"), ("de_DE", "EUR"), ("de_AT", "EUR"), ("de_CH", "CHF"), ("fr_FR", "EUR"),
    ("fr_CH", "CHF"), ("es_ES", "EUR"), ("es_MX", "MXN"), ("pt_PT", "EUR"), ("pt_BR", "BRL"), ("it_IT", "EUR"),
)  # fmt: skip
LENGTHS = ("short", "medium", "long", "full")
EVERY = pytest.mark.parametrize(("locale", "currency"), LOCALES)

amounts = st.integers(1, 10**9).map(lambda cents: Decimal(cents) / 100)


def only(text: str) -> Value:
    (value,) = find_values(text)
    return value


@pytest.mark.parametrize("length", LENGTHS)
@EVERY
@given(day=st.dates(date(1950, 1, 1), date(2049, 12, 31)))
def test_a_date_comes_back(locale: str, currency: str, length: str, day: date) -> None:
    (value,) = (v for v in find_values(format_date(day, length, locale=locale)) if v.kind is ValueKind.DATE)
    assert day.isoformat() in value.normals


@EVERY
@given(amount=amounts)
def test_money_comes_back_with_its_sign(locale: str, currency: str, amount: Decimal) -> None:
    for signed in (amount, -amount):
        value = only(format_currency(signed, currency, locale=locale))
        assert (value.kind, f"{signed:.2f}" in value.normals) == (ValueKind.AMOUNT, True)


@EVERY
@given(amount=amounts)
def test_two_decimals_without_a_currency_are_an_amount(locale: str, currency: str, amount: Decimal) -> None:
    value = only(format_decimal(amount, format="#,##0.00", locale=locale))
    assert (value.kind, f"{amount:.2f}" in value.normals) == (ValueKind.AMOUNT, True)


@EVERY
@given(number=st.integers(1000, 10**9))
def test_a_grouped_number_comes_back(locale: str, currency: str, number: int) -> None:
    assert str(number) in only(format_decimal(number, locale=locale)).normals


@EVERY
@given(tenths=st.integers(1, 999))
def test_a_percentage_comes_back(locale: str, currency: str, tenths: int) -> None:
    value = only(format_percent(Decimal(tenths) / 1000, locale=locale, decimal_quantization=False))
    assert (value.kind, Decimal(value.normals[0])) == (ValueKind.PERCENT, Decimal(tenths) / 10)
