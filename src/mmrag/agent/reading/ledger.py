"""Lists whose rows begin with their dates: statements of account, folios, logs. A row of another day is another entry."""

from __future__ import annotations

from collections.abc import Collection

from mmrag.agent.reading.candidates import Candidate
from mmrag.agent.reading.layout import Layout
from mmrag.domain.values import ValueKind

_FEWEST = 3
"""Rows that begin with a date make a page such a list."""
_ANOTHER_DAY = 0.3
_ANOTHER_RATE, _NO_RATE = 0.2, 0.4


def rated_otherwise(layout: Layout, candidate: Candidate, rates: Collection[str]) -> float:
    """What is left of a tax where its row prints another rate than one of ``rates``, or none."""
    if not candidate.words:
        return 1.0
    first = candidate.words[0].index
    row = next((row for row in layout.rows if any(w.index == first for run in row for w in run.words)), ())
    printed = {n for run in row for v in layout.values(run) if v.kind is ValueKind.PERCENT for n in v.normals}
    return 1.0 if printed & set(rates) else _ANOTHER_RATE if printed else _NO_RATE


def dated_otherwise(layout: Layout, candidate: Candidate, dates: Collection[str]) -> float:
    """What is left of ``candidate`` where its row bears a date that is none of ``dates`` (normal forms, a month as
    ``YYYY-MM``)."""
    if not candidate.words:
        return 1.0
    days = layout.row_dates
    if len(days) < _FEWEST:
        return 1.0
    first = candidate.words[0].index
    row = next((n for n in days if any(w.index == first for run in layout.rows[n] for w in run.words)), None)
    if row is None:
        return 1.0
    agrees = any(day.startswith(date) or date.startswith(day) for day in days[row] for date in dates)
    return 1.0 if agrees else _ANOTHER_DAY
