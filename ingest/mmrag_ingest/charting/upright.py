"""Charts whose categories stand side by side under their bars, dots or lines."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from mmrag_ingest.charting.axes import label_rows, spacing, ticks_of
from mmrag_ingest.charting.colours import Colour, behind, column_below, distance, nearest
from mmrag_ingest.charting.items import Item, in_text, is_name
from mmrag_ingest.charting.legend import Entry
from mmrag_ingest.charting.records import ChartTable, Point

_REACH = 0.55
"""A value belongs to the category whose middle is nearest, within this share of the distance between categories."""
_COVERED = 0.6
"""Share of the categories that need a value over them, for the row to be the axis."""
_LONG = 6  # words: a longer phrase is a sentence and names no category
_AMOUNT = re.compile(r"\d[.,]\d\d\b(?!\d*[-–+])")
_UNEVEN = 1.7
"""Neighbouring categories stand at most this many times as far apart as usual, and no nearer than its inverse."""
_MOST = 0.6
_ON_PAPER = 40.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A row of labels, left to right, and the numbers over each of them."""

    labels: tuple[Item, ...]
    over: Mapping[int, Sequence[Item]]

    @property
    def size(self) -> int:
        return sum(len(values) for values in self.over.values())


def upright_layout(items: Sequence[Item]) -> Layout | None:
    """The row of labels with the most numbers over it, by geometry alone; None when there is none."""
    ticks = ticks_of([i for i in items if i.is_value])
    marks = [i for i in items if i.words not in ticks]
    told = in_text(items)
    values = [i for i in marks if i.is_value and i.words not in told]
    best: Layout | None = None
    for row in label_rows(marks):
        found = _over(row, values)
        if found is not None and (best is None or found.size >= best.size):
            best = found
    return best


def read_upright(layout: Layout, legend: Sequence[Entry], picture: NDArray[np.uint8], paper: Colour) -> ChartTable | None:
    """The chart as a table; None when no value is left once its series are told apart."""
    foot = min(i.y0 for i in layout.labels)
    placed = {n: _placed(values, legend, picture, paper, foot) for n, values in layout.over.items()}
    names = tuple(entry.name for entry in legend)
    kept, extra = _unnamed(placed, len(layout.labels), len(names))
    points = tuple(Point(category=n, series=series, value=value) for n in sorted(kept) for value, series in kept[n])
    if not points:
        return None
    return ChartTable(categories=layout.labels, series=(*names, *(None,) * extra), points=points, upright=True)


def _over(row: Sequence[Item], values: Sequence[Item]) -> Layout | None:
    labels = sorted(row, key=lambda i: i.cx)
    centres = [i.cx for i in labels]
    if any(_names_nothing(i) for i in labels):
        return None
    step = spacing(centres)
    if (
        max(b - a for a, b in pairwise(centres)) > _UNEVEN * step
        or min(b - a for a, b in pairwise(centres)) < step / _UNEVEN
    ):
        return None
    foot = min(i.y0 for i in labels)
    over: dict[int, list[Item]] = {}
    for mark in values:
        if mark.y1 <= foot + 0.3 * mark.height:
            near = min(range(len(labels)), key=lambda n: abs(labels[n].cx - mark.cx))
            if abs(labels[near].cx - mark.cx) <= _REACH * step:
                over.setdefault(near, []).append(mark)
    return Layout(labels=tuple(labels), over=over) if len(over) >= max(2, _COVERED * len(labels)) else None


def _names_nothing(label: Item) -> bool:
    """True for what no category is called: a bare number, a piece of a text, a text with a colon or an amount."""
    is_text = len(label.words) > _LONG or not is_name(label.text)
    return is_text or label.is_value or ":" in label.text or bool(_AMOUNT.search(label.text))


_Placed = Mapping[int, Sequence[tuple[Item, int | None]]]
_Kept = Mapping[int, Sequence[tuple[Item, int]]]


def _placed(
    values: Sequence[Item], legend: Sequence[Entry], picture: NDArray[np.uint8], paper: Colour, foot: float
) -> list[tuple[Item, int | None]]:
    """Each value of one category with its series. The number on top of a stack of bars is of none: it is their sum."""
    colours = [entry.colour for entry in legend]
    found: list[tuple[Item, int | None]] = []
    for value in values:
        ground = behind(picture, value)
        if ground is not None and distance(ground, paper) > _ON_PAPER:
            series = nearest(ground, colours)
            if series is not None or not colours:
                found.append((value, series))
            continue
        met = column_below(picture, value, foot, paper)
        known = list(dict.fromkeys(n for n in (nearest(c, colours) for c in met) if n is not None))
        found.append((value, known[0] if len(known) == 1 else None))
    return found


def _unnamed(placed: _Placed, categories: int, named: int) -> tuple[_Kept, int]:
    """Values of no series in the legend, told apart by how they are printed: shares, decimals, whole numbers.

    Each such kind that most categories have is a series of its own, numbered from ``named`` on; where it has two values in
    one category, the lower one counts, since notes stand above; over a stack of bars the upper one, their sum. Two values
    of one named series are a mistake, and neither is kept. Returns the values kept and how many series were added.
    """
    kinds = sorted({_print(v) for values in placed.values() for v, series in values if series is None})
    added: dict[tuple[bool, bool], int] = {}
    for kind in kinds:
        having = sum(any(s is None and _print(v) == kind for v, s in values) for values in placed.values())
        if having >= _MOST * (categories if not named else len(placed)) or (named and having > 1):
            added[kind] = named + len(added)
    kept: dict[int, list[tuple[Item, int]]] = {}
    for n, values in placed.items():
        lowest: dict[int, Item] = {}
        claims = Counter(series for _, series in values if series is not None)
        for value, series in sorted(values, key=lambda p: p[0].cy):
            number = added.get(_print(value)) if series is None else series
            if number is not None and (series is None or claims[number] == 1):
                lowest[number] = lowest.get(number, value) if series is None and named else value
        kept[n] = [(value, number) for number, value in sorted(lowest.items())]
    return kept, len(added)


def _print(value: Item) -> tuple[bool, bool]:
    """How a number is printed: as a share, and with decimals."""
    return value.text.endswith("%"), "." in value.text.rstrip(".")
