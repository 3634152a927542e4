"""The axes of a chart: its ticks, and the row or column of labels that its values stand over or beside."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from statistics import mean, median, pstdev

from mmrag_ingest.charting.items import Item, joined, lines_of, phrases_of

_TICKS = 3
_STACK = 1.0
"""Lines of one label stand at most this share of their height apart."""
_CENTRED, _ROOM = 0.1, 0.2
"""What tells the title of an axis from a label's second line: how near the middle it is, of the row, and heights of room."""


def ticks_of(values: Sequence[Item]) -> frozenset[tuple[int, ...]]:
    """The words of numbers that mark an axis: a column (or row) of evenly spaced numbers that rise by even steps."""
    found: set[tuple[int, ...]] = set()
    for first in values:
        for group in (
            [v for v in values if abs(v.x1 - first.x1) < 0.45 * first.height],
            [v for v in values if abs(v.x0 - first.x0) < 0.3 * first.height],
            [v for v in values if abs(v.cy - first.cy) < 0.3 * first.height],
        ):
            if _is_scale(group):
                found |= {v.words for v in group}
    return frozenset(found)


def _is_scale(group: Sequence[Item]) -> bool:
    numbers = [_number(g.text) for g in group]
    if len(group) < _TICKS or any(n is None for n in numbers) or all(g.is_year for g in group):
        return False
    upright = max(g.cy for g in group) - min(g.cy for g in group) > max(g.cx for g in group) - min(g.cx for g in group)
    ordered = sorted(
        zip(group, [n for n in numbers if n is not None], strict=True), key=lambda p: p[0].cy if upright else p[0].cx
    )
    places = [g.cy if upright else g.cx for g, _ in ordered]
    return _is_even(places, 0.12) and _is_even([n for _, n in ordered], 0.02)


def _is_even(numbers: Sequence[float], tolerance: float) -> bool:
    steps = [b - a for a, b in pairwise(numbers)]
    usual = abs(mean(steps))
    return usual > 0 and pstdev(steps) <= tolerance * usual


def _number(text: str) -> float | None:
    found = re.search(r"\d[\d.,]*", text)
    if found is None:
        return None
    digits = found.group().rstrip(".,").replace(",", "")
    try:
        return float(digits) * (-1.0 if text.lstrip("($€£¥ ").startswith(("-", "–")) else 1.0)
    except ValueError:
        return None


def label_rows(items: Sequence[Item]) -> list[list[Item]]:
    """Rows of two or more phrases that may name categories side by side, from the bottom of the picture up.

    A phrase takes in the lines that stand right below it, centred under it.
    """
    lines = [phrases_of(line) for line in lines_of(items)]
    rows: list[list[Item]] = []
    for n, line in enumerate(lines):
        if len(line) < 2:
            continue
        row = list(line)
        for below in lines[n + 1 :]:
            grown = [_with_below(label, below) for label in row]
            if _is_title(below, row) or sum(g is not r for g, r in zip(grown, row, strict=True)) < 1:
                break
            row = grown
        rows.append(row)
    return list(reversed(rows))


def _is_title(below: Sequence[Item], row: Sequence[Item]) -> bool:
    """True for a phrase alone under the middle of a row, with more room above it than lines of one label have."""
    (first, *more), length = below, row[-1].cx - row[0].cx
    centred = abs(first.cx - (row[0].cx + row[-1].cx) / 2) < _CENTRED * length
    return not more and centred and first.y0 - max(i.y1 for i in row) > _ROOM * first.height


def _with_below(label: Item, line: Sequence[Item]) -> Item:
    under = [
        i
        for i in line
        if -0.3 * label.height < i.y0 - label.y1 < _STACK * i.height
        and abs(i.cx - label.cx) < 0.35 * max(i.x1 - i.x0, label.x1 - label.x0, 2 * label.height)
    ]
    return joined([label, *under]) if len(under) == 1 else label


def spacing(centres: Sequence[float]) -> float:
    """The usual distance between neighbours, which have to be sorted."""
    return median(b - a for a, b in pairwise(centres))
