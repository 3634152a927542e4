"""What is found in a line as OCR gives it, and how it is read."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmrag.domain.values import Value, ValueKind
from mmrag.values import find_values, finding

D, A, N, P = ValueKind.DATE, ValueKind.AMOUNT, ValueKind.NUMBER, ValueKind.PERCENT
ID, PH, E, U, T = ValueKind.IDENTIFIER, ValueKind.PHONE, ValueKind.EMAIL, ValueKind.URL, ValueKind.TIME


@pytest.mark.parametrize(
    ("text", "normals"),
    [
        ("20/11/2017", ("2017-11-20",)),
        ("2017-11-20", ("2017-11-20",)),
        ("20.11.17", ("2017-11-20",)),
        ("19/05/16", ("2016-05-19",)),
        ("15/APR/2017", ("2017-04-15",)),
        ("20NOV2017", ("2017-11-20",)),
        ("Nov 20, 2017", ("2017-11-20",)),
        ("20 November 2017", ("2017-11-20",)),
        ("12-02-18", ("2018-02-12", "2018-12-02")),
        ("04JUN18", ("2018-06-04",)),
        ("28 MAR 18", ("2018-03-28",)),
        ("05/22/20", ("2020-05-22",)),
        ("03/03/18", ("2018-03-03",)),
        ("12 June 1962", ("1962-06-12",)),
        ("12/06/62", ("1962-06-12", "1962-12-06")),
        ("1er janvier 2019", ("2019-01-01",)),
        ("3 de março de 2020", ("2020-03-03",)),
        ("30. März 2019", ("2019-03-30",)),
        ("15 dicembre 2021", ("2021-12-15",)),
        ("4 août 2018", ("2018-08-04",)),
        ("7 de enero de 2016", ("2016-01-07",)),
        ("Sept. 5th, 2019", ("2019-09-05",)),
        ("2O/l1/2017", ("2017-11-20",)),
        ("20 / 11 / 2017", ("2017-11-20",)),
        ("July 2009", ("2009-07",)),
    ],
)
def test_a_date_alone(text: str, normals: tuple[str, ...]) -> None:
    (value,) = find_values(text)
    assert (value.kind, value.text, value.normals) == (D, text, normals)


@pytest.mark.parametrize(
    ("text", "normals", "currency"),
    [
        ("RM39.80", ("39.80",), "MYR"),
        ("RM 39.80", ("39.80",), "MYR"),
        ("$1,234.50", ("1234.50",), "$"),
        ("US$221,900.00", ("221900.00",), "USD"),
        ("1.234,50 EUR", ("1234.50",), "EUR"),
        ("1 234,50 €", ("1234.50",), "EUR"),
        ("CHF 1'234.50", ("1234.50",), "CHF"),
        ("₹12,34,567.00", ("1234567.00",), "INR"),
        ("39.80", ("39.80",), None),
        ("(12.00)", ("-12.00",), None),
        ("12.00-", ("-12.00",), None),
        ("-12.00", ("-12.00",), None),
        ("12.00 CR", ("-12.00", "12.00"), None),
        ("12.00 DR", ("12.00",), None),
        ("1, 234.50", ("1234.50",), None),
        ("39 .80", ("39.80",), None),
        ("l2.5O", ("12.50",), None),
        ("O.50", ("0.50",), None),
        ("RM 2 500.00", ("2500.00",), "MYR"),
        ("£12", ("12.00",), "GBP"),
        ("$80.4 million", ("80400000.00", "80.40"), "$"),
        ("0.00", ("0.00",), None),
    ],
)
def test_an_amount_alone(text: str, normals: tuple[str, ...], currency: str | None) -> None:
    (value,) = find_values(text)
    assert (value.kind, value.text, value.normals, value.currency) == (A, text, normals, currency)


@pytest.mark.parametrize(
    ("text", "kind", "normals"),
    [
        ("12.5%", P, ("12.5",)),
        ("12.5 %", P, ("12.5",)),
        ("3 per cent", P, ("3",)),
        ("1,234", N, ("1234", "1.234")),
        ("1.234", N, ("1.234", "1234")),
        ("2500", N, ("2500",)),
        ("000584089600", N, ("584089600", "000584089600")),
        ("1336165-2", ID, ("1336165-2",)),
        ("W0C12389203", ID, ("W0C12389203",)),
        ("WOC12389203", ID, ("WOC12389203", "W0C12389203")),
        ("N8770M", ID, ("N8770M",)),
        ("INV/2018/0042", ID, ("INV/2018/0042", "1NV/2018/0042")),
        ("(608) 781-0025", PH, ("6087810025",)),
        ("907-276-6353", PH, ("9072766353",)),
        ("+60 3-7728 1234", PH, ("60377281234",)),
        ("sales@shop.com.my", E, ("sales@shop.com.my",)),
        ("www.irs.gov/FormW9", U, ("irs.gov/formw9",)),
        ("14:22", T, ("14:22",)),
        ("8:13:39 PM", T, ("20:13:39", "20:13")),
        ("12:05am", T, ("00:05",)),
    ],
)
def test_other_kinds_alone(text: str, kind: ValueKind, normals: tuple[str, ...]) -> None:
    (value,) = find_values(text)
    assert (value.kind, value.text, value.normals) == (kind, text, normals)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("20/11/201714:22", [(D, "20/11/2017"), (T, "14:22")]),
        ("20/11/1714:22:05", [(D, "20/11/17"), (T, "14:22:05")]),
        ("03/16/20-03/29/20", [(D, "03/16/20"), (D, "03/29/20")]),
        ("03/09/2003/10/20", [(D, "03/09/20"), (D, "03/10/20")]),
        ("TOTAL39.80", [(A, "39.80")]),
        ("Check:24382", [(N, "24382")]),
        ("Invoice24382", [(N, "24382")]),
        ("Tel:07-5550139", [(PH, "07-5550139")]),
        ("Fax No: 03 7728 1234", [(PH, "03 7728 1234")]),
        ("(1072825-A)", [(ID, "1072825-A")]),
        ("GST @6% 2.45", [(P, "6%"), (A, "2.45")]),
        ("2 x 10.00 20.00", [(N, "2"), (A, "10.00"), (A, "20.00")]),
        ("10.00-20.00", [(A, "10.00"), (A, "20.00")]),
        ("2015-2016", [(N, "2015"), (N, "2016")]),
        ("Irving, TX75039", [(ID, "TX75039")]),
        ("LB2 Spring Roll Bkt", []),
        ("v1.25", []),
        ("host 10.12.20.5", []),
        ("section 1.2.10", []),
        ("Total RM 12.00 (3 items)", [(A, "RM 12.00"), (N, "3")]),
        ("no values here.", []),
        ("2O17 sales", [(N, "2O17")]),
    ],
)
def test_values_of_a_line_in_order(line: str, expected: list[tuple[ValueKind, str]]) -> None:
    assert [(v.kind, v.text) for v in find_values(line)] == expected


@pytest.mark.parametrize(
    "unit",
    ["1", "1,234", "a.", "1-", "12/", "l0", "@a.", "1, 234", "12 .", "+1 ", "tel: 1 1 1 ", "12'", "0 123", "(", "$ 1 "],
)
def test_time_grows_with_length_and_no_faster(unit: str) -> None:
    def seconds(length: int) -> float:
        text = (unit * length)[:length]
        best = float("inf")
        for _ in range(2):
            start = time.process_time()
            find_values(text)
            best = min(best, time.process_time() - start)
        return best

    seconds(100)
    # Quadratic work would be 64 times as long; a linear scan has a wide margin under 24.
    assert seconds(32_000) < 24 * seconds(4_000) + 0.05


_PIECES = """12.50|RM|1,200|-5|(3.00)|12/03/2018|03/09/2003/10/20|3 May 2018|n0v 2018|ju1 3, 2019|10:45 am|1710 EST|6%|O.50
l2|a@b.co|www.shop.com|http://x.y/z|tel: 03-1234567|+60 12-345 6789|INV-00123|GST|2019|1.OO|x|16mm|№|．５|:|.|/|@|12 Ene 19
0ct 3, 2017|  |3 mei 19|2018/05/03|1.2.2018|$|€ 5|30 %|A4|LB2"""


@given(st.lists(st.one_of(st.sampled_from(re.split(r"[|\n]", _PIECES)), st.text(max_size=4)), max_size=8).map(" ".join))
@settings(max_examples=150, deadline=None)
def test_what_is_not_tried_would_have_found_nothing(text: str) -> None:
    assert finding._found(text) == _with_every_pattern(text)


def _with_every_pattern(text: str) -> tuple[Value, ...]:
    folded = finding.fold(text)
    rest = finding._Rest(text, finding.fold_digits(text))
    rest.take(ValueKind.EMAIL, finding.emails_in(folded))
    rest.take(ValueKind.URL, finding.urls_in(folded))
    for _ in range(2):
        rest.take(ValueKind.DATE, sorted(finding.dates_in(rest.digits), key=lambda d: (-len(d[2][0]), d[0] - d[1])))
    rest.take(ValueKind.TIME, finding.zoned_times_in(text))
    rest.take(ValueKind.TIME, finding.times_in(rest.digits))
    rest.take_numbers(tuple(n for n in finding.numbers_in(rest.digits) if n.kind is not ValueKind.NUMBER))
    rest.take(ValueKind.PHONE, finding.phones_in(rest.digits))
    rest.take(ValueKind.IDENTIFIER, finding.identifiers_in(text, folded, rest.digits))
    plain = [n for n in finding.numbers_in(rest.digits) if n.kind is ValueKind.NUMBER and not finding._in_code(folded, n)]
    rest.take_numbers(tuple(plain))
    return tuple(sorted(rest.values, key=lambda v: v.start))
