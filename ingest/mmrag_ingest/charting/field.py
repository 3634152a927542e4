"""Where in a chart its bars and lines are, and what its measured values are put together as."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from mmrag_ingest.charting.items import Item
from mmrag_ingest.charting.legend import Entry
from mmrag_ingest.charting.records import Estimate, MeasuredChart
from mmrag_ingest.charting.scale import Scale

EDGE: Final = 1.3
"""Pixels to which the edge of a bar or the middle of a line is known."""
COVERED: Final = 0.6
"""Share of the categories that need a value."""
_BEYOND: Final = 0.25
_UNSEEN: Final = 0.6
"""Of the axis: how far below its lowest number zero may be, for the bars to stand on it."""

Box: TypeAlias = tuple[int, int, int, int]
"""``x0, y0, x1, y1`` in pixels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """Where the bars or lines of a chart are: ``x0`` to ``x1``, from ``top`` down to ``floor``, in pixels. ``floor`` is the
    lowest tick, or zero where that one is not printed."""

    x0: float
    x1: float
    top: float
    floor: float


def field_of(scale: Scale, width: int) -> Field:
    """The side of the axis on which there is more of the picture, which is ``width`` pixels wide."""
    left, right = min(t.x0 for t in scale.ticks), max(t.x1 for t in scale.ticks)
    span = scale.low - scale.high
    floor = scale.low
    if not scale.logarithmic and 0 < scale.pixel(0.0) - scale.low < _UNSEEN * span:
        floor = scale.pixel(0.0)
    x0, x1 = (right, float(width)) if width - right >= left else (0.0, left)
    # An axis may go on for nearly a step behind its last number.
    return Field(x0=x0, x1=x1, top=max(0.0, scale.high - max(_BEYOND * span, scale.step)), floor=floor)


def assembled(labels: Sequence[Item], used: Sequence[Entry], points: Sequence[Estimate], scale: Scale) -> MeasuredChart:
    """The chart of these points, in the order of their categories and series."""
    return MeasuredChart(
        categories=tuple(labels),
        series=tuple(e.name for e in used) or (None,),
        points=tuple(sorted(points, key=lambda p: (p.category, p.series))),
        ticks=scale.ticks,
        before=scale.before,
        after=scale.after,
    )
