"""Charts drawn here, with their words placed as OCR would place them, are read back as the tables they were drawn from."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from mmrag_ingest.charting.colours import _commonest_of_rows, commonest
from mmrag_ingest.charting.found import charts_on
from mmrag_ingest.elements import understand
from mmrag_ingest.records import RawPage, RawWord
from mmrag_ingest.values import values_of
from mmrag_ingest.vectors import embeddable
from PIL import Image, ImageDraw

from mmrag.domain.documents import ElementKind, TextSource, Word
from mmrag.domain.geometry import BBox, Polygon

_WIDTH, _HEIGHT = 800, 600
_BLUE, _GREEN, _PAPER = (31, 78, 160), (90, 170, 60), (255, 255, 255)


class _Sheet:
    """A picture and the words on it."""

    def __init__(self) -> None:
        self.image = Image.new("RGB", (_WIDTH, _HEIGHT), _PAPER)
        self.draw = ImageDraw.Draw(self.image)
        self.words: list[Word] = []

    def word(self, text: str, x: float, y: float) -> None:
        """A word of 9 pixels a letter, 16 high, with its middle at ``x`` and its top at ``y``."""
        half = 4.5 * len(text)
        box = BBox.from_pixels(x - half, y, x + half, y + 16, width=_WIDTH, height=_HEIGHT)
        self.words.append(Word(index=len(self.words), line=0, text=text, polygon=Polygon.from_bbox(box), confidence=0.99))

    def bar(self, x0: float, y0: float, x1: float, y1: float, colour: tuple[int, int, int]) -> None:
        self.draw.rectangle((x0, y0, x1, y1), fill=colour)

    def cells(self) -> dict[tuple[str, str], str]:
        """What is read: the printed value by series and category."""
        found = charts_on(self.words, [], np.asarray(self.image))
        assert len(found) <= 1
        if not found:
            return {}
        at = {(c.row, c.column): c.text for c in found[0].cells}
        return {(at.get((0, c), ""), at[r, 0]): text for (r, c), text in at.items() if r and c}


def _bars(values: dict[str, Sequence[float]], colours: Sequence[tuple[int, int, int]]) -> _Sheet:
    """Grouped upright bars with their values over them and the years below."""
    sheet = _Sheet()
    for n, (year, heights) in enumerate(values.items()):
        middle = 140 + 160 * n
        sheet.word(year, middle, 560)
        for s, height in enumerate(heights):
            x = middle + 50 * (s - (len(heights) - 1) / 2)
            sheet.bar(x - 20, 540 - 40 * height, x + 20, 540, colours[s])
            sheet.word(f"{height:.1f}", x, 518 - 40 * height)
    return sheet


def test_single_bars_are_read_by_the_label_below_them() -> None:
    sheet = _bars({"2019": [2.5], "2020": [4.0], "2021": [1.5], "2022": [6.0]}, [_BLUE])
    assert sheet.cells() == {("", "2019"): "2.5", ("", "2020"): "4.0", ("", "2021"): "1.5", ("", "2022"): "6.0"}


def test_grouped_bars_get_the_series_whose_colour_stands_in_the_legend() -> None:
    sheet = _bars({"2019": [2.5, 3.0], "2020": [4.0, 3.5], "2021": [1.5, 5.0]}, [_BLUE, _GREEN])
    for x, name, colour in ((250, "Cash", _BLUE), (450, "Debt", _GREEN)):
        sheet.bar(x, 22, x + 14, 36, colour)
        sheet.word(name, x + 48, 20)
    read = sheet.cells()
    assert read["Cash", "2020"] == "4.0"
    assert read["Debt", "2020"] == "3.5"
    assert len(read) == 6


def test_the_sum_over_a_stack_is_of_no_series() -> None:
    sheet = _Sheet()
    for n, (year, low, high) in enumerate([("2019", 2.0, 3.0), ("2020", 2.5, 4.0), ("2021", 3.0, 5.5)]):
        x = 140 + 160 * n
        sheet.word(year, x, 560)
        sheet.bar(x - 30, 540 - 40 * low, x + 30, 540, _BLUE)
        sheet.bar(x - 30, 540 - 40 * (low + high), x + 30, 540 - 40 * low, _GREEN)
        sheet.word(f"{low:.1f}", x, 532 - 20 * low)
        sheet.word(f"{high:.1f}", x, 532 - 40 * low - 20 * high)
        sheet.word(f"{low + high:.1f}", x, 518 - 40 * (low + high))
    for x, name, colour in ((250, "Rent", _BLUE), (450, "Wages", _GREEN)):
        sheet.bar(x, 22, x + 14, 36, colour)
        sheet.word(name, x + 48, 20)
    read = sheet.cells()
    assert read["Rent", "2020"] == "2.5"
    assert read["Wages", "2020"] == "4.0"
    assert read["", "2020"] == "6.5"


def test_the_ticks_of_an_axis_are_no_values() -> None:
    sheet = _bars({"2019": [2.5], "2020": [4.0], "2021": [1.5]}, [_BLUE])
    for tick in range(0, 7, 2):
        sheet.word(f"{tick}", 40, 532 - 40 * tick)
    assert sorted(sheet.cells().values()) == ["1.5", "2.5", "4.0"]


def test_bars_that_run_to_the_right_are_read_by_the_label_beside_them() -> None:
    sheet = _Sheet()
    sheet.word("Bad", 300, 40)
    sheet.word("Good", 460, 40)
    for n, (name, bad, good) in enumerate([("Total", 53, 41), ("Women", 48, 49), ("Men", 61, 36)]):
        y = 90 + 60 * n
        sheet.word(name, 80, y)
        sheet.bar(380 - 2 * bad, y - 4, 380, y + 20, _BLUE)
        sheet.bar(380, y - 4, 380 + 2 * good, y + 20, _GREEN)
        sheet.word(f"{bad}", 366 - 2 * bad, y)
        sheet.word(f"{good}", 394 + 2 * good, y)
    read = sheet.cells()
    assert read["Bad", "Women"] == "48"
    assert read["Good", "Men"] == "36"
    assert len(read) == 6


def _slip(rows: Sequence[tuple[str, str]]) -> _Sheet:
    """Values on bars of one length, beside their labels, as print on a slip that lies on a dark table."""
    sheet = _Sheet()
    for n, (name, value) in enumerate(rows):
        y = 90 + 60 * n
        sheet.word(name, 100, y)
        sheet.bar(200, y - 4, 500, y + 20, _BLUE)
        sheet.word(value, 525, y)
    return sheet


def test_prices_over_their_total_are_no_chart() -> None:
    assert _slip([("Juice", "3.20"), ("Toast", "15.80"), ("Bowl", "6.75"), ("TOTAL", "25.75")]).cells() == {}
    assert len(_slip([("Juice", "3.20"), ("Toast", "15.80"), ("Bowl", "6.75"), ("Tea", "2.75")]).cells()) == 4
    assert len(_slip([("Women", "48%"), ("Men", "61%"), ("Total", "54%")]).cells()) == 3


def test_the_same_numbers_without_bars_are_a_table_and_no_chart() -> None:
    sheet = _Sheet()
    for n, (name, bad, good) in enumerate([("Total", 53, 41), ("Women", 48, 49), ("Men", 61, 36)]):
        sheet.bar(20, 86 + 60 * n, 780, 112 + 60 * n, (225, 225, 225) if n % 2 else _PAPER)
        sheet.word(name, 80, 90 + 60 * n)
        sheet.word(f"{bad}", 300, 90 + 60 * n)
        sheet.word(f"{good}", 460, 90 + 60 * n)
    assert sheet.cells() == {}


def test_a_value_of_a_chart_keeps_the_box_of_its_word() -> None:
    sheet = _bars({"2019": [2.5], "2020": [4.0], "2021": [1.5]}, [_BLUE])
    (chart,) = charts_on(sheet.words, [], np.asarray(sheet.image))
    cell = next(c for c in chart.cells if c.text == "4.0")
    assert cell.bbox == sheet.words[cell.words[0]].bbox
    assert chart.box.intersection(cell.bbox) > 0.99 * cell.bbox.area
    assert "| 2020 | 4.0 |" in chart.text


def _parts(sheet: _Sheet) -> dict[tuple[ElementKind, str | None], list[str]]:
    (chart,) = charts_on(sheet.words, [], np.asarray(sheet.image))
    for part in chart.parts:
        for cell in part.cells:
            assert cell.text == " ".join(sheet.words[i].text for i in cell.words)
            assert cell.bbox == BBox.around(sheet.words[i].bbox for i in cell.words)
    return {(part.kind, part.label): [c.text for c in part.cells] for part in chart.parts}


def test_the_parts_of_a_chart_are_told_apart_with_their_places() -> None:
    sheet = _bars({"2019": [2.5], "2020": [4.0], "2021": [1.5], "2022": [6.0]}, [_BLUE])
    for n in range(6):
        sheet.word(f"{2 * n}", 40, 532 - 80 * n)
    assert _parts(sheet) == {
        (ElementKind.AXIS, "values"): ["0", "2", "4", "6", "8", "10"],
        (ElementKind.AXIS, "categories"): ["2019", "2020", "2021", "2022"],
        (ElementKind.DATA_LABELS, None): ["2.5", "4.0", "1.5", "6.0"],
    }


def test_parts_stand_behind_all_else_and_belong_to_their_chart() -> None:
    sheet = _bars({"2019": [2.5], "2020": [4.0], "2021": [1.5], "2022": [6.0]}, [_BLUE])
    raw = RawPage(
        width=_WIDTH,
        height=_HEIGHT,
        source=TextSource.OCR,
        engine="test",
        confidence=0.99,
        words=tuple(RawWord(text=w.text, polygon=w.polygon, confidence=w.confidence, line=w.index) for w in sheet.words),
    )
    page = understand(raw, np.asarray(sheet.image), document_id="d", number=1, image=None)
    (chart,) = (e for e in page.elements if e.kind is ElementKind.CHART)
    parts = [e for e in page.elements if e.kind.is_part]
    assert [e.kind for e in page.elements[-len(parts) :]] == [ElementKind.AXIS, ElementKind.DATA_LABELS]
    assert {e.belongs_to for e in parts} == {chart.id}
    assert not {e.id for e in parts} & {e.id for e in embeddable(page)}
    assert all(set(e.words) <= set(chart.words) for e in parts)
    assert not {v.element_id for v in values_of(page)} & {e.id for e in parts}


def _lying(labels: Sequence[str]) -> _Sheet:
    """Bars to the right with their values at their ends, and a label before each."""
    sheet = _Sheet()
    for n, label in enumerate(labels):
        sheet.word(label, 150, 100 + 60 * n)
        sheet.bar(300, 95 + 60 * n, 400 + 60 * n, 121 + 60 * n, _BLUE)
        sheet.word(f"{10 + 7 * n}", 425 + 60 * n, 100 + 60 * n)
    return sheet


def test_pieces_of_a_text_name_no_bars() -> None:
    assert len(_lying(["North", "South", "West"]).cells()) == 3
    assert not _lying(["who go online", "and of those", "an additional share"]).cells()
    assert not _lying(["Books 4%", "Shoes 11%", "Toys 8%"]).cells()
    assert not _lying(["North", "South"]).cells()


def test_rows_looked_at_together_have_the_colours_that_each_has_alone() -> None:
    random = np.random.default_rng(3)
    strip = random.integers(0, 256, (300, 17, 3), dtype=np.uint8)
    ground = random.integers(0, 128, (300, 1, 3), dtype=np.uint8)
    strip[:200, :11] = ground[:200] + random.integers(0, 20, (200, 11, 3), dtype=np.uint8)
    alone = [commonest(row, 0.5) for row in strip]
    assert _commonest_of_rows(strip, 0.5) == alone
    assert {colour is None for colour in alone} == {True, False}
    assert _commonest_of_rows(strip[:0], 0.5) == []


def test_numbers_in_a_sentence_over_the_axis_are_no_values() -> None:
    sheet = _Sheet()
    for n, year in enumerate(("2019", "2020", "2021", "2022")):
        sheet.word(year, 140 + 160 * n, 560)
        sheet.bar(60 + 160 * n, 90, 220 + 160 * n, 540, _BLUE)
        for text, x in (("by", 105), ("31,", 130), ("of", 155)):
            sheet.word(text, x + 160 * n, 100)
    assert sheet.cells() == {}
    assert _bars({"2019": [2.5], "2020": [4.0], "2021": [1.5]}, [_BLUE]).cells()
