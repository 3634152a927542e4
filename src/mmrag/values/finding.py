"""Find every typed value of a text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from mmrag.domain.values import Value, ValueKind
from mmrag.values.codes import Span, emails_in, identifiers_in, phones_in, times_in, urls_in, zoned_times_in
from mmrag.values.dates import dates_in
from mmrag.values.folding import fold, fold_digits
from mmrag.values.numbers import NumberFound, numbers_in

_BLANK = "\x00"
_MAY_HOLD = re.compile(r"[\d@.]")
_LETTER = re.compile(r"[^\W\d_]")
_LINE = 200
"""Characters; longer texts are not remembered."""


def find_values(text: str) -> tuple[Value, ...]:
    """The values of a line or sentence in the order in which they stand; no two of them overlap.

    The surer kind wins a span: e-mail and web addresses, dates, times, percentages and money, phone numbers, identifiers,
    plain numbers. ``text`` of each value is as printed. Linear in the length of ``text``. What is printed on one line is
    remembered: the same lines are looked at for every question about their page.
    """
    if _MAY_HOLD.search(text) is None:
        return ()
    return _of_line(text) if len(text) <= _LINE else _found(text)


@lru_cache(maxsize=16_384)
def _of_line(text: str) -> tuple[Value, ...]:
    return _found(text)


def find_dates(text: str) -> tuple[Value, ...]:
    """The dates of ``find_values``, without looking for the rest: of a whole document that takes a third of the time."""
    if _MAY_HOLD.search(text) is None:
        return ()
    rest = _dated(text, fold(text))
    return tuple(sorted((v for v in rest.values if v.kind is ValueKind.DATE), key=lambda v: v.start))


def _found(text: str) -> tuple[Value, ...]:
    folded = fold(text)
    rest = _dated(text, folded)
    if _is_worded(text, folded):
        rest.take(ValueKind.TIME, zoned_times_in(text))
    rest.take(ValueKind.TIME, times_in(rest.digits))
    searched, numbers = rest.digits, tuple(numbers_in(rest.digits))
    rest.take_numbers(tuple([n for n in numbers if n.kind is not ValueKind.NUMBER]))
    rest.take(ValueKind.PHONE, phones_in(rest.digits))
    rest.take(ValueKind.IDENTIFIER, identifiers_in(text, folded, rest.digits))
    if rest.digits != searched:
        numbers = tuple(numbers_in(rest.digits))
    rest.take_numbers(tuple([n for n in numbers if n.kind is ValueKind.NUMBER and not _in_code(folded, n)]))
    return tuple(sorted(rest.values, key=lambda v: v.start))


def _is_worded(text: str, folded: str) -> bool:
    return _LETTER.search(folded) is not None or _LETTER.search(text) is not None


def _dated(text: str, folded: str) -> _Rest:
    """``text`` with its addresses and dates found."""
    rest = _Rest(text, fold_digits(text))
    # Most lines hold neither: what a pattern cannot do without is looked for before it is tried.
    worded = _is_worded(text, folded)
    if "@" in folded:
        rest.take(ValueKind.EMAIL, emails_in(folded))
    if "." in folded or "/" in folded:
        rest.take(ValueKind.URL, urls_in(folded))
    for _ in range(2):  # the second time for dates that touched one of the first: 03/09/2003/10/20
        # Where two dates overlap the complete one wins over a month, then the longer one.
        dates = sorted(dates_in(rest.digits, worded=worded), key=lambda d: (-len(d[2][0]), d[0] - d[1]))
        if not dates:
            break
        rest.take(ValueKind.DATE, dates)
    return rest


class _Rest:
    """The values found so far, and the text with their characters blanked, so that nothing is found twice.

    A blank is neither a letter nor a digit nor a space: what touches a found value stands as if at the edge of the text.
    """

    def __init__(self, text: str, digits: str) -> None:
        self.text = text
        self.digits = digits
        self.values: list[Value] = []

    def take(self, kind: ValueKind, spans: Iterable[Span]) -> None:
        self._take((kind, start, end, normals, None) for start, end, normals in spans)

    def take_numbers(self, numbers: Iterable[NumberFound]) -> None:
        self._take((n.kind, n.start, n.end, n.normals, n.currency) for n in numbers)

    def _take(self, candidates: Iterable[tuple[ValueKind, int, int, tuple[str, ...], str | None]]) -> None:
        characters: list[str] | None = None
        for kind, start, end, normals, currency in tuple(candidates):
            characters = list(self.digits) if characters is None else characters
            if _BLANK in characters[start:end]:
                continue
            characters[start:end] = _BLANK * (end - start)
            printed = self.text[start:end]
            self.values.append(Value(kind=kind, text=printed, start=start, end=end, normals=normals, currency=currency))
        if characters is not None:
            self.digits = "".join(characters)


def _in_code(folded: str, number: NumberFound) -> bool:
    """True for digits that belong to a short code (``LB2``, ``A4``): at most two letters right before them."""
    start = number.start
    letters = 0
    while start > 0 and letters < 3 and folded[start - 1].isalpha():
        start, letters = start - 1, letters + 1
    return letters in (1, 2)
