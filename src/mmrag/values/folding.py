"""A view of a text that regular expressions can read: the same length, character for character, in plain ASCII.

Offsets found in the folded text are therefore offsets into the text as printed.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

NARROW_SPACE = "\u00a0"
"""What no-break, thin and figure spaces fold to: between digits they group thousands, a plain space may not."""

_SPECIAL = {
    **dict.fromkeys("‐‑‒–—―−﹣－", "-"),
    **dict.fromkeys("\u00a0\u202f\u2009\u2007\u2008", NARROW_SPACE),
    **dict.fromkeys("\u2002\u2003\u3000\t\r\n\v\f", " "),
    **dict.fromkeys("’‘`´′", "'"),
    "／": "/",
    "：": ":",
    "，": ",",
    "．": ".",
    "％": "%",
    "（": "(",
    "）": ")",
    "＠": "@",
    "＄": "$",
    "￥": "¥",
}

_LOOKALIKE = str.maketrans({"o": "0", "O": "0", "I": "1", "l": "1", "|": "1"})
_DIGIT_RUN = re.compile(r"[0-9oOIl|]+")
_SEPARATED_DIGITS = re.compile(r"[.,/:][0-9]{2}")

_DIGITS_SEPARATED = re.compile(r"[0-9][0-9oOIl]{0,12}[.,/]\Z")


@cache
def _plain(character: str) -> str:
    special = _SPECIAL.get(character)
    if special is not None:
        return special
    if character.isdecimal():
        return str(unicodedata.digit(character))
    base = unicodedata.normalize("NFD", character)[0].lower()
    return base if len(base) == 1 else character


def fold(text: str) -> str:
    """Lower case without accents, ASCII digits, dashes and quotes; the same length as ``text``."""
    return text.lower() if text.isascii() and text.isprintable() else "".join(map(_plain, text))


def fold_digits(text: str) -> str:
    """``fold`` with what OCR does to digits undone: ``O`` for 0, ``I``, ``l`` and ``|`` for 1. The length stays.

    A run of digits and look-alikes is read as digits only when it holds a digit or stands across a separator from digits
    (``O.50``, ``1.OO``), and when no other letter touches it: words and codes stay what they are.
    """
    return fold(_DIGIT_RUN.sub(_as_digits, text))


def _as_digits(match: re.Match[str]) -> str:
    run, text = match.group(), match.string
    if run.isdigit():
        return run
    before = text[match.start() - 1] if match.start() else " "
    after = text[match.end()] if match.end() < len(text) else " "
    if before.isalnum() or after.isalnum() or run.count("|") == len(run):
        return run
    holds_digit = any(c.isdigit() for c in run)
    leads_digits = len(run) <= 2 and _SEPARATED_DIGITS.match(text, match.end()) is not None
    trails_digits = len(run) <= 2 and _DIGITS_SEPARATED.search(text, max(0, match.start() - 14), match.start()) is not None
    return run.translate(_LOOKALIKE) if holds_digit or leads_digits or trails_digits else run
