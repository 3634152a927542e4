"""Whole texts compared as values."""

from __future__ import annotations

import pytest

from mmrag.domain.values import ValueKind
from mmrag.values import normals_of, parse_date, parse_number, same_value


@pytest.mark.parametrize(
    ("a", "b", "kind"),
    [
        ("39.80", "RM 39.80", ValueKind.AMOUNT),
        ("$12,100.00", "12100", ValueKind.AMOUNT),
        ("1.234,50", "1,234.50", ValueKind.AMOUNT),
        ("39. 80", "39.80", ValueKind.AMOUNT),
        ("20/11/2017", "November 20, 2017", ValueKind.DATE),
        ("04/03/18", "2018-04-03", ValueKind.DATE),
        ("04/03/18", "2018-03-04", ValueKind.DATE),
        ("20171120", "20.11.17", ValueKind.DATE),
        ("62 %", "62", ValueKind.PERCENT),
        ("W0C12389203", "woc12389203", ValueKind.IDENTIFIER),
        ("0005 8408 9600", "000584089600", ValueKind.IDENTIFIER),
        ("(1072825-A)", "1072825-a", ValueKind.IDENTIFIER),
        ("(608) 781-0025", "608.781.0025", ValueKind.PHONE),
        ("Sales@Shop.com", "sales@shop.com", ValueKind.EMAIL),
        ("https://www.irs.gov/FormW9", "irs.gov/formw9.", ValueKind.URL),
        ("2:22 PM", "14:22:10", ValueKind.TIME),
    ],
)
def test_written_differently_but_the_same(a: str, b: str, kind: ValueKind) -> None:
    assert same_value(a, b, kind)
    assert same_value(b, a, kind)


@pytest.mark.parametrize(
    ("a", "b", "kind"),
    [
        ("39.80", "38.90", ValueKind.AMOUNT),
        ("12.00", "(12.00)", ValueKind.AMOUNT),
        ("39.80", "3980", ValueKind.AMOUNT),
        ("20/11/2017", "21/11/2017", ValueKind.DATE),
        ("2009-07", "2009-07-15", ValueKind.DATE),
        ("1336165-2", "1336165-3", ValueKind.IDENTIFIER),
        ("nothing", "nothing", ValueKind.AMOUNT),
        ("", "", ValueKind.IDENTIFIER),
        ("2:22 PM", "2:22", ValueKind.TIME),
    ],
)
def test_different_or_not_a_value_at_all(a: str, b: str, kind: ValueKind) -> None:
    assert not same_value(a, b, kind)


def test_parsers_give_the_likeliest_reading_first() -> None:
    assert parse_number("1,500 spots") == ("1500", "1.5")
    assert parse_date("issued on 04/03/18 in Paris") == ("2018-03-04", "2018-04-03")
    assert parse_date("no date") == ()
    assert parse_number("none") == ()
    assert normals_of("2009-07", ValueKind.DATE) == ("2009-07",)
    assert normals_of("(", ValueKind.IDENTIFIER) == ()
