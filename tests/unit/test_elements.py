"""What every understood page keeps to, and the typed values found on it."""

from __future__ import annotations

import json
import random
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from layout_support import LOREM, Text, columns, on_one_line, page_of, raw_page, receipt, shuffled, table, understood
from mmrag_ingest.records import RawPage
from mmrag_ingest.values import values_of

from mmrag.domain.documents import Element, ElementKind, Page, element_id
from mmrag.domain.values import ValueKind

GOLDEN = Path(__file__).parents[1] / "golden" / "layout_receipt.json"

texts = st.builds(
    Text,
    text=st.lists(
        st.text(st.characters(categories=("Lu", "Ll", "Nd", "Po", "Sc")), min_size=1, max_size=12), min_size=1, max_size=6
    ).map(" ".join),
    x=st.integers(0, 900).map(float),
    y=st.integers(0, 1380).map(float),
    height=st.sampled_from([10.0, 20.0, 21.0, 40.0]),
)
raw_pages = st.builds(raw_page, st.lists(texts, max_size=25), degrees=st.floats(-6, 6), bend=st.floats(-0.05, 0.05))


def check(page: Page, raw: RawPage) -> None:
    """The promises of ``understand``."""
    assert sorted(w.text for w in page.words) == sorted(w.text for w in raw.words if w.text.strip())
    assert [w.index for w in page.words] == list(range(len(page.words)))
    lines = [w.line for w in page.words]
    assert lines == sorted(lines)
    assert [e.ordinal for e in page.elements] == list(range(len(page.elements)))
    housed = {i for e in page.elements if e.kind is not ElementKind.KEY_VALUE for i in e.words}
    assert housed == set(range(len(page.words)))
    for element in page.elements:
        assert element.id == element_id(page.document_id, page.number, element.ordinal, element.kind, element.text)
        assert 0.0 <= element.confidence <= 1.0
        assert (element.kind is ElementKind.KEY_VALUE) == (element.label is not None) == (element.value is not None)
        assert (element.kind is ElementKind.TABLE) == bool(element.cells)
        for i in element.words:
            x, y = page.words[i].bbox.center
            assert element.bbox.grown(1e-9, 1e-9).contains(x, y)


@settings(max_examples=150, deadline=None)
@given(raw_pages)
def test_any_page_keeps_the_promises(raw: RawPage) -> None:
    check(understood(raw), raw)


@settings(max_examples=80, deadline=None)
@given(raw_pages, st.integers(0, 2**32 - 1))
def test_the_order_of_raw_words_does_not_matter(raw: RawPage, seed: int) -> None:
    order = list(range(len(raw.words)))
    random.Random(seed).shuffle(order)
    assert understood(shuffled(raw, order)) == understood(raw)


@settings(max_examples=60, deadline=None)
@given(st.floats(-5, 5), st.floats(-0.008, 0.008))
def test_rows_of_a_leaning_receipt_stay_together(degrees: float, bend: float) -> None:
    rows = page_of(receipt(), degrees=degrees, bend=bend).text.split("\n")
    for row in ("TOTAL 17.05", "CASH 20.00", "CHANGE 2.95", "Subtotal 15.50", "1 x Teh Tarik 2.50"):
        assert row in rows


@pytest.mark.parametrize("odd", ["", " ", "​"])
def test_words_without_letters_are_left_out_or_harmless(odd: str) -> None:
    raw = raw_page(receipt())
    blank = replace(raw.words[0], text=odd)
    assert "TOTAL 17.05" in understood(replace(raw, words=(*raw.words, blank))).text


def test_a_dense_page_is_understood_quickly() -> None:
    lines = [Text(text=LOREM[i % 5], x=60 + 480 * (i % 2), y=100 + 18 * (i // 2), height=12) for i in range(130)]
    raw = raw_page(lines)
    assert len(raw.words) > 1000
    best = min(_seconds(raw) for _ in range(3))
    assert best < 0.25  # 40 ms where nothing else runs


def _seconds(raw: RawPage) -> float:
    started = time.process_time()
    understood(raw)
    return time.process_time() - started


def summary(element: Element) -> list[object]:
    return [element.kind.value, element.text, [round(v, 3) for v in element.bbox.as_tuple()], list(element.section)]


def test_a_receipt_is_understood_as_recorded() -> None:
    """The golden file holds every element of a made receipt; boxes agree to a thousandth of the page."""
    page = page_of([*receipt(), *table(200, 330, 520, 700, y=680)], degrees=1.0)
    assert [summary(e) for e in page.elements] == json.loads(GOLDEN.read_text(encoding="utf-8"))


def test_values_are_found_with_their_words_and_smallest_element() -> None:
    page = page_of(receipt())
    found = {v.text: v for v in values_of(page)}
    total = found["17.05"]
    assert total.kind is ValueKind.AMOUNT
    assert [page.words[i].text for i in total.words] == ["17.05"]
    home = next(e for e in page.elements if e.id == total.element_id)
    assert home.label == "TOTAL" or home.text == "TOTAL 17.05"
    date = found["04/03/2018"]
    assert set(date.normals) == {"2018-03-04", "2018-04-03"}
    assert {v.document_id for v in found.values()} == {"doc-test"}


def test_a_value_of_several_words_has_them_all() -> None:
    page = page_of([Text(text="Issued on 20 November 2017 in Klang", x=100, y=300)])
    (date,) = [v for v in values_of(page) if v.kind is ValueKind.DATE]
    assert [page.words[i].text for i in date.words] == ["20", "November", "2017"]


def test_values_do_not_reach_across_columns() -> None:
    split = [Text(text="20 November", x=60, y=520, height=16), Text(text="2017", x=540, y=520, height=16)]
    page = page_of([*columns(lines=12), *split])
    assert not [v for v in values_of(page) if "2017-11-20" in v.normals]


def test_two_lines_read_as_one_by_the_engine_give_each_their_own_values() -> None:
    raw = raw_page([Text(text="Total 12.50", x=100, y=300), Text(text="Tax 0.75", x=100, y=326)])
    page = understood(on_one_line(raw, ["Total", "12.50", "Tax", "0.75"]))
    assert {v.text for v in values_of(page) if v.kind is ValueKind.AMOUNT} == {"12.50", "0.75"}
