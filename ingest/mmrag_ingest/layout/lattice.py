"""Ruling lines to cells: where lines cross they make a lattice; where one is missing, neighbouring boxes are one cell."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from mmrag_ingest.layout.rulings import Ruling, Rulings

_COVERED = 0.6
"""Of a side of a box, covered by a line, from which it is a border."""
_MOST_CELLS = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A cell of a lattice, in level pixels. Rows and columns count from 0."""

    row: int
    column: int
    row_span: int
    column_span: int
    x0: float
    y0: float
    x1: float
    y1: float

    def contains(self, x: float, y: float) -> bool:
        return self.x0 <= x < self.x1 and self.y0 <= y < self.y1


@dataclass(frozen=True, slots=True, kw_only=True)
class Lattice:
    """Cells that cover a rectangle between lines, from ``y0`` to ``y1`` and ``x0`` to ``x1``.

    These are level pixels turned further by ``lean`` (dy/dx) about ``middle``; questions are asked in level pixels.
    """

    rows: int
    columns: int
    boxes: tuple[Box, ...]
    x0: float
    y0: float
    x1: float
    y1: float
    lean: float = 0.0
    middle: tuple[float, float] = (0.0, 0.0)

    def contains(self, x: float, y: float) -> bool:
        x, y = self._turned(x, y)
        return self.x0 <= x < self.x1 and self.y0 <= y < self.y1

    def box_at(self, x: float, y: float) -> Box | None:
        x, y = self._turned(x, y)
        return next((box for box in self.boxes if box.contains(x, y)), None)

    def _turned(self, x: float, y: float) -> tuple[float, float]:
        cos, sin = math.cos(math.atan(self.lean)), math.sin(math.atan(self.lean))
        dx, dy = x - self.middle[0], y - self.middle[1]
        return self.middle[0] + dx * cos + dy * sin, self.middle[1] + dy * cos - dx * sin


def lattices_of(rulings: Rulings, middle: tuple[float, float], slack: float) -> list[Lattice]:
    """Lattices of two or more rows and columns, from top to bottom. Lines closer than ``slack`` pixels are one.

    ``middle`` is that of the page's frame.
    """
    found = []
    for across, down in _crossing(rulings.level, rulings.upright, slack):
        # A table may be open at its sides: there the ends of its lines stand for the border.
        xs = _places([*(r.at for r in down), min(r.low for r in across), max(r.high for r in across)], slack)
        ys = _places([*(r.at for r in across), min(r.low for r in down), max(r.high for r in down)], slack)
        if len(xs) >= 3 and len(ys) >= 3 and len(xs) * len(ys) <= _MOST_CELLS:
            found.append(replace(_lattice(xs, ys, across, down, slack), lean=rulings.lean, middle=middle))
    return sorted(found, key=lambda lattice: (lattice.y0, lattice.x0))


def _crossing(level: Sequence[Ruling], upright: Sequence[Ruling], slack: float) -> list[tuple[list[Ruling], list[Ruling]]]:
    """Groups of lines that hang together by crossing or touching."""
    left = list(upright)
    groups: list[tuple[list[Ruling], list[Ruling]]] = []
    waiting = list(level)
    while waiting:
        across, down = [waiting.pop(0)], list[Ruling]()
        grown = True
        while grown:
            more = [u for u in left if any(_meet(r, u, slack) for r in across)]
            left = [u for u in left if u not in more]
            down += more
            wider = [r for r in waiting if any(_meet(r, u, slack) for u in down)]
            waiting = [r for r in waiting if r not in wider]
            across += wider
            grown = bool(more or wider)
        if len(across) > 1 and down:
            groups.append((across, down))
    return groups


def _meet(level: Ruling, upright: Ruling, slack: float) -> bool:
    return level.low - slack <= upright.at <= level.high + slack and upright.low - slack <= level.at <= upright.high + slack


def _places(values: Sequence[float], slack: float) -> list[float]:
    """Places in order, the mean of those that lie together."""
    groups: list[list[float]] = []
    for value in sorted(values):
        if groups and value - groups[-1][-1] <= slack:
            groups[-1].append(value)
        else:
            groups.append([value])
    return [sum(group) / len(group) for group in groups]


def _lattice(xs: list[float], ys: list[float], across: Sequence[Ruling], down: Sequence[Ruling], slack: float) -> Lattice:
    rows, columns = len(ys) - 1, len(xs) - 1
    home = {(r, c): (r, c) for r in range(rows) for c in range(columns)}
    for r in range(rows):
        for c in range(columns):
            if c + 1 < columns and not _bars(down, xs[c + 1], ys[r], ys[r + 1], slack):
                _join(home, (r, c), (r, c + 1))
            if r + 1 < rows and not _bars(across, ys[r + 1], xs[c], xs[c + 1], slack):
                _join(home, (r, c), (r + 1, c))
    parts: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for place, first in home.items():
        parts.setdefault(first, []).append(place)
    boxes = [box for part in parts.values() for box in _boxes(part, xs, ys)]
    return Lattice(
        rows=rows, columns=columns, boxes=tuple(sorted(boxes, key=lambda b: (b.row, b.column))),
        x0=xs[0], y0=ys[0], x1=xs[-1], y1=ys[-1],
    )  # fmt: skip


def _bars(lines: Sequence[Ruling], at: float, low: float, high: float, slack: float) -> bool:
    near = [line for line in lines if abs(line.at - at) <= slack]
    covered = sum(max(0.0, min(line.high, high) - max(line.low, low)) for line in near)
    return covered >= _COVERED * (high - low)


def _join(home: dict[tuple[int, int], tuple[int, int]], a: tuple[int, int], b: tuple[int, int]) -> None:
    keep, drop = sorted((home[a], home[b]))
    for place, first in home.items():
        if first == drop:
            home[place] = keep


def _boxes(part: list[tuple[int, int]], xs: list[float], ys: list[float]) -> list[Box]:
    """One box for places that fill a rectangle; else a line is missing by mistake and each place stands alone."""
    top, low = min(r for r, _ in part), max(r for r, _ in part)
    left, right = min(c for _, c in part), max(c for _, c in part)
    if len(part) != (low - top + 1) * (right - left + 1):
        return [_box(r, c, r, c, xs, ys) for r, c in part]
    return [_box(top, left, low, right, xs, ys)]


def _box(top: int, left: int, low: int, right: int, xs: list[float], ys: list[float]) -> Box:
    return Box(
        row=top, column=left, row_span=low - top + 1, column_span=right - left + 1,
        x0=xs[left], y0=ys[top], x1=xs[right + 1], y1=ys[low + 1],
    )  # fmt: skip
