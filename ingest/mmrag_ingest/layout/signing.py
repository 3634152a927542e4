"""Places that ask for a signature, and whether one stands there.

A signature is told by its strokes, whatever OCR makes of them: they hang together over several letters, or are larger
or in another ink than what asks for them. The place is right of its label, or over a line with the label below it, or
below the label in a cell of a form.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mmrag.domain.geometry import BBox
from mmrag_ingest.layout.labels import clean_label
from mmrag_ingest.layout.pieces import is_leader
from mmrag_ingest.records import RawPage, RawWord

_WHOSE: Final = (
    r"[^\W\d_]+['’]s?|sign|your|legal|authori[sz]ed|official|customer|client|guest|card-?holder|applicant|tenant|owner|landlord"
    r"|employee|employer|manager|director|member|parent|guardian|patient|witness|buyer|seller|student|representative|driver"
    r"|consignee|shipper|notary|physician|doctor|purchaser|borrower|lender|contractor|inspector|supervisor"
)
_ASKS: Final = re.compile(
    rf"^\W*(?:(?:{_WHOSE})\s){{0,2}}"
    r"(?:signatures?|signed(?:\sby)?|sign(?:\shere)|unterschrift(?:en)?|unterzeichnet(?:\svon)?|firma|firmado|assinatura"
    r"|signé|podpis|handtekening)"
    r"(?:\s(?:of|for|by|der|des|de|du|del|della|do|da)(?:\s(?:the|an?))?(?:\s[^\W\d_]+){0,2})?\W*$",
    re.IGNORECASE,
)
_AMBIGUOUS: Final = re.compile(r"^(?:firma\W*|signatures)$", re.IGNORECASE)
"""A company in German, and a heading: that nothing was written beside it says nothing."""
_MOST_WORDS: Final = 6
_GAP: Final = 1.5
"""Letter heights between two words of one label, at most."""
_WIDE, _HIGH, _LOW, _DEEP = 22.0, 2.2, 1.2, 3.6
"""Letter heights that a place reaches to the right, over its label's line, under it, and up from a label under a line."""
_DARKER: Final = 50
"""Of 255, that ink is darker than the paper around it."""
_RULE: Final = 2.5
"""Letter heights from which a straight level stroke is a line to sign on."""
_STROKE_WIDE, _STROKE_HIGH, _STROKE_FULL = 2.0, 0.7, 0.55
"""Letter heights of strokes that hang together as printed letters do not, and the share of their box that they ink."""
_APART: Final = 2.5
"""Letter heights between strokes of one signature."""
_SPECK: Final = 0.45
"""Letter heights under which what is left on an empty place is dust."""
_SURE: Final = 0.9
"""Confidence of OCR from which a word counts as read."""
_CERTAIN: Final = 0.95
_LARGER: Final = 1.6
_COLOURED: Final = 45
"""Of 255, between the strongest and the weakest channel of ink that is neither black nor grey."""
_VOWEL: Final = re.compile(r"[aeiouyäöüáéíóúàèâêô]", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """A label that asks for a signature and what stands in its place.

    ``asked`` are the words of the label, ``written`` words that were read of what was written by hand, ``scribble`` those
    that OCR only made up of strokes; ``box`` goes around the strokes, or the empty place.
    """

    label: str
    signed: bool
    box: BBox
    asked: tuple[RawWord, ...]
    written: tuple[RawWord, ...] = ()
    scribble: tuple[RawWord, ...] = ()


def signings_on(raw: RawPage, picture: NDArray[np.uint8]) -> list[Signing]:
    """The places for signatures on an RGB picture, shape ``(h, w, 3)``, each with its state, from top to bottom.

    A place with a typed name is neither signed nor empty, and left out.
    """
    labels = list(_labels(raw))
    taken = frozenset(id(w) for label in labels for w in label)
    found = [
        s for label in labels if (s := _Place(raw=raw, picture=picture, label=label, labels=taken).signing()) is not None
    ]
    return sorted(found, key=lambda s: (s.box.y0, s.box.x0))


def _labels(raw: RawPage) -> Iterator[tuple[RawWord, ...]]:
    """The runs of words that ask for a signature and say no more."""
    lines: dict[int, list[RawWord]] = {}
    for word in raw.words:
        lines.setdefault(word.line, []).append(word)
    for line in lines.values():
        line.sort(key=lambda w: w.polygon.bbox.x0)
        for run in _runs(line, raw.height / raw.width):
            text = " ".join(w.text for w in run)
            if len(run) <= _MOST_WORDS and _ASKS.match(text):
                yield tuple(run)


def _runs(line: Sequence[RawWord], upright: float) -> Iterator[list[RawWord]]:
    """A line cut at wide gaps, behind colons and at leaders."""
    run: list[RawWord] = []
    for word in line:
        gap = word.polygon.bbox.x0 - run[-1].polygon.bbox.x1 if run else 0.0
        ends = is_leader(word.text) or gap > _GAP * word.polygon.bbox.height * upright
        if run and (ends or run[-1].text.endswith(":")):
            yield run
            run = []
        if not is_leader(word.text):
            run.append(word)
    if run:
        yield run


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where the signature that ``label`` asks for would stand. ``labels`` are the ids of the words of all such labels."""

    raw: RawPage
    picture: NDArray[np.uint8]
    label: tuple[RawWord, ...]
    labels: frozenset[int]

    def signing(self) -> Signing | None:
        height, width = self.picture.shape[:2]
        box = BBox.around(w.polygon.bbox for w in self.label)
        letters = min(_height(w) for w in self.label) * height
        text = " ".join(w.text for w in self.label)
        x0, y0, x1, y1 = box.to_pixels(width, height)
        beside = self._look((x1 + 0.3 * letters, y0 - _HIGH * letters, x1 + _WIDE * letters, y1 + _LOW * letters), letters)
        over = self._look((x0 - 2 * letters, y0 - _DEEP * letters, max(x1, x0 + 14 * letters), y0 - 1), letters)
        colon = text.rstrip().endswith(":")
        looked = [beside]
        if not colon:
            reach = (x0 - letters, y1 + 0.1 * letters, max(x1, x0 + 14 * letters), y1 + _DEEP * letters)
            looked += [over, self._look(reach, letters)] if over.ruled else []
        signed = [look for look in looked if look.signed]
        if signed:
            return self._made(text, max(signed, key=lambda look: look.box.area), signed=True)
        place = over if over.ruled and not colon else beside
        if place.empty and (place.ruled or colon) and not _AMBIGUOUS.match(text):
            return self._made(text, place, signed=False)
        return None

    def _made(self, text: str, look: _Look, *, signed: bool) -> Signing:
        return Signing(
            label=clean_label(text),
            signed=signed,
            box=look.box,
            asked=self.label,
            written=look.written if signed else (),
            scribble=look.scribble if signed else (),
        )

    def _look(self, area: tuple[float, float, float, float], letters: float) -> _Look:
        """What stands in ``area``, in pixels, up to the next label or printed word on its right."""
        height, width = self.picture.shape[:2]
        x0, y0, x1, y1 = (round(v) for v in area)
        x0, y0, x1, y1 = max(0, x0), max(0, y0), min(width, x1), min(height, y1)
        if x1 - x0 < 2 * letters or y1 - y0 < letters:
            return _Look(box=BBox(0, 0, 0, 0))
        inside = [w for w in self.raw.words if _within(w.polygon.bbox.to_pixels(width, height), (x0, y0, x1, y1))]
        others = [w for w in inside if w not in self.label]
        hand = [w for w in others if self._is_written(w, letters)]
        scribble = [w for w in others if id(w) not in self.labels and not is_leader(w.text) and not _reads_well(w)]
        printed = [w for w in others if w not in hand and w not in scribble and not is_leader(w.text)]
        next_ = [w for w in printed if _follows(w, self.label)]
        if next_:  # another field begins there
            x1 = min(x1, *(round(w.polygon.bbox.x0 * width - 0.3 * letters) for w in next_))
            hand, scribble = ([w for w in ws if w.polygon.bbox.x1 * width <= x1] for ws in (hand, scribble))
        if x1 - x0 < 2 * letters:
            return _Look(box=BBox(0, 0, 0, 0))
        written = self._whole([w for w in hand if w not in scribble], letters)
        masked = [w.polygon.bbox.to_pixels(width, height) for w in (*printed, *self.label)]
        near = [(a - x0, b - y0, c - x0, d - y0) for a, b, c, d in masked]
        strokes, ruled, left = _strokes(self.picture[y0:y1, x0:x1], letters, near)
        boxes = [BBox.from_pixels(a + x0, b + y0, c + x0, d + y0, width=width, height=height) for a, b, c, d in strokes]
        boxes += [w.polygon.bbox for w in (*written, *hand)]
        made_up = [] if written else [w for w in scribble if any(w.polygon.bbox.intersection(b) > 0 for b in boxes)]
        place = BBox.from_pixels(x0, y0, x1, y1, width=width, height=height)
        return _Look(
            box=BBox.around(boxes) if boxes else place,
            signed=bool(boxes),
            ruled=ruled or any(is_leader(w.text) for w in inside),
            empty=not (left or hand or scribble),
            written=tuple(written),
            scribble=tuple(made_up),
        )

    def _whole(self, written: Sequence[RawWord], letters: float) -> list[RawWord]:
        """``written`` with what goes on behind it in the same hand, and what OCR is less sure of between."""
        whole = list(written)
        lines = {w.line for w in written}
        for word in sorted((w for w in self.raw.words if w.line in lines), key=lambda w: w.polygon.bbox.x0):
            near = [w for w in whole if _gap(w, word) < _GAP * word.polygon.bbox.height * self.raw.height / self.raw.width]
            if near and word not in whole and self._is_written(word, letters):
                whole.append(word)
        return sorted(whole, key=lambda w: (w.line, w.polygon.bbox.x0))

    def _is_written(self, word: RawWord, letters: float) -> bool:
        """True for a word that is larger than its label, or in coloured ink where that is black."""
        box = word.polygon.bbox
        height = self.picture.shape[0]
        if id(word) in self.labels or is_leader(word.text) or sum(c.isalpha() for c in word.text) < 1:
            return False
        if _height(word) * height > _LARGER * letters:
            return True
        mine, theirs = self._chroma(box), max(self._chroma(w.polygon.bbox) for w in self.label)
        return mine > _COLOURED and theirs < _COLOURED

    def _chroma(self, box: BBox) -> float:
        """How coloured the ink in ``box`` is: 0 for black and grey."""
        height, width = self.picture.shape[:2]
        x0, y0, x1, y1 = (round(v) for v in box.to_pixels(width, height))
        part = self.picture[y0 : max(y1, y0 + 1), x0 : max(x1, x0 + 1)].astype(np.int16)
        dark = part.min(axis=2)
        ink = part[dark <= np.percentile(dark, 12)]
        return float(np.median(ink.max(axis=1) - ink.min(axis=1))) if len(ink) else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """What was seen in a place. ``ruled``: there is a line to sign on; ``empty``: nothing but that."""

    box: BBox
    signed: bool = False
    ruled: bool = False
    empty: bool = False
    written: tuple[RawWord, ...] = ()
    scribble: tuple[RawWord, ...] = ()


def _height(word: RawWord) -> float:
    """That of a word's letters: the box around tilted print is higher."""
    points = word.polygon.points
    if len(points) != 4 or not (sides := abs(points[3][1] - points[0][1]) + abs(points[2][1] - points[1][1])):
        return word.polygon.bbox.height
    return sides / 2


def _within(box: tuple[float, float, float, float], area: tuple[float, float, float, float]) -> bool:
    """True for a box on a line in ``area`` that begins or ends in it."""
    return area[0] < box[2] and box[0] < area[2] and area[1] <= (box[1] + box[3]) / 2 < area[3]


def _follows(word: RawWord, label: Sequence[RawWord]) -> bool:
    """True for a word on the line of ``label``, right of it."""
    box = BBox.around(w.polygon.bbox for w in label)
    return word.polygon.bbox.vertical_overlap(box) > 0.5 and word.polygon.bbox.x0 >= box.x1


def _gap(a: RawWord, b: RawWord) -> float:
    return max(a.polygon.bbox.x0 - b.polygon.bbox.x1, b.polygon.bbox.x0 - a.polygon.bbox.x1)


def _reads_well(word: RawWord) -> bool:
    """True for what OCR is sure of, and for what it is nearly sure of that looks like a word or a number."""
    if word.confidence < _SURE:
        return False
    letters = [c for c in word.text.casefold() if c.isalpha()]
    plain = len(letters) < 3 or any(c.isdigit() for c in word.text) or bool(_VOWEL.search(word.text))
    return plain or word.confidence >= _CERTAIN


def _strokes(
    part: NDArray[np.uint8], letters: float, masked: Sequence[tuple[float, float, float, float]]
) -> tuple[list[tuple[int, int, int, int]], bool, bool]:
    """The boxes of handwriting on an RGB part of a page, whether there is a line, and whether other ink is left."""
    import cv2

    grey = part.min(axis=2)
    ink = np.asarray(grey < float(np.percentile(grey, 85)) - _DARKER, dtype=np.uint8)
    margin = max(1, round(0.12 * letters))
    for x0, y0, x1, y1 in masked:
        ink[
            max(0, round(y0) - margin) : max(0, round(y1) + margin), max(0, round(x0) - margin) : max(0, round(x1) + margin)
        ] = 0
    long = max(20, round(_RULE * letters))
    rules = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((1, long), np.uint8))
    uprights = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((long, 1), np.uint8))
    ruled = bool(np.asarray(rules).any())
    thick = np.ones((3, 3), np.uint8)
    lines = cv2.dilate(cv2.bitwise_or(rules, uprights), thick)
    ink = np.asarray(cv2.bitwise_and(ink, cv2.bitwise_not(lines * 255) // 255), dtype=np.uint8)
    joined = cv2.morphologyEx(ink, cv2.MORPH_CLOSE, thick)
    count, _, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    boxes: list[tuple[int, int, int, int]] = []
    pens: list[tuple[int, int, int, int]] = []
    left = False
    for x, y, wide, high, area in stats[1:count].tolist():
        if max(wide, high) < _SPECK * letters or high < 0.25 * letters:
            continue
        left = True
        boxes.append((x, y, x + wide, y + high))
        full = area / (wide * high)
        if wide >= _STROKE_WIDE * letters and high >= _STROKE_HIGH * letters and full <= _STROKE_FULL:
            pens.append(boxes[-1])
    return _together(boxes, min(pens), _APART * letters) if pens else [], ruled, left


def _together(
    boxes: Sequence[tuple[int, int, int, int]], first: tuple[int, int, int, int], reach: float
) -> list[tuple[int, int, int, int]]:
    """``first`` and all that hangs together with it over gaps of ``reach``: a stamp further right is no part of it."""
    found, waiting = [first], [b for b in boxes if b != first]
    while near := [b for b in waiting if any(_near(b, f, reach) for f in found)]:
        found += near
        waiting = [b for b in waiting if b not in near]
    return found


def _near(a: tuple[int, int, int, int], b: tuple[int, int, int, int], reach: float) -> bool:
    return a[0] - reach < b[2] and b[0] - reach < a[2] and a[1] - reach < b[3] and b[1] - reach < a[3]
