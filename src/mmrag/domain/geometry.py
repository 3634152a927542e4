"""Boxes and polygons on a page.

Coordinate frame, everywhere in mmrag: fractions of the page **as displayed** (EXIF and PDF rotation applied), so
``0 <= x, y <= 1``, origin at the top left, x to the right and y down. Pixels exist only where an image is read or drawn.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Self


def _clamp(value: float) -> float:
    return min(1.0, max(0.0, value))


@dataclass(frozen=True, slots=True)
class BBox:
    """An axis-aligned box in page fractions; ``x0 <= x1`` and ``y0 <= y1`` always hold.

    Raises ``ValueError`` when built with corners in the wrong order or outside ``[0, 1]``.
    """

    x0: float
    y0: float
    x1: float
    y1: float

    def __post_init__(self) -> None:
        if not (0.0 <= self.x0 <= self.x1 <= 1.0 and 0.0 <= self.y0 <= self.y1 <= 1.0):
            raise ValueError(f"not a box in page fractions: {self.as_tuple()}")

    @classmethod
    def clamped(cls, x0: float, y0: float, x1: float, y1: float) -> Self:
        """Build a box from any four numbers: corners are put in order and cut to the page."""
        left, right = sorted((_clamp(x0), _clamp(x1)))
        top, bottom = sorted((_clamp(y0), _clamp(y1)))
        return cls(left, top, right, bottom)

    @classmethod
    def from_pixels(cls, x0: float, y0: float, x1: float, y1: float, *, width: float, height: float) -> Self:
        """Build a box from pixel corners on an image of ``width`` by ``height`` pixels."""
        return cls.clamped(x0 / width, y0 / height, x1 / width, y1 / height)

    @classmethod
    def around(cls, boxes: Iterable[BBox]) -> Self:
        """The smallest box that contains all of ``boxes``. Raises ``ValueError`` when there are none."""
        items = list(boxes)
        if not items:
            raise ValueError("no boxes to go around")
        return cls(min(b.x0 for b in items), min(b.y0 for b in items), max(b.x1 for b in items), max(b.y1 for b in items))

    @property
    def width(self) -> float:
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        return self.y1 - self.y0

    @property
    def area(self) -> float:
        return self.width * self.height

    @property
    def center(self) -> tuple[float, float]:
        return ((self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2)

    def as_tuple(self) -> tuple[float, float, float, float]:
        return (self.x0, self.y0, self.x1, self.y1)

    def to_pixels(self, width: float, height: float) -> tuple[float, float, float, float]:
        """The corners in pixels of an image of ``width`` by ``height`` pixels, not rounded."""
        return (self.x0 * width, self.y0 * height, self.x1 * width, self.y1 * height)

    def intersection(self, other: BBox) -> float:
        """Area shared with ``other``, in page fractions squared."""
        w = min(self.x1, other.x1) - max(self.x0, other.x0)
        h = min(self.y1, other.y1) - max(self.y0, other.y0)
        return w * h if w > 0 and h > 0 else 0.0

    def iou(self, other: BBox) -> float:
        """Intersection over union (Jaccard index) with ``other``; 0 when both boxes are empty."""
        shared = self.intersection(other)
        union = self.area + other.area - shared
        return shared / union if union > 0 else 0.0

    def contains(self, x: float, y: float) -> bool:
        return self.x0 <= x <= self.x1 and self.y0 <= y <= self.y1

    def vertical_overlap(self, other: BBox) -> float:
        """Shared height as a fraction of the lower of the two heights; 0 when either is flat."""
        shared = min(self.y1, other.y1) - max(self.y0, other.y0)
        lower = min(self.height, other.height)
        return max(0.0, shared) / lower if lower > 0 else 0.0

    def horizontal_overlap(self, other: BBox) -> float:
        """Shared width as a fraction of the narrower of the two widths; 0 when either is flat."""
        shared = min(self.x1, other.x1) - max(self.x0, other.x0)
        narrower = min(self.width, other.width)
        return max(0.0, shared) / narrower if narrower > 0 else 0.0

    def grown(self, dx: float, dy: float) -> BBox:
        """The box moved outwards by ``dx`` and ``dy`` on each side, cut to the page."""
        return BBox.clamped(self.x0 - dx, self.y0 - dy, self.x1 + dx, self.y1 + dy)


@dataclass(frozen=True, slots=True)
class Polygon:
    """A closed polygon in page fractions, as OCR engines give it: four corners, clockwise from the text's top left.

    Raises ``ValueError`` with fewer than three corners.
    """

    points: tuple[tuple[float, float], ...]

    def __post_init__(self) -> None:
        if len(self.points) < 3:
            raise ValueError("a polygon has at least three corners")

    @classmethod
    def from_bbox(cls, box: BBox) -> Self:
        return cls(((box.x0, box.y0), (box.x1, box.y0), (box.x1, box.y1), (box.x0, box.y1)))

    @property
    def bbox(self) -> BBox:
        return _around(self.points)


@lru_cache(maxsize=8192)
def _around(points: tuple[tuple[float, float], ...]) -> BBox:
    """Layout asks for the box of each word of a page some hundred times: a page of words is kept."""
    xs = [p[0] for p in points]
    ys = [p[1] for p in points]
    return BBox.clamped(min(xs), min(ys), max(xs), max(ys))
