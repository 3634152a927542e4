"""Whatever way a value is written, it is found with the value it has; whatever a text holds, offsets are right."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmrag.domain.values import ValueKind
from mmrag.values import find_dates, find_values, normals_of, same_value


def _months(names: str) -> list[str]:
    return names.split()


_EN = _months("January February March April May June July August September October November December")
_DE = _months("Januar Februar März April Mai Juni Juli August September Oktober November Dezember")
_FR = _months("janvier février mars avril mai juin juillet août septembre octobre novembre décembre")
_ES = _months("enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre")
_PT = _months("janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro")
_IT = _months("gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre")

_DATE_STYLES = {
    "slashes": lambda d: f"{d.day:02d}/{d.month:02d}/{d.year}",
    "short slashes": lambda d: f"{d.day}/{d.month}/{d.year % 100:02d}",
    "month first": lambda d: f"{d.month:02d}/{d.day:02d}/{d.year}",
    "dots": lambda d: f"{d.day:02d}.{d.month:02d}.{d.year}",
    "short dots": lambda d: f"{d.day:02d}.{d.month:02d}.{d.year % 100:02d}",
    "dashes": lambda d: f"{d.day:02d}-{d.month:02d}-{d.year}",
    "short dashes": lambda d: f"{d.day:02d}-{d.month:02d}-{d.year % 100:02d}",
    "iso": lambda d: d.isoformat(),
    "compact english": lambda d: f"{d.day:02d}{_EN[d.month - 1][:3].upper()}{d.year}",
    "short compact": lambda d: f"{d.day:02d}{_EN[d.month - 1][:3].upper()}{d.year % 100:02d}",
    "slashed name": lambda d: f"{d.day:02d}/{_EN[d.month - 1][:3].upper()}/{d.year}",
    "english": lambda d: f"{d.day} {_EN[d.month - 1]} {d.year}",
    "american": lambda d: f"{_EN[d.month - 1]} {d.day}, {d.year}",
    "short american": lambda d: f"{_EN[d.month - 1][:3]}. {d.day}, {d.year}",
    "german": lambda d: f"{d.day}. {_DE[d.month - 1]} {d.year}",
    "french": lambda d: f"{d.day} {_FR[d.month - 1]} {d.year}",
    "spanish": lambda d: f"{d.day} de {_ES[d.month - 1]} de {d.year}",
    "portuguese": lambda d: f"{d.day} de {_PT[d.month - 1]} de {d.year}",
    "italian": lambda d: f"{d.day} {_IT[d.month - 1]} {d.year}",
    "touching time": lambda d: f"{d.day:02d}/{d.month:02d}/{d.year}14:22",
}
_AMOUNT_STYLES = {
    "plain": lambda a: f"{a:.2f}",
    "english": lambda a: f"{a:,.2f}",
    "ringgit": lambda a: f"RM{a:,.2f}",
    "dollar": lambda a: f"$ {a:,.2f}",
    "continental": lambda a: f"{a:,.2f}".translate(str.maketrans(",.", ".,")) + " EUR",
    "french": lambda a: f"{a:,.2f}".translate(str.maketrans({",": "\u202f", ".": ","})) + " €",
    "swiss": lambda a: f"CHF {a:,.2f}".replace(",", "'"),
    "ocr comma gap": lambda a: f"{a:,.2f}".replace(",", ", "),
    "letter o": lambda a: f"{a:.2f}".replace("0", "O"),
}


@pytest.mark.parametrize("style", _DATE_STYLES)
@given(day=st.dates(date(1950, 1, 1), date(2049, 12, 31)))
def test_any_date_in_any_style(style: str, day: date) -> None:
    printed = _DATE_STYLES[style](day)
    dates = [v for v in find_values(f"Date: {printed} thank you") if v.kind is ValueKind.DATE]
    assert len(dates) == 1
    assert day.isoformat() in dates[0].normals
    assert len(dates[0].normals) <= 2


@pytest.mark.parametrize("style", _AMOUNT_STYLES)
@given(cents=st.integers(100, 10**9))
def test_any_amount_in_any_style(style: str, cents: int) -> None:
    amount = Decimal(cents) / 100
    printed = _AMOUNT_STYLES[style](amount)
    (value,) = find_values(f"Total: {printed}")
    assert value.kind is ValueKind.AMOUNT
    assert value.text == printed
    assert f"{amount:.2f}" in value.normals
    assert same_value(printed, f"{amount:.2f}", ValueKind.AMOUNT)


@given(st.from_regex(r"[A-HJ-NP-Z][A-Z]{1,3}[0-9]{4,9}", fullmatch=True))
def test_a_code_is_one_identifier(code: str) -> None:
    (value,) = find_values(f"No: {code}")
    assert (value.kind, value.text) == (ValueKind.IDENTIFIER, code)
    assert same_value(code.lower(), code.replace("O", "0"), ValueKind.IDENTIFIER)


@given(st.text(alphabet=st.sampled_from("0123456789.,/-: ()oOlI|%$€RMabXx@'\u00a0éİß½٣\n"), max_size=60))
def test_any_text_gives_values_in_order_with_true_offsets(text: str) -> None:
    end = 0
    for value in find_values(text):
        assert end <= value.start < value.end <= len(text)
        assert text[value.start : value.end] == value.text
        assert value.normals
        assert len(set(value.normals)) == len(value.normals)
        end = value.end


@given(st.text(max_size=40), st.sampled_from(list(ValueKind)))
def test_normalising_never_fails(text: str, kind: ValueKind) -> None:
    normals = normals_of(text, kind)
    assert same_value(text, text, kind) is bool(normals)


_PIECES = ["3 May 2019", "03/09/2003/10/20", "a@b.co", "www.x.com/2019-01-02", "12.50", "Rm", "\n", "FY18"]


@given(st.lists(st.sampled_from(_PIECES), max_size=9))
def test_dates_alone_are_those_among_all_values(parts: list[str]) -> None:
    text = " ".join(parts)
    assert find_dates(text) == tuple(v for v in find_values(text) if v.kind is ValueKind.DATE)
