"""The words of a page as stretches of print: printed lines, levelled, and cut where a wide gap is.

Done for every page that a question is read from, so the arithmetic is over whole pages at a time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import chain
from statistics import median
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mmrag.domain.documents import Page, Word

_GAP = 1.15
"""Words further apart than this many letter heights belong to different runs."""
_COLUMN_GAP = 0.42
"""So do words this far apart when the second starts where lines above or below start: a column begins there."""
_COLUMN_STARTS = 2
_INITIAL = re.compile(r"[A-Z]\.")

_Floats = NDArray[np.float64]
_Indexes = NDArray[np.intp]


class Stretches(NamedTuple):
    """Words of one printed line each, left to right, with no wide gap between them; from top to bottom of a page.

    Columns, an item a stretch. Coordinates are levelled pixels: ``slope`` is what was taken off, in pixels down for each to
    the right. ``top`` and ``bottom`` are the middle ones of the words: one tall bracket must not make a stretch reach into
    the next line.
    """

    words: list[tuple[Word, ...]]
    left: _Floats
    top: _Floats
    right: _Floats
    bottom: _Floats
    slope: float


class _Groups(NamedTuple):
    """Consecutive words that belong together: the first of each group, how many it has, and the group of each word."""

    first: _Indexes
    size: _Indexes
    of_word: _Indexes

    @classmethod
    def starting(cls, is_first: NDArray[np.bool_]) -> _Groups:
        first = np.flatnonzero(is_first)
        size = np.append(first[1:], len(is_first)) - first
        return cls(first, size, np.repeat(np.arange(len(first)), size))

    def medians(self, values: _Floats) -> _Floats:
        """The median of each group."""
        ordered = values[np.lexsort((values, self.of_word))]
        lower, upper = ordered[self.first + (self.size - 1) // 2], ordered[self.first + self.size // 2]
        middle: _Floats = (lower + upper) / 2
        return middle


def stretches_of(page: Page) -> Stretches:
    """The words of ``page`` by stretches; those without print are left out."""
    printed = [word for word in page.words if word.text.strip()]
    if not printed:
        none = np.zeros(0)
        return Stretches(words=[], left=none, top=none, right=none, bottom=none, slope=0.0)
    boxes = _boxes(printed, page)
    lines: dict[int, list[int]] = {}
    for place, word in enumerate(printed):
        lines.setdefault(word.line, []).append(place)
    # Line by line in the order in which lines begin, each from left to right.
    line_of = np.repeat(np.arange(len(lines)), list(map(len, lines.values())))
    order = np.fromiter(chain.from_iterable(lines.values()), np.intp, len(printed))
    order = order[np.lexsort((boxes[order, 0], line_of))]
    boxes = boxes[order]
    words = [printed[place] for place in order.tolist()]
    is_first = np.append(True, line_of[1:] != line_of[:-1])
    slope = _slope(boxes, _Groups.starting(is_first), page.width)
    boxes[:, 1::2] -= (slope * (boxes[:, 0] + boxes[:, 2]) / 2)[:, None]
    pieces = _cut(words, boxes, is_first)
    left = boxes[pieces.first, 0]  # the words of a line stand in this order
    downwards = np.lexsort((left, boxes[pieces.first, 1]))
    first, last = pieces.first[downwards], (pieces.first + pieces.size)[downwards]
    return Stretches(
        words=[tuple(words[start:end]) for start, end in zip(first.tolist(), last.tolist(), strict=True)],
        left=left[downwards],
        top=pieces.medians(boxes[:, 1])[downwards],
        right=np.maximum.reduceat(boxes[:, 2], pieces.first)[downwards],
        bottom=pieces.medians(boxes[:, 3])[downwards],
        slope=slope,
    )


def _boxes(words: Sequence[Word], page: Page) -> _Floats:
    """The boxes around ``words`` in pixels, one a row: left, top, right, bottom."""
    polygons = [word.polygon.points for word in words]
    corners = np.fromiter(map(len, polygons), np.intp, len(polygons))
    flat = chain.from_iterable(chain.from_iterable(polygons))
    points = np.fromiter(flat, np.float64, 2 * int(corners.sum())).reshape(-1, 2)
    if (corners == 4).all():  # as on nearly every page, and five times as fast
        a, b, c, d = points.reshape(-1, 4, 2).swapaxes(0, 1)
        least = np.minimum(np.minimum(a, b), np.minimum(c, d))
        most = np.maximum(np.maximum(a, b), np.maximum(c, d))
    else:
        first = np.cumsum(corners) - corners
        least, most = np.minimum.reduceat(points, first), np.maximum.reduceat(points, first)
    boxes: _Floats = np.concatenate((least, most), axis=1) * (page.width, page.height, page.width, page.height)
    return boxes


def _slope(boxes: _Floats, lines: _Groups, width: int) -> float:
    """The tilt of the printed lines, the median over lines of several words."""
    first, last = boxes[lines.first], boxes[lines.first + lines.size - 1]
    across = (last[:, 0] + last[:, 2] - first[:, 0] - first[:, 2]) / 2
    down = (last[:, 1] + last[:, 3] - first[:, 1] - first[:, 3]) / 2
    long = across > 0.15 * width
    slopes = (down[long] / across[long]).tolist()
    tilt = median(slopes) if len(slopes) >= 3 else 0.0
    return tilt if abs(tilt) < 0.3 else 0.0


def _cut(words: Sequence[Word], boxes: _Floats, begins_line: NDArray[np.bool_]) -> _Groups:
    """Lines cut at wide gaps, then what is left of them at narrower ones where a column begins."""
    heights = boxes[:, 3] - boxes[:, 1]
    gaps = boxes[:, 0] - np.concatenate((boxes[:1, 2], boxes[:-1, 2]))
    lines = _Groups.starting(begins_line)
    is_first = begins_line | (gaps > _GAP * lines.medians(heights)[lines.of_word])
    wide = _Groups.starting(is_first)
    height = wide.medians(heights)[wide.of_word]
    unit = median(heights.tolist())
    narrow = (gaps > _COLUMN_GAP * height) & (gaps <= _GAP * height) & ~is_first
    is_first |= gaps > _GAP * height
    for place in _where_columns_begin(boxes, boxes[wide.first], np.flatnonzero(narrow), unit):
        is_first[place] = not _is_one_name(words[place - 1].text, words[place].text)
    return _Groups.starting(is_first)


def _is_one_name(before: str, text: str) -> bool:
    """'Lee' and '& Kim', 'H.' and 'Combs'."""
    return text.startswith("&") or before.endswith("&") or _INITIAL.fullmatch(before) is not None


def _where_columns_begin(boxes: _Floats, starts: _Floats, places: _Indexes, unit: float) -> Iterator[int]:
    """Those of ``places`` at whose left edge lines close above or below start too; ``starts`` are their first boxes."""
    starts = starts[np.argsort(starts[:, 0])]
    middles = (starts[:, 1] + starts[:, 3]) / 2
    left = boxes[places, 0]
    first = np.searchsorted(starts[:, 0], left - 0.3 * unit, side="left")
    last = np.searchsorted(starts[:, 0], left + 0.3 * unit, side="right")
    enough = np.flatnonzero(last - first >= _COLUMN_STARTS)
    for place, start, end in zip(*(each[enough].tolist() for each in (places, first, last)), strict=True):
        away = abs(middles[start:end] - (boxes[place, 1] + boxes[place, 3]) / 2)
        if np.count_nonzero((away > 0.5 * unit) & (away < 10 * unit)) >= _COLUMN_STARTS:
            yield place
