"""Whether a page prints the very name that a question says, or only one that is like it. Pure.

A search forgives: it finds ``Fernhill Office Supplies`` for ``Thornhill Office Supplies``, as a faint scan may print either.
So where it has found a page, the words of the name are looked for there one by one. How much a word may differ depends on
how sure the OCR engine was of it, and on whether the letters that differ are such as it takes for one another. On words
that were read well nothing may differ but what a name keeps when it is spelt another way.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final

from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

from mmrag.domain.documents import Word

WELL_READ: Final = 0.97
"""OCR confidence from which a word is what it says. On the names of the development questions, 19 in 20 of the words that
were read right have 0.975 and more, and misread ones 0.96 and less."""
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
_SHORT: Final = (
    ("intl", "international"),
    ("int", "international"),
    ("bros", "brothers"),
    ("dept", "department"),
    ("assn", "association"),
    ("assoc", "associates"),
    ("univ", "university"),
    ("natl", "national"),
    ("govt", "government"),
    ("mfg", "manufacturing"),
    ("st", "street"),
    ("st", "saint"),
    ("rd", "road"),
    ("ave", "avenue"),
    ("mt", "mount"),
    ("ctr", "center"),
    ("svcs", "services"),
    ("tech", "technologies"),
)
_ABBREVIATED: Final = frozenset(_SHORT) | frozenset((b, a) for a, b in _SHORT)
_LETTERS: Final = str.maketrans({"ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th"})
_DIGITS: Final = str.maketrans({"0": "o", "1": "i", "l": "i", "5": "s", "8": "b"})
_SPELLINGS: Final = (
    (re.compile(r"(?<=\w\w)our(?!$)|(?<=\w\w\w)our$"), "or"),  # harbour, colours; not hour, four, tour
    (re.compile(r"(?<=[^aeiou\W])re$"), "er"),  # centre
    (re.compile(r"(?<=\w\w)is(?=e|ing|ation)|(?<=\w\w)ys(?=e$)"), "iz"),  # organisation
    (re.compile(r"ogue$"), "og"),
    (re.compile(r"(?<=[aou])e"), ""),  # Mueller for Müller
    (re.compile(r"(.)\1+"), r"\1"),  # a letter doubled or not: traveller
)
_PLURAL: Final = re.compile(r"(?<=\w\w)ies$|(?<=\w\w\w)s$")
_CONFUSED: Final = frozenset(
    frozenset(pair)
    for pair in re.findall(r"\w\w", "ce ao co eo uv nh nm ft ef il it lt ij gq qo cg od gy kx rn bh bp br pr sz vy vw kh")
)
"""Letters that OCR engines take for one another, in small or in capitals."""
_RUNS: Final = (("rn", "m"), ("vv", "w"), ("cl", "d"), ("ii", "u"))
_THIN: Final = frozenset("iljt")
_TOLD: Final = 0.5


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


@dataclass(frozen=True, slots=True)
class _Token:
    """A word of a printed word ("Office" of "FernhillOffice"): its letters, its word, and that word's position."""

    key: str
    word: Word
    position: int

    @property
    def confidence(self) -> float:
        return self.word.confidence

    @property
    def tells(self) -> bool:
        return len(self.key) > 2 and self.key.isalpha() and self.key not in _UNTELLING

    def is_beside(self, other: _Token) -> bool:
        """True when ``other`` stands right behind this one on its line."""
        one, two = self.word.bbox, other.word.bbox
        letter = (one.x1 - one.x0) / max(1, len(self.word.text))
        return self.word.line == other.word.line and two.x0 - one.x1 < _GAP * letter


@dataclass(frozen=True, slots=True)
class _Cover:
    """``size`` tokens from ``at`` on print the words of the name at the positions ``prints``."""

    at: int
    size: int
    prints: frozenset[int]


def how_named(name: str, words: Sequence[Word]) -> Named:
    """How a page that prints ``words`` (in reading order) shows ``name``.

    The parts of a name around commas and dashes may stand apart, and those behind the first may be missing: a company's
    town, the second half of a title.
    """
    tokens = list(_tokens(words))
    first, *others = [part for part in _PARTED.split(name) if _telling(part)[1]] or [name]
    if others and len(_telling(first)[1]) == 1:
        return _part(_PARTED.sub(" ", name), tokens)  # "Larkspur, Edwina"
    return _part(first, tokens)


def is_same(wanted: str, printed: str, confidence: float) -> bool:
    """True when ``printed`` is the word ``wanted``: spelt another way, or misread as ``confidence`` allows.

    Both are single words, compared without case, accents and plural endings.
    """
    first, second = letters(wanted), letters(printed)
    if _forms(first) & _forms(second) or (first, second) in _ABBREVIATED:
        return True
    if first.isdigit() or second.isdigit():
        return False
    if any(c.isdigit() for c in first + second) and first.translate(_DIGITS) == second.translate(_DIGITS):
        return True
    allowed = _allowed(confidence, min(len(first), len(second)))
    return allowed > 0 and abs(len(first) - len(second)) <= allowed / _TOLD and _misread(first, second) <= allowed


@lru_cache(maxsize=65_536)
def letters(text: str) -> str:
    """Lower case letters and digits only, without accents."""
    plain = unicodedata.normalize("NFKD", text).casefold().translate(_LETTERS)
    return "".join(c for c in plain if c.isalnum())


@lru_cache(maxsize=65_536)
def _forms(key: str) -> frozenset[str]:
    """The spellings under which a word is the same, with and without its plural ending."""
    found = {key}
    for form in (key, _PLURAL.sub(lambda m: "y" if m.group() == "ies" else "", key)):
        spelt = form
        for pattern, by in _SPELLINGS:
            spelt = pattern.sub(by, spelt)
        found |= {form, spelt}
    return frozenset(found)


def _allowed(confidence: float, size: int) -> float:
    """How much may be misread of ``size`` letters: 0.5 for letters that look alike, 1 for others."""
    if confidence >= WELL_READ or size < 3:
        return 0.0
    if confidence >= 0.9:
        return 1.5 if size >= 9 else 1.0 if size >= 7 else 0.5
    if confidence >= 0.75:
        return 1.5 if size >= 8 else 1.0
    return max(1.0, 0.35 * size)


def _misread(first: str, second: str) -> float:
    """What OCR would have to get wrong to read one as the other."""
    merged = _merged(first), _merged(second)
    return min(_edits(first, second), _TOLD + _edits(*merged) if merged != (first, second) else float("inf"))


def _merged(key: str) -> str:
    for run, single in _RUNS:
        key = key.replace(run, single)
    return key


def _edits(first: str, second: str) -> float:
    cost = 0.0
    for edit in Levenshtein.editops(first, second):
        if edit.tag == "replace":
            cost += _TOLD if frozenset((first[edit.src_pos], second[edit.dest_pos])) in _CONFUSED else 1.0
        else:
            letter = first[edit.src_pos] if edit.tag == "delete" else second[edit.dest_pos]
            cost += _TOLD if letter in _THIN else 1.0
    return cost


def _tokens(words: Sequence[Word]) -> Iterator[_Token]:
    for position, word in enumerate(words):
        for key in _keys(word.text):
            yield _Token(key, word, position)


@lru_cache(maxsize=65_536)
def _keys(text: str) -> tuple[str, ...]:
    """The letters of each word of ``text``."""
    return tuple(key for piece in _WORD.findall(_CAMEL.sub(" ", text)) if (key := letters(piece)))


def _telling(part: str) -> tuple[tuple[str, ...], frozenset[int]]:
    """The words of a part of a name, and the positions of those that tell it from others."""
    keys = _keys(part)
    return keys, frozenset(n for n, key in enumerate(keys) if key not in _UNTELLING and len(key) > 1)


def _part(part: str, tokens: Sequence[_Token]) -> Named:
    keys, telling = _telling(part)
    if _CASELESS.search(part):
        shown = "".join(keys) in "".join(token.key for token in tokens)
        return Named(showing=Showing.SHOWN) if shown else Named(showing=Showing.UNCLEAR, share=0.0)
    if f" {' '.join(keys)} " in f" {' '.join(token.key for token in tokens)} ":
        return Named(showing=Showing.SHOWN)
    telling = telling or frozenset(range(len(keys)))
    covers = [cover for cover in _covers(keys, tokens) if cover.prints & telling]
    here = _best_window(covers, tokens, telling, len(keys) + _SLACK)
    printed = frozenset[int]().union(*(cover.prints for cover in here)) & telling
    if printed == telling:
        return Named(showing=Showing.SHOWN)
    first, last = _place(keys, [keys[n] for n in sorted(telling - printed)], here, tokens)
    used = {n for cover in here for n in range(cover.at, cover.at + cover.size)}
    rest = [token for n, token in enumerate(tokens[first : last + 1], first) if n not in used]
    share = len(printed) / len(telling)
    if any(token.confidence < _DOUBTFUL and len(token.key) > 1 for token in rest):
        return Named(showing=Showing.UNCLEAR, share=share)
    return Named(showing=Showing.ANOTHER, share=share, nearest=_text(tokens[first : last + 1]))


def _place(keys: Sequence[str], missing: Sequence[str], here: Sequence[_Cover], tokens: Sequence[_Token]) -> tuple[int, int]:
    """The first and the last token of where the name would stand, the last before the first where there is no such place.

    It is around those of its words that are ``here``, else where a word is most like one that is ``missing``.
    """
    if here:
        before, behind = min(here[0].prints), len(keys) - 1 - max(here[-1].prints)
        return max(0, here[0].at - before), min(len(tokens) - 1, here[-1].at + here[-1].size - 1 + behind)
    alike = [max(fuzz.ratio(key, token.key) for key in missing) for token in tokens]
    best = max(range(len(tokens)), key=alike.__getitem__, default=0)
    return (best, best) if alike and alike[best] >= _SIMILAR else (0, -1)


def _covers(keys: Sequence[str], tokens: Sequence[_Token]) -> Iterator[_Cover]:
    """Where words of the name stand, in reading order.

    A name's words may be run together on the page, and a word of it may be parted there.
    """
    runs = {"".join(keys[a:b]): frozenset(range(a, b)) for a in range(len(keys)) for b in range(a + 1, len(keys) + 1)}
    forms: dict[str, frozenset[int]] = {}
    for n, key in enumerate(keys):
        for form in _forms(key):
            forms[form] = forms.get(form, frozenset()) | {n}
    heads = {key[0] for key in (*runs, *forms)}
    for at, token in enumerate(tokens):
        doubtful = token.confidence < WELL_READ or not (token.key.isalpha() or token.key.isdigit())
        if not doubtful and token.key[0] not in heads:
            continue
        printed = frozenset[int]().union(*(forms[form] for form in _forms(token.key) if form in forms))
        printed |= {n for n, key in enumerate(keys) if (key, token.key) in _ABBREVIATED}
        if printed:
            yield _Cover(at, 1, printed)
        for size in range(1, min(_JOINED, len(tokens) - at) + 1):
            joined = "".join(t.key for t in tokens[at : at + size])
            found = runs.get(joined)
            if found is None and doubtful and not printed and tokens[at + size - 1].word is token.word:
                near = ((r, where) for r, where in runs.items() if abs(len(r) - len(joined)) <= _MISSING)
                found = next((where for r, where in near if is_same(r, joined, token.confidence)), None)
            if found is not None:
                yield _Cover(at, size, found)


def _best_window(
    covers: Sequence[_Cover], tokens: Sequence[_Token], telling: frozenset[int], reach: int
) -> Sequence[_Cover]:
    """Those of ``covers`` that stand together, within ``reach`` tokens, and print most of the telling words of the name."""
    best: Sequence[_Cover] = ()
    most = 0
    for number, first in enumerate(covers):
        here, printed = [first], first.prints & telling
        for cover in covers[number + 1 :]:
            if cover.at >= first.at + reach or _parted(here[-1], cover, tokens):
                break
            here.append(cover)
            printed |= cover.prints & telling
        if len(printed) > most:
            best, most = here, len(printed)
    return best


def _parted(one: _Cover, other: _Cover, tokens: Sequence[_Token]) -> bool:
    """True when other words stand between two words of a name. A word may be left out of it; but a name that goes on in the
    next line ends its own, if not with a small word ("Office of the"), and begins that one, or a column of it."""
    last, following = one.at + one.size - 1, other.at
    if following <= last or tokens[last].word.line == tokens[following].word.line:
        return sum(token.tells for token in tokens[last + 1 : following]) > _LEFT_OUT
    before, end = tokens[following - 1], last
    while end + 1 < following and tokens[end].is_beside(tokens[end + 1]):
        end += 1
    rest = sum(token.tells for token in tokens[last + 1 : end + 1])
    whole = not rest or (rest <= _LEFT_OUT and tokens[end].key in _HANGING)
    return not whole or (before.tells and before.is_beside(tokens[following]))


def _text(tokens: Sequence[_Token]) -> str:
    """The printed words that ``tokens`` are of, shortened."""
    text = " ".join({token.position: token.word.text for token in tokens}.values())
    return text if len(text) <= _SHOWN_LETTERS else text[: _SHOWN_LETTERS - 1] + "…"
