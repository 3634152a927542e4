"""What the lines read on a page say of it: how sure they are, which way they run, how high the print is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median

from mmrag_ingest.engines.lines import OcrLine

_SURE = 0.8
_LONG = 4.0
"""Times its height that a line is long when its direction counts."""


def sure_letters(lines: Sequence[OcrLine]) -> int:
    """Characters read with confidence. Of two readings of one page the one with more of them has more words right."""
    return sum(g.confidence >= _SURE and not g.text.isspace() for line in lines if line.is_read for g in line.glyphs)


def letters(lines: Sequence[OcrLine]) -> int:
    """All characters, sure or not."""
    return sum(not g.text.isspace() for line in lines for g in line.glyphs)


def quality(lines: Sequence[OcrLine]) -> float:
    """The share of sure characters among all; 1 when there are none at all."""
    count = letters(lines)
    return sure_letters(lines) / count if count else 1.0


def turn_of(lines: Sequence[OcrLine]) -> int:
    """Quarter turns counter-clockwise that make most of the print upright."""
    weights = [0.0] * 4
    for line in lines:
        weights[round(line.angle / 90) % 4] += sum(g.confidence for g in line.glyphs)
    return max(range(4), key=lambda quarters: (weights[quarters], -quarters))


def slant_of(lines: Sequence[OcrLine]) -> float:
    """Degrees clockwise by which upright lines lean: the median over pixels of long lines; 0 without any."""
    leaning = sorted(
        (line.angle, line.length)
        for line in lines
        if line.is_read and line.length > _LONG * line.height and abs(line.angle) < 45
    )
    half = sum(length for _, length in leaning) / 2
    for angle, length in leaning:
        half -= length
        if half <= 0:
            return angle
    return 0.0


def letter_height(lines: Sequence[OcrLine]) -> float:
    """Pixels: the median height of lines; infinite without any."""
    heights = [line.height for line in lines if line.glyphs]
    return median(heights) if heights else math.inf
