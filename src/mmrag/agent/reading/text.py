"""Text as labels are compared: without case, accents, spaces and punctuation, and forgiving what OCR confuses."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache, partial
from typing import NamedTuple

TOKEN = re.compile(r"[^\W\d_]+(?:['’´`][^\W\d_]+)*|\d+(?:[.,/:-]\d+)*|#|%")
_CONFUSED = str.maketrans({"0": "o", "1": "l", "i": "l", "5": "s", "8": "b", "|": "l", "!": "l"})
_CAMEL = re.compile(r"(?<=[a-zà-ÿ])(?=[A-Z])")

_STOP_WORDS = (
    "a an the this that these those its their his her of on in at from for by to with as is are was were be been does do did"
    " has have had what which who whom whose when where how why and or it there any some you can could according printed"
    " stated listed given entered shown mentioned written please many much s not must shall may"
    " ist sind war wurde still yet already actually currently"
)
STOP = frozenset(_STOP_WORDS.split())
"""Words that carry nothing of what is asked."""

_LONG_MONTHS = "january february march april june july august september october november december sept"
_MONTHS = frozenset(_LONG_MONTHS.split())


class Token(NamedTuple):
    """A run of letters or of digits in a text, with its character offsets and its folded form."""

    text: str
    start: int
    end: int
    key: str

    @property
    def is_word(self) -> bool:
        return self.text[0].isalpha()


_new_token = partial(tuple.__new__, Token)
"""A token from its four parts in order: a page has hundreds, and calling the class takes twice as long."""


@lru_cache(maxsize=65_536)
def fold(text: str) -> str:
    """Lower case, no accents, letters, digits, '#' and '%' only: 'Invoice No.' and 'INVOICENO' both give 'invoiceno'."""
    if text.isascii():
        plain = text.lower()  # which folds the case of ASCII, and NFKD leaves it as it is
        return plain if plain.isalnum() else "".join([c for c in plain if c.isalnum() or c in "#%"])
    plain = unicodedata.normalize("NFKD", text).casefold()
    return "".join([c for c in plain if c.isalnum() or c in "#%"])


def blurred(key: str) -> str:
    """A folded key with the characters that OCR takes for one another made equal: 'tota1' and 'total' both give 'total'."""
    return key.translate(_CONFUSED)


def tokens(text: str) -> tuple[Token, ...]:
    """The words and numbers of ``text``, in order."""
    return tuple([_new_token((printed := m[0], *m.span(), fold(printed))) for m in TOKEN.finditer(text)])


@lru_cache(maxsize=16_384)
def words(text: str) -> tuple[str, ...]:
    """The folded words of ``text``; 'TotalAmount' gives two."""
    return tuple([key for part in TOKEN.findall(_CAMEL.sub(" ", text)) if (key := fold(part))])


@lru_cache(maxsize=16_384)
def stem(word: str) -> str:
    """A word without its plural or participle ending: 'numbers' meets 'number', 'insures' 'insure', and 'July' 'Jul'."""
    if word in _MONTHS:
        return word[:3]
    for ending in ("ies", "es", "s", "ed", "ing", "ly"):
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word[: -len(ending)] + ("y" if ending == "ies" else "")
    return word[:-1] if word.endswith("e") and len(word) >= 6 else word


@lru_cache(maxsize=32_768)
def stems(text: str) -> frozenset[str]:
    """The stems of the words of ``text``. Those of a line are those of what stands between its spaces."""
    return frozenset([stem(word) for word in words(text)])


@lru_cache(maxsize=4_096)
def phrases(text: str, longest: int) -> frozenset[str]:
    """Every stretch of up to ``longest`` words of ``text``, folded, with single spaces."""
    there = words(text)
    ends = range(1, len(there) + 1)
    return frozenset([" ".join(there[start:end]) for end in ends for start in range(max(0, end - longest), end)])


def content_words(text: str) -> tuple[str, ...]:
    """The folded words of ``text`` that carry meaning, in order, without repeats."""
    return tuple(dict.fromkeys(w for w in words(text) if w not in STOP and w != "#"))


def holds(haystack: str, needle: str) -> bool:
    """True when the words of ``needle`` stand side by side among those of ``haystack``. Both are plain texts."""
    inner = " ".join(words(needle))
    return bool(inner) and f" {inner} " in f" {' '.join(words(haystack))} "
