"""Questions for something to be worked out of two values of one chart or table: by how much, by how many percent."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from mmrag.agent.formulas import FELL, ROSE, as_estimate, evaluate, number_in
from mmrag.agent.reading.candidates import Measured
from mmrag.agent.reading.charts import Chart, changes, charts_of, column_of, row_of, said_in, subject, tables_of
from mmrag.agent.reading.layout import Layout
from mmrag.agent.reading.operations import Asking, Operation, asking_of
from mmrag.agent.reading.target import Asked
from mmrag.domain.answers import Formula
from mmrag.domain.documents import Cell, Word
from mmrag.domain.plans import AnswerType, Plan

_PERCENT = re.compile(r"\b(?:percent(?:age)?|%)\s+(?:increase|decrease|decline|growth|change|drop|rise)\b", re.IGNORECASE)
_ENDS = re.compile(
    r"\b(?:from|between)\s+(?P<a>.{1,40}?)\s+(?:to|until|and|through)\s+(?P<b>.{1,40}?)(?=[?,.;]|\s+(?:in|for|on|of|as|according)\b|$)",
    re.IGNORECASE,
)
_COMPARED = re.compile(
    r"\b(?:in|on|at)\s+(?P<b>\S.{0,30}?)\s+(?:compared (?:to|with)|than|versus|vs\.?)\s+"
    r"(?:in\s+|on\s+)?(?P<a>.{1,40}?)(?=[?,.;]|$)",
    re.IGNORECASE,
)
_UP, _DOWN = r"(?:r[io]se|increase|grow|grew|go up|climb|gain)", r"(?:f[ae]ll|decrease|decline|drop|shrink|go down|sink)"
_WHICH_WAY = re.compile(rf"\b{_UP}\w*\s+or\s+(?:did\s+\w+\s+)?{_DOWN}|\b{_DOWN}\w*\s+or\s+{_UP}", re.IGNORECASE)
_DID_IT = re.compile(rf"^\W*(?:did|has|have|was|were|is|are)\b.*\b(?:(?P<up>{_UP})|(?P<down>{_DOWN}))", re.IGNORECASE)
_EITHER = frozenset({Operation.LARGER, Operation.SMALLER})
_SURE = 0.8
"""What a worked-out answer keeps of the score of a printed one: two places have to be right, and the question understood."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operand:
    """A printed value and its words; or one that was measured with its ``error``, and the words that name it."""

    text: str
    words: tuple[Word, ...]
    error: float | None = None
    measured: Measured | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Worked:
    """An answer worked out of operands on one page: of two by ``formula``, of any by ``expression``; or the one of two that
    is ``named``, as the larger or the smaller. ``score`` in [0, 1]."""

    text: str
    operands: tuple[Operand, ...]
    score: float
    formula: Formula | None = None
    expression: str = ""
    named: Operand | None = None


def work_out(asked: Asked, plan: Plan, layout: Layout) -> Worked | None:
    """The difference that the question asks for, from the chart or table that has both its ends; None when none has."""
    asking = asking_of(plan.asked)
    if asking is not None and asking.operation in _EITHER:
        picked = [w for chart in charts_of(layout) if (w := _either(asked, plan.asked, asking, chart, layout)) is not None]
        return max(picked, key=lambda w: w.score, default=None)
    ends = _COMPARED.search(plan.asked) or _ENDS.search(plan.asked)
    if ends is None or not changes(plan.asked):
        return None
    formula = Formula.PERCENT_CHANGE if _PERCENT.search(plan.asked) else Formula.DIFFERENCE
    found = [
        worked
        for chart in (*charts_of(layout), *tables_of(layout))
        if (worked := _in_chart(asked, plan.asked, chart, (ends["a"], ends["b"]), formula, layout)) is not None
    ]
    return max(found, key=lambda w: w.score, default=None)


def _in_chart(
    asked: Asked, question: str, chart: Chart, ends: tuple[str, str], formula: Formula, layout: Layout
) -> Worked | None:
    """Both ends are categories of one series, or series of one category."""
    for table in (chart, chart.turned()):
        rows = [row_of(table, said_in(end), whole=False) for end in ends]
        kind = AnswerType.AMOUNT if formula is Formula.PERCENT_CHANGE else asked.type
        column = column_of(table, said_in(_PERCENT.sub(" ", question)), kind)
        if column is None or rows[0] is None or rows[1] is None or rows[0].at == rows[1].at:
            continue
        cells = [table.values.get((row.at, column.at)) for row in rows if row is not None]
        first, second = cells
        if first is None or second is None:
            continue
        text = evaluate(formula, first.text, second.text)
        if text is not None:
            heads = [table.categories[rows[0].at], table.categories[rows[1].at], table.series.get(column.at)]
            share = min(rows[0].share, rows[1].share, column.share)
            score = _SURE * share * subject(said_in(question), [h for h in heads if h is not None], layout, table.element)
            sign = "%" if formula is Formula.PERCENT_CHANGE else ""
            operands = tuple(
                _operand(cell, table, row.at, column.at, layout)
                for cell, row in zip((first, second), rows, strict=True)
                if row is not None
            )
            told = _directed(question, _told(text + sign, formula, operands), operands)
            return None if told is None else Worked(text=told, formula=formula, operands=operands[:2], score=score)
    return None


def _told(text: str, formula: Formula, operands: Sequence[Operand]) -> str:
    """The result; where it rests on estimates, as one itself, with the errors of both carried on."""
    errors = [o.error for o in operands if o.error is not None]
    if not errors:
        return text
    error = sum(errors)
    if formula is Formula.PERCENT_CHANGE:
        first, second = (abs(float(number_in(o.text) or 0)) for o in operands)
        error = 100 * (operands[1].error or 0.0) / first + 100 * second * (operands[0].error or 0.0) / first**2
    return as_estimate(text, error)


def _either(asked: Asked, question: str, asking: Asking, chart: Chart, layout: Layout) -> Worked | None:
    """The one of two categories, or series, that has the larger value, or the smaller; None where two estimates are too near
    to say."""
    for table in (chart, chart.turned()):
        rows = [row_of(table, said_in(part), whole=False) for part in (asking.anchor, *asking.others)]
        column = column_of(table, said_in(question), asked.type)
        if column is None or len(rows) != 2 or rows[0] is None or rows[1] is None or rows[0].at == rows[1].at:
            continue
        cells = [table.values.get((row.at, column.at)) for row in rows if row is not None]
        first, second = cells
        numbers = [number_in(cell.text) for cell in cells if cell is not None]
        if first is None or second is None or len(numbers) != 2 or numbers[0] is None or numbers[1] is None:
            continue
        doubt = Decimal(str((first.error or 0.0) + (second.error or 0.0)))
        if abs(numbers[0] - numbers[1]) <= doubt:
            return None
        larger = asking.operation is Operation.LARGER
        order = (0, 1) if (numbers[0] > numbers[1]) is larger else (1, 0)
        at = [row.at for row in rows if row is not None]
        name = table.categories[at[order[0]]]
        pair = ((first, at[0]), (second, at[1]))
        both = tuple(_operand(pair[n][0], table, pair[n][1], column.at, layout) for n in order)
        heads = [table.categories[n] for n in at] + [h for h in (table.series.get(column.at),) if h is not None]
        score = (
            _SURE
            * min(rows[0].share, rows[1].share, column.share)
            * subject(said_in(question), heads, layout, table.element)
        )
        named = Operand(text=name.text, words=_words(name.words, layout))
        expression = f"{'max' if larger else 'min'}({numbers[0]:f}, {numbers[1]:f})"
        return Worked(text=name.text, expression=expression, operands=(named, *both), score=score)
    return None


def _directed(question: str, told: str, operands: Sequence[Operand]) -> str | None:
    """``told`` with the way it went where ``question`` asks for that; None where two estimates are too near to say."""
    either, did = _WHICH_WAY.search(question), _DID_IT.search(question)
    if either is None and did is None:
        return told
    first, second = (number_in(o.text) for o in operands[:2])
    doubt = sum(o.error or 0.0 for o in operands)
    if first is None or second is None or abs(second - first) <= Decimal(str(doubt)):
        return None
    way = ROSE if second > first else FELL
    if either is not None or did is None:
        return f"{way} by {told}"
    yes = (way == ROSE) is (did["up"] is not None)
    return f"{'Yes' if yes else 'No'}, it {way} by {told}"


def _operand(cell: Cell, table: Chart, row: int, column: int, layout: Layout) -> Operand:
    if cell.error is None:
        return Operand(text=cell.text, words=_words(cell.words, layout))
    named = tuple(i for head in table.heads(row, column) for i in head.words)
    measured = Measured(element=table.element, cell=(cell.row, cell.column))
    return Operand(text=cell.text, words=_words(named, layout), error=cell.error, measured=measured)


def _words(indexes: Sequence[int], layout: Layout) -> tuple[Word, ...]:
    return tuple(w for w in layout.page.words if w.index in indexes)
