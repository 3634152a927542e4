"""Whether a page prints the very name that a question says, or only one that is like it. Pure.

A search forgives: it finds ``Fernhill Office Supplies`` for ``Thornhill Office Supplies``, as a faint scan may print either.
So where it has found a page, the words of the name are looked for there one by one; ``spelling`` says which printed word may
be which of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final

from rapidfuzz import fuzz, process

from mmrag.domain.documents import Word
from mmrag.retrieval.spelling import ABBREVIATED, WELL_READ, forms, is_same, letters

_DOUBTFUL: Final = 0.85
"""A word that the engine gives less than this may be any word of about its length."""
_JOINED: Final = 3
_MISSING: Final = 2
"""Letters that a misread word may have more or less."""
_SLACK: Final = 6
"""Small words and numbers that may stand among those of a name, as its register number between two lines of it."""
_LEFT_OUT: Final = 1
_HANGING: Final = frozenset(("of", "the", "for", "and", "de", "la", "du", "des", "und", "der", "y", "e"))
_GAP: Final = 2.0
"""Widths of a letter that a space between two words has at most; columns stand further apart."""
_SIMILAR: Final = 55.0
_SHOWN_LETTERS: Final = 60
_WORD: Final = re.compile(r"[^\W_]+")
_CAMEL: Final = re.compile(r"(?<=[a-zà-ÿ])(?=[A-Z])")
_PARTED: Final = re.compile(r"[,:;()\[\]]|\s[-–—|/]\s|—")
_CASELESS: Final = re.compile(r"[぀-ヿ㐀-鿿가-힯฀-๿]")
"""Scripts without spaces between words."""

_UNTELLING: Final = frozenset(
    re.findall(
        r"\w+",
        "a an the of for and that this with at to in on by s de la le les des du von van der den und et y e da do dos di del"
        " ltd limited inc incorporated llc llp plc corp corporation co company gmbh ag kg ohg ug sarl sas sa srl spa bv nv"
        " sdn bhd bin binti pte pty pvt oy ab aps tbk cv pt lda sl mr mrs ms miss dr prof receipt invoice bill form contract"
        " order letter report statement document fax note",
    )
)
"""Words that a name is said with and without: small ones, legal forms, titles, kinds of document."""


class Showing(StrEnum):
    """What a page does with a name."""

    SHOWN = "shown"
    ANOTHER = "another"  # well-read print of another name stands where this one would
    UNCLEAR = "unclear"  # not found, and what stands there was read too badly to say


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """``share`` of the words that tell the name apart are shown. ``nearest`` is the print that is most like the name,
    empty for a name that is shown and where nothing is like it.
    """

    showing: Showing
    share: float = 1.0
    nearest: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class _Print:
    """What a page prints: the letters of each word of each printed word ("Office" of "FernhillOffice"), and where in
    ``words`` that one is. Two lists, and no record a word: a page has hundreds of them, of which a name is hardly like any.
    """

    words: Sequence[Word]
    keys: Sequence[str]
    at: Sequence[int]

    def word(self, n: int) -> Word:
        return self.words[self.at[n]]

    def tells(self, n: int) -> bool:
        key = self.keys[n]
        return len(key) > 2 and key.isalpha() and key not in _UNTELLING

    def is_beside(self, n: int, following: int) -> bool:
        """True when ``following`` stands right behind ``n`` on its line."""
        word, other = self.word(n), self.word(following)
        one, two = word.bbox, other.bbox
        letter = (one.x1 - one.x0) / max(1, len(word.text))
        return word.line == other.line and two.x0 - one.x1 < _GAP * letter

    def text(self, first: int, last: int) -> str:
        """The printed words from ``first`` to ``last``, shortened."""
        text = " ".join([self.words[n].text for n in dict.fromkeys(self.at[first : last + 1])])
        return text if len(text) <= _SHOWN_LETTERS else text[: _SHOWN_LETTERS - 1] + "…"


@dataclass(frozen=True, slots=True, eq=False)
class _Wanted:
    """A part of a name, taken apart once for all the pages that it is looked for on.

    ``keys`` are its words and ``telling`` the positions of those that tell it from others. ``runs`` are all its words in a
    row, run together; ``near`` the same by the lengths that they may be misread with, and ``ends`` those that go on to the
    last word, by their first letter. ``spelt`` are the spellings of its words, and ``short`` what they are short for;
    ``heads`` are the letters that they begin with.
    """

    keys: tuple[str, ...]
    telling: frozenset[int]
    runs: Mapping[str, frozenset[int]]
    near: Mapping[int, Sequence[tuple[str, frozenset[int]]]]
    ends: Mapping[str, Sequence[str]]
    spelt: Mapping[str, frozenset[int]]
    short: Mapping[str, frozenset[int]]
    heads: frozenset[str]

    def printed_by(self, key: str) -> frozenset[int]:
        """The positions of the words that ``key`` is a spelling of."""
        found = self.short.get(key, frozenset())
        spellings = forms(key)
        if not spellings.isdisjoint(self.spelt):
            found = found.union(*(self.spelt[form] for form in spellings if form in self.spelt))
        return found

    def begins(self, joined: str) -> bool:
        """Whether ``joined`` is the beginning of words in a row."""
        return any(end.startswith(joined) for end in self.ends.get(joined[0], ()))


@dataclass(frozen=True, slots=True)
class _Cover:
    """``size`` printed words from ``at`` on print the words of the name at the positions ``prints``."""

    at: int
    size: int
    prints: frozenset[int]


def how_named(name: str, words: Sequence[Word]) -> Named:
    """How a page that prints ``words`` (in reading order) shows ``name``.

    The parts of a name around commas and dashes may stand apart, and those behind the first may be missing: a company's
    town, the second half of a title.
    """
    page = _print(words)
    first, *others = [part for part in _PARTED.split(name) if _telling(part)[1]] or [name]
    if others and len(_telling(first)[1]) == 1:
        return _part(_PARTED.sub(" ", name), page)  # "Larkspur, Edwina"
    return _part(first, page)


def _print(words: Sequence[Word]) -> _Print:
    found = [_keys(word.text) for word in words]
    keys = [key for of_word in found for key in of_word]
    return _Print(words, keys, [position for position, of_word in enumerate(found) for _ in of_word])


@lru_cache(maxsize=65_536)
def _keys(text: str) -> tuple[str, ...]:
    """The letters of each word of ``text``."""
    return tuple(key for piece in _WORD.findall(_CAMEL.sub(" ", text)) if (key := letters(piece)))


def _telling(part: str) -> tuple[tuple[str, ...], frozenset[int]]:
    """The words of a part of a name, and the positions of those that tell it from others."""
    keys = _keys(part)
    return keys, frozenset(n for n, key in enumerate(keys) if key not in _UNTELLING and len(key) > 1)


@lru_cache(maxsize=64)
def _wanted(part: str) -> _Wanted:
    keys, telling = _telling(part)
    runs = {"".join(keys[a:b]): frozenset(range(a, b)) for a in range(len(keys)) for b in range(a + 1, len(keys) + 1)}
    ends: dict[str, list[str]] = {}
    spelt: dict[str, frozenset[int]] = {}
    short: dict[str, frozenset[int]] = {}
    for n, key in enumerate(keys):
        ends.setdefault(key[0], []).append("".join(keys[n:]))
        for form in forms(key):
            spelt[form] = spelt.get(form, frozenset()) | {n}
        for word, other in ABBREVIATED:
            if word == key:
                short[other] = short.get(other, frozenset()) | {n}
    near: dict[int, list[tuple[str, frozenset[int]]]] = {}
    for run, where in runs.items():
        for size in range(len(run) - _MISSING, len(run) + _MISSING + 1):
            near.setdefault(size, []).append((run, where))
    heads = frozenset(form[0] for form in (*keys, *spelt))
    return _Wanted(keys, telling or frozenset(range(len(keys))), runs, near, ends, spelt, short, heads)


def _part(part: str, page: _Print) -> Named:
    wanted = _wanted(part)
    keys, telling = wanted.keys, wanted.telling
    if _CASELESS.search(part):
        shown = "".join(keys) in "".join(page.keys)
        return Named(showing=Showing.SHOWN) if shown else Named(showing=Showing.UNCLEAR, share=0.0)
    if f" {' '.join(keys)} " in f" {' '.join(page.keys)} ":
        return Named(showing=Showing.SHOWN)
    covers = [cover for cover in _covers(wanted, page) if cover.prints & telling]
    here = _best_window(covers, page, telling, len(keys) + _SLACK)
    printed = frozenset[int]().union(*(cover.prints for cover in here)) & telling
    if printed == telling:
        return Named(showing=Showing.SHOWN)
    first, last = _place(keys, [keys[n] for n in sorted(telling - printed)], here, page)
    used = {n for cover in here for n in range(cover.at, cover.at + cover.size)}
    rest = [n for n in range(first, last + 1) if n not in used]
    share = len(printed) / len(telling)
    if any(page.word(n).confidence < _DOUBTFUL and len(page.keys[n]) > 1 for n in rest):
        return Named(showing=Showing.UNCLEAR, share=share)
    return Named(showing=Showing.ANOTHER, share=share, nearest=page.text(first, last))


def _place(keys: Sequence[str], missing: Sequence[str], here: Sequence[_Cover], page: _Print) -> tuple[int, int]:
    """The first and the last printed word of where the name would stand, the last before the first where there is no such
    place.

    It is around those of its words that are ``here``, else where a word is most like one that is ``missing``.
    """
    if here:
        before, behind = min(here[0].prints), len(keys) - 1 - max(here[-1].prints)
        return max(0, here[0].at - before), min(len(page.keys) - 1, here[-1].at + here[-1].size - 1 + behind)
    alike = [process.extractOne(key, page.keys, scorer=fuzz.ratio, score_cutoff=_SIMILAR) for key in missing]
    best = min(((-score, n) for found in alike if found is not None for _, score, n in (found,)), default=None)
    return (0, -1) if best is None else (best[1], best[1])


def _covers(wanted: _Wanted, page: _Print) -> list[_Cover]:
    """Where words of the name stand, in reading order.

    A name's words may be run together on the page, and a word of it may be parted there.
    """
    keys, at = page.keys, page.at
    read = [word.confidence for word in page.words]
    covers: list[_Cover] = []
    for n, key in enumerate(keys):
        # What is not well read, or has digits among its letters, need not be what it says.
        doubtful = read[at[n]] < WELL_READ or not (key.isalpha() or key.isdigit())
        if not doubtful and key[0] not in wanted.heads:
            continue
        printed = wanted.printed_by(key)
        if printed:
            covers.append(_Cover(n, 1, printed))
        misread = doubtful and not printed
        if misread or wanted.begins(key):
            covers += _runs(wanted, page, n, misread=misread)
    return covers


def _runs(wanted: _Wanted, page: _Print, n: int, *, misread: bool) -> Iterator[_Cover]:
    """Where the printed words from ``n`` on, run together, are words of the name run together. ``misread``: the first of
    them may be something else than it says."""
    joined = ""
    for size, key in enumerate(page.keys[n : n + _JOINED], 1):
        joined += key
        whole = misread and page.at[n + size - 1] == page.at[n]  # of one printed word
        found = wanted.runs.get(joined)
        if found is None and whole:
            near = wanted.near.get(len(joined), ())
            found = next((where for run, where in near if is_same(run, joined, page.word(n).confidence)), None)
        if found is not None:
            yield _Cover(n, size, found)
        if not whole and not wanted.begins(joined):
            return


def _best_window(covers: Sequence[_Cover], page: _Print, telling: frozenset[int], reach: int) -> Sequence[_Cover]:
    """Those of ``covers`` that stand together, within ``reach`` words, and print most of the telling words of the name."""
    best: Sequence[_Cover] = ()
    most = 0
    for number, first in enumerate(covers):
        here, printed = [first], first.prints & telling
        for cover in covers[number + 1 :]:
            if cover.at >= first.at + reach or _parted(here[-1], cover, page):
                break
            here.append(cover)
            printed |= cover.prints & telling
        if len(printed) > most:
            best, most = here, len(printed)
    return best


def _parted(one: _Cover, other: _Cover, page: _Print) -> bool:
    """True when other words stand between two words of a name. A word may be left out of it; but a name that goes on in the
    next line ends its own, if not with a small word ("Office of the"), and begins that one, or a column of it."""
    last, following = one.at + one.size - 1, other.at
    if following <= last or page.word(last).line == page.word(following).line:
        return sum(page.tells(n) for n in range(last + 1, following)) > _LEFT_OUT
    end = last
    while end + 1 < following and page.is_beside(end, end + 1):
        end += 1
    rest = sum(page.tells(n) for n in range(last + 1, end + 1))
    whole = not rest or (rest <= _LEFT_OUT and page.keys[end] in _HANGING)
    return not whole or (page.tells(following - 1) and page.is_beside(following - 1, following))
