"""Tables whose parts no line holds together: records in one box, blocks with white between them, heads over heads."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from layout_support import HEIGHT, WIDTH, Text, ending_at, raw_page
from mmrag_ingest.elements import understand
from mmrag_ingest.layout.pieces import Glyphs
from mmrag_ingest.layout.spans import with_joined_lines
from mmrag_ingest.layout.tables import Grid, GridCell
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from mmrag.domain.documents import Element, ElementKind, Page

XS = (100, 300, 500, 700)


def drawn(lines: Sequence[tuple[int, int, int, int]]) -> NDArray[np.uint8]:
    image = Image.new("RGB", (WIDTH, HEIGHT), "white")
    pen = ImageDraw.Draw(image)
    for line in lines:
        pen.line(line, fill="black", width=3)
    return np.asarray(image)


def boxes(ys: Sequence[int]) -> NDArray[np.uint8]:
    level = [(XS[0], y, XS[-1], y) for y in ys]
    return drawn([*level, *((x, ys[0], x, ys[-1]) for x in XS)])


def row(y: float, *texts: str) -> list[Text]:
    return [Text(text=t, x=x + 10, y=y) for t, x in zip(texts, XS, strict=False) if t]


def tables(texts: Sequence[Text], picture: NDArray[np.uint8] | None) -> list[Element]:
    page: Page = understand(raw_page(texts), picture, document_id="doc", number=1, image=None)
    return [e for e in page.elements if e.kind is ElementKind.TABLE]


def test_records_in_one_box_are_rows() -> None:
    years = [row(270 + 30 * n, str(1890 + 10 * n), f"{900 + n:,}", f"{40 + n}") for n in range(5)]
    (found,) = tables([*row(225, "Year", "People", "Farms"), *(t for r in years for t in r)], boxes((200, 250, 430)))
    assert found.text.splitlines()[0] == "| Year | People | Farms |"
    assert "| 1930 | 904 | 44 |" in found.text
    assert {c.row for c in found.cells} == set(range(6))


def test_the_lines_of_a_remark_are_one_cell() -> None:
    texts = [*row(225, "Item", "Price", "Remark"), *row(280, "Rope", "12.50", "on order"), *row(310, "", "", "since May")]
    (found,) = tables([*texts, *row(370, "Nail", "0.05", "sold out")], boxes((200, 250, 340, 400)))
    assert "| Rope | 12.50 | on order since May |" in found.text


def test_a_ruled_table_of_words_alone_is_one() -> None:
    texts = [
        row(225 + 50 * n, *r)
        for n, r in enumerate([("Part", "Case", "Sort"), ("P", "Plastic", "Home"), ("D", "Metal", "Ship")])
    ]
    (found,) = tables([t for r in texts for t in r], boxes((200, 250, 300, 350)))
    assert [c.text for c in found.cells if c.is_header] == ["Part", "Case", "Sort"]


def figures(y: float, name: str, *numbers: str) -> list[Text]:
    return [Text(text=name, x=100, y=y), *(ending_at(n, 500 + 150 * k, y) for k, n in enumerate(numbers))]


def test_blocks_of_one_table_are_joined_with_the_names_of_their_groups() -> None:
    first = [*figures(200, "Men", "51", "40", "56"), *figures(230, "Women", "49", "60", "44")]
    second = [*figures(320, "Under 30", "14", "19", "25"), *figures(350, "Over 30", "86", "81", "75")]
    (found,) = tables([*first, Text(text="Age", x=100, y=290), *second], None)
    assert [c.text for c in found.cells if c.column == 0] == ["Men", "Women", "Age", "Under 30", "Over 30"]


def test_heads_over_heads_stand_over_the_columns_they_group() -> None:
    heads = [
        Text(text="Year ended May", x=545, y=200),
        *(Text(text=str(2017 + k), x=455 + 150 * k, y=230) for k in range(3)),
    ]
    body = [*figures(260, "Net sales", "5,319", "4,693", "5,624"), *figures(290, "Cost of sales", "3,100", "2,900", "2,450")]
    (found,) = tables([*heads, *body], None)
    spans = {c.text: (c.row, c.column, c.column_span) for c in found.cells if c.is_header}
    assert spans == {"Year ended May": (0, 1, 3), "2017": (1, 1, 1), "2018": (1, 2, 1), "2019": (1, 3, 1)}


def test_a_label_of_two_lines_is_one() -> None:
    body = [*figures(200, "Net additions", "5,319", "4,693", "5,624"), Text(text="Average revenue per paying", x=100, y=240)]
    body += [*figures(264, "member", "10.18", "9.21", "8.50"), *figures(304, "Members", "54,750", "49,431", "44,738")]
    (found,) = tables(body, None)
    assert "| Average revenue per paying member | 10.18 | 9.21 | 8.50 |" in found.text


def test_a_currency_sign_goes_with_the_number_right_of_it() -> None:
    texts = [*figures(200, "Sales", "5,319", "4,693", "5,624"), *figures(230, "Cost", "3,100", "2,900", "2,450")]
    close = [
        Text(text="Profit", x=100, y=260),
        Text(text="11% $", x=460, y=260),
        ending_at("0.71", 650, 260),
        ending_at("8", 800, 260),
    ]
    (found,) = tables([*texts, *close], None)
    assert [c.text for c in found.cells if c.row == 2] == ["Profit", "11%", "$ 0.71", "8"]


def test_no_column_of_text_runs_through_a_table_between_three_lines() -> None:
    """Labels of one and of two lines beside numbers look like two columns that do not stand level."""
    names = ["Baseline", "Star coder", "Papers", "Archive", "Open web", "Algebra"]
    texts = [*figures(200, "Source", "Tokens", "Words", "Bytes")]
    for n, name in enumerate(names):
        y = 250 + 60 * n
        texts += (
            [Text(text=name, x=100, y=y), Text(text="from elsewhere", x=110, y=y + 22)]
            if n % 2
            else [Text(text=name, x=100, y=y)]
        )
        texts += [ending_at(f"{3 + n}.{k}1T", 500 + 150 * k, y + (11 if n % 2 else 0)) for k in range(3)]
    lines = [(90, y, 820, y) for y in (180, 222, 600)]
    (found,) = tables(texts, drawn(lines))
    assert "| Star coder from elsewhere | 4.01T | 4.11T | 4.21T |" in found.text


def test_a_label_and_its_values_on_lines_of_their_own_are_one_row() -> None:
    """Each is the other's nearest: neither may be moved into the other and lost."""
    cells = [
        GridCell(row=r, column=k, words=(glyphs(f"{r}{k}", 100 + 150 * k, 200 + 40 * r),))
        for r in range(4)
        for k in range(5)
    ]
    cells.append(GridCell(row=4, column=0, words=(glyphs("Total", 100, 360),)))
    cells += [GridCell(row=5, column=k, words=(glyphs("9.99", 100 + 150 * k, 374),)) for k in (3, 4)]
    grid = Grid(first=0, last=5, columns=5, rows=6, header=0, head=0, cells=tuple(cells))
    joined = with_joined_lines(grid)
    assert joined.rows == 5
    assert [c.text for c in joined.cells if c.row == 4] == ["Total", "9.99", "9.99"]


def glyphs(text: str, x: float, y: float) -> Glyphs:
    return Glyphs(raw=int(x * 1000 + y), text=text, x0=x, x1=x + 60, y=y, height=20.0)
