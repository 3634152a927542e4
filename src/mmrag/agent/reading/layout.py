"""A page as the reader sees it: runs of words that belong together, levelled, with their neighbours.

Coordinate frame inside this package: pixels of the page picture after levelling, that is sheared so that printed lines run
level; x to the right, y down. Boxes that leave the package are never built from these: a span only names words.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, chain
from statistics import median

from mmrag.agent.reading.stretches import Stretches, stretches_of
from mmrag.agent.reading.text import Token, fold, stems, tokens
from mmrag.domain.columns import from_columns
from mmrag.domain.documents import Element, ElementKind, Page, Word
from mmrag.domain.values import Value, ValueKind
from mmrag.values import find_values

_MAY_HOLD_VALUE = re.compile(r"[\d@]|www", re.IGNORECASE)
_HEADED = 3
"""Columns of a table whose first line is one of heads: a list of labels with their values has two."""


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
        stretches = stretches_of(page)
        self.slope = stretches.slope
        self.runs = _runs(stretches)
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
    def row_dates(self) -> Mapping[int, tuple[str, ...]]:
        """The rows that begin with a date, by their number, with its normal forms."""
        first = {n: next(iter(self.values(row[0])), None) for n, row in enumerate(self.rows)}
        return {n: v.normals for n, v in first.items() if v is not None and v.kind is ValueKind.DATE and v.start == 0}

    @cached_property
    def element_of(self) -> dict[int, Element]:
        """The element that each word stands in, by the word's index; key-value pairs and tables win over plain text."""
        found: dict[int, Element] = {}
        for element in sorted(self.page.elements, key=lambda e: (len(e.words), e.ordinal), reverse=True):
            if element.kind.stands_alone:
                found.update(dict.fromkeys(element.words, element))
        return found

    @cached_property
    def pair_labels(self) -> frozenset[int]:
        """The runs that are nothing but the label of a key-value pair."""
        return self._runs_within(ElementKind.KEY_VALUE)

    @cached_property
    def label_runs(self) -> frozenset[int]:
        """The runs that are nothing but the label of a key-value pair or the head of a column: they are no values."""
        return self.pair_labels | self._runs_within(ElementKind.TABLE)

    def _runs_within(self, kind: ElementKind) -> frozenset[int]:
        elements = [e for e in self.page.elements if e.kind is kind]
        texts = {w.index: w.text for w in self.page.words} if elements else {}
        told = frozenset(i for e in elements for i in _telling_words(texts, e))
        return frozenset(run.index for run in self.runs if all(w.index in told for w in run.words))

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
        return tuple([frozenset().union(*[stems(word.text) for word in run.words]) for run in self.runs])

    @cached_property
    def runs_with(self) -> Mapping[str, int]:
        """How many runs hold each stem that the page prints."""
        return Counter(chain.from_iterable(self.stems))

    def values(self, run: Run) -> tuple[Value, ...]:
        """The typed values printed in ``run``."""
        if run.index not in self._values:
            self._values[run.index] = find_values(run.text) if _MAY_HOLD_VALUE.search(run.text) else ()
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


def _telling_words(texts: Mapping[int, str], element: Element) -> Sequence[int]:
    """The words of the element's label, or of the heads of its columns where rows with numbers stand under them; ``texts``
    are the words of the page by their index."""
    if element.kind is ElementKind.KEY_VALUE and element.label and element.value:
        whole, said = fold(element.label), ""
        for count, index in enumerate(element.words, 1):
            said += fold(texts.get(index, ""))
            if said == whole:
                return element.words[:count]
        return ()
    if element.kind is not ElementKind.TABLE or len({c.column for c in element.cells if c.row == 0}) < _HEADED:
        return ()
    first = [c for c in element.cells if c.row == 0]
    under = [c for c in element.cells if c.row == 1]
    counted = any(ch.isdigit() for c in under for ch in c.text) and not any(ch.isdigit() for c in first for ch in c.text)
    return [i for c in first for i in c.words] if counted else ()


_Box = tuple[float, float, float, float]


def _levelled(box: _Box, slope: float) -> _Box:
    drop = slope * (box[0] + box[2]) / 2
    return box[0], box[1] - drop, box[2], box[3] - drop


def _runs(stretches: Stretches) -> tuple[Run, ...]:
    left, top, right, bottom = stretches.left, stretches.top, stretches.right, stretches.bottom
    texts = [[word.text for word in of_it] for of_it in stretches.words]
    return tuple(
        from_columns(
            Run,
            index=range(len(texts)),
            words=stretches.words,
            text=[" ".join(of_it) for of_it in texts],
            starts=[tuple(accumulate([len(text) + 1 for text in of_it[:-1]], initial=0)) for of_it in texts],
            x0=left.tolist(),
            y0=top.tolist(),
            x1=right.tolist(),
            y1=bottom.tolist(),
            height=(bottom - top).tolist(),
            cy=((top + bottom) / 2).tolist(),
        )
    )
