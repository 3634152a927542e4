"""A chart of lying bars turned by a quarter, so that its values grow upwards, and back."""

from __future__ import annotations

from dataclasses import replace

from mmrag_ingest.charting.items import Item, moved
from mmrag_ingest.charting.records import MeasuredChart


def turned(item: Item, width: int) -> Item:
    return replace(item, x0=item.y0, x1=item.y1, y0=width - item.x1, y1=width - item.x0)


def unturned(item: Item, width: int) -> Item:
    return replace(item, x0=width - item.y1, x1=width - item.y0, y0=item.x0, y1=item.x1)


def turned_back(chart: MeasuredChart, width: int) -> MeasuredChart:
    points = []
    for point in chart.points:
        x0, y0, x1, y1 = point.box
        points.append(replace(point, box=(width - y1, x0, width - y0, x1)))
    return replace(
        chart,
        categories=tuple(unturned(i, width) for i in chart.categories),
        series=tuple(None if i is None else unturned(i, width) for i in chart.series),
        points=tuple(points),
        ticks=tuple(unturned(i, width) for i in chart.ticks),
    )


def moved_chart(chart: MeasuredChart, x: float, y: float) -> MeasuredChart:
    """The same chart this much further to the right and down."""
    points = tuple(replace(p, box=(p.box[0] + x, p.box[1] + y, p.box[2] + x, p.box[3] + y)) for p in chart.points)
    return replace(
        chart,
        categories=tuple(moved(i, x, y) for i in chart.categories),
        series=tuple(None if i is None else moved(i, x, y) for i in chart.series),
        points=points,
        ticks=tuple(moved(i, x, y) for i in chart.ticks),
    )
