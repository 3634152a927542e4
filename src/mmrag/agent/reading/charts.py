"""Answers from a chart that was read back as a table: the value of a category, or the category with the largest value."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from mmrag.agent.formulas import as_estimate
from mmrag.agent.reading.candidates import CHART, Candidate, Measured
from mmrag.agent.reading.layout import Layout
from mmrag.agent.reading.target import Asked
from mmrag.agent.reading.text import STOP, fold, stem, words
from mmrag.domain.documents import Cell, Element, ElementKind, Word
from mmrag.domain.geometry import BBox
from mmrag.domain.plans import AnswerType, ConstraintKind, Plan
from mmrag.domain.values import ValueKind
from mmrag.values import find_values
from mmrag.values.units import unit_in


def _stemmed(text: str) -> frozenset[str]:
    return frozenset(stem(w) for w in text.split())


_MOST = _stemmed("highest largest biggest greatest most maximum max peak top best")
_LEAST = _stemmed("lowest smallest least fewest minimum min bottom worst")
_SHARE = _stemmed("percent percentage share proportion margin rate %")
_WHOLE = frozenset({"total", "all", "overall", "median", "average"})
_STOP_STEMS = frozenset(stem(w) for w in STOP)
_PLAIN = _stemmed(
    "value amount number figure level chart graph bar line plot according shown reach reached see saw estimated percent"
    " percentage share proportion year quarter category categories many much fiscal data describe situation people who say"
    " increase decrease decline growth rise fall drop change difference gap point more less compared from between to"
)
"""Words about charts in general: that the page does not print them speaks against nothing."""
_DONE = _stemmed(
    "sold sell bought buy made make produced produce counted count recorded record measured measure collected collect"
    " registered register reported report got get took take used use spent spend earned earn happened happen occurred occur"
    " there each during"
)
"""What is done with anything that is counted: a chart of sales does not print "sold"."""
_NUMERIC = (ValueKind.AMOUNT, ValueKind.NUMBER, ValueKind.PERCENT)
_CHANGE = re.compile(
    r"\b(?:increase[ds]?|decrease[ds]?|decline[ds]?|grow(?:th|n)?|grew|r[io]se|f[ae]ll|drop(?:ped)?|chang(?:e|ed)|difference|gap"
    r"|(?:how (?:much|many)|by) (?:\w+ ){0,3}(?:more|less|fewer|higher|lower))\b",
    re.IGNORECASE,
)
"""A question how two values differ: no printed value answers it."""
_WHICH = re.compile(r"\b(?:which|what|when)\b", re.IGNORECASE)
_VALUE_ASKED = re.compile(
    r"\bwhat(?:['’]s|\s+(?:is|was|were|are))\s+the\s+[a-z]+est\s+(?:value|number|amount|percentage|share|level|figure|price|rate|total)",
    re.IGNORECASE,
)
"""'what was the highest number of ...' asks for the number, and not for when it was."""
_WHICH_NOUN = re.compile(r"\b(?:which|what)\s+([a-z]+)\b", re.IGNORECASE)
_BASE, _SUBJECT = 0.5, 0.42
"""What the score of a cell is made of: a category and a series that the question names, and how much of the question's
other words the chart and its page print."""
_NAMED, _LEAD = 0.5, 0.2
"""A cell is named when the question says this share of its words, and that much more of them than of any other's."""
_ASSUMED = 0.8
"""What a score keeps when the question names no category, and the one that stands for all of them is taken; likewise for
the "Yes" of a yes and a no."""
_STRANGE = 0.35
"""What the score of a measured value keeps for each telling word of the question that its page does not print: no print
beside the value says what it is of, so that its chart has to be about all that is asked."""
_FAR = 0.15
"""Print further than this share of the page from every chart is about all of them."""
_PREFIX = 5  # letters that two words share at their beginning: "favor" and "favorable", "Lebanon" and "Lebanese"
_THOUSANDS = re.compile(r"(\d)[Kk]\b")
_NOTE = re.compile(r"[¹²³⁴⁵*]+|(?<=[a-z])\d$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """The cells of one chart by row and column. Row 0 holds the names of the series, column 0 those of the categories.

    ``element`` is its id, ``unit`` what the title of its axis says the values count; ``is_turned`` says that rows and
    columns are exchanged.
    """

    element: str
    categories: dict[int, Cell]
    series: dict[int, Cell]
    values: dict[tuple[int, int], Cell]
    unit: str | None = None
    is_turned: bool = False

    @property
    def columns(self) -> list[int]:
        return sorted({column for _, column in self.values})

    def turned(self) -> Chart:
        """The same with rows and columns exchanged."""
        return Chart(
            element=self.element,
            categories=self.series,
            series=self.categories,
            values={(column, row): cell for (row, column), cell in self.values.items()},
            unit=self.unit,
            is_turned=not self.is_turned,
        )

    def heads(self, row: int, column: int) -> tuple[Cell, ...]:
        """The names of a value: its category, and its series where that has one."""
        return tuple(c for c in (self.categories.get(row), self.series.get(column)) if c is not None)

    def all_print(self, column: int, sign: str) -> bool:
        """True when every value of the column has ``sign`` in it."""
        return all(sign in cell.text for (_, at), cell in self.values.items() if at == column)


def charts_of(layout: Layout) -> list[Chart]:
    """The charts of a page whose values are known."""
    return [_chart(e, _unit(e, layout)) for e in layout.page.elements if e.kind is ElementKind.CHART and e.cells]


def tables_of(layout: Layout) -> list[Chart]:
    """The tables of a page in the same form: the first column names the rows, the header the others."""
    return [_chart(e) for e in layout.page.elements if e.kind is ElementKind.TABLE and e.cells]


def in_charts(asked: Asked, plan: Plan, layout: Layout) -> list[Candidate]:
    """Candidates from the charts of the page: the value of a category, or the category with the largest or smallest value.

    A question for something to be worked out has no printed answer in a chart, and gets none.
    """
    if changes(plan.asked):
        return []
    said = said_in(_without_files(plan))
    found: list[Candidate] = []
    for chart in charts_of(layout):
        column = column_of(chart, said, asked.type)
        extreme = _extreme(said) if ranks(plan.asked) else 0
        if column is None:
            continue
        if extreme:
            at = _extreme_row(chart, column.at, extreme)
            row = None if at is None else Named(at=at, share=1.0)
        else:
            row = row_of(chart, said)
        value = None if row is None else chart.values.get((row.at, column.at))
        if row is None or value is None:
            continue
        heads = chart.heads(row.at, column.at)
        named = extreme and not _VALUE_ASKED.search(plan.asked)
        asked_for = [w for w in said if w not in _noun(plan.asked)] if extreme else said
        about = subject if value.error is None else _strictly
        score = about(asked_for, heads, layout, chart.element) * column.share * row.share
        if value.error is not None:
            answer = heads[0].text if named else as_estimate(value.text, value.error, chart.unit)
            found.append(_estimated(layout, chart.element, value, heads, answer, score))
        else:
            found.append(_candidate(layout, heads[0] if named else value, score))
    return found


def _without_files(plan: Plan) -> str:
    """The question without the names of files: no page prints those."""
    asked = plan.asked
    for constraint in plan.constraints:
        if constraint.kind is ConstraintKind.FILE:
            asked = asked.replace(constraint.text, " ")
    return asked


def changes(question: str) -> bool:
    """True when a question asks by how much two values differ."""
    return _CHANGE.search(question) is not None


def ranks(question: str) -> bool:
    """True when a question asks which is the largest or the smallest."""
    return bool(_WHICH.search(question)) and _extreme(said_in(question)) != 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """The number of a row or column, and in (0, 1] how surely the question means it."""

    at: int
    share: float


def said_in(question: str) -> list[str]:
    """The stems of the words of a question, in order."""
    return [stem(w) for w in words(question)]


def row_of(chart: Chart, said: Sequence[str], *, whole: bool = True) -> Named | None:
    """The category that is named; where none is, the one that stands for all (with ``whole``); None when it is open."""
    found = _named(chart.categories, said)
    if found is not None or not whole:
        return found
    rows = [row for row, cell in chart.categories.items() if _stems(cell.text) & _WHOLE]
    touched = any(_share(cell, said) >= _NAMED for cell in chart.categories.values())
    return Named(at=rows[0], share=_ASSUMED) if len(rows) == 1 and not touched else None


def column_of(chart: Chart, said: Sequence[str], kind: AnswerType) -> Named | None:
    """The series that the question names; where it names none, the only one, or the sums over stacked bars.

    Unnamed series are told apart by what they print: shares, and numbers with decimals ("per share") and without.
    """
    columns = chart.columns
    named = {c: cell for c, cell in chart.series.items() if c in columns}
    best = _named(named, said)
    if best is not None:
        return best
    unnamed = [c for c in columns if c not in named]
    if len(unnamed) > 1:
        wants_share = kind is AnswerType.PERCENT or ("per" not in said and bool(_SHARE.intersection(said)))
        unnamed = [c for c in unnamed if chart.all_print(c, "%") == wants_share]
    if len(unnamed) > 1:
        unnamed = [c for c in unnamed if chart.all_print(c, ".") == ("per" in said)]
    if len(unnamed) == 1:
        return Named(at=unnamed[0], share=1.0)
    yes = [c for c, cell in named.items() if fold(cell.text) == "yes"]
    return Named(at=yes[0], share=_ASSUMED) if len(yes) == 1 and not unnamed else None


def is_whole(category: Cell) -> bool:
    """True for the category that stands for all others: 'Total'."""
    return bool(_stems(category.text) & _WHOLE)


def number_of(cell: Cell) -> Decimal | None:
    """The number that a cell prints."""
    value = next((v for v in find_values(cell.text) if v.kind in _NUMERIC), None)
    return Decimal(value.normal) if value is not None else None


def _unit(chart: Element, layout: Layout) -> str | None:
    """What the title of the axis of values says, when the numbers along it do not say it themselves."""
    own = (e for e in layout.page.elements if e.belongs_to == chart.id and e.kind is ElementKind.AXIS_TITLE)
    title = next((e for e in own if e.label == "values"), None)
    unit = None if title is None else unit_in(title.text)
    return None if unit is None or all(unit in c.text for c in chart.cells if c.row and c.column) else unit


def _chart(element: Element, unit: str | None = None) -> Chart:
    return Chart(
        element=element.id,
        categories={c.row: c for c in element.cells if c.column == 0},
        series={c.column: c for c in element.cells if c.row == 0},
        values={(c.row, c.column): c for c in element.cells if c.row and c.column},
        unit=unit,
    )


def _named(cells: dict[int, Cell], said: Sequence[str]) -> Named | None:
    """The cell of whose words the question says clearly the most; of two that it says in full, the longer one."""
    ranked = sorted(((_share(c, said), len(_stems(c.text)), -n) for n, c in cells.items()), reverse=True)
    if not ranked or ranked[0][0] < _NAMED:
        return None
    (share, size, at), rest = ranked[0], ranked[1:]
    if rest and rest[0][0] > share - _LEAD and not (share == 1.0 and rest[0][:2] < (share, size)):
        return None
    return Named(at=-at, share=share)


def _share(cell: Cell, said: Sequence[str]) -> float:
    """The share of a cell's words that the question says, in [0, 1]."""
    stems = _stems(cell.text)
    return sum(_is_said(s, said) for s in stems) / len(stems) if stems else 0.0


def _is_said(word: str, said: Sequence[str]) -> bool:
    return word in said or (len(word) >= _PREFIX and any(s[:_PREFIX] == word[:_PREFIX] for s in said if s.isalpha()))


@lru_cache(maxsize=16_384)
def _stems(text: str) -> frozenset[str]:
    """The stems of a cell's words without the marks of notes. "Not" is kept: it turns a series into its opposite."""
    plain = _THOUSANDS.sub(r"\g<1>000", " ".join(_NOTE.sub("", part) for part in text.split()))
    kept = {stem(w) for w in words(plain) if w not in STOP and (len(w) > 1 or w.isdigit() or w == "q")}
    return frozenset(kept | {w for w in words(plain) if w in ("not", "no")})


def _extreme(said: Sequence[str]) -> int:
    """1 when the question asks for the largest, -1 for the smallest, else 0."""
    return 1 if _MOST.intersection(said) else -1 if _LEAST.intersection(said) else 0


def _extreme_row(chart: Chart, column: int, sign: int) -> int | None:
    """The category with the largest (or smallest) value of a series; None when one is unread or two are equal."""
    numbers = {row: number_of(v) for (row, c), v in chart.values.items() if c == column and row in chart.categories}
    if len(numbers) < 2 or len(numbers) < len(chart.categories) or any(n is None for n in numbers.values()):
        return None
    ranked = sorted(((sign * n, row) for row, n in numbers.items() if n is not None), reverse=True)
    # Two estimates that may be equal within their errors rank nothing.
    doubt = sum(chart.values[row, column].error or 0.0 for _, row in ranked[:2])
    return ranked[0][1] if ranked[0][0] - ranked[1][0] > Decimal(str(doubt)) else None


def subject(said: Sequence[str], heads: Sequence[Cell], layout: Layout, element: str) -> float:
    """How well a chart or table is about what is asked, in [0.5, 0.92]: by the share of the question's telling words that
    are printed with it. ``element`` is its id."""
    telling, missing = _unprinted(said, heads, layout, element)
    return _BASE + _SUBJECT * (1.0 - len(missing) / len(telling) if telling else 1.0)


def _strictly(said: Sequence[str], heads: Sequence[Cell], layout: Layout, element: str) -> float:
    """The same for a value that was measured, in (0, 0.92]."""
    _, missing = _unprinted([w for w in said if w not in _DONE], heads, layout, element)
    return float((_BASE + _SUBJECT) * _STRANGE ** len(missing))


def _unprinted(said: Sequence[str], heads: Sequence[Cell], layout: Layout, element: str) -> tuple[set[str], set[str]]:
    """The question's telling words, and those of them that are not printed on the page, or with another chart of it.

    Words that name the cell (its ``heads``), and those about charts in general, do not count.
    """
    named = {s for head in heads for s in _stems(head.text)} | _MOST | _LEAST | _PLAIN | _STOP_STEMS
    telling = {s for s in said if s not in named and len(s) > 1}
    charts = [e for e in layout.page.elements if e.kind is ElementKind.CHART]
    if len(charts) > 1 and any(e.id == element for e in charts):
        printed = {stem(w) for word in layout.page.words if element in _of(word, charts) for w in words(word.text)}
        return telling, telling - printed
    return telling, {s for s in telling if s not in layout.runs_with}


def _of(word: Word, charts: Sequence[Element]) -> list[str]:
    """The ids of the charts that a word is about: the nearest one, or all where it stands far from each."""
    away = {e.id: _apart(word.bbox, e.bbox) for e in charts}
    least = min(away.values())
    return [id_ for id_, far in away.items() if far == least or least > _FAR]


def _apart(one: BBox, other: BBox) -> float:
    """How far apart two boxes are, in fractions of the page; across and down alike."""
    across = max(0.0, one.x0 - other.x1, other.x0 - one.x1)
    down = max(0.0, one.y0 - other.y1, other.y0 - one.y1)
    return across + down


def _noun(question: str) -> frozenset[str]:
    """The stem of what is asked which of: 'which month' need not be printed beside months."""
    found = _WHICH_NOUN.search(question)
    return frozenset({stem(w) for w in words(found.group(1))}) if found else frozenset()


def _estimated(layout: Layout, element: str, value: Cell, heads: Sequence[Cell], answer: str, score: float) -> Candidate:
    """An answer from a value that was measured, cited by the words that name it."""
    own = frozenset(i for head in heads for i in head.words)
    found = tuple(w for w in layout.page.words if w.index in own)
    return Candidate(
        text=answer,
        words=found,
        normal=fold(answer),
        score=score,
        why=CHART,
        page=layout.page,
        measured=Measured(element=element, cell=(value.row, value.column)),
    )


def _candidate(layout: Layout, cell: Cell, score: float) -> Candidate:
    own = frozenset(cell.words)
    found: tuple[Word, ...] = tuple(w for w in layout.page.words if w.index in own)
    confidence = sum(w.confidence for w in found) / max(1, len(found))
    value = next(iter(find_values(cell.text)), None)
    return Candidate(
        text=cell.text,
        words=found,
        normal=value.normal if value is not None else fold(cell.text),
        normals=value.normals if value is not None else (),
        score=score * (0.5 + 0.5 * confidence),
        why=CHART,
        page=layout.page,
    )
