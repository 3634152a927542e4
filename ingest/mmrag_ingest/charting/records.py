"""A chart read back as a table."""

from __future__ import annotations

from dataclasses import dataclass

from mmrag_ingest.charting.colours import Colour
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
    side by side under the bars; else one below the other beside them. ``ticks`` are numbers along an axis beside them."""

    categories: tuple[Item, ...]
    series: tuple[Item | None, ...]
    points: tuple[Point, ...]
    upright: bool
    ticks: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A value that was measured, right to within plus or minus ``error``. ``box`` is what was measured: ``x0, y0, x1, y1``
    in pixels; ``colour`` is what it is drawn in."""

    category: int
    series: int
    value: float
    error: float
    box: tuple[float, float, float, float]
    colour: Colour


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredChart:
    """A chart whose values were measured. ``ticks`` are the numbers of its axis, ``before`` and ``after`` what is printed
    around each of them (a currency, a percent sign)."""

    categories: tuple[Item, ...]
    series: tuple[Item | None, ...]
    points: tuple[Estimate, ...]
    ticks: tuple[Item, ...] = ()
    before: str = ""
    after: str = ""
