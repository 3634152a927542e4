"""Charts whose categories stand one below the other, their bars running to the right."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from mmrag_ingest.charting.axes import ticks_of
from mmrag_ingest.charting.items import Item, is_name, joined, lines_of, phrases_of
from mmrag_ingest.charting.records import ChartTable, Point

_ROWS = 3
"""Lines that a chart has at least: on real pages, two lines with a label and a number were next to never one."""
_NEAR = 1.1
"""Lines of one label stand at most this many heights apart."""


def read_sideways(items: Sequence[Item]) -> ChartTable | None:
    """The chart as a table: each line with a label and numbers right of it is a category, its numbers the series in order.

    None when there are fewer than three such lines with equally many numbers.
    """
    ticks = ticks_of([i for i in items if i.is_value])
    lines = [phrases_of(line) for line in lines_of([i for i in items if i.words not in ticks])]
    rows: list[tuple[Item, tuple[Item, ...], int]] = []
    for n, line in enumerate(lines):
        values = [i for i in line if i.is_value]
        before = [i for i in line if values and i.x1 <= values[0].x0 and not i.is_value]
        rest = [i for i in line if not i.is_value and i not in before]
        if values and len(before) == 1 and not rest and is_name(_whole(before[0], lines, n).text):
            rows.append((before[0], tuple(values), n))
    if len(rows) < _ROWS:
        return None
    counts = [len(values) for _, values, _ in rows]
    usual = max(set(counts), key=counts.count)
    rows = [row for row in rows if len(row[1]) == usual]
    if len(rows) < _ROWS or not _in_columns([values for _, values, _ in rows]):
        return None
    heads = _heads(lines[: rows[0][2]], [values for _, values, _ in rows])
    return ChartTable(
        categories=tuple(_whole(label, lines, n) for label, _, n in rows),
        series=heads,
        points=tuple(
            Point(category=n, series=s, value=value)
            for n, (_, values, _) in enumerate(rows)
            for s, value in enumerate(values)
        ),
        upright=False,
    )


def _in_columns(rows: Sequence[Sequence[Item]]) -> bool:
    """True when the numbers of every series keep to the right of those of the one before."""
    columns = [[row[n] for row in rows] for n in range(len(rows[0]))]
    return all(
        max(v.x0 for v in left) < max(v.x1 for v in right) and min(v.x0 for v in left) < min(v.x0 for v in right)
        for left, right in pairwise(columns)
    )


def _heads(lines: Sequence[Sequence[Item]], rows: Sequence[Sequence[Item]]) -> tuple[Item | None, ...]:
    """The names over the columns: of the nearest line above with as many phrases as there are columns, in order."""
    size = len(rows[0])
    spans = [(min(r[n].x0 for r in rows), max(r[n].x1 for r in rows)) for n in range(size)]
    left, right = spans[0][0], spans[-1][1]
    for line in reversed(lines[-3:]):
        wide = [i for i in line if i.x1 > left - 0.4 * (right - left) and i.x0 < right + i.height and not i.is_value]
        if len(wide) == size > 1:
            return tuple(wide)
    near = [i for line in lines[-3:] for i in line if not i.is_value]
    heads: list[Item | None] = []
    for x0, x1 in spans:
        over = [i for i in near if x0 - i.height < i.cx < x1 + i.height and i.x1 - i.x0 < 4 * (x1 - x0)]
        heads.append(joined(over) if over and size > 1 else None)
    return tuple(heads)


def _whole(label: Item, lines: Sequence[Sequence[Item]], n: int) -> Item:
    """A label with the lines of it that stand right above and below its number's level."""
    parts = [label]
    for step in (-1, 1):
        at, edge = n + step, label
        while 0 <= at < len(lines) and len(lines[at]) == 1 and not lines[at][0].is_value:
            other = lines[at][0]
            gap = edge.y0 - other.y1 if step < 0 else other.y0 - edge.y1
            centred = abs(other.cx - label.cx) < 0.5 * (label.x1 - label.x0) or abs(other.x1 - label.x1) < label.height
            if gap > 0.35 * label.height or not centred or len(parts) > 3:
                break
            parts.insert(0 if step < 0 else len(parts), other)
            edge, at = other, at + step
    return joined(parts)
