"""A chart read back as a table."""

from __future__ import annotations

from dataclasses import dataclass

from mmrag_ingest.charting.items import Item


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A printed value, the category it stands for, and the number of its series."""

    category: int
    series: int
    value: Item


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartTable:
    """``series`` are the names in the legend or over the columns; an unnamed one is None. ``upright``: the categories stand
    side by side under the bars; else one below the other beside them."""

    categories: tuple[Item, ...]
    series: tuple[Item | None, ...]
    points: tuple[Point, ...]
    upright: bool
