"""The bounds that a question sets on amounts and dates: 'over 50', 'in March 2018', 'between 3 and 9 May'."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from mmrag.agent.aggregate_words import aggregate_words
from mmrag.domain.aggregates import Condition, Quantity
from mmrag.domain.values import ValueKind
from mmrag.values import find_values, parse_number
from mmrag.values.folding import fold
from mmrag.values.months import MONTH_PATTERN, MONTHS

_SINCE_YEAR = re.compile(r"\b(?P<which>before|until|after|since)\s+(?:the\s+year\s+)?(?P<year>(?:19|20)\d\d)\b(?![-/.]\d)")
_UNIT = re.compile(r"\s+(?!(?:and|or|than|in|on|of)\b)[a-z]{1,12}(?:\s+[a-z]{1,12})?", re.IGNORECASE)
_SAID_WHERE = re.compile(r",?\s+(?:under|according\s+to|as\s+stated|on|in|at)\s+(?!\d)", re.IGNORECASE)
_BARE_MONTH = re.compile(
    rf"^(?:the\s+|that\s+)?(?P<month>{MONTH_PATTERN})\b(?!\.?\s*\d)"
    rf"|(?<=\bthe )(?P<named>{MONTH_PATTERN})(?= (?:receipt|invoice|bill))"
)


def conditions_in(text: str) -> tuple[tuple[Condition, ...], str]:
    """The bounds that the question sets on amounts and dates, and the question without them."""
    words = aggregate_words()
    found: list[Condition] = []
    rest, lower = text, fold(text)

    def take(start: int, end: int, condition: Condition) -> None:
        nonlocal rest, lower
        found.append(condition)
        rest = rest[:start] + " " * (end - start) + rest[end:]
        lower = lower[:start] + " " * (end - start) + lower[end:]

    if match := re.search(r"\bbetween\b", lower):
        dates = [v for v in find_values(rest) if v.kind is ValueKind.DATE and v.start > match.start()][:2]
        if len(dates) == 2:
            ends = _days_of(dates[0].normal)[0], _days_of(dates[1].normal)[1]
            take(match.start(), dates[1].end, Condition(quantity=Quantity.DATE, least=ends[0], most=ends[1]))
        elif amounts := words.between.search(lower):
            least, most = _number(amounts["amount"]), _number(amounts["upper"])
            take(*amounts.span(), Condition(quantity=Quantity.AMOUNT, least=least, most=most))
    for value in [v for v in find_values(rest) if v.kind is ValueKind.DATE]:
        before = words.since.search(lower[: value.start])
        start = before.start() if before else _behind(lower, value.start)
        take(start, value.end, _dated(value.normal, before["which"] if before else None))
    while period := words.period.search(lower):
        take(*period.span(), _period(period))
    for name, pattern in words.bounds:
        if bound := pattern.search(lower):
            take(*bound.span(), _bound(name, _number(bound["amount"])))
    return tuple(found), rest


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounded:
    """A bound in a text: its words go from ``start`` to ``end``."""

    condition: Condition
    start: int
    end: int


def last_bound(text: str) -> Bounded | None:
    """The last bound on a date or an amount in ``text``, behind which at most the unit of the amount stands, or where it is
    said: 'over 40 TWh', 'in July 2022 under contract 9'. None without one."""
    found = [b for b in _bounds(text) if _goes_on(text[b.end :], b.condition)]
    # 'before 2023' is more than 'in 2023' would be.
    return max(found, key=lambda b: (b.end, -b.start), default=None)


def _bounds(text: str) -> Iterator[Bounded]:
    words, lower = aggregate_words(), fold(text)
    for value in find_values(text):
        if value.kind is ValueKind.DATE:
            before = words.since.search(lower[: value.start])
            start = before.start() if before else _behind(lower, value.start)
            if start < value.start:
                condition = _dated(value.normal, before["which"] if before else None)
                yield Bounded(condition=condition, start=start, end=value.end)
    for year in _SINCE_YEAR.finditer(lower):
        days = (f"{year['year']}-01-01", f"{year['year']}-12-31")
        yield Bounded(condition=_dated_between(*days, year["which"]), start=year.start(), end=year.end())
    for period in words.period.finditer(lower):
        yield Bounded(condition=_period(period), start=period.start(), end=period.end())
    for name, pattern in words.bounds:
        for bound in pattern.finditer(lower):
            condition = _bound(name, _number(bound["amount"]))
            yield Bounded(condition=condition, start=bound.start(), end=bound.end())


def _goes_on(behind: str, condition: Condition) -> bool:
    """True where what stands behind a bound belongs to the question as a whole."""
    if not behind.strip():
        return True
    unit = condition.quantity is Quantity.AMOUNT and _UNIT.fullmatch(behind) is not None
    return unit or _SAID_WHERE.match(behind) is not None


def _behind(lower: str, end: int) -> int:
    """Where the small words before a date begin: 'dated', 'issued on', 'from'."""
    match = re.search(r"(?:\b(?:dated|issued|printed|made|on|in|from|of|during|for)\s+)+(?:the\s+)?$", lower[:end])
    return match.start() if match else end


def _dated(normal: str, which: str | None) -> Condition:
    return _dated_between(*_days_of(normal), which)


def _dated_between(first: str, last: str, which: str | None) -> Condition:
    match which:
        case "before":
            return Condition(quantity=Quantity.DATE, most=_day(first, -1))
        case "after":
            return Condition(quantity=Quantity.DATE, least=_day(last, 1))
        case "until" | "on or before":
            return Condition(quantity=Quantity.DATE, most=last)
        case "since" | "on or after":
            return Condition(quantity=Quantity.DATE, least=first)
        case _:
            return Condition(quantity=Quantity.DATE, least=first, most=last)


def _day(iso: str, shift: int) -> str:
    return (date.fromisoformat(iso) + timedelta(days=shift)).isoformat()


def _days_of(normal: str) -> tuple[str, str]:
    """First and last day of a date's normal form, which may be a month."""
    if len(normal) > 7:
        return normal, normal
    year, month = int(normal[:4]), int(normal[5:7])
    return f"{normal}-01", f"{normal}-{calendar.monthrange(year, month)[1]:02d}"


def _period(match: re.Match[str]) -> Condition:
    year = match["year"] or match["only"]
    month = MONTHS[match["month"]] if match["month"] else None
    if year is None:
        return Condition(quantity=Quantity.DATE, month=month)
    if month is None:
        return Condition(quantity=Quantity.DATE, least=f"{year}-01-01", most=f"{year}-12-31")
    first, last = _days_of(f"{year}-{month:02d}")
    return Condition(quantity=Quantity.DATE, least=first, most=last)


def _bound(name: str, number: str) -> Condition:
    if name in ("over", "at_least"):
        return Condition(quantity=Quantity.AMOUNT, least=number, strict=name == "over")
    least = number if name == "exactly" else None
    return Condition(quantity=Quantity.AMOUNT, least=least, most=number, strict=name == "under")


def _number(text: str) -> str:
    return parse_number(text)[0]


def month_in(half: str) -> tuple[str, Condition] | None:
    """The one month that a half names, without a day."""
    words = aggregate_words()
    periods = [m for m in words.period.finditer(fold(half)) if m["month"]]
    bare = None if periods else _BARE_MONTH.search(fold(half))
    if bare is not None:
        return half[bare.start() : bare.end()].removeprefix("the ").strip(), Condition(
            quantity=Quantity.DATE, month=MONTHS[bare["month"] or bare["named"]]
        )
    if len(periods) != 1:
        return None
    return half[periods[0].start("month") : periods[0].end()].strip(), _period(periods[0])
