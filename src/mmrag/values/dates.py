"""Dates as printed on receipts, forms, letters and reports.

A numeric date whose day and month can change places has two normal forms, day first being likelier. A two-digit year is
of this century below 50 and of the last one from there on. ``July 2009`` is the month ``2009-07``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from mmrag.values.folding import fold_digits
from mmrag.values.months import MONTH_PATTERN, MONTHS

_CENTURY_PIVOT = 50
_YEAR4 = r"(?:1[89]|20|21)[0-9]{2}"
_TIME = r"[0-9]{1,2}:[0-9]{2}"

_ISO = re.compile(rf"(?<![0-9])({_YEAR4})([-/.])([0-9]{{1,2}})\2([0-9]{{1,2}})(?![0-9](?!{_TIME})|\2[0-9])")

# A year may touch the time that follows it, or the next date: OCR and PDF text lose the space between them.
_NUMERIC = re.compile(
    rf"(?<![0-9])([0-9]{{1,2}})[ ]?([-/.])[ ]?([0-9]{{1,2}})[ ]?\2[ ]?"
    rf"(?:({_YEAR4})(?![0-9]|\2[0-9]|:[0-9]{{2}}(?!:))|({_YEAR4})(?={_TIME})"
    rf"|([0-9]{{2}})(?={_TIME}|[0-9]{{1,2}}\2[0-9]{{1,2}}\2[0-9]{{2}})|([0-9]{{2}})(?![0-9]|\2[0-9]))"
)
_YEAR = rf"(?:({_YEAR4})(?![0-9])|({_YEAR4})(?={_TIME})|'?([0-9]{{2}})(?![0-9]|[:.,][0-9]))"
_DAY_FIRST = re.compile(
    rf"(?<![0-9.])([0-9]{{1,2}})(?:st|nd|rd|th|er|º|°)?[ \-/.,]{{0,3}}(?:of |de |di )?({MONTH_PATTERN})"
    rf"[ \-/.,]{{0,3}}(?:de |del |of )?{_YEAR}"
)
_MONTH_FIRST = re.compile(
    rf"(?<![a-z])({MONTH_PATTERN})[ \-/.]{{0,2}}([0-9]{{1,2}})(?:st|nd|rd|th)?(?![0-9])[ \-/.,]{{0,3}}{_YEAR}"
)
_MONTH_YEAR = re.compile(rf"(?<![a-z])({MONTH_PATTERN})[ \-/.,]{{0,2}}(?:de |del |of )?({_YEAR4})(?![0-9])")
_COMPACT = re.compile(rf"({_YEAR4})([0-9]{{2}})([0-9]{{2}})")
_YEAR_MONTH = re.compile(rf"({_YEAR4})[-/]([0-9]{{1,2}})")


def dates_in(digits: str, *, worded: bool = True) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    """Start, end and normal forms of every date of a text folded with ``fold_digits``; matches may overlap.

    Where it is known that there is no letter, nothing is ``worded``: no month can be named.
    """
    for match in _ISO.finditer(digits):
        if not _is_tail(match, match[2]):
            yield from _span(match, _valid(match[1], match[3], match[4]))
    for match in _NUMERIC.finditer(digits):
        yield from _span(match, _numeric(match))
    if not worded:
        return
    for match in _DAY_FIRST.finditer(digits):
        yield from _span(match, _valid(match[3] or match[4] or match[5], str(MONTHS[match[2]]), match[1]))
    for match in _MONTH_FIRST.finditer(digits):
        yield from _span(match, _valid(match[3] or match[4] or match[5], str(MONTHS[match[1]]), match[2]))
    for match in _MONTH_YEAR.finditer(digits):
        yield (*match.span(), (f"{match[2]}-{MONTHS[match[1]]:02d}",))


def parse_date(text: str) -> tuple[str, ...]:
    """The possible ISO forms of the first date in ``text``, likeliest first; empty when there is none.

    Reads compact forms (``20171120``) and months (``2009-07``) too when they are the whole text.
    """
    digits = fold_digits(text).strip()
    found = min(dates_in(digits), key=lambda item: (item[0], -item[1]), default=None)
    if found is not None:
        return found[2]
    if match := _COMPACT.fullmatch(digits):
        return _valid(match[1], match[2], match[3])
    if (match := _YEAR_MONTH.fullmatch(digits)) and 1 <= int(match[2]) <= 12:
        return (f"{match[1]}-{int(match[2]):02d}",)
    return ()


def _span(match: re.Match[str], normals: tuple[str, ...]) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    if normals:
        yield (*match.span(), normals)


def _is_tail(match: re.Match[str], separator: str) -> bool:
    """True when the match is the end of a longer dotted or dashed number, or overlaps another date."""
    start, text = match.start(), match.string
    return start >= 2 and text[start - 1] == separator and text[start - 2].isdigit()


def _numeric(match: re.Match[str]) -> tuple[str, ...]:
    first, separator, second = match[1], match[2], match[3]
    year = match[4] or match[5] or match[6] or match[7]
    if _is_tail(match, separator):
        return ()
    if len(year) == 2 and separator != "/":
        # Section numbers and house numbers look like short dates: 1.2.10, 1-2-18.
        widths = len(first) + len(second)
        if " " in match.group() or widths < (4 if separator == "." else 3):
            return ()
    readings = (*_valid(year, second, first), *_valid(year, first, second))
    if not readings and len(year) == 2:
        readings = _valid(first, second, year)
    return tuple(dict.fromkeys(readings))


def _valid(year: str, month: str, day: str) -> tuple[str, ...]:
    full = int(year) if len(year) == 4 else int(year) + (2000 if int(year) < _CENTURY_PIVOT else 1900)
    try:
        return (date(full, int(month), int(day)).isoformat(),)
    except ValueError:
        return ()
