"""Whether a printed word is the one that is meant: spelt another way, or misread. Pure.

How much a word may differ depends on how sure the OCR engine was of it, and on whether the letters that differ are such as
it takes for one another. On words that were read well nothing may differ but what a name keeps when it is spelt another way.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

from rapidfuzz.distance import Levenshtein

WELL_READ: Final = 0.97
"""OCR confidence from which a word is what it says. On the names of the development questions, 19 in 20 of the words that
were read right have 0.975 and more, and misread ones 0.96 and less."""
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
ABBREVIATED: Final = frozenset(_SHORT) | frozenset((b, a) for a, b in _SHORT)
"""Words and what they are short for, either way round."""
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


def is_same(wanted: str, printed: str, confidence: float) -> bool:
    """True when ``printed`` is the word ``wanted``: spelt another way, or misread as ``confidence`` allows.

    Both are single words, compared without case, accents and plural endings.
    """
    first, second = letters(wanted), letters(printed)
    if forms(first) & forms(second) or (first, second) in ABBREVIATED:
        return True
    if first.isdigit() or second.isdigit():
        return False
    if any(c.isdigit() for c in first + second) and first.translate(_DIGITS) == second.translate(_DIGITS):
        return True
    allowed = _allowed(confidence, min(len(first), len(second)))
    return allowed > 0 and abs(len(first) - len(second)) <= allowed / _TOLD and _misread(first, second, allowed) <= allowed


@lru_cache(maxsize=65_536)
def letters(text: str) -> str:
    """Lower case letters and digits only, without accents."""
    plain = unicodedata.normalize("NFKD", text).casefold().translate(_LETTERS)
    return "".join(c for c in plain if c.isalnum())


@lru_cache(maxsize=65_536)
def forms(key: str) -> frozenset[str]:
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


def _misread(first: str, second: str, most: float) -> float:
    """What OCR would have to get wrong to read one as the other; infinite where that is over ``most``."""
    merged = _merged(first), _merged(second)
    apart = _TOLD + _edits(*merged, most - _TOLD) if merged != (first, second) else float("inf")
    return min(_edits(first, second, most), apart)


def _merged(key: str) -> str:
    for run, single in _RUNS:
        key = key.replace(run, single)
    return key


def _edits(first: str, second: str, most: float) -> float:
    if Levenshtein.distance(first, second, score_cutoff=int(most / _TOLD)) > most / _TOLD:
        return float("inf")
    cost = 0.0
    for edit in Levenshtein.editops(first, second):
        if edit.tag == "replace":
            cost += _TOLD if frozenset((first[edit.src_pos], second[edit.dest_pos])) in _CONFUSED else 1.0
        else:
            letter = first[edit.src_pos] if edit.tag == "delete" else second[edit.dest_pos]
            cost += _TOLD if letter in _THIN else 1.0
    return cost
