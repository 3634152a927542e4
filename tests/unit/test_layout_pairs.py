"""Key-value pairs and tables."""

from __future__ import annotations

import pytest
from layout_support import (
    ARTICLES,
    LOREM,
    Text,
    ending_at,
    of_kind,
    on_one_line,
    page_of,
    pairs,
    raw_page,
    receipt,
    table,
    understood,
)

from mmrag.domain.documents import ElementKind


def row(*cells: str, y: float, x: float = 80, step: float = 240, height: float = 20.0) -> list[Text]:
    return [Text(text=c, x=x + step * k, y=y, height=height) for k, c in enumerate(cells)]


def test_pairs_of_a_receipt() -> None:
    found = pairs(page_of(receipt()))
    assert found["TOTAL"] == "17.05"
    assert found["Receipt No"] == "A-20931"
    assert found["Date"] == "04/03/2018"
    assert found["Cashier"] == "MEI"
    assert found["CHANGE"] == "2.95"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Date: 12/03/2018 Time: 10:42", {"Date": "12/03/2018", "Time": "10:42"}),
        ("Tel:03-3362 4395 Fax:03-3362 4396", {"Tel": "03-3362 4395", "Fax": "03-3362 4396"}),
        ("Bill Date : 20/11/2017", {"Bill Date": "20/11/2017"}),
        ("Contract # 4331120", {"Contract #": "4331120"}),
        ("Cashier: JOHN SMITH Bill No: 5531", {"Cashier": "JOHN SMITH", "Bill No": "5531"}),
        ("see http://example.org/a:b for more", {}),
        ("the doors open at 10:30 and close at 18:00", {}),
    ],
)
def test_pairs_of_one_line(text: str, expected: dict[str, str]) -> None:
    assert pairs(page_of([Text(text=text, x=100, y=300)])) == expected


def test_a_currency_sign_belongs_to_its_amount() -> None:
    texts = [Text(text="TOTAL :", x=100, y=300), Text(text="RM", x=460, y=300), ending_at("39.80", 700, 300)]
    assert pairs(page_of(texts)) == {"TOTAL": "RM 39.80"}


def test_dotted_leaders_lead_from_a_label_to_its_value() -> None:
    found = pairs(page_of([Text(text="Gross tonnage ........ about eight hundred", x=100, y=300)]))
    assert found == {"Gross tonnage": "about eight hundred"}


def test_labels_over_values_in_boxes_side_by_side() -> None:
    texts = [
        *row("1. Name of Registrant", "2. Registration No.", y=300, step=480),
        *row("The Glover Park Group LLC", "5666", y=345, step=480),
        Text(text="3. This amendment is filed to accomplish the following indicated purpose or purposes", x=80, y=430),
    ]
    assert pairs(page_of(texts)) == {"Name of Registrant": "The Glover Park Group LLC", "Registration No.": "5666"}


def test_a_numbered_entry_with_instructions_is_named_without_them() -> None:
    texts = [
        Text(text="5 Address (number, street, and apt. or suite no.) See instructions.", x=80, y=300, height=14),
        Text(text="7 WILSON STREET", x=110, y=335, height=26),
    ]
    page = page_of(texts)
    assert pairs(page) == {"Address": "7 WILSON STREET"}
    assert not of_kind(page, ElementKind.TITLE)


def test_a_column_of_labels_vouches_for_labels_nobody_knows() -> None:
    texts = [
        *row("Advertiser", "Priorities Action", y=300),
        *row("Salesperson", "Katz", y=330),
        *row("Bookend", "None", y=360),
        *row("Comments", "", y=390),
        *row("Buyer Name", "Meredith", y=420),
    ]
    found = pairs(page_of(texts))
    assert found["Bookend"] == "None"
    assert "Comments" not in found


def test_an_empty_field_does_not_take_its_neighbours_label_for_a_value() -> None:
    texts = [Text(text="And:", x=60, y=300), *row("Billing Cycle", "Billing Calendar", y=300, x=560, step=200)]
    assert pairs(page_of(texts)) == {}


def test_an_empty_field_beside_a_filled_one() -> None:
    texts = row("Instrument Rating(s):", "Second Pilot Present:", y=300, step=440)
    assert pairs(page_of([*texts, Text(text="No", x=800, y=300)])) == {"Second Pilot Present": "No"}


def test_where_values_stand_right_of_their_labels_nothing_below_is_a_value() -> None:
    filled = [
        t
        for i, (a, b) in enumerate([("Make:", "Reims"), ("Model:", "F172"), ("Gear:", "Tricycle")])
        for t in row(a, b, y=400 + 40 * i)
    ]
    texts = [Text(text="Flight Time:", x=80, y=300), Text(text="Aircraft and Owner", x=80, y=350, height=24), *filled]
    assert pairs(page_of(texts)) == {"Make": "Reims", "Model": "F172", "Gear": "Tricycle"}


def test_running_text_makes_no_pairs() -> None:
    texts = [Text(text=line, x=80, y=300 + 26 * i, height=16) for i, line in enumerate(LOREM)]
    colon = Text(text="three ships were lost: the Anna, the Maria and the Hope", x=80, y=430, height=16)
    assert pairs(page_of([*texts, colon])) == {}


def test_a_value_goes_on_under_itself() -> None:
    texts = [
        Text(text="Agency:", x=80, y=300),
        Text(text="Harbour Media", x=300, y=300),
        Text(text="14 Long Quay", x=300, y=328),
    ]
    assert pairs(page_of(texts)) == {"Agency": "Harbour Media 14 Long Quay"}


def test_a_label_in_brackets_under_the_line_it_names() -> None:
    texts = [Text(text="Maria Holt", x=100, y=300, height=26), Text(text="(Name of Registrant)", x=100, y=330, height=16)]
    assert pairs(page_of(texts)) == {"Name of Registrant": "Maria Holt"}


def test_a_pair_knows_its_words_and_its_box() -> None:
    page = page_of(receipt())
    total = next(e for e in page.elements if e.label == "TOTAL")
    assert [page.words[i].text for i in total.words] == ["TOTAL", "17.05"]
    assert total.text == "TOTAL: 17.05"
    assert total.bbox.area < 0.05


def test_a_table_has_cells_and_a_header() -> None:
    page = page_of(table(80, 300, 520, 740))
    (found,) = of_kind(page, ElementKind.TABLE)
    assert found.text.splitlines()[:2] == ["| Pos | Article | Qty | Price |", "| --- | --- | --- | --- |"]
    assert found.text.splitlines()[2] == "| 1 | Rope | 4 | 12.00 |"
    anchor = next(c for c in found.cells if c.text == "Anchor")
    assert (anchor.row, anchor.column, anchor.is_header) == (2, 1, False)
    assert [page.words[i].text for i in anchor.words] == ["Anchor"]
    assert {c.text for c in found.cells if c.is_header} == set(ARTICLES[0])


def test_each_row_of_a_table_is_an_element_of_its_own() -> None:
    texts = [e.text for e in of_kind(page_of(table(80, 300, 520, 740)), ElementKind.TEXT)]
    assert texts == [" ".join(cells) for cells in ARTICLES]


def test_a_cell_that_was_read_as_one_with_its_neighbour_is_cut() -> None:
    last = row("4", "Keelson", y=444, step=120)
    raw = raw_page([*table(80, 200, 295, 380), *last, Text(text="7", x=295, y=444), Text(text="95.00", x=380, y=444)])
    (found,) = of_kind(understood(on_one_line(raw, ["Keelson", "7"])), ElementKind.TABLE)
    assert [c.text for c in found.cells if c.row == 4] == ["4", "Keelson", "7", "95.00"]


def test_a_header_over_one_record_gives_pairs() -> None:
    texts = [*row("Invoice No", "Invoice Date", "Order No", y=300), *row("1336165-2", "02/09/20", "98112", y=336)]
    assert pairs(page_of(texts)) == {"Invoice No": "1336165-2", "Invoice Date": "02/09/20", "Order No": "98112"}


def test_totals_of_a_receipt_are_no_table() -> None:
    assert not of_kind(page_of(receipt()), ElementKind.TABLE)
