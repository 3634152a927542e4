"""Options of a form: check boxes and radio buttons with what stands beside them, and ``[x]`` set as text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import median

import numpy as np
from numpy.typing import NDArray

from mmrag.domain.documents import Element, ElementKind, Word
from mmrag.domain.geometry import BBox
from mmrag_ingest.layout.squares import squares_of
from mmrag_ingest.relabelling import renumbered

_REACH = 3.0  # sides of the box: how far beside it its option begins
_MOST_LINES = 2  # of a question
_GAP = 1.8  # letter heights between two words of an option, at most
_LEVEL = 0.5  # of the lower of the two, that a word and a box must stand level
_MOST_WORDS = 30
_FEWEST_ROUND = 2  # circles of a page: one alone is a letter or a full stop
_TOGETHER = 6.5  # letter heights from an option to the next of its group
_ABOVE = 4.5  # letter heights from an option to the foot of the question over it
_PITCH = 2.0  # letter heights between two lines of a question
_SIGNS = {"☐": False, "□": False, "☑": True, "☒": True, "✓": True, "✔": True, "✗": True, "✘": True}
_BRACKETS = re.compile(r"^[\[(]\s*([xX✓✔✗✘*]?)\s*[\])]$")
_GLUED = re.compile(r"^(\[[xX✓✔*]?\]|[☐□☑☒])(?=\w)")
_LONG = 0.12  # of the page's width: lines that tell how the page is tilted
_FEWEST_LINES = 3
_LEVEL_PAGE, _STEEP = 0.02, 0.4  # of the page's height over its width: print that counts as tilted
_BOX_LIKE = frozenset("□☐☑☒OoØ0QDU口日回ロ凶区VX✓✔")
"""What OCR reads a box as, when it takes it for a letter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """``words`` are indexes of the option's words into the page's; ``mark`` is the box alone; ``question`` is what the
    option answers, as far as a line over it or left of it says so.
    """

    mark: BBox
    ticked: bool
    words: tuple[int, ...]
    label: str
    question: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Print:
    """A word with its box worked out once: it is asked for many times."""

    index: int
    line: int
    text: str
    bbox: BBox


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mark:
    box: BBox
    ticked: bool
    own: frozenset[int] = frozenset()
    is_round: bool = False


def options_on(printed: Sequence[Word], picture: NDArray[np.uint8], pictures: Sequence[BBox] = ()) -> list[Option]:
    """The options on an RGB page picture, shape ``(h, w, 3)``, in reading order. What lies in ``pictures`` is no form."""
    height, width = picture.shape[:2]
    tilt = _tilt(printed)
    boxed = [_Print(index=w.index, line=w.line, text=w.text, bbox=_upright(w, tilt)) for w in printed]
    words = [w for w in boxed if not _runs_up(w, height / width)]
    if not words:
        return []
    letters = median(w.bbox.height for w in words)
    drawn = [
        _Mark(
            box=BBox.from_pixels(s.x, s.y, s.x + s.width, s.y + s.height, width=width, height=height),
            ticked=s.ticked,
            is_round=s.is_round,
        )
        for s in squares_of(picture, letters * height)
    ]
    if sum(m.is_round for m in drawn) < _FEWEST_ROUND:
        drawn = [m for m in drawn if not m.is_round]
    seen = [replace(m, box=_levelled(m.box, tilt)) for m in drawn if not any(p.contains(*m.box.center) for p in pictures)]
    marks = [_with_own(m, words) for m in [*seen, *_written(words, seen)] if not _is_letter(m, words)]
    page = _Form(words=words, marks=marks, letters=letters, upright=height / width)
    found = [option for mark in marks if (option := page.option(mark)) is not None]
    return [replace(o, mark=_levelled(o.mark, -tilt)) for o in page.asked(sorted(found, key=lambda o: o.words))]


def without_pairs(elements: Sequence[Element]) -> tuple[Element, ...]:
    """``elements`` of a page without the pairs whose value is the name of an option: it was offered, not entered.

    ``[ ] Cash`` over ``[x] Card`` is no ``Cash: Card``.
    """
    options = [frozenset(e.words) for e in elements if e.kind is ElementKind.CHECKBOX and e.words]
    every = frozenset[int]().union(*options)
    wrong = [e for e in elements if e.kind is ElementKind.KEY_VALUE and _offers(e, options, every)]
    return renumbered([e for e in elements if e not in wrong]) if wrong else tuple(elements)


def _offers(pair: Element, options: Sequence[frozenset[int]], every: frozenset[int]) -> bool:
    own = frozenset(pair.words)
    if own.isdisjoint(every) or any(own <= option for option in options):
        return False
    return own <= every or len(own & every) >= len((pair.value or "").split())


def _tilt(words: Sequence[Word]) -> float:
    """By how much of the page's height print falls from its left edge to its right: 0 where it is level or nobody knows."""
    lines: dict[int, list[Word]] = {}
    for word in words:
        lines.setdefault(word.line, []).append(word)
    slopes = []
    for line in lines.values():
        (x0, y0), (x1, y1) = line[0].bbox.center, line[-1].bbox.center
        if x1 - x0 > _LONG:
            slopes.append((y1 - y0) / (x1 - x0))
    tilt = median(slopes) if len(slopes) >= _FEWEST_LINES else 0.0
    return tilt if _LEVEL_PAGE < abs(tilt) < _STEEP else 0.0


def _upright(word: Word, tilt: float) -> BBox:
    """The box of a word as it would be on a level page: that around tilted print is higher than its letters."""
    box = _levelled(word.bbox, tilt)
    if not tilt or len(word.polygon.points) != 4:
        return box
    (_, a), (_, b), (_, c), (_, d) = word.polygon.points
    rest = max(0.0, box.height - (abs(d - a) + abs(c - b)) / 2) / 2
    return BBox.clamped(box.x0, box.y0 + rest, box.x1, box.y1 - rest)


def _levelled(box: BBox, tilt: float) -> BBox:
    """``box`` moved up or down as far as print at its place has fallen or risen."""
    fall = tilt * (box.center[0] - 0.5)
    return BBox.clamped(box.x0, box.y0 - fall, box.x1, box.y1 - fall) if fall else box


def _written(words: Sequence[_Print], drawn: Sequence[_Mark]) -> Iterator[_Mark]:
    """Marks that are text: ``[x]``, ``☑``. Where a box was seen as well, that counts."""
    for word in words:
        text = word.text.strip()
        glued = _GLUED.match(text)
        sign = glued.group(1) if glued else text
        brackets = _BRACKETS.match(sign)
        if (brackets is None and sign not in _SIGNS) or any(m.box.intersection(word.bbox) > 0 for m in drawn):
            continue
        ticked = bool(brackets.group(1)) if brackets else _SIGNS[sign]
        box = word.bbox
        if glued:
            box = BBox(box.x0, box.y0, box.x0 + box.width * len(sign) / len(text), box.y1)
        yield _Mark(box=box, ticked=ticked, own=frozenset() if glued else frozenset((word.index,)))


def _with_own(mark: _Mark, words: Sequence[_Print]) -> _Mark:
    """The mark with the words that are nothing but its own picture, as OCR took it for letters."""
    inside = (w for w in words if len(w.text) <= 2 and w.bbox.intersection(mark.box) > 0.4 * w.bbox.area)
    own = {w.index for w in inside if set(w.text) <= _BOX_LIKE or len(w.text) == 1}
    return _Mark(box=mark.box, ticked=mark.ticked, own=mark.own | own, is_round=mark.is_round)


def _is_letter(mark: _Mark, words: Sequence[_Print]) -> bool:
    """True when the box lies inside a word, as a letter does, and OCR has not taken it for a sign like it."""
    own, half = mark.box, 0.5 * mark.box.area
    for word in words:
        box = word.bbox
        if box.x1 < own.x0 or box.x0 > own.x1 or box.y1 < own.y0 or box.y0 > own.y1:
            continue  # nearly all of them
        if word.index in mark.own or len(word.text) < 2 or box.intersection(own) < half:
            continue
        before = (mark.box.x0 - box.x0) / max(mark.box.width, 1e-9)
        if before > 0.6 or (_GLUED.match(word.text) is None and word.text[0] not in "□口日回ロ囗凶"):
            return True
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Form:
    """The words and marks of a page. ``letters`` is their usual height as a share of the page's, ``upright`` the page's
    height to its width."""

    words: Sequence[_Print]
    marks: Sequence[_Mark]
    letters: float
    upright: float

    def option(self, mark: _Mark) -> Option | None:
        """The words right of the mark, or left of it where none are."""
        taken = frozenset(i for m in self.marks for i in m.own)
        level = [w for w in self.words if w.index not in taken and w.bbox.vertical_overlap(mark.box) > _LEVEL]
        if (side := self._right(mark, level)) or (side := self._left(mark, level)):
            label = " ".join(w.text for w in side)
            if glued := _GLUED.match(label):
                label = label[glued.end() :]
            if any(c.isalpha() for c in label):
                return Option(mark=mark.box, ticked=mark.ticked, words=tuple(w.index for w in side), label=label)
        return None

    def _right(self, mark: _Mark, level: Sequence[_Print]) -> list[_Print]:
        other = min((m.box.x0 for m in self.marks if m.box.x0 > mark.box.x1 and self._is_level(m, mark)), default=1.0)
        middle = mark.box.center[0]
        follow = sorted((w for w in level if middle < w.bbox.center[0] < other and w.bbox.x1 > mark.box.x1), key=_left_edge)
        return self._run(follow, mark.box.x1, _REACH * mark.box.width)

    def _left(self, mark: _Mark, level: Sequence[_Print]) -> list[_Print]:
        other = max((m.box.x1 for m in self.marks if m.box.x1 < mark.box.x0 and self._is_level(m, mark)), default=0.0)
        before = sorted((w for w in level if other < w.bbox.center[0] < mark.box.x0), key=_left_edge, reverse=True)
        run: list[_Print] = []
        edge, gap = mark.box.x0, _REACH * mark.box.width
        for word in before[:_MOST_WORDS]:
            if edge - word.bbox.x1 > gap:
                break
            run.insert(0, word)
            edge, gap = word.bbox.x0, _GAP * self.letters * self.upright
        return run

    def _run(self, words: Sequence[_Print], edge: float, gap: float) -> list[_Print]:
        run: list[_Print] = []
        for word in words[:_MOST_WORDS]:
            if word.bbox.x0 - edge > gap:
                break
            run.append(word)
            edge, gap = word.bbox.x1, _GAP * self.letters * self.upright
        return run

    def _is_level(self, a: _Mark, b: _Mark) -> bool:
        return a.box.vertical_overlap(b.box) > _LEVEL

    def asked(self, options: Sequence[Option]) -> list[Option]:
        """``options`` with their questions: words left of the first in a row, else the lines over the highest of a group."""
        taken = frozenset(i for o in options for i in o.words) | frozenset(i for m in self.marks for i in m.own)
        free = [w for w in self.words if w.index not in taken]
        groups = self._groups(options)
        found: list[Option] = []
        for option in options:
            group = groups[option.mark]
            beside = [w for w in free if w.bbox.vertical_overlap(option.mark) > _LEVEL and w.bbox.x1 <= option.mark.x0]
            question = self._said(beside) or self._over(group, free)
            found.append(
                Option(mark=option.mark, ticked=option.ticked, words=option.words, label=option.label, question=question)
            )
        return found

    def _groups(self, options: Sequence[Option]) -> dict[BBox, list[Option]]:
        """The options that belong together with each: on one line, or under one another without much between."""
        groups: list[list[Option]] = []
        for option in sorted(options, key=lambda o: (o.mark.y0, o.mark.x0)):
            near = [g for g in groups if any(self._is_near(option, other) for other in g)]
            groups = [g for g in groups if g not in near] + [[option, *(o for g in near for o in g)]]
        return {o.mark: g for g in groups for o in g}

    def _is_near(self, a: Option, b: Option) -> bool:
        return a.mark.vertical_overlap(b.mark) > _LEVEL or abs(a.mark.y0 - b.mark.y0) < _TOGETHER * self.letters

    def _over(self, group: Sequence[Option], free: Sequence[_Print]) -> str:
        top = min(o.mark.y0 for o in group)
        left, right = min(o.mark.x0 for o in group), max(w.bbox.x1 for w in self.words for o in group if w.index in o.words)
        over = [w for w in free if w.bbox.y1 < top + 0.3 * self.letters and left - 0.15 < w.bbox.center[0] < right]
        lines = [[w for w in over if w.line == n] for n in sorted({w.line for w in over}, reverse=True)]
        lines.sort(key=lambda line: -max(w.bbox.y1 for w in line))
        said: list[_Print] = []
        foot, reach = top, _ABOVE
        for line in lines[:_MOST_LINES]:
            if foot - max(w.bbox.y1 for w in line) > reach * self.letters:
                break
            said += self._whole(line, free)
            foot, reach = min(w.bbox.y0 for w in line), _PITCH - 1
        return self._said(said)

    def _whole(self, part: Sequence[_Print], free: Sequence[_Print]) -> list[_Print]:
        """The words of a line that hang together with ``part`` of it: what stands far to the right is something else."""
        row = sorted((w for w in free if w.line == part[0].line), key=_left_edge)
        low, high = min(w.bbox.x0 for w in part), max(w.bbox.x1 for w in part)
        gap = _GAP * self.letters * self.upright
        for word in row:
            high = max(high, word.bbox.x1) if word.bbox.x0 - high < gap else high
        for word in reversed(row):
            low = min(low, word.bbox.x0) if low - word.bbox.x1 < gap else low
        return [w for w in row if low <= w.bbox.x0 and w.bbox.x1 <= high]

    def _said(self, words: Sequence[_Print]) -> str:
        text = " ".join(w.text for w in sorted(words, key=lambda w: w.index))
        return text if sum(c.isalpha() for c in text) > 2 else ""


def _runs_up(word: _Print, upright: float) -> bool:
    """True for print that runs up or down the page: it is nobody's option or question."""
    return len(word.text) > 2 and word.bbox.height * upright > 1.5 * word.bbox.width


def _left_edge(word: _Print) -> float:
    return word.bbox.x0
