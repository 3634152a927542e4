"""From the words and the picture of a chart to a table of what it prints."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mmrag.domain.documents import Word
from mmrag_ingest.charting.axes import ticks_of
from mmrag_ingest.charting.colours import NEAR, Colour, at_level, behind, column_below, distance, paper_of
from mmrag_ingest.charting.items import Item, items_of, lines_of
from mmrag_ingest.charting.legend import legend_of
from mmrag_ingest.charting.records import ChartTable
from mmrag_ingest.charting.sideways import read_sideways
from mmrag_ingest.charting.upright import read_upright, upright_layout

_PRICE = re.compile(r"\D{0,4}\d{1,3}(?:[., ]?\d{3})*[.,]\d\d\D{0,4}")
_TOTAL = re.compile(
    r"\W*(?:(?:grand|sub|amount|net|gross)[\s-]*)?(?:total|summe|gesamt|gesamtbetrag|totale|visa|mastercard)\b",
    re.IGNORECASE,
)
_POINTS = 2
_MARKED = 0.6
"""Share of the values that have to stand in, on or at the end of a bar or line for the numbers to be a chart's."""


def read_chart(words: Sequence[Word], picture: NDArray[np.uint8]) -> ChartTable | None:
    """The table of the chart that ``words`` belong to, None when it prints no values that can be told apart.

    ``picture`` is the whole page, RGB, shape (h, w, 3); ``words`` are those of the chart, its title and its legend.
    """
    height, width = picture.shape[:2]
    items = items_of(words, width, height)
    if sum(i.is_value for i in items) < _POINTS:
        return None
    layout, beside = upright_layout(items), read_sideways(items)
    if layout is None and beside is None:
        return None
    paper = paper_of(picture)
    over = None
    if layout is not None:
        legend = legend_of(lines_of(items), picture, paper)
        named = {w for entry in legend for w in entry.name.words}
        layout = upright_layout([i for i in items if not named.intersection(i.words)])
        over = None if layout is None else read_upright(layout, legend, picture, paper)
    found = [t for t in (over, beside) if t is not None]
    drawn = [t for t in found if len(t.points) >= _POINTS and not _is_bill(t) and _is_drawn(t, picture, paper)]
    best = max(drawn, key=lambda t: len(t.points), default=None)
    return None if best is None else replace(best, ticks=_ticks(items, best))


def _ticks(items: Sequence[Item], table: ChartTable) -> tuple[Item, ...]:
    """The numbers that mark an axis and are no value of the table."""
    values = {p.value.words for p in table.points}
    marks = ticks_of([i for i in items if i.is_value])
    return tuple(i for i in items if i.words in marks and i.words not in values)


def _is_bill(table: ChartTable) -> bool:
    """True for prices over their total: a slip of paper that lies on something dark looks like a bar behind them."""
    prices = _share(_PRICE.fullmatch(p.value.text.strip()) is not None for p in table.points)
    return prices >= _MARKED and any(_TOTAL.match(c.text) for c in table.categories)


def _is_drawn(table: ChartTable, picture: NDArray[np.uint8], paper: Colour) -> bool:
    """True when most values (of bars to the right, one in most rows) stand on a mark.

    Shaded rows of a table do not count: their labels are shaded like them.
    """
    if table.upright:
        return _share(_stands_on(p.value, table.categories[p.category], picture, paper) for p in table.points) >= _MARKED
    rows: dict[int, bool] = {}
    for point in table.points:
        local = behind(picture, table.categories[point.category]) or paper
        drawn = any(distance(c, local) > NEAR for c in at_level(picture, point.value, local))
        rows[point.category] = rows.get(point.category, False) or drawn
    return _share(rows.values()) >= _MARKED


def _stands_on(value: Item, label: Item, picture: NDArray[np.uint8], paper: Colour) -> bool:
    ground = behind(picture, value) or paper
    return distance(ground, paper) > NEAR or bool(column_below(picture, value, label.y0, paper))


def _share(flags: Iterable[bool]) -> float:
    found = list(flags)
    return sum(found) / len(found)
