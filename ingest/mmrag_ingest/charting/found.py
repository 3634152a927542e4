"""The charts of a page, as elements are made of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmrag.domain.documents import Cell, Word
from mmrag.domain.geometry import BBox
from mmrag_ingest.charting.items import Item
from mmrag_ingest.charting.reading import read_chart
from mmrag_ingest.charting.records import ChartTable

_FEW = 150
"""A page with no more words than this is read as one chart, wherever its legend and labels stand."""
_MARGIN = 0.12
"""How far outside the bars of a chart its labels may stand, as a share of the page."""
_HEADER, _LABELS = 0, 0  # the row of the series' names, the column of the categories' names


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundChart:
    """``box`` goes around the chart's region and all words of its table. ``text`` is the table in Markdown."""

    box: BBox
    text: str
    words: tuple[int, ...]
    cells: tuple[Cell, ...]


def charts_on(words: Sequence[Word], regions: Sequence[BBox], picture: NDArray[np.uint8]) -> list[FoundChart]:
    """The charts of a page whose printed values can be told apart.

    ``regions`` are the parts of the page that look like pictures or charts, ``picture`` the page, RGB, shape (h, w, 3).
    """
    if len(words) <= _FEW:
        table = read_chart(words, picture)
        if table is not None:
            return [_found(table, words, regions)]
    charts = []
    for region in regions:
        near = region.grown(_MARGIN, _MARGIN)
        table = read_chart([w for w in words if near.contains(*w.bbox.center)], picture)
        if table is not None:
            charts.append(_found(table, words, [region]))
    return charts


def _found(table: ChartTable, words: Sequence[Word], regions: Sequence[BBox]) -> FoundChart:
    boxes = {w.index: w.bbox for w in words}
    cells = _cells(table, boxes)
    own = BBox.around(c.bbox for c in cells)
    return FoundChart(
        box=BBox.around([own, *(r for r in regions if r.intersection(own) > 0)]),
        text=_markdown(table, cells),
        words=tuple(sorted({i for c in cells for i in c.words})),
        cells=cells,
    )


def _cells(table: ChartTable, boxes: dict[int, BBox]) -> tuple[Cell, ...]:
    """Series head the columns from 1 on, categories the rows from 1 on."""

    def cell(row: int, column: int, item: Item, *, header: bool) -> Cell:
        box = BBox.around(boxes[i] for i in item.words)
        return Cell(row=row, column=column, text=item.text, bbox=box, words=item.words, is_header=header)

    heads = [cell(_HEADER, n + 1, s, header=True) for n, s in enumerate(table.series) if s is not None]
    labels = [cell(n + 1, _LABELS, c, header=True) for n, c in enumerate(table.categories)]
    values = [cell(p.category + 1, p.series + 1, p.value, header=False) for p in table.points]
    return (*heads, *labels, *values)


def _markdown(table: ChartTable, cells: Sequence[Cell]) -> str:
    text = {(c.row, c.column): c.text.replace("|", "/") for c in cells}
    rows = [
        "| " + " | ".join(text.get((row, column), "") for column in range(len(table.series) + 1)) + " |"
        for row in range(len(table.categories) + 1)
    ]
    return "\n".join(rows if any(s is not None for s in table.series) else rows[1:])
