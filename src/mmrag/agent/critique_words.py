"""Words that give an answer, or a document, away: instructions, escapes, private numbers. Pure, on plain text."""

from __future__ import annotations

import base64
import binascii
import re
import tomllib
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_DIGITS = re.compile(r"(?<![\w.-])(?:\d{13,19}|\d{4}([ -])\d{4}\1\d{4}\1\d{1,7}|\d{4}([ -])\d{6}\2\d{5})(?![\w-])")
_DASHED = re.compile(r"(?<![\w-])(?:\d{3}-\d{2}-\d{4}|\d{6}-\d{2}-\d{4})(?![\w-])")
_IBAN = re.compile(r"(?<!\w)[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?(?!\w)")
_INVISIBLE = dict.fromkeys([0x00AD, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2065), 0xFEFF])
_ALIKE = str.maketrans(
    "асеорхуіјѕһԁԛԝүзАВСЕНІЈКМОРЅТХУԌαοενρτυικχΑΒΕΖΗΙΚΜΝΟΡΤΥΧıɑɡ",
    "aceopxyijshdqwyeABCEHIJKMOPSTXYGaoevptuikxABEZHIKMNOPTYXiag",
)
"""Letters of other alphabets that are taken for Latin ones (Unicode's confusables, UTS 39), as far as English words need
them."""
_ENCODED = re.compile(r"(?<![\w+/=-])[A-Za-z0-9+/_-]{20,}={0,2}(?![\w+/=-])")
"""What may be text in base64."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CritiqueWords:
    instructions: tuple[tuple[tuple[str, ...], re.Pattern[str]], ...]
    """Each with the pieces of text, one of which has to be there for the pattern to be tried at all."""
    escapes: re.Pattern[str]
    addresses: re.Pattern[str]
    asks_address: re.Pattern[str]
    asks_private: re.Pattern[str]
    unsure: re.Pattern[str]


@cache
def critique_words() -> CritiqueWords:
    data = tomllib.loads(files("mmrag.agent").joinpath("critique.toml").read_text(encoding="utf-8"))

    def joined(patterns: list[str]) -> re.Pattern[str]:
        return re.compile("|".join(f"(?:{p})" for p in patterns), re.IGNORECASE | re.DOTALL)

    return CritiqueWords(
        instructions=tuple((tuple(row["needs"]), joined([row["pattern"]])) for row in data["instructions"]),
        escapes=joined(data["escapes"]),
        addresses=joined([data["addresses"]]),
        asks_address=joined([data["asks_address"]]),
        asks_private=joined([data["asks_private"]]),
        unsure=joined([data["unsure"]]),
    )


def instructions_in(text: str) -> str | None:
    """The first piece of ``text`` that tells its reader what to do, as a model may be told; None when there is none.

    Letters that only look different (full width, invisible characters between them) are seen through.
    """
    told = instruction_spans(plainly(text))
    start, end = min(told, default=(0, 0))
    return plainly(text)[start:end].strip() or None


def instruction_spans(plain: str) -> list[tuple[int, int]]:
    """Where ``plain`` (see :func:`plainly`) tells its reader what to do: start and end of each place, white space apart.

    Look-alike letters of other alphabets are seen through, and so is base64.
    """
    hidden = [m.span() for m in _ENCODED.finditer(plain) if (text := _decoded(m.group())) and _told(text)]
    return [*_told(plain if plain.isascii() else plain.translate(_ALIKE)), *hidden]


def _told(plain: str) -> list[tuple[int, int]]:
    lower = plain.lower()
    found = []
    for needs, pattern in critique_words().instructions:
        if any(need in lower for need in needs):
            found += [(m.end() - len(m.group().lstrip()), m.end()) for m in pattern.finditer(plain)]
    return found


def _decoded(encoded: str) -> str:
    """The text behind base64, plain or for addresses, padded or not; empty when it is none."""
    bare = encoded.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        text = base64.b64decode(bare + "=" * (-len(bare) % 4)).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return plainly(text) if text.isprintable() else ""


def escapes_in(text: str) -> str | None:
    """Markup in ``text`` that would load or open something when it is shown; None when there is none."""
    match = critique_words().escapes.search(plainly(text))
    return match.group().strip() if match else None


def private_in(text: str) -> str | None:
    """The first number of a bank card, an account or an identity paper in ``text``; None when there is none.

    Numbers count when their check digits are right or when they are written as such papers write them (``536-90-4399``).
    """
    return next(_private(text), None)


def plainly(text: str) -> str:
    """``text`` in compatibility form (NFKC), without invisible characters, with single spaces."""
    if text.isascii():
        return " ".join(text.split())  # NFKC leaves ASCII as it is, and none of it is invisible
    return " ".join(unicodedata.normalize("NFKC", text).translate(_INVISIBLE).split())


def _private(text: str) -> Iterator[str]:
    from stdnum import iban, luhn
    from stdnum.my import nric
    from stdnum.us import ssn

    for match in _DASHED.finditer(text):
        if ssn.is_valid(match.group()) or nric.is_valid(match.group()):
            yield match.group()
    for match in _IBAN.finditer(text):
        if iban.is_valid(match.group()):
            yield match.group()
    for match in _DIGITS.finditer(text):
        digits = re.sub(r"\D", "", match.group())
        if 13 <= len(digits) <= 19 and luhn.is_valid(digits) and digits[0] in "23456":
            yield match.group()
