"""A sheet to draw on, measured in points from its top left corner, that remembers where marked text stands."""

from __future__ import annotations

import re
from typing import Literal, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from samples.fonts import Face, load

Corners: TypeAlias = NDArray[np.float64]
"""Four corners of a box, clockwise from the top left, shape (4, 2)."""
Ink: TypeAlias = tuple[int, int, int]
Align: TypeAlias = Literal["left", "right", "center"]

BLACK: Ink = (25, 25, 28)
A4 = (595.0, 842.0)


def corners(x0: float, y0: float, x1: float, y1: float) -> Corners:
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], dtype=np.float64)


class Sheet(Protocol):
    """``y`` of a text is its baseline. ``mark`` names the place for the questions."""

    def width(self, text: str, face: Face, size: float) -> float: ...

    def text(
        self,
        x: float,
        y: float,
        text: str,
        face: Face,
        size: float,
        *,
        ink: Ink = BLACK,
        align: Align = "left",
        mark: str | None = None,
    ) -> None: ...

    def rule(self, x0: float, y0: float, x1: float, y1: float, *, thick: float = 0.7, ink: Ink = BLACK) -> None: ...

    def box(
        self,
        x0: float,
        y0: float,
        x1: float,
        y1: float,
        *,
        outline: Ink | None = BLACK,
        fill: Ink | None = None,
        thick: float = 0.7,
    ) -> None: ...


class RasterSheet:
    """A sheet of pixels: ``size`` in points, ``dpi`` pixels an inch."""

    def __init__(self, size: tuple[float, float], dpi: int, *, paper: Ink = (255, 255, 255)) -> None:
        self.scale = dpi / 72
        self.image = Image.new("RGB", (round(size[0] * self.scale), round(size[1] * self.scale)), paper)
        self.draw = ImageDraw.Draw(self.image)
        self.marks: dict[str, Corners] = {}

    def width(self, text: str, face: Face, size: float) -> float:
        return load(face, round(size * self.scale)).getlength(text) / self.scale

    def text(
        self,
        x: float,
        y: float,
        text: str,
        face: Face,
        size: float,
        *,
        ink: Ink = BLACK,
        align: Align = "left",
        mark: str | None = None,
    ) -> None:
        font = load(face, round(size * self.scale))
        anchor = {"left": "ls", "right": "rs", "center": "ms"}[align]
        at = (x * self.scale, y * self.scale)
        self.draw.text(at, text, fill=ink, font=font, anchor=anchor)
        if mark is not None:
            self.marks[mark] = corners(*self.draw.textbbox(at, text, font=font, anchor=anchor))

    def rule(self, x0: float, y0: float, x1: float, y1: float, *, thick: float = 0.7, ink: Ink = BLACK) -> None:
        s = self.scale
        self.draw.line((x0 * s, y0 * s, x1 * s, y1 * s), fill=ink, width=max(1, round(thick * s)))

    def box(
        self,
        x0: float,
        y0: float,
        x1: float,
        y1: float,
        *,
        outline: Ink | None = BLACK,
        fill: Ink | None = None,
        thick: float = 0.7,
    ) -> None:
        s = self.scale
        self.draw.rectangle((x0 * s, y0 * s, x1 * s, y1 * s), outline=outline, fill=fill, width=max(1, round(thick * s)))


_PIECE = re.compile(r"\[\[(\w+)\|([^\]]+)\]\]|(\S+)")


def paragraph(
    sheet: Sheet,
    x: float,
    y: float,
    width: float,
    text: str,
    face: Face,
    size: float,
    *,
    leading: float = 1.32,
    justify: bool = False,
    ink: Ink = BLACK,
) -> float:
    """Set ``text`` in lines of at most ``width`` points; ``[[name|words]]`` marks words that stay on one line.

    Returns the baseline of the line after the last.
    """
    pieces = [(m[1], m[2] or m[3]) for m in _PIECE.finditer(text)]
    # Punctuation right behind a mark belongs to no word of its own.
    space = sheet.width(" ", face, size)
    lines: list[list[tuple[str | None, str, float]]] = [[]]
    used = 0.0
    for mark, words in pieces:
        wide = sheet.width(words, face, size)
        gap = 0.0 if words in ".,;:)" else space
        if lines[-1] and used + gap + wide > width:
            lines.append([])
            used = 0.0
        used += wide + (gap if lines[-1] else 0.0)
        lines[-1].append((mark, words, wide))
    for number, line in enumerate(lines):
        gaps = sum(1 for _, words, _ in line[1:] if words not in ".,;:)")
        natural = sum(wide for _, _, wide in line)
        stretch = justify and number < len(lines) - 1 and gaps
        gap = (width - natural) / gaps if stretch else space
        at = x
        for place, (mark, words, wide) in enumerate(line):
            if place and words not in ".,;:)":
                at += gap
            sheet.text(at, y, words, face, size, ink=ink, mark=mark)
            at += wide
        y += size * leading
    return y
