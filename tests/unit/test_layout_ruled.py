"""Tables inside ruling lines and without: cells with spans, cells of several lines, and forms that are no tables."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from layout_support import HEIGHT, WIDTH, Text, raw_page
from mmrag_ingest.elements import understand
from mmrag_ingest.layout.lattice import lattices_of
from mmrag_ingest.layout.rulings import Ruling, Rulings, rulings_of
from mmrag_ingest.layout.skew import Frame
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from mmrag.domain.documents import Cell, Element, ElementKind, Page

XS = (100, 300, 450, 600, 750)
YS = (200, 250, 300, 350, 430)
FLAT = Frame(slope=0.0, middle=(0.0, 0.0))


def ruled(missing: Sequence[tuple[int, int, int, int]] = (), *, degrees: float = 0.0) -> NDArray[np.uint8]:
    """A picture of the lattice of ``XS`` and ``YS`` without the lines ``missing`` (x0, y0, x1, y1)."""
    image = Image.new("RGB", (WIDTH, HEIGHT), "white")
    pen = ImageDraw.Draw(image)
    for x in XS:
        for a, b in pairwise(YS):
            if (x, a, x, b) not in missing:
                pen.line((x, a, x, b), fill="black", width=3)
    for y in YS:
        for a, b in pairwise(XS):
            if (a, y, b, y) not in missing:
                pen.line((a, y, b, y), fill="black", width=3)
    # Polygons of the support are turned clockwise, pictures counter-clockwise.
    return np.asarray(image.rotate(-degrees, fillcolor="white", resample=Image.Resampling.BICUBIC))


MERGED = ((450, 200, 450, 250), (750, 200, 750, 200), (600, 200, 600, 250), (100, 250, 300, 250))
"""Without these lines the first column's head takes two rows, and one head stands over the other three columns."""

HEADS = [Text(text="Item", x=110, y=250), Text(text="Year 2023", x=480, y=225)]
NAMES = [Text(text=t, x=x + 8, y=275) for t, x in zip(("Units", "Price", "Sales"), XS[1:], strict=False)]
BODY = [
    Text(text="Rope", x=110, y=325), Text(text="12", x=320, y=325), Text(text="1.50", x=480, y=325),
    Text(text="18.00", x=620, y=325),
    Text(text="Brass", x=110, y=375), Text(text="valve", x=110, y=405), Text(text="4", x=320, y=390),
    Text(text="9.25", x=480, y=390), Text(text="37.00", x=620, y=390),
]  # fmt: skip


def page_of(texts: Sequence[Text], picture: NDArray[np.uint8] | None, *, degrees: float = 0.0) -> Page:
    return understand(raw_page(texts, degrees=degrees), picture, document_id="doc", number=1, image=None)


def tables(page: Page) -> list[Element]:
    return [e for e in page.elements if e.kind is ElementKind.TABLE]


def place(cell: Cell) -> tuple[int, int, int, int]:
    return cell.row, cell.column, cell.row_span, cell.column_span


@pytest.mark.parametrize("degrees", [0.0, 2.5])
def test_cells_follow_the_lines_with_their_spans_and_all_their_lines(degrees: float) -> None:
    page = page_of([*HEADS, *NAMES, *BODY], ruled(MERGED, degrees=degrees), degrees=degrees)
    (found,) = tables(page)
    cells = {c.text: place(c) for c in found.cells}
    assert cells["Item"] == (0, 0, 2, 1)
    assert cells["Year 2023"] == (0, 1, 1, 3)
    assert cells["Price"] == (1, 2, 1, 1)
    assert cells["Brass valve"] == (3, 0, 1, 1)
    assert cells["37.00"] == (3, 3, 1, 1)
    assert {c.text for c in found.cells if c.is_header} == {"Item", "Year 2023", "Units", "Price", "Sales"}
    assert "| Brass valve | 4 | 9.25 | 37.00 |" in found.text
    for cell in found.cells:
        assert all(cell.bbox.contains(*page.words[i].bbox.center) for i in cell.words)


def test_text_beside_and_around_a_ruled_table_stays_out_of_it() -> None:
    around = [Text(text="What was sold last year", x=100, y=120), Text(text="All prices in euros", x=100, y=480)]
    page = page_of([*HEADS, *NAMES, *BODY, *around], ruled(MERGED))
    (found,) = tables(page)
    assert "euros" not in found.text
    assert "What was" not in found.text


def test_the_boxes_of_a_form_make_no_table() -> None:
    labels = ("Name", "Date of birth", "Address", "Telephone", "Occupation", "Employer", "City", "Zip code")
    values = ("Ada Byron", "10.12.1815", "12 St James Sq", "020 7946 0991", "Writer", "None", "London", "SW1Y 4JH")
    texts = []
    for n, (label, value) in enumerate(zip(labels, values, strict=True)):
        x, y = XS[n % 4] + 6, YS[n // 4]
        texts += [Text(text=label, x=x, y=y + 12, height=14), Text(text=value, x=x, y=y + 36, height=14)]
    assert [e.text for e in tables(page_of(texts, ruled()))] == [e.text for e in tables(page_of(texts, None))]


def test_an_empty_lattice_is_no_table() -> None:
    assert not tables(page_of([Text(text="Remarks", x=110, y=100), *HEADS[:1]], ruled()))


def test_lines_are_found_and_letters_are_not() -> None:
    found = rulings_of(ruled(), FLAT)
    assert [r.at for r in sorted(found.level, key=lambda r: r.at)] == pytest.approx(YS, abs=3)
    assert [r.at for r in sorted(found.upright, key=lambda r: r.at)] == pytest.approx(XS, abs=3)
    assert found.lean == 0.0
    image = Image.new("RGB", (WIDTH, HEIGHT), "white")
    for n in range(20):
        ImageDraw.Draw(image).text((50, 40 + 60 * n), "HILFE HILFE mmmm TTTT LLLL", fill="black", font_size=40)
    found = rulings_of(np.asarray(image), FLAT)
    assert (found.level, found.upright) == ((), ())


def test_lines_say_how_they_lean_where_words_do_not() -> None:
    leaning = rulings_of(ruled(degrees=1.2), FLAT)
    assert leaning.lean == pytest.approx(math.tan(math.radians(1.2)), abs=0.003)
    assert len(leaning.level) == len(YS)
    straight_boxes = [*HEADS, *NAMES, *BODY]
    (found,) = tables(page_of(straight_boxes, ruled(MERGED, degrees=0.8)))
    assert {c.text: place(c) for c in found.cells}["37.00"] == (3, 3, 1, 1)


def test_lines_that_do_not_meet_make_no_lattice() -> None:
    level = tuple(Ruling(y, 0, 400) for y in (10, 60, 110))
    apart = Rulings(level=level, upright=tuple(Ruling(x, 300, 500) for x in (0, 200, 400)), lean=0.0)
    assert lattices_of(apart, (0, 0), 5) == []
    (lattice,) = lattices_of(replace(apart, upright=(Ruling(200, 10, 110),)), (0, 0), 5)
    assert (lattice.rows, lattice.columns) == (2, 2), "open sides end where the lines end"


def column(texts: Sequence[str], x: float, y: float, pitch: float = 60) -> list[Text]:
    return [Text(text=t, x=x, y=y + pitch * n) for n, t in enumerate(texts) if t]


PLAIN = [
    *column(("Item", "Rope", "Anchor", "Chain"), 100, 300), *column(("Units", "4", "1", "2"), 360, 300),
    *column(("Price", "12.00", "310.00", "88.50"), 500, 300), *column(("Sales", "48.00", "310.00", "177.00"), 640, 300),
]  # fmt: skip


def test_a_head_over_several_columns_spans_them() -> None:
    head = Text(text="Year 2023", x=555, y=255)
    (found,) = tables(page_of([head, *PLAIN], None))
    cells = {c.text: place(c) for c in found.cells}
    assert cells["Year 2023"] == (0, 2, 1, 2)
    assert cells["Item"] == (1, 0, 1, 1)
    assert cells["177.00"] == (4, 3, 1, 1)
    assert [c.text for c in found.cells if c.is_header] == ["Year 2023", "Item", "Units", "Price", "Sales"]


def test_a_title_over_a_table_is_no_head_of_its_columns() -> None:
    (found,) = tables(page_of([Text(text="What was sold in the year", x=290, y=250), *PLAIN], None))
    assert "What was sold" not in found.text


def test_a_second_line_of_a_cell_joins_its_row() -> None:
    more = [Text(text="of steel", x=370, y=388), Text(text="spare", x=370, y=448)]
    named = [t if t.text not in {"4", "1", "2"} else Text(text=f"bars {t.text}", x=370, y=t.y) for t in PLAIN]
    (found,) = tables(page_of([*named, *more], None))
    assert {c.text: place(c)[:2] for c in found.cells}["bars 4 of steel"] == (1, 1)
    assert max(c.row for c in found.cells) == 3
