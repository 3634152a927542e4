"""Charts: numbers in line along an axis, with hardly a word between them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import mean, pstdev

from mmrag.domain.documents import Word
from mmrag.domain.geometry import BBox
from mmrag_ingest.layout.labels import is_numeric

_TICKS = 4
_AXIS_TITLE = 3  # words left of the axis
_STEPS = 3  # the least number of labels along the other axis


def has_ticks(words: Sequence[Word]) -> bool:
    """True when four or more short numbers stand in one row or one column."""
    numbers = [w.bbox for w in words if _is_tick(w)]
    return any(
        sum(abs(a.center[1] - b.center[1]) < 0.4 * a.height for b in numbers) >= _TICKS
        or sum(abs(a.x1 - b.x1) < 0.6 * a.height or abs(a.x0 - b.x0) < 0.3 * a.height for b in numbers) >= _TICKS
        for a in numbers
    )


def chart_box(words: Sequence[Word]) -> BBox | None:
    """The box of a chart of lines or dots, found by its axes alone; None when there is none.

    A column of evenly spaced numbers is the upright axis; a row of words at its foot is the other. A table has words
    between them, a chart next to none.
    """
    numbers = sorted((w for w in words if _is_tick(w)), key=lambda w: (w.bbox.y0, w.bbox.x0))
    for first in numbers:
        column = [w for w in numbers if abs(w.bbox.x1 - first.bbox.x1) < 0.5 * first.bbox.height]
        if len(column) < _TICKS or not _is_even([w.bbox.center[1] for w in column], first.bbox.height):
            continue
        foot = column[-1].bbox
        steps = [w for w in words if w.bbox.x0 >= foot.x1 and -0.5 < (w.bbox.center[1] - foot.center[1]) / foot.height < 4]
        lowest = [w for w in steps if abs(w.bbox.center[1] - max(s.bbox.center[1] for s in steps)) < w.bbox.height]
        if len(lowest) < _STEPS:
            continue
        box = BBox.around([w.bbox for w in (*column, *lowest)])
        axes = {w.index for w in (*column, *lowest)}
        inside = [w for w in words if w.index not in axes and box.contains(*w.bbox.center)]
        outside = [w for w in words if w.bbox.x1 < box.x0 and box.y0 < w.bbox.center[1] < box.y1]
        if (
            len(outside) <= _AXIS_TITLE
            and box.width > 0.2
            and box.height > 0.1
            and sum(w.bbox.area for w in inside) < 0.06 * box.area
        ):
            return box
    return None


def _is_tick(word: Word) -> bool:
    return len(word.text) <= 9 and is_numeric(word.text)


def _is_even(places: Sequence[float], height: float) -> bool:
    steps = [b - a for a, b in pairwise(places)]
    return mean(steps) > 1.8 * height and pstdev(steps) < 0.25 * mean(steps)
