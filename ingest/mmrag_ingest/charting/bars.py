"""Bars measured against the axis that they stand on: alone, beside one another, or stacked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from mmrag_ingest.charting.axes import spacing
from mmrag_ingest.charting.field import COVERED, EDGE, Box, Field, assembled
from mmrag_ingest.charting.items import Item
from mmrag_ingest.charting.legend import Entry
from mmrag_ingest.charting.marks import Block, is_like
from mmrag_ingest.charting.records import Estimate, MeasuredChart
from mmrag_ingest.charting.scale import Scale

_TOUCH: Final = 3.0
_TOUCH_SHARE: Final = 0.012
"""Pixels, and share of the axis, within which two edges are one."""
_EVEN: Final = 1.6
_FOREIGN: Final = 0.2
"""Share of the blocks that may have a colour that the key does not name."""
_NARROWEST: Final = 0.06
"""Of the distance between two categories: what is narrower is no bar."""


def measure_bars(
    blocks: Sequence[Block],
    scale: Scale,
    labels: Sequence[Item],
    key: Sequence[Entry],
    field: Field,
    covered: Sequence[Box],
) -> MeasuredChart | None:
    """The values of the blocks over each label; None when these are no bars that stand on the axis. What ends at one of the
    ``covered`` places, where the key is drawn over it, is left out."""
    span = field.floor - scale.high
    touch = max(_TOUCH, _TOUCH_SHARE * span)
    least = _NARROWEST * spacing([i.cx for i in labels])
    inside = [
        b
        for b in blocks
        if min(b.width, 2 * b.height) >= least
        and field.x0 - 1 < b.x0
        and b.x1 < field.x1 + 1
        and b.y1 <= min(i.y0 for i in labels)
        and b.y0 >= field.top
    ]
    by_label = _by_label(inside, labels)
    if by_label is None:
        return None
    base = _base(inside, scale, touch)
    if base is None:
        return None
    scale, zero = base
    points: list[Estimate] = []
    for n, blocks in by_label.items():
        for column in _columns(blocks):
            own = _column(column, scale, zero, touch, n)
            if own is None:
                return None
            points += own
    return _assembled([p for p in points if not _ends_in(p, covered)], labels, key, scale)


def _ends_in(point: Estimate, boxes: Sequence[Box]) -> bool:
    """True when a bar's end lies at or under something else that is drawn over it: where it ends is not seen."""
    x0, y0, x1, y1 = point.box
    return any(
        left < x1 and x0 < right and any(top - _TOUCH <= y <= bottom + _TOUCH for y in (y0, y1))
        for left, top, right, bottom in boxes
    )


def _by_label(blocks: Sequence[Block], labels: Sequence[Item]) -> dict[int, list[Block]] | None:
    centres = [i.cx for i in labels]
    step = spacing(centres)
    gaps = np.diff(centres)
    if len(blocks) < 2 or gaps.max() > _EVEN * step or gaps.min() < step / _EVEN:
        return None
    found: dict[int, list[Block]] = {}
    for block in blocks:
        near = min(range(len(centres)), key=lambda n: abs(centres[n] - block.cx))
        if abs(centres[near] - block.cx) > 0.5 * step or block.width > 1.02 * step:
            return None
        found.setdefault(near, []).append(block)
    return found if len(found) >= max(2, COVERED * len(labels)) else None


def _base(blocks: Sequence[Block], scale: Scale, touch: float) -> tuple[Scale, bool] | None:
    """The scale, moved half the way to where the bars begin (the line of the axis hides the other half), and whether they
    stand on zero; None when they stand on neither zero nor the lower end of an axis that begins further up."""
    if scale.logarithmic:
        bottoms = [b.y1 for b in blocks]
        return (scale, False) if max(bottoms) - min(bottoms) <= touch else None
    zero = scale.pixel(0.0)
    on_zero = [b.y1 - zero for b in blocks if abs(b.y1 - zero) <= touch] + [
        b.y0 - zero for b in blocks if abs(b.y0 - zero) <= touch
    ]
    columns = len(_columns(blocks))
    if len(on_zero) >= 0.9 * columns:
        return scale.moved(float(np.median(on_zero)) / 2), True
    bottoms = [max(b.y1 for b in column) for column in _columns(blocks)]
    below = min(bottoms) >= scale.low - 2 * touch
    if max(bottoms) - min(bottoms) <= touch and below and len(blocks) == columns:
        return scale, False
    return None


def _columns(blocks: Sequence[Block]) -> list[list[Block]]:
    """Blocks that stand over one another."""
    columns: list[list[Block]] = []
    for block in sorted(blocks, key=lambda b: b.x0):
        own = next(
            (c for c in columns if min(c[0].x1, block.x1) - max(c[0].x0, block.x0) > 0.6 * min(c[0].width, block.width)),
            None,
        )
        if own is None:
            columns.append([block])
        else:
            own.append(block)
    return columns


def _column(column: Sequence[Block], scale: Scale, zero: bool, touch: float, category: int) -> list[Estimate] | None:
    """The values of one bar, or of the pieces that are stacked in it; None when they do not stand on the axis."""
    ordered = sorted(column, key=lambda b: -b.y1)
    if len(ordered) == 1:
        (block,) = ordered
        below = zero and abs(block.y0 - scale.pixel(0.0)) <= touch and abs(block.y1 - scale.pixel(0.0)) > touch
        edge = block.y1 if below else block.y0
        if zero and not below and abs(block.y1 - scale.pixel(0.0)) > touch:
            return None
        return [_estimate(scale, block, category, scale.value(edge), scale.error(edge, EDGE + scale.residual))]
    if not zero or abs(ordered[0].y1 - scale.pixel(0.0)) > touch:
        return None
    found = []
    level = scale.pixel(0.0)
    for block in ordered:
        if abs(block.y1 - level) > touch:
            return None
        value = scale.value(block.y0) - scale.value(level)
        found.append(_estimate(scale, block, category, value, scale.error(block.y0, 1.5 * EDGE + scale.residual)))
        level = block.y0
    return found


def _estimate(scale: Scale, block: Block, category: int, value: float, error: float) -> Estimate:
    box = (float(block.x0), float(block.y0), float(block.x1), float(block.y1))
    return Estimate(category=category, series=-1, value=value, error=error, box=box, colour=block.colour)


def _assembled(
    points: Sequence[Estimate], labels: Sequence[Item], key: Sequence[Entry], scale: Scale
) -> MeasuredChart | None:
    """The points with the number of their series, by the colours of the key; None when these do not tell them apart."""
    kept: list[Estimate] = []
    used = [e for e in key if any(is_like(e.colour, p.colour) for p in points)]
    if not used:
        if max(Counter(p.category for p in points).values()) > 1:
            return None
        kept = [replace(p, series=0) for p in points]
    else:
        for point in points:
            series = next((n for n, e in enumerate(used) if is_like(e.colour, point.colour)), None)
            if series is not None:
                kept.append(replace(point, series=series))
        twice = max(Counter((p.category, p.series) for p in kept).values(), default=2) > 1
        if twice or len(points) - len(kept) > _FOREIGN * len(points):
            return None
    return assembled(labels, used, kept, scale)
