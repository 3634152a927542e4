"""Stamps: print that was put over a page afterwards, told by its ink, its frame, or a tilt that no other print has.

Coloured headings, links and logos are coloured as well: colour alone makes no stamp. It takes a frame or a ring around few
words, or a tilt, and words that stamps say or a date; in a ring low on the page any words will do.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mmrag.domain.documents import Word
from mmrag.domain.geometry import BBox

STAMPED: Final = re.compile(
    r"\b(?:received|recd|registration|filed|paid|approved|copy|void|cancel+ed|confidential|registered|registry|entered|posted"
    r"|original|draft|checked|accepted|rejected|urgent|overdue|certified|eingegangen|eingang|bezahlt|gebucht|erledigt|genehmigt"
    r"|storniert|entwurf|kopie|pag[ao]do|pay[ée]|reçu|annulé|recibido|anulado|ricevuto|pagato|recebido)\b",
    re.IGNORECASE,
)
WHEN: Final = re.compile(
    r"\b\d{1,2}[:./]\d{2}\b|\b(?:19|20)\d\d\b|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\W*\d",
    re.IGNORECASE,
)
_DAY: Final = re.compile(
    r"\b\d{1,2}[./-]\d{1,2}[./-](?:\d\d)?\d\d\b|\b\d{1,2}\W{0,2}(?:jan|feb|m[aä]r|apr|ma[yi]|jun|jul|aug|sep|o[ck]t|nov|de[cz])[a-z]*\W*\d{2}"
    r"|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\W{0,2}\d{1,2}\W+\d{2}",
    re.IGNORECASE,
)
_LONGEST: Final = 1100
"""Pixels: about the longer side of the copy that is looked at."""
_COARSE: Final = 4
"""Every so many pixels are looked at first."""
_COLOURED: Final = 55
"""Of 255, between the strongest and the weakest channel of coloured ink."""
_DARKER: Final = 45
_MOSTLY: Final = 0.6
"""Of the ink of a word, coloured, from which it is a coloured word."""
_LEAST, _MOST = 0.0002, 0.06
"""Of a page, coloured: with less there is no stamp, with more the page itself is."""
_FEW: Final = 0.4
"""Of a page's words that may be coloured."""
_MOST_WORDS: Final = 14
_NEAR: Final = 1.6
"""Letter heights between words of one stamp."""
_LARGEST: Final = 0.16
"""Of the page's area, that a frame takes at most."""
_HOLLOW: Final = 0.4
"""Of the box around a frame and what it holds, inked at most."""
_HEAD: Final = 0.2
"""Of the page's height, where a ring with a name in it is a letterhead."""
_TILT: Final = 4.0
"""Degrees by which the words of a stamp are tilted against those of the page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """``words`` are indexes into the page's."""

    box: BBox
    words: tuple[int, ...]
    text: str


def stamps_by_look(words: Sequence[Word], picture: NDArray[np.uint8], pictures: Sequence[BBox] = ()) -> list[Stamp]:
    """The stamps on an RGB picture, shape ``(h, w, 3)``. What lies in ``pictures`` is part of a picture."""
    page = _Page.of(words, picture)
    free = [w for w in words if not any(p.contains(*w.bbox.center) for p in pictures)]
    coloured = page.coloured(free)
    found = [s for group in _groups(coloured, page.upright) if (s := page.stamp(group)) is not None]
    known = {i for s in found for i in s.words}
    tilted = [w for w in free if w.index not in known and page.is_tilted(w)]
    if len(tilted) <= _FEW * len(words):
        for group in _groups(tilted, page.upright):
            text = _text(group)
            if len(group) <= _MOST_WORDS and (STAMPED.search(text) or (len(group) > 1 and _DAY.search(text))):
                found.append(_made(BBox.around(w.bbox for w in group), group))
    return sorted(found, key=lambda s: (s.box.y0, s.box.x0))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    """A page with its coloured ink, on a smaller copy: shape ``(h, w)``, 1 where there is some."""

    words: Sequence[Word]
    ink: NDArray[np.uint8]
    dark: NDArray[np.bool_]
    upright: float
    angle: float

    @classmethod
    def of(cls, words: Sequence[Word], picture: NDArray[np.uint8]) -> _Page:
        height, width = picture.shape[:2]
        upright = height / width
        angles = [a for w in words if (a := _angle(w, upright)) is not None]
        ink, dark = _inks(picture[::_COARSE, ::_COARSE])
        if _LEAST / 4 < float(ink.mean()) < 2 * _MOST:  # on most pages there is nothing to look at more closely
            step = max(1, round(max(height, width) / _LONGEST))
            ink, dark = _inks(picture[::step, ::step])
        return cls(words=words, ink=ink, dark=dark, upright=upright, angle=median(angles) if angles else 0.0)

    def coloured(self, words: Sequence[Word]) -> list[Word]:
        """Those of ``words`` whose ink is coloured; none where the page is printed in colour."""
        if not _LEAST < float(self.ink.mean()) < _MOST:
            return []
        found = [w for w in words if self._share(w.bbox) > _MOSTLY]
        return found if len(found) <= _FEW * len(self.words) else []

    def _share(self, box: BBox) -> float:
        height, width = self.ink.shape
        x0, y0, x1, y1 = (round(v) for v in box.to_pixels(width, height))
        area = slice(y0, y1 + 1), slice(x0, x1 + 1)
        return float(self.ink[area].sum()) / max(1.0, float(self.dark[area].sum()))

    def stamp(self, group: Sequence[Word]) -> Stamp | None:
        """The stamp that coloured words are, None where they are a heading or a logo."""
        text = _text(group)
        if len(group) > _MOST_WORDS or sum(c.isalnum() for c in text) < 2:
            return None
        around = BBox.around(w.bbox for w in group)
        frame, is_round = self._frame(around)
        says = STAMPED.search(text) or _DAY.search(text)
        low = around.center[1] > _HEAD
        tilted = sum(map(self.is_tilted, group)) > 0.5 * len(group)
        if (frame is not None and (says or (is_round and low) or tilted)) or (tilted and says):
            return _made(frame or around, group)
        alone = STAMPED.search(text) and _DAY.search(text) and low
        return _made(around, group) if alone else None

    def _frame(self, around: BBox) -> tuple[BBox | None, bool]:
        """The box of the coloured stroke that runs around ``around``, and whether it is a ring."""
        import cv2

        height, width = self.ink.shape
        joined = cv2.morphologyEx(self.ink, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
        count, labels, stats, _ = cv2.connectedComponentsWithStats(np.asarray(joined, dtype=np.uint8), connectivity=8)
        for number, (x, y, wide, high, area) in enumerate(stats[1:count].tolist(), start=1):
            box = BBox.from_pixels(x, y, x + wide, y + high, width=width, height=height)
            if box.area > _LARGEST or area > _HOLLOW * wide * high or box.intersection(around) < 0.9 * around.area:
                continue
            if box.area < 1.15 * around.area or not _encloses(labels[y : y + high, x : x + wide] == number):
                continue
            corner = max(2, round(0.1 * min(wide, high)))
            own = labels[y : y + high, x : x + wide] == number
            ends = (own[:corner, :corner], own[:corner, -corner:], own[-corner:, :corner], own[-corner:, -corner:])
            return box, not any(end.any() for end in ends)
        return None, False

    def is_tilted(self, word: Word) -> bool:
        angle = _angle(word, self.upright)
        return angle is not None and _TILT < abs(angle - self.angle) < 90 - _TILT


def _inks(picture: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """Where an RGB picture has coloured ink (1, else 0), and where it has any, each of shape ``(h, w)``."""
    low = picture.min(axis=2)
    dark = low < int(np.percentile(low[::_COARSE, ::_COARSE], 75)) - _DARKER
    return np.asarray(dark & (picture.max(axis=2) - low > _COLOURED), dtype=np.uint8), dark


def _encloses(stroke: NDArray[np.bool_]) -> bool:
    """True for a stroke that is met on the way in from all sides, at three places each."""
    height, width = stroke.shape
    rows = [stroke[round(height * at)] for at in (0.35, 0.5, 0.65)]
    columns = [stroke[:, round(width * at)] for at in (0.35, 0.5, 0.65)]
    met = [part for line in (*rows, *columns) for part in (line[: len(line) // 4], line[-(len(line) // 4) :])]
    return sum(bool(part.any()) for part in met) >= len(met) - 2


def _angle(word: Word, upright: float) -> float | None:
    """The direction of a word's print in degrees, clockwise from level; None for short words and boxes that tell nothing."""
    points = word.polygon.points
    if len(points) != 4 or len(word.text) < 4:
        return None
    (x0, y0), (x1, y1) = points[0], points[1]
    return math.degrees(math.atan2((y1 - y0) * upright, x1 - x0))


def _groups(words: Sequence[Word], upright: float) -> Iterator[list[Word]]:
    """Words that stand close to one another."""
    groups: list[list[Word]] = []
    for word in words:
        near = [g for g in groups if any(_close(word, other, upright) for other in g)]
        groups = [g for g in groups if g not in near] + [[*(w for g in near for w in g), word]]
    yield from groups


def _close(a: Word, b: Word, upright: float) -> bool:
    reach = _NEAR * min(max(a.bbox.height, b.bbox.height), 1.5 * min(a.bbox.height, b.bbox.height))
    return a.bbox.grown(reach * upright, reach).intersection(b.bbox) > 0


def _text(group: Sequence[Word]) -> str:
    return " ".join(w.text for w in sorted(group, key=lambda w: w.index))


def _made(box: BBox, group: Sequence[Word]) -> Stamp:
    return Stamp(
        box=BBox.around([box, *(w.bbox for w in group)]), words=tuple(sorted(w.index for w in group)), text=_text(group)
    )
