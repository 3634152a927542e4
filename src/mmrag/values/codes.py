"""Identifiers, phone numbers, e-mail and web addresses, and times of day."""

from __future__ import annotations

import re
from collections.abc import Iterator

Span = tuple[int, int, tuple[str, ...]]
"""Start and end offsets, and the normal forms."""

# Every pattern that begins with a repeated class is anchored by a look-behind on that class, so that a long run is
# scanned once and not once from each of its characters.
_EMAIL = re.compile(r"(?<![a-z0-9._%+\-])[a-z0-9._%+\-]{1,64}@[a-z0-9\-]{1,63}(?:\.[a-z0-9\-]{1,63}){1,8}(?<![.\-])")
_TLD = "com|org|net|gov|edu|info|biz|io|eu|uk|de|fr|es|it|pt|nl|ch|at|my|sg|us|ca|au|in|jp|cn"
_URL = re.compile(
    r"(?:https?://|(?<![a-z0-9])www\.)[^\s<>()\"']+"
    rf"|(?<![a-z0-9.@\-])(?:[a-z0-9\-]{{1,63}}\.){{1,5}}(?:{_TLD})(?![a-z0-9@\-])(?:/[^\s<>()\"']*)?"
)
_TIME = re.compile(
    r"(?<![0-9:.])([0-9]{1,2})[:h]([0-9]{2})(?::([0-9]{2}))?(?![0-9:])[ ]?(?:([ap])\.?(?:m\b\.?|(?![a-z])))?"
    r"|(?<![0-9:.,])([0-9]{1,2})[ ]?([ap])\.?m\b\.?"
)
_ZONED_TIME = re.compile(
    r"(?<![0-9:.,/-])([01][0-9]|2[0-3])([0-5][0-9])[ ]?(?:UTC|GMT|[ECMPAH][SD]T|AK[SD]T|CES?T|BST|local)(?![A-Za-z])"
)
"""A time without a colon is one where a time zone follows; in capitals, for in French 'est' is a verb."""
_PHONE = re.compile(
    r"(?<![0-9a-z])(?:"
    r"\+[0-9]{1,3}[ .\-]?(?:\([0-9]{1,4}\)[ .\-]?)?[0-9]{1,4}(?:[ .\-]?[0-9]{2,4}){1,4}"
    r"|\([0-9]{2,4}\)[ .\-]?[0-9]{3,4}[ .\-]?[0-9]{3,4}"
    r"|(?:1[ .\-])?[0-9]{3}([.\- ])[0-9]{3}\1[0-9]{4}"
    r"|0[0-9]{1,3}-[0-9]{3,4}[ \-]?[0-9]{3,4}"
    r"|0[1-9](?:[ .][0-9]{2}){4}"
    r")(?![0-9]|-[0-9])"
)
_LABELLED_PHONE = re.compile(
    r"(?<![a-z])(?:tel|telephone|phone|fax|hp|h/p|mobile|telefon|telefono|t[eé]l|reservas?|reservations?|hotline)"
    r"(?:[ ]?no)?[ .:#/)]{1,4}"
    r"(\+?\(?[0-9][0-9 ()./\-]{4,22}[0-9])"
)
_TOKEN = re.compile(r"(?<![a-z0-9])[a-z0-9](?:[a-z0-9]|[\-_/](?=[a-z0-9]))*(?![a-z0-9])")
_MEASURE = re.compile(r"[0-9]+(?:st|nd|rd|th|ml|kg|mm|cm|km|gm|[gmlxk]|pcs?|s|am|pm|er)")
_RANGE = re.compile(r"([0-9]{1,4})-([0-9]{1,4})")
_RUN_TOGETHER = re.compile(r"[a-z]*[a-z]{3}[0-9]+")
_LOOKALIKE = str.maketrans({"O": "0", "I": "1", "|": "1"})


def emails_in(folded: str) -> Iterator[Span]:
    for match in _EMAIL.finditer(folded):
        yield (*match.span(), (match.group(),))


def urls_in(folded: str) -> Iterator[Span]:
    for match in _URL.finditer(folded):
        address = match.group().rstrip(".,;:!?'")
        yield match.start(), match.start() + len(address), (url_normal(address),)


def times_in(digits: str) -> Iterator[Span]:
    """Times with a colon (or a French ``h``), or with am or pm. With seconds there is a second form without them."""
    for match in _TIME.finditer(digits):
        hour, minute = int(match[1] or match[5]), int(match[2] or 0)
        second, half = match[3], match[4] or match[6]
        if half and 1 <= hour <= 12:
            hour = hour % 12 + (12 if half == "p" else 0)
        if hour > 23 or minute > 59 or int(second or 0) > 59:
            continue
        short = f"{hour:02d}:{minute:02d}"
        end = match.start() + len(match.group().rstrip())
        yield match.start(), end, ((f"{short}:{second}", short) if second else (short,))


def zoned_times_in(text: str) -> Iterator[Span]:
    """Times of four digits with their zone, as aviation writes them: '1710 EST'. ``text`` as printed, not folded."""
    for match in _ZONED_TIME.finditer(text):
        yield (*match.span(), (f"{match[1]}:{match[2]}",))


def phones_in(digits: str) -> Iterator[Span]:
    for match in _LABELLED_PHONE.finditer(digits):
        number = "".join(c for c in match[1] if c.isdigit())
        if 6 <= len(number) <= 15:
            yield (*match.span(1), (number,))
    for match in _PHONE.finditer(digits):
        yield (*match.span(), ("".join(c for c in match.group() if c.isdigit()),))


def identifiers_in(text: str, folded: str, digits: str) -> Iterator[Span]:
    """Codes of letters and digits, or of digits with dashes. ``text`` is as printed; the other two are its folded forms."""
    for match in _TOKEN.finditer(folded):
        start, end = match.span()
        if _is_identifier(match.group(), text[start:end], digits[start:end]):
            yield start, end, identifier_normals(text[start:end])


def identifier_normals(text: str) -> tuple[str, ...]:
    """Upper case without spaces and outer punctuation, then the same with ``O`` and ``I`` read as digits if that differs."""
    literal = "".join(text.split()).strip("()[]{}<>#:;.,*'\"-_/\\").upper()
    if not any(c.isalnum() for c in literal):
        return ()
    if not any(c.isdigit() for c in literal):
        return (literal,)
    return tuple(dict.fromkeys((literal, literal.translate(_LOOKALIKE))))


def url_normal(folded: str) -> str:
    bare = re.sub(r"^https?://", "", folded.strip()).removeprefix("www.")
    return bare.rstrip("/.,;")


def _is_identifier(folded: str, printed: str, digits: str) -> bool:
    figures = len([c for c in folded if c.isdigit()])
    if figures < 2 or digits.isdigit():
        return False  # a number, with OCR slips at most; or a word
    letters = len([c for c in folded if c.isalpha()])
    if letters == 0:
        pair = _RANGE.fullmatch(folded)
        return "/" not in folded and "-" in folded and figures >= 5 and (pair is None or len(pair[1]) != len(pair[2]))
    if "/" in folded and figures < 4:
        return False
    if _MEASURE.fullmatch(folded) or (_RUN_TOGETHER.fullmatch(folded) and any(c.islower() for c in printed[-20:])):
        return False
    return letters + figures >= 4
