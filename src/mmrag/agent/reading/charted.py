"""Questions over all values of a chart, or over a stretch of them: what they come to, their mean, those over a bound.

Only printed values are worked with, and only where each of the values that are meant is printed: a sum of most of them is
wrong, and one of estimates is a guess.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from mmrag.agent.formulas import number_in
from mmrag.agent.reading.charts import Chart, charts_of, column_of, is_whole, row_of, said_in, subject
from mmrag.agent.reading.layout import Layout
from mmrag.agent.reading.target import Asked
from mmrag.agent.reading.working import Operand, Worked
from mmrag.domain.documents import Cell, Word
from mmrag.domain.plans import AnswerType, Plan

_SUM = re.compile(r"\b(?:sum|total|combined|altogether|together|in\s+all)\b", re.IGNORECASE)
_MEAN = re.compile(r"\b(?:average|mean)\b", re.IGNORECASE)
_ALL = re.compile(r"\b(?:all|every|each|both|per\s+(?:month|year|quarter|week|day)|whole|entire)\b", re.IGNORECASE)
_RANGE = re.compile(
    r"\b(?:from|between)\s+(?P<a>\S+)\s+(?:to|until|till|through|and)\s+(?P<b>[^\s?,.;]+)|\b(?P<c>[A-Z]\w+)\s*[-–—]\s*(?P<d>[A-Z]\w+)\b",
    re.IGNORECASE,
)
_AVERAGED = re.compile(r"average|mean|avg|durchschnitt|moyen|promedio", re.IGNORECASE)
_SOME = re.compile(r"\S\s+and\s+\S", re.IGNORECASE)
_SURE = 0.8
_FEWEST = 2


@lru_cache(maxsize=64)
def sums_up(question: str) -> str | None:
    """``sum`` or ``mean`` where ``question`` asks for that of all values, of those from one to another, or of some that it
    names; else None."""
    name = "mean" if _MEAN.search(question) else "sum" if _SUM.search(question) else None
    return name if name is not None and any(p.search(question) for p in (_ALL, _RANGE, _SOME)) else None


def is_over_all(question: str) -> bool:
    """True where ``question`` asks for the sum or the mean of all values, or of a stretch: no single one answers that."""
    return sums_up(question) is not None and any(p.search(question) for p in (_ALL, _RANGE))


def is_unaveraged(question: str, label: str) -> bool:
    """True where a mean is asked for and ``label``, beside which a printed value was found, names none."""
    return bool(label) and sums_up(question) == "mean" and _AVERAGED.search(label) is None


def over_charts(asked: Asked, plan: Plan, layout: Layout) -> Worked | None:
    """The sum or the mean that the question asks for, of a chart of the page that prints all of it."""
    name = sums_up(plan.asked)
    if name is None:
        return None
    found = [w for chart in charts_of(layout) if (w := _over(name, plan.asked, chart, layout)) is not None]
    return max(found, key=lambda w: w.score, default=None)


def _over(name: str, question: str, chart: Chart, layout: Layout) -> Worked | None:
    column = column_of(chart, said_in(question), AnswerType.NUMBER)
    rows = None if column is None else _meant(question, chart)
    if column is None or rows is None or len(rows) < _FEWEST:
        return None
    cells = [chart.values.get((row, column.at)) for row in rows]
    numbers = [None if cell is None else _printed(cell) for cell in cells]
    known = [n for n in numbers if n is not None]
    if len(known) < len(rows):
        return None
    heads = [chart.categories[row] for row in rows]
    series = chart.series.get(column.at)
    about = subject(
        said_in(question), [*chart.categories.values(), *heads, *((series,) if series else ())], layout, chart.element
    )
    operands = tuple(Operand(text=cell.text, words=_words(cell, layout)) for cell in cells if cell is not None)
    total = sum(known, Decimal(0))
    places = max(0, *(-int(n.as_tuple().exponent) for n in known))
    value = total if name == "sum" else (total / len(known)).quantize(Decimal(1).scaleb(-max(2, places)), ROUND_HALF_UP)
    text = f"{value:f}" if name == "sum" else f"{value.normalize():f}"
    sign = "%" if all("%" in operand.text for operand in operands) else ""
    joined = ", ".join(f"{n:f}" if n >= 0 else f"({n:f})" for n in known)
    return Worked(
        text=f"{text}{sign}", operands=operands, score=_SURE * column.share * about, expression=f"{name}({joined})"
    )


def _meant(question: str, chart: Chart) -> list[int] | None:
    """The categories that are meant in their order: all, or those from one to another; None where those are not there."""
    order = sorted(r for r, c in chart.categories.items() if any(at == r for at, _ in chart.values) and not is_whole(c))
    span = _RANGE.search(question)
    if span is None and _ALL.search(question):
        return order
    if span is None:
        said = [row_of(chart, said_in(word), whole=False) for word in re.findall(r"\w[\w'’-]*", question)]
        named = {row.at for row in said if row is not None and row.share == 1.0}
        return [row for row in order if row in named]
    ends = [row_of(chart, said_in(span[a] or span[b]), whole=False) for a, b in (("a", "c"), ("b", "d"))]
    if ends[0] is None or ends[1] is None or ends[0].at not in order or ends[1].at not in order:
        return None
    first, last = order.index(ends[0].at), order.index(ends[1].at)
    return order[first : last + 1] if first < last else None


def _printed(cell: Cell) -> Decimal | None:
    return number_in(cell.text) if cell.error is None and cell.words else None


def _words(cell: Cell, layout: Layout) -> tuple[Word, ...]:
    own: Sequence[int] = cell.words
    return tuple(w for w in layout.page.words if w.index in own)
