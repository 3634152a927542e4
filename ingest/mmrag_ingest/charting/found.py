"""The charts of a page, as elements are made of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmrag.domain.documents import Cell, Word
from mmrag.domain.geometry import BBox
from mmrag_ingest.charting.items import Item, items_of, moved
from mmrag_ingest.charting.measuring import measure
from mmrag_ingest.charting.parts import Part, parts_of
from mmrag_ingest.charting.pies import measure_pie
from mmrag_ingest.charting.powers import with_powers
from mmrag_ingest.charting.reading import read_chart
from mmrag_ingest.charting.records import ChartTable, MeasuredChart
from mmrag_ingest.charting.scale import upright_scale
from mmrag_ingest.charting.titles import AxisTitles, titles_of
from mmrag_ingest.charting.turned import moved_chart

_FEW = 150
"""A page with no more words than this is read as one chart, wherever its legend and labels stand."""
_MARGIN = 0.12
"""How far outside the bars of a chart its labels may stand, as a share of the page."""
_FEWEST, _SMALLEST = 3, 60
"""Words, and pixels of a side, that a chart has at least."""
ESTIMATED = "(values estimated from the chart)"
"""The first line of a table of measured values."""
_HEADER, _LABELS = 0, 0  # the row of the series' names, the column of the categories' names


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundChart:
    """``box`` goes around the chart's region and all words of its table. ``text`` is the table in Markdown, where a value
    that was measured says so and how far it may be off."""

    box: BBox
    text: str
    words: tuple[int, ...]
    cells: tuple[Cell, ...]
    parts: tuple[Part, ...] = ()


def charts_on(words: Sequence[Word], regions: Sequence[BBox], picture: NDArray[np.uint8]) -> list[FoundChart]:
    """The charts of a page whose printed values can be told apart, and those whose values can be measured.

    ``regions`` are the parts of the page that look like pictures or charts, ``picture`` the page, RGB, shape (h, w, 3).
    What is printed wins: a chart that prints values is not measured.
    """
    if len(words) <= _FEW:
        table = read_chart(words, picture)
        if table is not None:
            return [_found(table, words, regions, picture)]
        drawn = bool(regions) or has_axis(words, picture)
        measured = _measured(words, picture, BBox(0.0, 0.0, 1.0, 1.0)) if drawn else None
        if measured is not None:
            return [_found_measured(measured, words, regions, picture)]
        if len(regions) == 1:
            return []  # the page is this one picture
    charts = []
    for region in regions:
        near = region.grown(_MARGIN, _MARGIN)
        inside = [w for w in words if near.contains(*w.bbox.center)]
        table = read_chart(inside, picture)
        if table is not None:
            charts.append(_found(table, words, [region], picture))
            continue
        measured = _measured(inside, picture, near) if len(inside) <= _FEW else None
        if measured is not None:
            charts.append(_found_measured(measured, words, [region], picture))
    return charts


def has_axis(words: Sequence[Word], picture: NDArray[np.uint8]) -> bool:
    """True where numbers rise evenly up a column: thin lines alone make no region of a page look drawn."""
    items = items_of(words, picture.shape[1], picture.shape[0])
    return upright_scale(with_powers(items, picture)) is not None


def _measured(words: Sequence[Word], picture: NDArray[np.uint8], box: BBox) -> MeasuredChart | None:
    """The chart in ``box``, measured; its places are pixels of the whole page."""
    height, width = picture.shape[:2]
    x, y = round(box.x0 * width), round(box.y0 * height)
    part = picture[y : round(box.y1 * height), x : round(box.x1 * width)]
    items = [moved(item, -x, -y) for item in items_of(words, width, height)]
    if len(items) < _FEWEST or min(part.shape[:2]) < _SMALLEST:
        return None
    found = measure(items, part) or measure_pie(items, part)
    return None if found is None else moved_chart(found, x, y)


def _found(table: ChartTable, words: Sequence[Word], regions: Sequence[BBox], picture: NDArray[np.uint8]) -> FoundChart:
    boxes = {w.index: w.bbox for w in words}
    cells = _cells(table, boxes)
    own = BBox.around(c.bbox for c in cells)
    titles = _titles(table, words, picture)
    return FoundChart(
        box=BBox.around([own, *(boxes[i] for i in titles.words), *(r for r in regions if r.intersection(own) > 0)]),
        text="\n".join([_markdown(cells), *_told(titles)]),
        words=tuple(sorted({i for c in cells for i in c.words} | set(titles.words))),
        cells=cells,
        parts=parts_of(table, boxes, titles),
    )


def _titles(chart: ChartTable | MeasuredChart, words: Sequence[Word], picture: NDArray[np.uint8]) -> AxisTitles:
    height, width = picture.shape[:2]
    return titles_of(chart, words, items_of(words, width, height), width, height)


def _told(titles: AxisTitles) -> tuple[str, ...]:
    """The titles of the axes as lines of a chart's text: whoever reads a value has its unit with it."""
    named = (("values", titles.values), ("categories", titles.categories))
    return tuple(f"{axis}: {title.text}" for axis, title in named if title is not None)


def _found_measured(
    chart: MeasuredChart, words: Sequence[Word], regions: Sequence[BBox], picture: NDArray[np.uint8]
) -> FoundChart:
    height, width = picture.shape[:2]
    boxes = {w.index: w.bbox for w in words}
    names = _cells(ChartTable(categories=chart.categories, series=chart.series, points=(), upright=True), boxes)
    values = tuple(
        Cell(
            row=p.category + 1,
            column=p.series + 1,
            text=f"{chart.before}{rounded(p.value, p.error)}{chart.after}",
            bbox=BBox.clamped(p.box[0] / width, p.box[1] / height, p.box[2] / width, p.box[3] / height),
            error=p.error,
        )
        for p in chart.points
    )
    cells = (*names, *values)
    own = BBox.around(c.bbox for c in cells)
    titles = _titles(chart, words, picture)
    axis = {*(i for t in chart.ticks for i in t.words), *titles.words}
    return FoundChart(
        box=BBox.around([own, *(boxes[i] for i in axis), *(r for r in regions if r.intersection(own) > 0)]),
        text="\n".join([ESTIMATED, _markdown(cells), *_axis(chart), *_told(titles)]),
        words=tuple(sorted({i for c in names for i in c.words} | axis)),
        cells=cells,
        parts=parts_of(chart, boxes, titles),
    )


def _axis(chart: MeasuredChart) -> tuple[str, ...]:
    """The numbers printed along the axis, so that the chart is found by them; none where there is no axis."""
    return (f"axis: {' '.join(tick.text for tick in chart.ticks)}",) if chart.ticks else ()


def rounded(value: float, error: float) -> str:
    """``value`` to the place in which ``error`` begins: more digits would be made up."""
    place = math.floor(math.log10(error)) if error > 0 else -3
    return f"{round(value, -place):.{max(0, -place)}f}"


def within(error: float) -> str:
    """An error with one digit, rounded up."""
    place = math.floor(math.log10(error)) if error > 0 else -3
    return f"{math.ceil(round(error / 10.0**place, 6)) * 10.0**place:.{max(0, -place)}f}"


def _cells(table: ChartTable, boxes: dict[int, BBox]) -> tuple[Cell, ...]:
    """Series head the columns from 1 on, categories the rows from 1 on."""

    def cell(row: int, column: int, item: Item, *, header: bool) -> Cell:
        box = BBox.around(boxes[i] for i in item.words)
        return Cell(row=row, column=column, text=item.text, bbox=box, words=item.words, is_header=header)

    heads = [cell(_HEADER, n + 1, s, header=True) for n, s in enumerate(table.series) if s is not None]
    labels = [cell(n + 1, _LABELS, c, header=True) for n, c in enumerate(table.categories)]
    values = [cell(p.category + 1, p.series + 1, p.value, header=False) for p in table.points]
    return (*heads, *labels, *values)


def _markdown(cells: Sequence[Cell]) -> str:
    text = {(c.row, c.column): _shown(c).replace("|", "/") for c in cells}
    heads = any(c.row == _HEADER for c in cells)
    rows = [
        "| " + " | ".join(text.get((row, column), "") for column in range(max(c.column for c in cells) + 1)) + " |"
        for row in range(max(c.row for c in cells) + 1)
    ]
    return "\n".join(rows if heads else rows[1:])


def _shown(cell: Cell) -> str:
    return cell.text if cell.error is None else f"≈ {cell.text} ± {within(cell.error)}"
