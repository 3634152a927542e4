"""Finding labels on a page by their text, forgiving OCR errors and lost spaces."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import accumulate
from typing import NamedTuple

from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cdist

from mmrag.agent.reading.boxes import Box, boxes_of
from mmrag.agent.reading.grids import Grid, grids_of
from mmrag.agent.reading.layout import Layout, Run
from mmrag.agent.reading.lexicon import Concept, lexicon
from mmrag.agent.reading.tables import Table
from mmrag.agent.reading.text import TOKEN, Token, blurred, fold

_LONGEST = 6
_SHORT_RUN = 8
_TAX_WORDS = frozenset({"gst", "tax", "vat", "sst", "taxes"})
_FUZZY = 0.8
_ENUMERATOR = 2
_WIDE_SPACE = 1.5
"""Line heights between a label and a word that may still be its last."""
_BREAKING = frozenset(":;|")
"""What no label goes across."""
_OPENING = _BREAKING | frozenset("/([•")
"""What a label may begin after, inside a long run."""
_BREAKS = re.compile(r"[:;|]")
_PARTS = re.compile(rf"{TOKEN.pattern}|[{re.escape(''.join(sorted(_OPENING)))}]")
_LAST, _RUN = 3, 35
"""A place in a run as one number: from bit 0 how many tokens follow the first, from bit 3 the first, from bit 35 the run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A label found on the page: characters ``start`` to ``end`` of ``run``. ``quality`` in [0, 1]."""

    run: Run
    start: int
    end: int
    quality: float
    key: str


class _Window(NamedTuple):
    key: str
    run: Run
    first: int
    last: int


class LabelIndex:
    """Every short stretch of words of a page that could be a label, by its folded text."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        # Where each text stands: one place as a number, several as a list of such. A page has hundreds, nearly all of them
        # with one place, and a reader keeps hundreds of pages: objects would take three times the memory.
        self._places: dict[str, int | list[int]] = {}
        for run in layout.runs:
            _add_windows(self._places, run)
        self._keys = [k for k in self._places if len(k) >= 4]
        self._blurred = blurred("\n".join(self._keys)).split("\n")
        self._of_concepts: dict[str, tuple[Label, ...]] = {}

    @cached_property
    def table(self) -> Table:
        """The numbers of the page by their rows and columns."""
        return Table(self.layout)

    @cached_property
    def boxes(self) -> Mapping[str, tuple[Box, ...]]:
        """The numbered boxes of a form."""
        return boxes_of(self.layout)

    @cached_property
    def box_numbers(self) -> frozenset[int]:
        """The words that number boxes: they are no values."""
        return frozenset(w.index for of_one in self.boxes.values() for box in of_one for w in box.marks)

    @cached_property
    def grids(self) -> tuple[Grid, ...]:
        """The recognised tables of the page."""
        return grids_of(self.layout.page)

    def of_concept(self, concept: Concept) -> tuple[Label, ...]:
        """The labels of a field of the lexicon, looked for once a page."""
        if concept.id not in self._of_concepts:
            self._of_concepts[concept.id] = self.find(concept.labels, concept.avoid)
        return self._of_concepts[concept.id]

    def find(self, wanted: Mapping[str, float], avoid: frozenset[str] = frozenset()) -> tuple[Label, ...]:
        """Labels whose folded text is one of ``wanted`` (with its weight), or nearly. Best first, none inside another."""
        found: list[Label] = []
        for key, meant, similarity, weight in self._matches(wanted):
            other = frozenset(a for a in avoid if a in key and a not in meant)  # 'Registration unit' is no misread '... no'
            places = self._places[key]
            for place in (places,) if isinstance(places, int) else places:
                window = _Window(key, self.layout.runs[place >> _RUN], *_first_and_last(place))
                label = self._label(window, weight * similarity, avoid, other)
                if label.quality >= 0.2:
                    found.append(label)
        return _without_inner(found)

    def _matches(self, wanted: Mapping[str, float]) -> Iterable[tuple[str, str, float, float]]:
        """Texts of the page with the label that they may be, how much they resemble it, and its weight."""
        for label, weight in wanted.items():
            if label in self._places:
                yield label, label, 1.0, weight
        long = [w for w in wanted if len(w) >= 5]
        if not long or not self._keys:
            return
        known = lexicon().label_keys
        grid = cdist(
            [blurred(w) for w in long], self._blurred, scorer=Levenshtein.normalized_similarity, score_cutoff=_FUZZY
        )
        for row, column in zip(*grid.nonzero(), strict=True):
            key, label = self._keys[int(column)], long[int(row)]
            # 'Change' is a label of its own, and no misread 'charge'.
            if key != label and key not in wanted and key not in known and ("excl" in key) == ("excl" in label):
                yield key, label, 0.35 + 0.6 * float(grid[row, column]), wanted[label]

    def _label(self, window: _Window, strength: float, avoid: frozenset[str], misread: frozenset[str]) -> Label:
        around = self.layout.tokens(window.run)
        start, end = around[window.first].start, around[window.last].end
        before, after = _chunk(window, around)
        size = max(1, len(window.key))
        others = {t.key for t in _around(window, around)} | self._goes_on(window, around, avoid)
        others |= misread & {t.key for t in around[window.first : window.last + 1]}
        if any(o.startswith("incl") for o in others):
            others -= _TAX_WORDS
        if others & avoid or any(o.endswith(a) for a in avoid if len(a) >= 4 for o in others):
            strength *= 0.15
        strength *= 1.0 - 0.55 * before / (before + size) - 0.3 * after / (after + size)
        if len(around) > 2 * _SHORT_RUN:
            strength *= 0.6
        return Label(run=window.run, start=start, end=end, quality=strength, key=window.key)

    def _goes_on(self, window: _Window, tokens: Sequence[Token], avoid: frozenset[str]) -> set[str]:
        """The words of the next run where they belong to the label: 'Advertiser' and 'Code' a wide space further."""
        if not avoid or window.last + 1 < len(tokens):
            return set()
        run = window.run
        beside = next((o for o in self.layout.right_of(run) if o.x0 - run.x1 < _WIDE_SPACE * run.height), None)
        there = self.layout.tokens(beside) if beside is not None and len(beside.words) == 1 else ()
        return {t.key for t in there}


@lru_cache(maxsize=32_768)
def _parts(word: str) -> tuple[tuple[str, bool], ...]:
    """The words and numbers of what stands between two spaces, folded, each with whether it is a word, and the signs
    between them that a label may begin after."""
    return tuple([(part, False) if part in _OPENING else (fold(part), part[0].isalpha()) for part in _PARTS.findall(word)])


def _add_windows(places: dict[str, int | list[int]], run: Run) -> None:
    """Add the windows of ``run`` to those of its page."""
    keys: list[str] = []
    words: list[int] = []
    openings: list[int] = []
    breaks: list[int] = []
    opened = True
    for word in run.words:
        for key, is_word in _parts(word.text):
            if is_word:
                words.append(len(keys))
                if opened or len(keys) <= _ENUMERATOR:
                    openings.append(len(keys))
                opened = False
            else:
                opened = True
                if key in _OPENING:
                    if key in _BREAKING:
                        breaks.append(len(keys))
                    continue
            keys.append(key)
    for first in words if len(keys) <= _SHORT_RUN else openings:
        stop = first + _LONGEST
        for at in breaks:
            if first < at < stop:
                stop = at
                break
        place = (run.index << _RUN) + (first << _LAST)
        for here, key in enumerate(accumulate(keys[first:stop]), place):
            if len(key) < 2:
                continue
            there = places.setdefault(key, here)
            if isinstance(there, list):
                there.append(here)
            elif there != here:
                places[key] = [there, here]


def _first_and_last(place: int) -> tuple[int, int]:
    first = (place >> _LAST) & ((1 << (_RUN - _LAST)) - 1)
    return first, first + (place & ((1 << _LAST) - 1))


def _breaks(between: str) -> bool:
    return _BREAKS.search(between) is not None


def _chunk(window: _Window, tokens: Sequence[Token]) -> tuple[int, int]:
    """How many letters stand before and after the window in the same stretch of words."""
    text = window.run.text
    before, at = 0, window.first
    while at > 0 and tokens[at - 1].is_word and not _breaks(text[tokens[at - 1].end : tokens[at].start]):
        before += len(tokens[at - 1].key) if len(tokens[at - 1].key) > 1 else 0
        at -= 1
    after, at = 0, window.last
    while at + 1 < len(tokens) and tokens[at + 1].is_word:
        between = text[tokens[at].end : tokens[at + 1].start]
        if _breaks(between) or "(" in between:
            break
        after += len(tokens[at + 1].key)
        at += 1
    return before, after


def _around(window: _Window, tokens: Sequence[Token]) -> Sequence[Token]:
    reach = len(tokens) if len(tokens) <= _SHORT_RUN else 2
    return [*tokens[max(0, window.first - reach) : window.first], *tokens[window.last + 1 : window.last + 1 + reach]]


def _without_inner(found: Sequence[Label]) -> tuple[Label, ...]:
    """Drop labels that lie inside a longer one of at least nearly its quality."""
    kept: list[Label] = []
    for label in sorted(found, key=lambda f: (-(f.quality + 0.01 * len(f.key)), f.run.index)):
        if not any(k.run is label.run and k.start < label.end and label.start < k.end for k in kept):
            kept.append(label)
    return tuple(sorted(kept, key=lambda k: -k.quality))
