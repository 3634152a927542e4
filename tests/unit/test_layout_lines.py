"""Printed lines, columns and reading order."""

from __future__ import annotations

import pytest
from layout_support import (
    ARTICLES,
    LOREM,
    Text,
    columns,
    ending_at,
    on_one_line,
    page_of,
    printed_lines,
    raw_page,
    receipt,
    table,
    understood,
)
from mmrag_ingest.layout.pieces import canonical, pieces_of


@pytest.mark.parametrize("degrees", [-5.0, -2.0, -0.5, 0.0, 0.5, 2.0, 5.0])
def test_a_label_and_its_amount_are_on_one_line_however_the_receipt_leans(degrees: float) -> None:
    lines = printed_lines(page_of(receipt(), degrees=degrees))
    assert "TOTAL 17.05" in lines
    assert "Service Charge 1.55" in lines
    assert "Date: 04/03/2018 Cashier: MEI" in lines
    assert lines[0] == "KEDAI KOPI MAJU SDN BHD"


@pytest.mark.parametrize("bend", [-0.03, 0.03])
def test_a_receipt_that_leans_one_way_at_its_head_and_the_other_at_its_foot(bend: float) -> None:
    # Long lines tell how the paper bends; they stand between the short ones, as they do on paper.
    prose = [Text(text="goods sold are not returnable and not refundable", x=200, y=y) for y in (160, 650, 1100, 1300)]
    foot = [
        t
        for i in range(5)
        for t in (Text(text=f"Item {i}", x=200, y=1140 + 32 * i), ending_at(f"{i}.00", 800, 1140 + 32 * i))
    ]
    lines = printed_lines(page_of([*receipt(), *prose, *foot], bend=bend))
    assert "TOTAL 17.05" in lines
    assert "Item 3 3.00" in lines


def test_words_are_numbered_in_reading_order_and_lines_without_gaps() -> None:
    page = page_of(receipt())
    assert [w.index for w in page.words] == list(range(len(page.words)))
    numbers = [w.line for w in page.words]
    assert numbers == sorted(numbers)
    assert set(numbers) == set(range(max(numbers) + 1))


@pytest.mark.parametrize("offset", [0.0, 12.0])
@pytest.mark.parametrize("degrees", [0.0, 1.5])
def test_two_columns_are_read_one_after_the_other(offset: float, degrees: float) -> None:
    title = Text(text="A History of the Harbour and of Those Who Built It", x=150, y=120, height=28)
    page = page_of([title, *columns(offset=offset)], degrees=degrees)
    lines = printed_lines(page)
    assert lines[0] == title.text
    assert lines[1:11] == [LOREM[i % 5] for i in range(10)]
    assert lines[11:] == [LOREM[(i + 2) % 5] for i in range(10)]


def test_an_address_beside_labels_and_values_is_a_column_of_its_own() -> None:
    address = ["Harbour Media Group", "14 Long Quay", "Second Floor", "Portsmouth", "PO1 3AB"]
    labels = [
        ("Invoice No", "88412"),
        ("Invoice Date", "02/09/20"),
        ("Order No", "5512"),
        ("Account", "ACME"),
        ("Terms", "Net"),
    ]
    texts = [Text(text=t, x=60, y=200 + 28 * i) for i, t in enumerate(address)]
    for i, (label, value) in enumerate(labels):
        texts += [Text(text=label, x=560, y=206 + 28 * i), Text(text=value, x=760, y=206 + 28 * i)]
    lines = printed_lines(page_of(texts))
    assert lines[:5] == address
    assert lines[5:] == [f"{label} {value}" for label, value in labels]


def test_a_table_is_read_across() -> None:
    assert printed_lines(page_of(table(80, 300, 520, 740))) == [" ".join(row) for row in ARTICLES]


def test_an_engine_line_that_runs_two_printed_lines_together_is_parted() -> None:
    texts = ["first line of the paragraph", "second part below it"]
    raw = raw_page([Text(text=texts[0], x=100, y=200), Text(text=texts[1], x=100, y=226)])
    merged = on_one_line(raw, [w.text for w in raw.words])
    assert printed_lines(understood(merged)) == texts


def test_print_that_runs_upwards_stays_out_of_the_lines() -> None:
    stamp = [Text(text=f"{c}#", x=900, y=150 + 22 * i) for i, c in enumerate("RECEIVD")]
    page = understood(on_one_line(raw_page([*receipt(), *stamp]), [t.text for t in stamp]))
    assert "TOTAL 17.05" in printed_lines(page)
    assert "R# E# C# E# I# V# D#" in printed_lines(page)


def test_level_coordinates_put_a_row_at_one_height() -> None:
    raw = raw_page(receipt(), degrees=3.0)
    pieces = {p.text: p for p in pieces_of(raw, canonical(raw.words))[0]}
    assert pieces["TOTAL"].y == pytest.approx(pieces["17.05"].y, abs=1.0)
