"""Axes of drawn charts: their titles and units, powers of ten, marks of the key, and words that only a strip gives."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from mmrag_ingest.charting.axes import label_rows
from mmrag_ingest.charting.colours import ground_of
from mmrag_ingest.charting.found import charts_on
from mmrag_ingest.charting.items import Item, items_of
from mmrag_ingest.charting.powers import with_powers
from mmrag_ingest.elements import understand
from mmrag_ingest.engines.lines import Glyph, OcrLine
from mmrag_ingest.records import RawPage, RawWord
from mmrag_ingest.seeing.effort import Effort
from mmrag_ingest.strips import with_strips
from numpy.typing import NDArray
from test_charts_measured import BARS, Drawing, assert_right, values_of

from mmrag.domain.documents import ElementKind, Page, TextSource, Word
from mmrag.domain.geometry import BBox, Polygon
from mmrag.values.units import is_unit, unit_in


@pytest.fixture
def drawing() -> Drawing:
    figure = Figure(figsize=(6.4, 4.2), dpi=130)
    return Drawing(figure, figure.add_subplot())


def with_titles(drawing: Drawing) -> tuple[list[Word], NDArray[np.uint8]]:
    """The words with those of the axes' titles; the title of the upright axis is written upwards, word by word."""
    words, picture = drawing.page()
    height, width = picture.shape[:2]
    canvas = FigureCanvasAgg(drawing.figure)
    for title, upwards in ((drawing.axes.yaxis.label, True), (drawing.axes.xaxis.label, False)):
        box = title.get_window_extent(canvas.get_renderer())
        x0, x1, y0, y1 = box.x0 / width, box.x1 / width, 1 - box.y1 / height, 1 - box.y0 / height
        parts = title.get_text().split()
        for n, part in enumerate(parts):
            a, b = n / len(parts), (n + 0.9) / len(parts)
            if upwards:
                low, top = y1 - a * (y1 - y0), y1 - b * (y1 - y0)
                polygon = Polygon(((x0, low), (x0, top), (x1, top), (x1, low)))
            else:
                left, right = x0 + a * (x1 - x0), x0 + b * (x1 - x0)
                polygon = Polygon(((left, y0), (right, y0), (right, y1), (left, y1)))
            words.append(Word(index=len(words), line=len(words), text=part, polygon=polygon, confidence=0.98))
    return words, picture


def page_of(words: list[Word], picture: NDArray[np.uint8]) -> Page:
    return understand(raw_of(words, picture), picture, document_id="d", number=1, image=None)


def raw_of(words: list[Word], picture: NDArray[np.uint8]) -> RawPage:
    return RawPage(
        width=picture.shape[1],
        height=picture.shape[0],
        source=TextSource.OCR,
        engine="e",
        confidence=0.98,
        words=tuple(RawWord(text=w.text, polygon=w.polygon, confidence=w.confidence, line=w.line) for w in words),
    )


@pytest.mark.parametrize("lying", [False, True])
def test_titles_of_both_axes_are_parts_of_their_chart(drawing: Drawing, lying: bool) -> None:
    names, values = list(BARS), list(BARS.values())
    if lying:
        drawing.axes.barh(names, values)
        drawing.axes.set(xlabel="Revenue (in millions)", ylabel="Region of sale")
    else:
        drawing.axes.bar(names, values)
        drawing.axes.set(ylabel="Revenue (in millions)", xlabel="Region of sale")
    page = page_of(*with_titles(drawing))
    (chart,) = [e for e in page.elements if e.kind is ElementKind.CHART]
    titles = {e.label: e for e in page.elements if e.kind is ElementKind.AXIS_TITLE}
    assert {label: e.text for label, e in titles.items()} == {
        "values": "Revenue (in millions)",
        "categories": "Region of sale",
    }
    assert all(e.belongs_to == chart.id and e.kind.is_part for e in titles.values())
    assert chart.text.endswith("values: Revenue (in millions)\ncategories: Region of sale")
    assert set(titles["values"].words) <= set(chart.words)
    assert {c.text for c in chart.cells if c.is_header} == set(BARS), "no category took the title of the axis for its own"


def test_what_is_no_title_is_none(drawing: Drawing) -> None:
    drawing.axes.bar(list(BARS), list(BARS.values()))
    drawing.axes.set(ylabel="", xlabel="Figure 3: what was sold in the year, by region")
    page = page_of(*with_titles(drawing))
    assert not [e for e in page.elements if e.kind is ElementKind.AXIS_TITLE]


@pytest.mark.parametrize(
    ("title", "unit"),
    [
        ("Revenue (in millions)", "in millions"),
        ("Output [kt]", "kt"),
        ("Visitors, thousands", "thousands"),
        ("Cost in EUR", "in EUR"),
        ("US$ billions", "US$ billions"),
        ("Percent of adults", "Percent of adults"),
        ("%", "%"),
        ("Revenue", None),
        ("Year", None),
        ("Growth in China", None),
        ("", None),
    ],
)
def test_units_of_titles(title: str, unit: str | None) -> None:
    assert unit_in(title) == unit


def test_a_unit_under_the_names_is_of_the_values(drawing: Drawing) -> None:
    assert is_unit("(in millions)")
    drawing.axes.bar(list(BARS), list(BARS.values()))
    drawing.axes.set(ylabel="", xlabel="(in millions)")
    page = page_of(*with_titles(drawing))
    assert [(e.label, e.text) for e in page.elements if e.kind is ElementKind.AXIS_TITLE] == [("values", "(in millions)")]


def item(text: str, x: float, y: float, width: float = 60.0) -> Item:
    return Item(text=text, words=(int(1000 * x + y),), x0=x - width / 2, y0=y, x1=x + width / 2, y1=y + 20)


def test_a_second_line_of_a_name_is_no_title() -> None:
    row = [item(name, 100.0 * (n + 1), 500) for n, name in enumerate(("North", "South", "East"))]
    assert [i.text for i in label_rows([*row, item("side", 200, 521)])[0]] == ["North", "South side", "East"]
    assert [i.text for i in label_rows([*row, item("Region", 200, 530)])[0]] == ["North", "South", "East"]


def test_raised_digits_are_told_by_their_ink(drawing: Drawing) -> None:
    drawing.axes.bar(["North", "South", "East"], [30.0, 400.0, 7000.0])
    drawing.axes.set_yscale("log")
    drawing.axes.set_ylim(8, 20_000)
    words, picture = drawing.page()
    plain = [replace(w, text=w.text.replace("$\\mathdefault{10^{", "10").replace("}}$", "")) for w in words]
    ticks = [w for w in plain if w.text.startswith("10")]
    assert len(ticks) >= 2
    raised = with_powers(items_of(plain, picture.shape[1], picture.shape[0]), picture)
    assert {i.text for i in raised if i.text.startswith("10")} == {"10¹", "10²", "10³", "10⁴"}
    (chart,) = charts_on(plain, [], picture)
    found = {name: value for (name, _), (value, _) in values_of(chart).items()}
    assert found == pytest.approx({"North": 30.0, "South": 400.0, "East": 7000.0}, rel=0.06)


def test_level_digits_stay_as_they_are(drawing: Drawing) -> None:
    drawing.axes.bar(list(BARS), list(BARS.values()))
    drawing.axes.set_yticks([0, 20, 40, 60], ["100", "101", "102", "103"])
    words, picture = drawing.page()
    items = items_of(words, picture.shape[1], picture.shape[0])
    assert with_powers(items, picture) == items
    assert drawing.read() is None


def test_a_key_with_outlined_marks_and_a_grey_one(drawing: Drawing) -> None:
    rows = {"Retail": [30.0, 45.0, 20.0], "Online": [12.0, 33.0, 41.0], "Export": [22.0, 13.0, 31.0]}
    for n, ((name, row), colour) in enumerate(zip(rows.items(), ("blue", "green", "#ababab"), strict=True)):
        places = [x + 0.25 * n - 0.25 for x in range(3)]
        drawing.axes.bar(places, row, 0.25, label=name, color=colour, edgecolor="black")
    drawing.axes.set_xticks(range(3), ["2021", "2022", "2023"])
    drawing.axes.set_ylim(0, 60)
    drawing.axes.legend(loc="upper left", ncols=3)
    true = {(str(2021 + n), name): value for name, row in rows.items() for n, value in enumerate(row)}
    assert_right(values_of(drawing.read()), true)


def test_a_bar_that_ends_under_the_key_has_no_value(drawing: Drawing) -> None:
    drawing.axes.bar([0, 1, 2], [58.0, 20.0, 30.0], 0.4, label="Retail")
    drawing.axes.bar([0.4, 1.4, 2.4], [10.0, 25.0, 15.0], 0.4, label="Online")
    drawing.axes.set_xticks([0.2, 1.2, 2.2], ["2021", "2022", "2023"])
    drawing.axes.set_ylim(0, 60)
    drawing.axes.legend(loc="upper left", frameon=False)
    found = values_of(drawing.read())
    assert ("2021", "Retail") not in found
    assert abs(found["2023", "Retail"][0] - 30.0) < 1


def test_thick_bars_are_not_the_paper() -> None:
    picture = np.full((100, 100, 3), 250, np.uint8)
    picture[5:95, 5:55] = (220, 70, 50)
    picture[5:95, 60:80] = (240, 240, 100)
    assert ground_of(picture) == (250, 250, 250)
    framed = np.full((100, 100, 3), 255, np.uint8)
    framed[:4], framed[-4:], framed[:, :4], framed[:, -4:] = (0, 0, 90), (0, 0, 90), (0, 0, 90), (0, 0, 90)
    assert ground_of(framed) == (255, 255, 255), "a thin frame is none"


def test_a_drawn_thing_that_was_read_as_a_letter_is_no_word(drawing: Drawing) -> None:
    drawing.axes.pie([50, 30, 20], labels=["Bread", "Milk", "Salt"])
    words, picture = drawing.page()
    whole = Polygon.from_bbox(BBox(0.3, 0.2, 0.7, 0.8))
    words.append(Word(index=len(words), line=99, text="O", polygon=whole, confidence=0.9))
    (chart,) = charts_on(words, [BBox(0, 0, 1, 1)], picture)
    assert {name: round(value) for (name, _), (value, _) in values_of(chart).items()} == {
        "Bread": 50,
        "Milk": 30,
        "Salt": 20,
    }


def test_a_line_without_a_region_is_found_by_its_axis(drawing: Drawing) -> None:
    drawing.axes.plot(["2019", "2020", "2021", "2022"], [3.0, 5.0, 4.0, 8.0])
    words, picture = drawing.page()
    (chart,) = charts_on(words, [], picture)
    assert len(values_of(chart)) == 4


class Strips:
    """An engine that reads given lines wherever they lie in the strip it is shown, by the pixels of the whole page."""

    identity = "strips"

    def __init__(self, words: list[Word], picture: NDArray[np.uint8]) -> None:
        self.words, self.picture, self.reads = words, picture, 0

    def read(self, picture: NDArray[np.uint8]) -> tuple[OcrLine, ...]:
        self.reads += 1
        height, width = self.picture.shape[:2]
        tall, wide = picture.shape[:2]
        x, y = next(
            (x, y)
            for y, x in itertools.product(range(height - tall + 1), range(width - wide + 1))
            if np.array_equal(self.picture[y : y + tall, x], picture[:, 0])
            and np.array_equal(self.picture[y : y + tall, x : x + wide], picture)
        )
        lines = []
        for word in self.words:
            x0, y0, x1, y1 = word.bbox.to_pixels(width, height)
            if x <= x0 and x1 <= x + picture.shape[1] and y <= y0 and y1 <= y + picture.shape[0]:
                quad = ((x0 - x, y0 - y), (x1 - x, y0 - y), (x1 - x, y1 - y), (x0 - x, y1 - y))
                count = len(word.text)
                glyphs = tuple(Glyph(c, (n + 0.5) / count, 0.99) for n, c in enumerate(word.text))
                lines.append(OcrLine(quad=quad, glyphs=glyphs))
        return tuple(lines)

    def read_strips(self, strips: object) -> tuple[str, ...]:
        raise AssertionError

    def read_at(self, picture: object, lines: object) -> tuple[OcrLine, ...]:
        raise AssertionError


@pytest.mark.parametrize("lost", ["numbers", "a name"])
def test_what_was_overlooked_along_an_axis_is_read_from_a_strip(drawing: Drawing, lost: str) -> None:
    drawing.axes.bar(list(BARS), list(BARS.values()))
    words, picture = drawing.page()
    kept = [w for w in words if (w.text in BARS if lost == "numbers" else w.text != "South")]
    raw = raw_of(kept, picture)
    engine = Strips(words, picture)

    def read(raw: RawPage) -> Page:
        return understand(raw, picture, document_id="d", number=1, image=None)

    page = with_strips(read(raw), raw, picture, engine, Effort(), read)
    (chart,) = [e for e in page.elements if e.kind is ElementKind.CHART]
    assert {c.text for c in chart.cells if c.is_header} == set(BARS)
    assert sum(c.error is not None for c in chart.cells) == 4
    assert 1 <= engine.reads <= 2


def test_strips_are_read_of_nothing_that_is_no_chart() -> None:
    picture = np.full((600, 500, 3), 255, np.uint8)
    picture[100:300, 100:400] = np.random.default_rng(1).integers(0, 255, (200, 300, 3))
    words = [
        Word(index=0, line=0, text="Holiday", polygon=Polygon.from_bbox(BBox(0.1, 0.7, 0.3, 0.73)), confidence=0.99),
    ]
    raw, engine = raw_of(words, picture), Strips([], picture)

    def read(raw: RawPage) -> Page:
        return understand(raw, picture, document_id="d", number=1, image=None)

    page = read(raw)
    assert with_strips(page, raw, picture, engine, Effort(), read) is page
    assert engine.reads == 0
