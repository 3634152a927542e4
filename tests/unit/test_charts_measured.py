"""Charts that print no values: bars, lines and slices measured against what the axis prints."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from mmrag_ingest.charting.found import FoundChart, charts_on, rounded, within
from numpy.typing import NDArray

from mmrag.domain.documents import Word
from mmrag.domain.geometry import BBox, Polygon

WHOLE = BBox(0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True)
class Drawing:
    """A chart and its words, as a perfect OCR would read them."""

    figure: Figure
    axes: Axes

    def page(self) -> tuple[list[Word], NDArray[np.uint8]]:
        canvas = FigureCanvasAgg(self.figure)
        self.figure.tight_layout()
        canvas.draw()
        picture = np.asarray(canvas.buffer_rgba())[..., :3].copy()
        height, width = picture.shape[:2]
        axes = self.axes
        legend = axes.get_legend()
        texts = [axes.title, *axes.get_xticklabels(), *axes.get_yticklabels(), *axes.texts]
        texts += legend.get_texts() if legend else []
        words: list[Word] = []
        for text in texts:
            box = text.get_window_extent(canvas.get_renderer())
            seen = box.x0 >= 0 and box.x1 <= width and box.y0 >= 0 and box.y1 <= height
            if text.get_text().strip() and seen:
                place = BBox(box.x0 / width, 1 - box.y1 / height, box.x1 / width, 1 - box.y0 / height)
                words.append(
                    Word(
                        index=len(words),
                        line=len(words),
                        text=text.get_text().replace("−", "-"),
                        polygon=Polygon.from_bbox(place),
                        confidence=0.98,
                    )
                )
        return words, picture

    def read(self) -> FoundChart | None:
        words, picture = self.page()
        found = charts_on(words, [WHOLE], picture)
        return found[0] if found else None


@pytest.fixture
def drawing() -> Drawing:
    figure = Figure(figsize=(6.4, 4.2), dpi=130)
    return Drawing(figure, figure.add_subplot())


def values_of(chart: FoundChart | None) -> dict[tuple[str, str], tuple[float, float]]:
    """By category and series: value and error."""
    assert chart is not None
    heads = {(c.row, c.column): c.text for c in chart.cells if c.is_header}
    return {
        (heads[c.row, 0], heads.get((0, c.column), "")): (float(c.text.strip("%$")), c.error)
        for c in chart.cells
        if c.error is not None
    }


def assert_right(found: dict[tuple[str, str], tuple[float, float]], true: dict[tuple[str, str], float]) -> None:
    assert found.keys() == true.keys()
    for key, (value, error) in found.items():
        assert abs(value - true[key]) <= 1.6 * error, key
        assert error < 0.03 * max(true.values())


BARS = {"North": 42.0, "South": 17.5, "East": 63.0, "West": 8.0}


def test_bars(drawing: Drawing) -> None:
    drawing.axes.bar(list(BARS), list(BARS.values()))
    chart = drawing.read()
    assert_right(values_of(chart), {(name, ""): value for name, value in BARS.items()})
    assert chart is not None
    assert chart.text.startswith("(values estimated from the chart)\n| North | ≈ 4")
    assert all(not c.words for c in chart.cells if c.error is not None)


def test_bars_below_zero(drawing: Drawing) -> None:
    true = {"North": 42.0, "South": -17.5, "East": 30.0}
    drawing.axes.bar(list(true), list(true.values()))
    assert_right(values_of(drawing.read()), {(name, ""): value for name, value in true.items()})


def test_lying_bars(drawing: Drawing) -> None:
    drawing.axes.barh(list(BARS), list(BARS.values()))
    assert_right(values_of(drawing.read()), {(name, ""): value for name, value in BARS.items()})


def test_grouped_bars_by_the_key(drawing: Drawing) -> None:
    rows = {"Retail": [30.0, 45.0, 20.0], "Online": [12.0, 33.0, 51.0]}
    for n, (name, row) in enumerate(rows.items()):
        drawing.axes.bar([x + 0.4 * n - 0.2 for x in range(3)], row, 0.4, label=name)
    drawing.axes.set_xticks(range(3), ["2021", "2022", "2023"])
    drawing.axes.legend(loc="upper left")
    true = {(str(2021 + n), name): value for name, row in rows.items() for n, value in enumerate(row)}
    assert_right(values_of(drawing.read()), true)


def test_stacked_bars_are_pieces(drawing: Drawing) -> None:
    drawing.axes.bar(["A1", "B1", "C1"], [10.0, 20.0, 30.0], label="Retail")
    drawing.axes.bar(["A1", "B1", "C1"], [25.0, 15.0, 5.0], bottom=[10.0, 20.0, 30.0], label="Online")
    drawing.axes.legend(loc="upper left", ncols=2)
    drawing.axes.set_ylim(0, 50)
    found = values_of(drawing.read())
    assert abs(found["A1", "Online"][0] - 25.0) <= 1.6 * found["A1", "Online"][1]
    assert abs(found["C1", "Retail"][0] - 30.0) <= 1.6 * found["C1", "Retail"][1]


def test_lines(drawing: Drawing) -> None:
    names, rows = ["2019", "2020", "2021", "2022"], {"Retail": [3.0, 5.0, 4.0, 8.0], "Online": [1.0, 2.0, 6.5, 7.0]}
    for name, row in rows.items():
        drawing.axes.plot(names, row, label=name)
    drawing.axes.legend()
    true = {(year, name): value for name, row in rows.items() for year, value in zip(names, row, strict=True)}
    found = values_of(drawing.read())
    assert len(found) >= 6  # where lines cross, one of them may stay unread
    assert_right(found, {key: true[key] for key in found})


def test_a_pie_by_its_angles(drawing: Drawing) -> None:
    drawing.axes.pie([50, 30, 20], labels=["Bread", "Milk", "Salt"])
    found = values_of(drawing.read())
    assert {name: round(value) for (name, _), (value, _) in found.items()} == {"Bread": 50, "Milk": 30, "Salt": 20}


def test_a_logarithmic_axis_is_read_by_its_powers(drawing: Drawing) -> None:
    drawing.axes.bar(["North", "South", "East"], [30.0, 400.0, 7000.0])
    drawing.axes.set_yscale("log")
    drawing.axes.set_yticks([10, 100, 1000, 10_000], ["10", "100", "1000", "10000"])
    found = values_of(drawing.read())
    assert abs(found["East", ""][0] - 7000) < 300


@pytest.mark.parametrize("kind", ["powers", "scatter", "area", "histogram", "two colours", "misread axis"])
def test_what_cannot_be_read_surely_is_refused(kind: str, drawing: Drawing) -> None:
    axes = drawing.axes
    rng = np.random.default_rng(1)
    if kind == "powers":  # an OCR that loses superscripts makes evenly spaced numbers of them
        axes.bar(list(BARS), list(BARS.values()))
        axes.set_yticks([0, 20, 40, 60], ["100", "101", "102", "103"])
    elif kind == "scatter":
        axes.scatter(rng.normal(size=80), rng.normal(size=80))
    elif kind == "area":
        axes.stackplot(range(5), rng.uniform(1, 5, (3, 5)))
    elif kind == "histogram":
        axes.hist(rng.normal(size=300), bins=20)
    elif kind == "two colours":
        axes.bar(list(BARS), list(BARS.values()))
        axes.bar(list(BARS), [5.0] * 4, bottom=list(BARS.values()))
    else:
        axes.bar(list(BARS), list(BARS.values()))
        axes.set_yticks([0, 20, 40, 60], ["0", "70", "40", "10"])
    assert drawing.read() is None


def test_printed_values_win(drawing: Drawing) -> None:
    bars = drawing.axes.bar(list(BARS), list(BARS.values()))
    drawing.axes.bar_label(bars, ["42.0", "17.5", "63.0", "8.0"])
    chart = drawing.read()
    assert chart is not None
    assert all(cell.error is None and cell.words for cell in chart.cells)


def test_no_more_digits_than_the_error_allows() -> None:
    assert (rounded(42.347, 0.83), within(0.83)) == ("42.3", "0.9")
    assert (rounded(5493.3, 24.9), within(24.9)) == ("5490", "30")
    assert (rounded(0.5213, 0.004), within(0.004)) == ("0.521", "0.004")
