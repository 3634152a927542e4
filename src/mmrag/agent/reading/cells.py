"""The numbers of a page by what names them: the print at the left of their row, the heads over their column, the section.

Tables on slides and in filings have no ruling lines, header lines of their own for every group of rows, and currency signs
in columns of their own. Here a number is read where it stands: nothing has to know where a table begins.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, replace
from functools import lru_cache

from mmrag.agent.reading.layout import Layout, Run, same_level
from mmrag.domain.values import Value, ValueKind

NUMERIC = frozenset({ValueKind.AMOUNT, ValueKind.NUMBER, ValueKind.PERCENT})
YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
PERIOD = re.compile(r"\b(?:FY|CY|[QH][1-4])\s?['’]?\d\d\b", re.IGNORECASE)
_BESIDE = re.compile(
    r"[\s$€£₹()+\-−–~≈<>%*†‡.,]|\b(?:rm|rs|usd|eur|gbp|inr|million|billion|thousand|lakhs?|lacs|crores?|mn|bn|pts?|bps)\b|(?<=\d)(?:[mMbBkK]|[a-e]{1,3})\b",
    re.IGNORECASE,
)
"""What may stand beside the number of a cell."""
_LEVEL = 0.3
_LARGE = 1.3
"""A number this much larger than the print under it is named by it, whatever stands at its left."""
_RANGE = re.compile(r"[<>≤≥]\s*\D?\d|\d\s?[-–]\s?\D?\d|\d\+$|\bor (?:less|more|over|under)\b")
"""'18-29', '65+', '> $75K': what names a group."""
_CODE = re.compile(r"0\d|\(?\d{1,2}[.)]$")
"""'0900' is a time or a code, and '11.' counts the items of a list."""
_FAR = 9.0
"""A column has ended where nothing stands in it for this many line heights."""
_HEADS = 4
"""Lines of a column's head."""
_HEAD_WORDS = 9
_STACKED = 2.4
"""Line heights from one line of a head to the next."""
_NAME_LETTERS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One number and the runs that name it.

    ``row`` are the runs left of it, the nearest first, never empty: any of them may be its name, for a table may stand
    beside running text. Of a number that is captioned it is the caption, under or over it. ``column`` goes from the number
    upwards. ``section`` is the line that heads its group of rows.
    """

    run: Run
    value: Value
    row: tuple[Run, ...]
    column: tuple[Run, ...]
    section: Run | None = None

    @property
    def is_captioned(self) -> bool:
        return not self.column and len(self.row) == 1 and same_level(self.row[0], self.run) < _LEVEL

    @property
    def head(self) -> str:
        return " ".join(r.text for r in reversed(self.column))


def entries(layout: Layout) -> tuple[Entry, ...]:
    """Every number of the page that stands alone in its place and has a name at the left of it."""
    found: list[Entry] = []
    for entry in _entries(layout):
        if not entry.column:
            above = next((e for e in reversed(found) if e.column and _same_column(e.run, entry.run, layout.unit)), None)
            entry = entry if above is None else replace(entry, column=above.column)
        found.append(entry)
    return tuple(found)


def _same_column(a: Run, b: Run, unit: float) -> bool:
    return abs(a.x1 - b.x1) < unit or abs((a.x0 + a.x1) - (b.x0 + b.x1)) < unit


def _entries(layout: Layout) -> Iterator[Entry]:
    rows = [[(run, _only_number(layout, run)) for run in row] for row in layout.rows]
    middles = [max([r.cy for r, _ in row]) for row in rows]
    heads = frozenset(number for number, row in enumerate(rows) if _is_head(row))
    for number, row in enumerate(rows):
        if number in heads:
            continue
        for at, (run, value) in enumerate(row):
            if value is None:
                continue
            names = tuple(r for r, v in reversed(row[:at]) if v is None and _is_text(r.text))
            caption = _caption(layout, run)
            if caption is not None and (not names or run.height >= _LARGE * caption.height):
                yield Entry(
                    run=run, value=value, row=(caption,), column=(), section=_section(rows, number, caption, layout.unit)
                )
            elif names:
                column = _column(rows, middles, heads, number, run, layout.unit)
                section = _section(rows, number, names[-1], layout.unit)
                yield Entry(run=run, value=value, row=names, column=column, section=section)


def _caption(layout: Layout, run: Run) -> Run | None:
    """The print close under a number that stands by itself, as on a slide, else close over it."""
    unit = max(run.height, layout.unit)
    for near in (layout.below, layout.above):
        for other in near(run, run.x0, run.x1, 1.6 * unit):
            if len(other.words) <= _HEAD_WORDS and _is_text(other.text):
                return other
    return None


_Row = Sequence[tuple[Run, Value | None]]


def _only_number(layout: Layout, run: Run) -> Value | None:
    """The number of a run that holds nothing else; a year is a head more often than a value, and is told by its row."""
    if len(run.text) > 24 or not any(c.isdigit() for c in run.text):
        return None
    values = [v for v in layout.values(run) if v.kind in NUMERIC]
    if len(values) != 1 or _CODE.match(run.text):
        return None
    value = values[0]
    return value if not _BESIDE.sub("", run.text[: value.start] + run.text[value.end :]) else None


def _is_head(row: _Row) -> bool:
    """True for a row of years."""
    numbers = [run for run, value in row if value is not None]
    return bool(numbers) and all(YEAR.fullmatch(run.text.strip(" *'’EePpAF")) for run in numbers)


def _column(
    rows: Sequence[_Row], middles: Sequence[float], heads: Set[int], number: int, run: Run, unit: float
) -> tuple[Run, ...]:
    """The head over ``run``: the first print above it in its column that is no value, and the lines stacked on it.

    ``middles`` are the levels of ``rows``, and ``heads`` the numbers of those that hold years.
    """
    found: list[Run] = []
    left, right, edge = run.x0, run.x1, run.cy
    for at in range(min(number, bisect_right(middles, run.cy)) - 1, -1, -1):
        if edge - middles[at] > (_STACKED if found else _FAR) * unit or len(found) >= _HEADS:
            break
        near = _nearest(rows[at], left, right, unit)
        if near is None or near[0].cy >= run.y0:
            continue
        over, value = near
        if value is not None and at not in heads:
            if found:
                break
            left, right = min(left, over.x0), max(right, over.x1)
        elif value is None and not _is_text(over.text):
            continue
        else:
            found.append(over)
        edge = over.cy
    return tuple(found)


def _nearest(row: _Row, left: float, right: float, unit: float) -> tuple[Run, Value | None] | None:
    """The run of a row that stands over the column from ``left`` to ``right``: by its middle or by one of its edges."""
    best, least = None, 3.0 * unit
    first, last = left - unit, right + unit
    for run, value in row:
        if run.x1 < first or run.x0 > last or len(run.words) > _HEAD_WORDS:
            continue
        middle = abs((run.x0 + run.x1) - (left + right)) / 2
        apart = min(middle, 1.5 * abs(run.x0 - left), 1.5 * abs(run.x1 - right))
        if apart < least:
            best, least = (run, value), apart
    return best


def _section(rows: Sequence[_Row], number: int, name: Run, unit: float) -> Run | None:
    """The nearest line above without numbers that starts at or left of the row's name: 'Operating expenses:'."""
    for at in range(number - 1, -1, -1):
        row = rows[at]
        if name.cy - row[0][0].cy > 4 * _FAR * unit:
            return None
        first = row[0][0]
        if (
            len(row) == 1
            and row[0][1] is None
            and first.x0 <= name.x0 + 0.5 * unit
            and len(first.words) <= _HEAD_WORDS
            and _is_text(first.text)
        ):
            return first
    return None


@lru_cache(maxsize=4_096)
def _is_text(text: str) -> bool:
    letters = sum(map(str.isalpha, text))
    named = letters >= _NAME_LETTERS and letters > sum(map(str.isdigit, text))
    return named or any(p.search(text) for p in (YEAR, PERIOD, _RANGE))
