"""The words of a chart as phrases in pixels: numbers, and the runs of words between them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from mmrag.domain.documents import Word

_VALUE = re.compile(r"^[(~≈]?[-+–]?\s*(?:US)?[$€£¥]?\s*[-+–]?\d(?:[\d.,]*\d)?\s*(?:%|bn|[MBKxk])?\)?[*¹²³]?$")
_YEAR = re.compile(r"^(?:19|20)\d\d$")
_GAP = 0.75
"""Words of one line belong together when the gap between them is at most this share of their height."""
_TILT = 0.2
"""The slope (rise over run) from which a word is written at an angle: along an arrow, or up an axis."""
_SENTENCE = 3
_OWN_VALUE = re.compile(r"\d\s*%$")
_GIANT, _LETTERS = 5.0, 2
"""Times the usual height of a word from which one of so many letters at most is none."""
_NOTE = re.compile(r"^\(\d\)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A phrase. The box is in pixels of the page picture; ``words`` are indexes into the page's words."""

    text: str
    words: tuple[int, ...]
    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def cx(self) -> float:
        return (self.x0 + self.x1) / 2

    @property
    def cy(self) -> float:
        return (self.y0 + self.y1) / 2

    @property
    def height(self) -> float:
        return self.y1 - self.y0

    @property
    def is_value(self) -> bool:
        """True for a number that may be a datum: an amount, a share, a count. Years and the marks of footnotes are none."""
        return bool(_VALUE.match(self.text)) and not self.is_year and not _NOTE.match(self.text)

    @property
    def is_year(self) -> bool:
        return bool(_YEAR.match(self.text))


def is_name(text: str, sentence: int = _SENTENCE) -> bool:
    """False for pieces of a running text, and for a name with its own value, as around a pie: the next number is not its.

    ``sentence`` words that begin with a small letter or end like a sentence are no name.
    """
    words = text.split()
    begun, ended = words[0][0].islower(), text.endswith((".", ","))
    is_text = (begun and ended) or (len(words) >= sentence and (begun or ended))
    return not is_text and _OWN_VALUE.search(text) is None


def moved(item: Item, x: float, y: float) -> Item:
    """The same this much further to the right and down."""
    return replace(item, x0=item.x0 + x, x1=item.x1 + x, y0=item.y0 + y, y1=item.y1 + y)


def joined(items: Sequence[Item]) -> Item:
    """One item around all of ``items``, their texts in the order given."""
    return Item(
        text=" ".join(i.text for i in items),
        words=tuple(w for i in items for w in i.words),
        x0=min(i.x0 for i in items),
        y0=min(i.y0 for i in items),
        x1=max(i.x1 for i in items),
        y1=max(i.y1 for i in items),
    )


def printed(words: Iterable[Word]) -> list[Word]:
    """``words`` without those that are drawn things read as a letter: a slice for a D, a ring for an O."""
    words = list(words)
    usual = median(w.bbox.height for w in words) if words else 0.0
    return [w for w in words if len(w.text.strip()) > _LETTERS or w.bbox.height < _GIANT * usual]


def items_of(words: Iterable[Word], width: int, height: int) -> list[Item]:
    """Each word as an item of its own, in pixels of a page of that size. Words written at an angle, and what is drawn and
    no word, are left out."""
    found = []
    for word in printed(words):
        box = word.bbox
        item = Item(
            text=word.text.strip(),
            words=(word.index,),
            x0=box.x0 * width,
            y0=box.y0 * height,
            x1=box.x1 * width,
            y1=box.y1 * height,
        )
        if item.text and not is_tilted(word, width, height):
            found.append(item)
    return found


def is_tilted(word: Word, width: int, height: int) -> bool:
    """True for a word written at an angle: up an axis, along an arrow."""
    (x0, y0), (x1, y1) = word.polygon.points[:2]
    run, rise = abs(x1 - x0) * width, abs(y1 - y0) * height
    tall = word.bbox.height * height > 1.6 * word.bbox.width * width
    return (len(word.text) > 2 and tall) or rise > _TILT * max(run, 1.0)


def lines_of(items: Sequence[Item]) -> list[list[Item]]:
    """Items that stand on one level, left to right, the lines from top to bottom."""
    lines: list[list[Item]] = []
    for item in sorted(items, key=lambda i: (i.cy, i.x0)):
        line = next((li for li in lines if abs(_level(li) - item.cy) < 0.45 * min(item.height, li[0].height)), None)
        if line is None:
            lines.append([item])
        else:
            line.append(item)
    return [sorted(line, key=lambda i: i.x0) for line in sorted(lines, key=_level)]


def phrases_of(line: Sequence[Item], gap: float = _GAP) -> list[Item]:
    """The items of a line, joined where they stand close together. A value after a value stays by itself."""
    groups: list[list[Item]] = []
    for item in line:
        last = groups[-1][-1] if groups else None
        close = last is not None and item.x0 - last.x1 < gap * min(item.height, last.height)
        apart = last is not None and item.is_value and last.is_value
        if close and not apart:
            groups[-1].append(item)
        else:
            groups.append([item])
    return [joined(group) for group in groups]


def in_text(items: Sequence[Item]) -> frozenset[tuple[int, ...]]:
    """The words of numbers with a word of letters right beside them: they belong to a sentence, and stand over nothing."""
    found: set[tuple[int, ...]] = set()
    for line in lines_of(items):
        for left, right in pairwise(line):
            if right.x0 - left.x1 < _GAP * min(left.height, right.height):
                found |= {a.words for a, b in ((left, right), (right, left)) if a.is_value and _is_word(b)}
    return frozenset(found)


def _is_word(item: Item) -> bool:
    return not item.is_value and sum(c.isalpha() for c in item.text) > 1


def _level(line: Sequence[Item]) -> float:
    return sum(i.cy for i in line) / len(line)
