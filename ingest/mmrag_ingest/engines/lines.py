"""What an OCR engine gives back: printed lines, each character with its place along the line."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

READ_FROM = 0.5
"""Mean confidence of its characters under which a line counts as found but not read: the default of RapidOCR."""


@dataclass(frozen=True, slots=True)
class Glyph:
    """One recognised character. ``at`` is its centre along the line, 0 at the line's start and 1 at its end."""

    text: str
    at: float
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OcrLine:
    """One printed line. ``quad`` holds its corners in pixels, clockwise from the **text's** top left; shape ``(4, 2)``.

    On a page turned by 180 degrees the text's top left is the lower right corner of the picture of the line.
    """

    quad: tuple[tuple[float, float], ...]
    glyphs: tuple[Glyph, ...]

    @property
    def text(self) -> str:
        return "".join(glyph.text for glyph in self.glyphs)

    @property
    def confidence(self) -> float:
        """The mean over the characters, in ``[0, 1]``; 0 for a line of no characters."""
        return sum(g.confidence for g in self.glyphs) / len(self.glyphs) if self.glyphs else 0.0

    @property
    def is_read(self) -> bool:
        """False for a place that looks like print and gave no text to rely on."""
        return bool(self.text.strip()) and self.confidence >= READ_FROM

    @property
    def length(self) -> float:
        """Pixels along the text."""
        return math.dist(self.quad[0], self.quad[1])

    @property
    def height(self) -> float:
        """Pixels across the text, the detector's margin included."""
        return math.dist(self.quad[0], self.quad[3])

    @property
    def angle(self) -> float:
        """Degrees clockwise by which the text runs away from left to right, in ``(-180, 180]``."""
        (ax, ay), (bx, by) = self.quad[0], self.quad[1]
        return math.degrees(math.atan2(by - ay, bx - ax))

    def point(self, u: float, v: float) -> tuple[float, float]:
        """The pixel at ``u`` along the line and ``v`` down it, both in ``[0, 1]`` (bilinear between the corners)."""
        (ax, ay), (bx, by), (cx, cy), (dx, dy) = self.quad
        top_x, top_y = ax + (bx - ax) * u, ay + (by - ay) * u
        low_x, low_y = dx + (cx - dx) * u, dy + (cy - dy) * u
        return top_x + (low_x - top_x) * v, top_y + (low_y - top_y) * v


class OcrEngine(Protocol):
    """Pictures to lines. ``identity`` names engine, version and weights."""

    @property
    def identity(self) -> str: ...

    def read(self, picture: NDArray[np.uint8]) -> tuple[OcrLine, ...]:
        """Find and read all lines of an RGB picture, shape ``(h, w, 3)``; those it could not read as well."""
        ...

    def read_at(self, picture: NDArray[np.uint8], lines: Sequence[OcrLine]) -> tuple[OcrLine, ...]:
        """Read the places of ``lines`` on another picture of the same shape. One line for each, in their order."""
        ...

    def read_strips(self, strips: Sequence[NDArray[np.uint8]]) -> tuple[str, ...]:
        """Read pictures that each hold one line already, RGB. One text a strip."""
        ...
