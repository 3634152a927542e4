"""Small squares and circles drawn on a page, and whether something is marked in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mmrag_ingest.layout.strokes import boxes_of

Mask = NDArray[np.uint8]

_LETTERS = 16.0
"""Pixels: the letters' height on the copy that is looked at. Boxes of larger letters are as well seen smaller."""
_WORTH = 0.85
"""Scale under which a copy is made."""
_SMALLEST, _LARGEST = 0.65, 2.4
"""Of the letters' height: the side of a box."""
_OBLONG = 1.35
_OVER = 1.5
"""Times the largest box, that one with the end of a mark hanging on to it may have."""
_STROKE = 0.5
"""Of the letters' height: strokes of a box are longer."""
_DRAWN = 0.8
"""Of each side of a square, or of the sixteen directions of a circle, that has to be drawn."""
_INSET = 0.24
"""Of the side: what lies further in is the inside."""
_MARKED, _FULL = 0.07, 0.85
"""Of the inside, inked: a mark has more than the first; a square drawn in full, as in a legend, more than the second."""
_BUSY = 0.45
"""Of a strip around the box, inked at most: a letter stands among others, a cell among lines."""
_WINDOW, _DARKER = 31, 10
_ROUND = 0.14
"""Of the area of the square around it, by which that of a circle may differ from pi/4."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Square:
    """A box in pixels: its left and top edge, its sides, whether it is marked, and whether it is round."""

    x: int
    y: int
    width: int
    height: int
    ticked: bool
    is_round: bool

    @property
    def side(self) -> int:
        return max(self.width, self.height)


def squares_of(picture: NDArray[np.uint8], letters: float) -> list[Square]:
    """The boxes on an RGB picture, shape ``(h, w, 3)``, whose letters are about ``letters`` pixels high; top to bottom."""
    import cv2

    if letters < 6:
        return []
    grey = np.ascontiguousarray(picture[:, :, 1])
    scale = min(1.0, _LETTERS / letters)
    if scale < _WORTH:
        size = (max(1, round(grey.shape[1] * scale)), max(1, round(grey.shape[0] * scale)))
        grey, letters = np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), dtype=np.uint8), letters * scale
    else:
        scale = 1.0
    way = cv2.ADAPTIVE_THRESH_MEAN_C
    ink = np.asarray(cv2.adaptiveThreshold(grey, 255, way, cv2.THRESH_BINARY_INV, _WINDOW, _DARKER), dtype=np.uint8)
    found = _apart(sorted([*_angular(ink, letters), *_round(ink, letters)], key=lambda s: (s.y, s.x)))
    return [_enlarged(s, 1 / scale) for s in found]


def _enlarged(square: Square, times: float) -> Square:
    x, y, width, height = (round(v * times) for v in (square.x, square.y, square.width, square.height))
    return replace(square, x=x, y=y, width=width, height=height)


def _angular(ink: Mask, letters: float) -> Iterator[Square]:
    """Squares by their four strokes: a mark that runs over the edge does not hide them."""
    import cv2

    length = max(6, round(_STROKE * letters))
    level = _opened(ink, np.ones((1, length), dtype=np.uint8))
    upright = _opened(ink, np.ones((length, 1), dtype=np.uint8))
    strokes = np.asarray(cv2.bitwise_or(level, upright), dtype=np.uint8)
    for around in boxes_of(strokes):
        if max(around[2:]) > _OVER * _LARGEST * letters or min(around[2:]) < _SMALLEST * letters:
            continue
        x, y, width, height = _without_ends(level, upright, around)
        if not _fits(width, height, letters):
            continue
        part = strokes[y : y + height, x : x + width]
        if _has_sides(part) and _has_corners(part):
            square = _judged(ink, (x, y, width, height), is_round=False)
            if square is not None:
                yield square


def _round(ink: Mask, letters: float) -> Iterator[Square]:
    """Circles by their outline: one closed line with nothing of it cut off."""
    import cv2

    contours, levels = cv2.findContours(ink, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    if not contours:
        return
    for contour, level in zip(contours, levels[0], strict=True):
        x, y, width, height = cv2.boundingRect(contour)
        if level[3] >= 0 or level[2] < 0 or not _fits(width, height, letters):
            continue
        full = cv2.contourArea(contour) / (width * height)
        if abs(full - np.pi / 4) < _ROUND * np.pi / 4 and _is_circle(
            np.asarray(contour, dtype=np.int32).reshape(-1, 2), width, height
        ):
            square = _judged(ink, (x, y, width, height), is_round=True)
            if square is not None:
                yield square


def _opened(ink: Mask, stroke: Mask) -> Mask:
    import cv2

    return np.asarray(cv2.morphologyEx(ink, cv2.MORPH_OPEN, stroke), dtype=np.uint8)


def _without_ends(level: Mask, upright: Mask, around: Sequence[int]) -> tuple[int, int, int, int]:
    """The box from its first to its last long stroke: the end of a mark that runs over the edge may hang on to it."""
    x, y, width, height = around
    side = 0.6 * min(width, height)
    rows = np.flatnonzero((level[y : y + height, x : x + width] > 0).sum(axis=1) >= side)
    columns = np.flatnonzero((upright[y : y + height, x : x + width] > 0).sum(axis=0) >= side)
    if len(rows) < 2 or len(columns) < 2:
        return x, y, width, height
    return x + int(columns[0]), y + int(rows[0]), int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1


def _fits(width: int, height: int, letters: float) -> bool:
    low, high = sorted((width, height))
    return _SMALLEST * letters <= low and high <= _LARGEST * letters and high <= _OBLONG * low


def _has_sides(strokes: Mask) -> bool:
    height, width = strokes.shape
    deep = max(2, round(0.2 * min(width, height)))
    rims = (
        strokes[:deep].any(axis=0),
        strokes[-deep:].any(axis=0),
        strokes[:, :deep].any(axis=1),
        strokes[:, -deep:].any(axis=1),
    )
    return all(float(rim.mean()) >= _DRAWN for rim in rims)


def _has_corners(strokes: Mask) -> bool:
    """True when the strokes meet at all four corners; those of a ``D`` or an ``O`` are rounded off."""
    height, width = strokes.shape
    deep = max(3, round(0.16 * min(width, height)))
    corners = (strokes[:deep, :deep], strokes[:deep, -deep:], strokes[-deep:, :deep], strokes[-deep:, -deep:])
    return all(float((corner > 0).mean()) >= 0.3 for corner in corners)


def _is_circle(points: NDArray[np.int32], width: int, height: int) -> bool:
    """True when the outline stays at one distance from its middle, in units of its half sides."""
    away = (points - points.min(axis=0) - np.array([width - 1, height - 1]) / 2) / (np.array([width, height]) / 2)
    return bool(np.abs(np.hypot(away[:, 0], away[:, 1]) - 1.0).max() < 0.16)


def _judged(ink: Mask, box: tuple[int, int, int, int], *, is_round: bool) -> Square | None:
    """The box with its state; None when it is full, or stands among other print."""
    x, y, width, height = box
    inset = max(2, round((_INSET + (0.06 if is_round else 0.0)) * min(width, height)))
    inside = ink[y + inset : y + height - inset, x + inset : x + width - inset]
    if not inside.size:
        return None
    share = float((inside > 0).mean())
    if share > _FULL and not is_round:
        return None
    margin = max(2, round(0.2 * min(width, height)))
    strips = (
        ink[max(0, y - margin) : max(0, y - 1), x : x + width],
        ink[y + height + 1 : y + height + margin, x : x + width],
        ink[y : y + height, max(0, x - margin) : max(0, x - 1)],
        ink[y : y + height, x + width + 1 : x + width + margin],
    )
    # A line of the form may run close by; more than that is a cell or a letter.
    if sum(s.size > 0 and float((s > 0).mean()) > _BUSY for s in strips) > (0 if is_round else 1):
        return None
    return Square(x=x, y=y, width=width, height=height, ticked=share > _MARKED, is_round=is_round)


def _apart(squares: Sequence[Square]) -> list[Square]:
    """Those that do not touch another: teeth of a comb, cells of a grid, and a box inside a box are no check boxes."""
    kept: list[Square] = []
    for square in squares:
        if not any(_same(square, other) for other in kept):
            kept.append(square)
    return [s for s in kept if not any(s is not o and _touch(s, o) for o in kept)]


def _same(a: Square, b: Square) -> bool:
    return abs(a.x + a.width / 2 - b.x - b.width / 2) + abs(a.y + a.height / 2 - b.y - b.height / 2) < 0.5 * min(
        a.side, b.side
    )


def _touch(a: Square, b: Square) -> bool:
    gap = 0.2 * min(a.side, b.side)
    return (
        a.x - gap < b.x + b.width and b.x - gap < a.x + a.width and a.y - gap < b.y + b.height and b.y - gap < a.y + a.height
    )
