"""A page as the reader sees it: runs of words that belong together, levelled, with their neighbours.

Coordinate frame inside this package: pixels of the page picture after levelling, that is sheared so that printed lines run
level; x to the right, y down. Boxes that leave the package are never built from these: a span only names words.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from statistics import median

from mmrag.agent.reading.text import Token, stem, tokens, words
from mmrag.domain.documents import Element, ElementKind, Page, Word
from mmrag.domain.values import Value
from mmrag.values import find_values

_GAP = 1.15
"""Words further apart than this many letter heights belong to different runs."""
_COLUMN_GAP = 0.42
"""So do words this far apart when the second starts where lines above or below start: a column begins there."""
_COLUMN_STARTS = 2
_INITIAL = re.compile(r"[A-Z]\.")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Run:
    """Words of one printed line with no wide gap between them: what a person sees as one piece of print.

    ``starts`` are the character offsets of the words in ``text``. Coordinates are levelled pixels; ``cy`` is the middle
    between ``y0`` and ``y1``, kept like ``height`` because every run is compared with every other.
    """

    index: int
    words: tuple[Word, ...]
    text: str
    starts: tuple[int, ...]
    x0: float
    y0: float
    x1: float
    y1: float
    height: float
    cy: float

    @property
    def confidence(self) -> float:
        return sum(w.confidence for w in self.words) / len(self.words)

    def words_between(self, start: int, end: int) -> tuple[Word, ...]:
        """The words that characters ``start`` to ``end`` of ``text`` touch."""
        return tuple(
            w for w, at in zip(self.words, self.starts, strict=True) if at < end and at + len(w.text) > start and w.text
        )

    def x_at(self, offset: int) -> float:
        """Where the character at ``offset`` stands, by even spacing over the run."""
        return self.x0 + (self.x1 - self.x0) * min(1.0, offset / max(1, len(self.text)))


class Layout:
    """The runs of a page, the rows they stand in, and who is beside whom. Built once a page and kept by the reader."""

    def __init__(self, page: Page) -> None:
        self.page = page
        lines = _lines(page)
        self.slope = _slope(page, lines)
        self.runs = _runs(lines, self.slope)
        self.unit = median([r.height for r in self.runs]) if self.runs else 1.0
        self._tokens: dict[int, tuple[Token, ...]] = {}
        self._values: dict[int, tuple[Value, ...]] = {}
        self._right: dict[int, list[Run]] = {}
        self._left: dict[int, list[Run]] = {}

    @cached_property
    def rows(self) -> tuple[tuple[Run, ...], ...]:
        """Runs that stand on one level, left to right; rows from top to bottom."""
        rows: list[_Row] = []
        for run in self._by_level:
            best, most = None, 0.0
            for row in rows[-6:]:
                fit = row.fit(run)
                if fit > most:
                    best, most = row, fit
            if best is not None and most >= 0.55:
                best.add(run)
            else:
                rows.append(_Row(run))
        ordered = [tuple(sorted(row.runs, key=lambda r: r.x0)) for row in rows]
        return tuple(sorted(ordered, key=lambda row: min(r.cy for r in row)))

    @cached_property
    def row_of(self) -> dict[int, int]:
        return {run.index: number for number, row in enumerate(self.rows) for run in row}

    @cached_property
    def element_of(self) -> dict[int, Element]:
        """The element that each word stands in, by the word's index; key-value pairs and tables win over plain text."""
        found: dict[int, Element] = {}
        for element in sorted(self.page.elements, key=lambda e: (len(e.words), e.ordinal), reverse=True):
            if element.kind.stands_alone:
                found.update(dict.fromkeys(element.words, element))
        return found

    @cached_property
    def unreadable(self) -> tuple[tuple[Element, tuple[float, float, float, float]], ...]:
        """The regions with print that could not be read, with their boxes in levelled pixels."""
        size = self.page.width, self.page.height, self.page.width, self.page.height
        return tuple(
            (e, _levelled((b[0] * size[0], b[1] * size[1], b[2] * size[2], b[3] * size[3]), self.slope))
            for e in self.page.elements
            if e.kind is ElementKind.UNREADABLE
            for b in (e.bbox.as_tuple(),)
        )

    def tokens(self, run: Run) -> tuple[Token, ...]:
        if run.index not in self._tokens:
            self._tokens[run.index] = tokens(run.text)
        return self._tokens[run.index]

    @cached_property
    def stems(self) -> tuple[frozenset[str], ...]:
        """The stems of the words of each run, by its ``index``."""
        return tuple([frozenset([stem(w) for w in words(run.text)]) for run in self.runs])

    @cached_property
    def runs_with(self) -> Mapping[str, int]:
        """How many runs hold each stem that the page prints."""
        return Counter(chain.from_iterable(self.stems))

    def values(self, run: Run) -> tuple[Value, ...]:
        """The typed values printed in ``run``."""
        if run.index not in self._values:
            has_one = any(c.isdigit() or c == "@" for c in run.text) or "www" in run.text.lower()
            self._values[run.index] = find_values(run.text) if has_one else ()
        return self._values[run.index]

    def right_of(self, run: Run) -> list[Run]:
        """Runs further right on the same level, nearest first."""
        if run.index not in self._right:
            least = run.x0 + 0.6 * (run.x1 - run.x0)
            found = [o for o in self._beside(run) if o.x0 > least and o.x0 >= run.x1 - self.unit]
            self._right[run.index] = sorted(found, key=lambda o: o.x0)
        return self._right[run.index]

    def left_of(self, run: Run) -> list[Run]:
        """Runs further left on the same level, nearest first."""
        if run.index not in self._left:
            found = [o for o in self._beside(run) if o.x1 <= run.x0 + self.unit]
            self._left[run.index] = sorted(found, key=lambda o: -o.x1)
        return self._left[run.index]

    @cached_property
    def _by_level(self) -> tuple[Run, ...]:
        return tuple(sorted(self.runs, key=lambda r: r.cy))

    @cached_property
    def _levels(self) -> tuple[float, ...]:
        return tuple([run.cy for run in self._by_level])

    @cached_property
    def _tallest(self) -> float:
        return max([run.height for run in self.runs], default=0.0)

    def _beside(self, run: Run) -> list[Run]:
        """The other runs on the level of ``run``."""
        top, bottom = run.y0, run.y1
        # Half of the tallest run would do; the whole keeps clear of rounding.
        first = bisect_left(self._levels, top - self._tallest)
        last = bisect_right(self._levels, bottom + self._tallest)
        near = [o for o in self._by_level[first:last] if o.y0 < bottom and o.y1 > top and o is not run]
        return sorted((o for o in near if same_level(run, o) >= 0.5), key=lambda o: o.index)

    def below(self, run: Run, x0: float, x1: float, reach: float) -> list[Run]:
        """Runs under ``run`` that start or stand within ``x0..x1``, at most ``reach`` pixels lower, nearest first."""
        cy, height = run.cy, run.height
        first, last = bisect_right(self._levels, cy), bisect_right(self._levels, cy + reach)
        found = [o for o in self._by_level[first:last] if cy + 0.5 * min(height, o.height) < o.cy and _within(o, x0, x1)]
        return sorted((o for o in found if same_level(run, o) < 0.5), key=lambda o: (o.cy, o.x0))

    def above(self, run: Run, x0: float, x1: float, reach: float) -> list[Run]:
        """Runs over ``run`` that start or stand within ``x0..x1``, at most ``reach`` pixels higher, nearest first."""
        cy, height = run.cy, run.height
        first, last = bisect_left(self._levels, cy - reach), bisect_left(self._levels, cy)
        found = [o for o in self._by_level[first:last] if o.cy < cy - 0.5 * min(height, o.height) and _within(o, x0, x1)]
        return sorted((o for o in found if same_level(run, o) < 0.5), key=lambda o: (-o.cy, o.x0))


def same_level(a: Run, b: Run) -> float:
    """Shared height as a fraction of the lower of the two heights."""
    shared = min(a.y1, b.y1) - max(a.y0, b.y0)
    return max(0.0, shared) / max(1e-6, min(a.height, b.height))


def _within(run: Run, x0: float, x1: float) -> bool:
    overlap = min(run.x1, x1) - max(run.x0, x0)
    return overlap > 0.5 * min(run.x1 - run.x0, x1 - x0)


class _Row:
    """The runs of a row that is being put together, with the level that they take up."""

    __slots__ = ("bottom", "runs", "top")

    def __init__(self, run: Run) -> None:
        self.runs = [run]
        self.top, self.bottom = run.y0, run.y1

    def add(self, run: Run) -> None:
        self.runs.append(run)
        self.top, self.bottom = min(self.top, run.y0), max(self.bottom, run.y1)

    def fit(self, run: Run) -> float:
        """How well ``run`` lies on the row, judged by its nearest member: a bent line is followed from word to word."""
        if run.y0 >= self.bottom or run.y1 <= self.top:
            return 0.0  # on the level of none of them
        x0, x1 = run.x0, run.x1
        nearest, least = run, math.inf
        for other in self.runs:
            apart = max(other.x0 - x1, x0 - other.x1, 0.0)
            if apart < least:
                nearest, least = other, apart
        if min(nearest.x1, x1) - max(nearest.x0, x0) > 0.3 * min(nearest.x1 - nearest.x0, x1 - x0):
            return 0.0
        return same_level(nearest, run)


_Box = tuple[float, float, float, float]
_Piece = list[tuple[Word, _Box]]


def _slope(page: Page, lines: Sequence[_Piece]) -> float:
    """The tilt of the printed lines: pixels down for each pixel to the right, the median over lines of several words."""
    slopes: list[float] = []
    for line in lines:
        first, last = line[0][1], line[-1][1]
        dx = (last[0] + last[2] - first[0] - first[2]) / 2
        if dx > 0.15 * page.width:
            slopes.append((last[1] + last[3] - first[1] - first[3]) / 2 / dx)
    if len(slopes) < 3:
        return 0.0
    tilt = median(slopes)
    return tilt if abs(tilt) < 0.3 else 0.0


def _lines(page: Page) -> list[_Piece]:
    """The words of each printed line with their boxes in pixels, left to right."""
    lines: dict[int, _Piece] = {}
    for word in page.words:
        if word.text.strip():
            lines.setdefault(word.line, []).append((word, _box(word.polygon.points, page.width, page.height)))
    return [sorted(line, key=lambda p: p[1][0]) for line in lines.values()]


def _box(points: Sequence[tuple[float, float]], width: int, height: int) -> _Box:
    """The box around ``points`` in pixels."""
    if len(points) == 4:  # as all but a few: spelled out, since every word of every page that is read comes by here
        (x0, y0), (x1, y1), (x2, y2), (x3, y3) = points
        left, right = min(x0, x1, x2, x3), max(x0, x1, x2, x3)
        top, bottom = min(y0, y1, y2, y3), max(y0, y1, y2, y3)
    else:
        xs, ys = [x for x, _ in points], [y for _, y in points]
        left, top, right, bottom = min(xs), min(ys), max(xs), max(ys)
    return left * width, top * height, right * width, bottom * height


def _runs(raw: Sequence[_Piece], slope: float) -> tuple[Run, ...]:
    lines = [[(word, _levelled(box, slope)) for word, box in line] for line in raw]
    pieces = [piece for line in lines for piece in _split(line, lambda _: False)]
    starts = sorted((p[0][1][0], (p[0][1][1] + p[0][1][3]) / 2) for p in pieces)
    unit = median([b[3] - b[1] for p in pieces for _, b in p]) if pieces else 1.0
    pieces = [part for piece in pieces for part in _split(piece, lambda box: _begins_column(box, starts, unit))]
    pieces.sort(key=lambda p: (p[0][1][1], p[0][1][0]))
    return tuple(_run(number, piece) for number, piece in enumerate(pieces))


def _split(line: _Piece, begins_column: Callable[[_Box], bool]) -> list[_Piece]:
    if len(line) == 1:
        return [line]
    height = median([b[3] - b[1] for _, b in line])
    pieces: list[_Piece] = [[line[0]]]
    for word, box in line[1:]:
        gap = box[0] - pieces[-1][-1][1][2]
        before = pieces[-1][-1][0].text
        # 'Lee' and '& Kim', 'H.' and 'Combs' are one name.
        hangs = word.text.startswith("&") or before.endswith("&") or _INITIAL.fullmatch(before) is not None
        if gap > _GAP * height or (gap > _COLUMN_GAP * height and not hangs and begins_column(box)):
            pieces.append([])
        pieces[-1].append((word, box))
    return pieces


def _begins_column(box: _Box, starts: Sequence[tuple[float, float]], unit: float) -> bool:
    """True when lines close above or below start at the left edge of ``box`` too. ``starts`` are (x, y) sorted by x."""
    near, middle = 0.3 * unit, (box[1] + box[3]) / 2
    first = bisect_left(starts, (box[0] - near, 0.0))
    found = 0
    for x, y in starts[first:]:
        if x > box[0] + near:
            break
        found += 0.5 * unit < abs(y - middle) < 10 * unit
    return found >= _COLUMN_STARTS


def _levelled(box: _Box, slope: float) -> _Box:
    drop = slope * (box[0] + box[2]) / 2
    return box[0], box[1] - drop, box[2], box[3] - drop


def _run(index: int, piece: Sequence[tuple[Word, tuple[float, float, float, float]]]) -> Run:
    starts: list[int] = []
    length = 0
    for word, _ in piece:
        starts.append(length)
        length += len(word.text) + 1
    if len(piece) == 1:
        _, top, _, bottom = piece[0][1]
    else:
        # The middle of the run's words gives its level: one tall bracket must not make it reach into the next line.
        top, bottom = median([b[1] for _, b in piece]), median([b[3] for _, b in piece])
    return Run(
        index=index,
        words=tuple([w for w, _ in piece]),
        text=" ".join([w.text for w, _ in piece]),
        starts=tuple(starts),
        x0=piece[0][1][0],  # the words of a line stand in this order
        y0=top,
        x1=max([b[2] for _, b in piece]),
        y1=bottom,
        height=bottom - top,
        cy=(top + bottom) / 2,
    )
