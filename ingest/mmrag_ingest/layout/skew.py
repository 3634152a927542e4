"""Skew: how far printed lines lean, page-wide and from place to place, measured from the lines themselves.

A receipt is rarely flat: its top may lean one way and its foot the other. So each line gets the slope of its surroundings
(a mean of slopes weighted by line length and nearness), after the page's common slope has been turned out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_MAX_SLOPE = 0.35
_LOCAL_SPREAD = 0.035  # two degrees: what paper bends around the page's own slope
_REACH = 0.12  # of the text's extent: how far a line's slope speaks for its surroundings


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """An engine's text line as a strip: its centre, length and slope in pixels (slope is dy/dx of its middle line)."""

    x: float
    y: float
    length: float
    height: float
    slope: float
    is_vertical: bool

    @classmethod
    def around(cls, corners: Floats) -> Self:
        """The strip around word polygons of shape (n, 4, 2), in pixels."""
        low, high = corners.min(axis=(0, 1)).tolist(), corners.max(axis=(0, 1)).tolist()
        wide, tall = high[0] - low[0], high[1] - low[1]
        stacked = tall > 1.8 * wide and (len(corners) > 1 or tall > 2.5 * wide)
        return cls(
            x=(low[0] + high[0]) / 2,
            y=(low[1] + high[1]) / 2,
            length=wide,
            height=float(np.median(np.ptp(corners[:, :, 1], axis=1))),
            slope=_slope(corners),
            is_vertical=stacked,
        )


def _slope(corners: Floats) -> float:
    """From the middle of the leftmost word's left edge to the middle of the rightmost word's right edge."""
    first = corners[corners[:, :, 0].min(axis=1).argmin()]
    last = corners[corners[:, :, 0].max(axis=1).argmax()]
    left = first[np.argsort(first[:, 0], kind="stable")[:2]].mean(axis=0)
    right = last[np.argsort(last[:, 0], kind="stable")[2:]].mean(axis=0)
    run = float(right[0] - left[0])
    return float(right[1] - left[1]) / run if run > 1e-9 else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Level coordinates of a page: pixels turned by the page's common ``slope`` (dy/dx) about ``middle``."""

    slope: float
    middle: tuple[float, float]

    @property
    def turn(self) -> tuple[float, float]:
        """Cosine and sine of the page's lean."""
        return math.cos(math.atan(self.slope)), math.sin(math.atan(self.slope))

    def leaning(self, more: float) -> Frame:
        """Turned further by the slope ``more``."""
        return Frame(slope=math.tan(math.atan(self.slope) + math.atan(more)), middle=self.middle)

    def matrix(self, scale: float) -> Floats:
        """From pixels of a picture scaled by ``scale`` to level pixels scaled alike, shape (2, 3)."""
        cos, sin = self.turn
        x, y = self.middle[0] * scale, self.middle[1] * scale
        return np.array([[cos, sin, x - cos * x - sin * y], [-sin, cos, y + sin * x - cos * y]])


def level(corners: Floats, members: Sequence[Sequence[int]], strips: Sequence[Strip]) -> tuple[Floats, Frame]:
    """Words in level coordinates. ``corners`` has shape (n, 4, 2), in pixels; ``members`` the words of each strip.

    Gives ``(x0, x1, middle y, height)`` of each word, shape (n, 4), and the frame. The page is turned by its common slope,
    the length-weighted median of the long strips' slopes; then what is left around each strip is taken out.
    """
    slopes = np.array([s.slope for s in strips])
    lengths = np.array([s.length for s in strips])
    trusted = np.array(
        [not s.is_vertical and s.length > 3 * s.height and abs(s.slope) < _MAX_SLOPE for s in strips], dtype=bool
    )
    centres = np.array([[s.x, s.y] for s in strips])
    middle = (centres.min(axis=0) + centres.max(axis=0)) / 2
    common = _weighted_median(slopes[trusted], lengths[trusted])
    frame = Frame(slope=common, middle=(float(middle[0]), float(middle[1])))
    local = _local_slopes(centres, slopes - common, np.where(trusted, lengths, 0.0))
    rest = np.empty(len(corners))
    for indexes, slope in zip(members, local, strict=True):
        rest[list(indexes)] = slope
    cos, sin = frame.turn
    away = corners - middle
    x = away[:, :, 0] * cos + away[:, :, 1] * sin
    y = away[:, :, 1] * cos - away[:, :, 0] * sin - rest[:, None] * x
    x, y = x + middle[0], y + middle[1]
    low, high = y.min(axis=1), y.max(axis=1)
    return np.stack([x.min(axis=1), x.max(axis=1), (low + high) / 2, high - low], axis=1), frame


def _weighted_median(values: Floats, weights: Floats) -> float:
    if len(values) == 0:
        return 0.0
    order = np.lexsort((weights, values))
    summed = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(summed, summed[-1] / 2)])


def _local_slopes(centres: Floats, rest: Floats, weights: Floats) -> Floats:
    """The mean slope around each centre. Shapes: (n, 2), (n,), (n,) to (n,). Nadaraya-Watson with a Gaussian kernel."""
    extent = np.maximum(np.ptp(centres, axis=0), 1.0)
    scale = np.array([4 * extent[0], max(_REACH * extent[1], 1.0)])
    usable = np.where(np.abs(rest) < _LOCAL_SPREAD, weights, 0.0)
    away = (centres[:, None, :] - centres[None, :, :]) / scale
    kernel = np.exp(-(away**2).sum(axis=2)) * usable[None, :]
    # A little weight on the page's own slope keeps places without long lines at it.
    prior = 0.05 * float(usable.sum()) / max(1, len(rest)) + 1e-9
    total = kernel.sum(axis=1) + prior
    return np.asarray((kernel * rest[None, :]).sum(axis=1) / total, dtype=np.float64)
