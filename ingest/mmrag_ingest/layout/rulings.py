"""Ruling lines on the picture of a page: long, thin, dark, and level or upright once the page's lean is taken out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmrag_ingest.layout.skew import Frame
from mmrag_ingest.layout.strokes import boxes_of

Mask = NDArray[np.uint8]

_LONG_SIDE = 1400
"""Pixels of the copy on which lines are looked for."""
_SHORTEST = 1 / 45
"""Of the copy's longer side: strokes of letters are shorter."""
_THICKEST = 7
"""Pixels of the copy: what is thicker is a bar or a filled box."""
_LEANING = 0.004
"""Slope (dy/dx) from which the picture is turned level for its lines."""
_STEEPEST = 0.04
_WINDOW, _DARKER = 25, 12
"""Pixels around a point, and how much darker than their mean it must be to be ink."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """A line in level pixels: at ``at`` across its direction, from ``low`` to ``high`` along it."""

    at: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Rulings:
    """The lines of a page in level pixels turned further by ``lean`` (dy/dx) about the middle of the frame.

    Lines lean more surely than the words between them: a word is short, and its box often stands straight.
    """

    level: tuple[Ruling, ...]
    upright: tuple[Ruling, ...]
    lean: float


def rulings_of(picture: NDArray[np.uint8], frame: Frame) -> Rulings:
    """The level and the upright lines of an RGB picture, shape ``(h, w, 3)``, near the level pixels of ``frame``."""
    import cv2

    height, width = picture.shape[:2]
    scale = min(1.0, _LONG_SIDE / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    green = np.ascontiguousarray(picture[:, :, 1])
    grey = np.asarray(cv2.resize(green, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    least = max(12, round(_SHORTEST * max(size)))
    ink = _ink(grey, frame, scale)
    lean = _lean(_strokes(ink, least))
    if abs(lean) > _LEANING:
        ink = _ink(grey, frame.leaning(lean), scale)
    else:
        lean = 0.0
    level = tuple(Ruling(y / scale, x0 / scale, x1 / scale) for y, x0, x1 in _runs(ink, least))
    upright = tuple(Ruling(x / scale, y0 / scale, y1 / scale) for x, y0, y1 in _runs(np.ascontiguousarray(ink.T), least))
    return Rulings(level=level, upright=upright, lean=lean)


def _ink(grey: Mask, frame: Frame, scale: float) -> Mask:
    """What is darker than its surroundings, 255 on 0, on the picture turned level."""
    import cv2

    if abs(frame.slope) > _LEANING / 2:
        size = (grey.shape[1], grey.shape[0])
        matrix = frame.matrix(scale)
        grey = np.asarray(cv2.warpAffine(grey, matrix, size, borderMode=cv2.BORDER_REPLICATE), dtype=np.uint8)
    way = cv2.ADAPTIVE_THRESH_MEAN_C
    return np.asarray(cv2.adaptiveThreshold(grey, 255, way, cv2.THRESH_BINARY_INV, _WINDOW, _DARKER), dtype=np.uint8)


def _strokes(ink: Mask, least: int) -> Mask:
    """A mask opened with a long flat element, so that only long level strokes stay, gaps in them closed."""
    import cv2

    joined = cv2.dilate(ink, np.ones((3, 1), dtype=np.uint8))
    kept = cv2.morphologyEx(joined, cv2.MORPH_OPEN, np.ones((1, least), dtype=np.uint8))
    return np.asarray(cv2.morphologyEx(kept, cv2.MORPH_CLOSE, np.ones((1, least // 2), dtype=np.uint8)), dtype=np.uint8)


def _lean(strokes: Mask) -> float:
    """The slope of the longest strokes (dy/dx), weighted by their length; 0 without any."""
    slopes = []
    for x, y, wide, tall in boxes_of(strokes):
        if wide > strokes.shape[1] / 6 and tall < _STEEPEST * wide:
            part = strokes[y : y + tall, x : x + wide]
            ends = [np.flatnonzero(part[:, columns].any(axis=1)).mean() for columns in (slice(0, 8), slice(-8, None))]
            slopes.append((float(ends[1] - ends[0]) / wide, wide))
    return float(np.average([s for s, _ in slopes], weights=[w for _, w in slopes])) if slopes else 0.0


def _runs(ink: Mask, least: int) -> list[tuple[float, float, float]]:
    """Level lines of a mask as ``(y, x0, x1)``."""
    # The dilation has made each line two pixels thicker.
    return [
        (y + tall / 2, float(x), float(x + wide))
        for x, y, wide, tall in boxes_of(_strokes(ink, least))
        if tall - 2 <= _THICKEST and wide > 3 * tall
    ]
