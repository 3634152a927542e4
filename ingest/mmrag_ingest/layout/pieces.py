"""Words to pieces: the runs of words that stand close together on one printed line, in level coordinates.

Level coordinates are pixels of the page picture after its skew is taken out (see ``layout.skew``), so that words of one
printed line have the same y wherever they stand on the page.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

import numpy as np

from mmrag.domain.geometry import Polygon
from mmrag_ingest.layout.skew import Frame, Strip, level
from mmrag_ingest.records import RawPage, RawWord

SPLIT_GAP = 1.5
"""Words of one engine line further apart than this many text heights are two pieces."""
_BAND_GAP = 0.6
_LEADER = re.compile(r"^[.…·_\-–—=*]{3,}$")


def is_leader(text: str) -> bool:
    """True for a run of dots, dashes or underscores that leads the eye from a label to its value."""
    return bool(_LEADER.match(text))


@dataclass(frozen=True, slots=True, kw_only=True)
class Glyphs:
    """A word in level coordinates. ``raw`` is its index in the canonical order of the page's words."""

    raw: int
    text: str
    x0: float
    x1: float
    y: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A run of words without a wide gap. ``y`` is the middle of its letters.

    ``height`` is that of its higher words: a text layer's boxes are tight, so a word like "can" is lower than its line.
    """

    words: tuple[Glyphs, ...]
    x0: float
    x1: float
    y: float
    height: float
    text: str
    is_vertical: bool = False

    @property
    def y0(self) -> float:
        return self.y - self.height / 2

    @property
    def y1(self) -> float:
        return self.y + self.height / 2

    @property
    def width(self) -> float:
        return self.x1 - self.x0


def piece_of(words: list[Glyphs], *, is_vertical: bool = False) -> Piece:
    """Put words, already in reading order, into one piece."""
    widths = [max(w.x1 - w.x0, 1.0) for w in words]
    return Piece(
        words=tuple(words),
        x0=min(w.x0 for w in words),
        x1=max(w.x1 for w in words),
        y=sum(w.y * s for w, s in zip(words, widths, strict=True)) / sum(widths),
        height=sorted(w.height for w in words)[round(0.8 * (len(words) - 1))],
        text=" ".join(w.text for w in words),
        is_vertical=is_vertical,
    )


def canonical(words: tuple[RawWord, ...]) -> list[RawWord]:
    """The same order whatever order the words came in: by engine line, then by place, then by text."""
    return sorted(words, key=lambda w: (w.line, w.polygon.points[0], w.polygon.points, w.text, w.confidence))


def pieces_of(raw: RawPage, words: list[RawWord]) -> tuple[list[Piece], Frame]:
    """Cut the engine's lines at wide gaps and level them. ``words`` is the canonical list of ``raw``'s words."""
    if not words:
        return [], Frame(slope=0.0, middle=(0.0, 0.0))
    corners = np.array([_four(w) for w in words]) * (raw.width, raw.height)
    members = list(_by_line(words).values())
    strips = [Strip.around(corners[m]) for m in members]
    levelled, frame = level(corners, members, strips)
    pieces: list[Piece] = []
    for indexes, strip in zip(members, strips, strict=True):
        glyphs = [
            Glyphs(raw=i, text=words[i].text, x0=x0, x1=x1, y=y, height=height)
            for i, (x0, x1, y, height) in zip(indexes, levelled[indexes].tolist(), strict=True)
        ]
        if strip.is_vertical:
            pieces.append(piece_of(sorted(glyphs, key=lambda g: (g.y, g.x0, g.raw)), is_vertical=True))
        else:
            for band in _bands(glyphs):
                pieces += _cut(sorted(band, key=lambda g: (g.x0 + g.x1, g.raw)))
    return sorted(pieces, key=lambda p: (p.y, p.x0, p.words[0].raw)), frame


def _by_line(words: list[RawWord]) -> dict[int, list[int]]:
    lines: dict[int, list[int]] = {}
    for index, word in enumerate(words):
        lines.setdefault(word.line, []).append(index)
    return lines


def _four(word: RawWord) -> tuple[tuple[float, float], ...]:
    """Four corners: those of the polygon, or of the box around a polygon with more or fewer."""
    points = word.polygon.points
    return points if len(points) == 4 else Polygon.from_bbox(word.polygon.bbox).points


def _bands(glyphs: list[Glyphs]) -> list[list[Glyphs]]:
    """Part the words of an engine's line that are on several printed lines: text layers sometimes run them together."""
    usual = median(g.height for g in glyphs)
    ordered = sorted(glyphs, key=lambda g: (g.y, g.x0, g.raw))
    bands = [[ordered[0]]]
    for before, after in pairwise(ordered):
        if after.y - before.y > _BAND_GAP * usual:
            bands.append([])
        bands[-1].append(after)
    return bands


def _cut(glyphs: list[Glyphs]) -> list[Piece]:
    usual = median(g.height for g in glyphs)
    runs: list[list[Glyphs]] = [[glyphs[0]]]
    for before, after in pairwise(glyphs):
        dots = [g.text for g in runs[-1][-3:] if not any(c.isalnum() for c in g.text)]
        wide = after.x0 - before.x1 > SPLIT_GAP * usual and (
            before.text != after.text or any(c.isalnum() for c in after.text)
        )
        if wide or is_leader(before.text) or (len(dots) == 3 and after.text != before.text):
            runs.append([])
        runs[-1].append(after)
    return [piece_of(run) for run in runs]


def usual_height(pieces: Sequence[Piece]) -> float:
    """The median height of the page's letters: a dotted rule of a hundred stops counts for little."""
    counted = sorted((p.height, sum(c.isalnum() for c in p.text)) for p in pieces)
    half = sum(n for _, n in counted) / 2
    for height, n in counted:
        half -= n
        if half <= 0:
            return height
    return counted[-1][0]
