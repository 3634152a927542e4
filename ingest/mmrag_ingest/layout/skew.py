"""Skew: how far printed lines lean, page-wide and from place to place, measured from the lines themselves.

A receipt is rarely flat: its top may lean one way and its foot the other. So each line gets the slope of its surroundings
(a mean of slopes weighted by line length and nearness), after the page's common slope has been turned out.
"""

from __future__ import annotations

import math
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
    def around(cls, corners: list[Floats]) -> Self:
        """The strip around word polygons of shape (n, 2), in pixels."""
        points = np.concatenate(corners)
        low, high = points.min(axis=0), points.max(axis=0)
        wide, tall = float(high[0] - low[0]), float(high[1] - low[1])
        boxes = [(c[:, 0].min(), c[:, 0].max(), c[:, 1].mean(), np.ptp(c[:, 1])) for c in corners]
        height = float(np.median([b[3] for b in boxes]))
        stacked = tall > 1.8 * wide and (len(corners) > 1 or tall > 2.5 * wide)
        return cls(
            x=float((low[0] + high[0]) / 2),
            y=float((low[1] + high[1]) / 2),
            length=wide,
            height=height,
            slope=_slope(corners),
            is_vertical=stacked,
        )


def _slope(corners: list[Floats]) -> float:
    """From the middle of the first word's left edge to the middle of the last word's right edge."""
    ends = []
    for c in corners:
        order = np.argsort(c[:, 0], kind="stable")
        ends.append((c[order[: len(c) // 2]].mean(axis=0), c[order[len(c) // 2 :]].mean(axis=0)))
    left = min((e[0] for e in ends), key=lambda p: (p[0], p[1]))
    right = max((e[1] for e in ends), key=lambda p: (p[0], p[1]))
    run = float(right[0] - left[0])
    return float(right[1] - left[1]) / run if run > 1e-9 else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tilt:
    """How to make one line level: turn by the page's slope, then take out what is left around the line."""

    cos: float
    sin: float
    rest: float
    x: float
    y: float

    def apply(self, corners: Floats) -> tuple[float, float, float, float]:
        """A word's polygon, shape (n, 2) in pixels, as ``(x0, x1, middle y, height)`` in level pixels."""
        dx, dy = corners[:, 0] - self.x, corners[:, 1] - self.y
        x = dx * self.cos + dy * self.sin
        y = dy * self.cos - dx * self.sin - self.rest * x
        return float(x.min() + self.x), float(x.max() + self.x), float(y.min() + y.max()) / 2 + self.y, float(np.ptp(y))


def level(strips: list[Strip]) -> list[Tilt]:
    """The tilt of each strip. The page's slope is the length-weighted median of the long strips' slopes."""
    slopes = np.array([s.slope for s in strips])
    lengths = np.array([s.length for s in strips])
    trusted = np.array(
        [not s.is_vertical and s.length > 3 * s.height and abs(s.slope) < _MAX_SLOPE for s in strips], dtype=bool
    )
    centres = np.array([[s.x, s.y] for s in strips])
    middle = (centres.min(axis=0) + centres.max(axis=0)) / 2
    common = _weighted_median(slopes[trusted], lengths[trusted])
    local = _local_slopes(centres, slopes - common, np.where(trusted, lengths, 0.0))
    angle = math.atan(common)
    return [
        Tilt(cos=math.cos(angle), sin=math.sin(angle), rest=float(r), x=float(middle[0]), y=float(middle[1])) for r in local
    ]


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
