"""Questions about the tables of a page: one printed number, or one worked out of several, each with its own words."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal

from mmrag.agent.formulas import evaluate, is_bracketed, number_in
from mmrag.agent.reading.candidates import Candidate
from mmrag.agent.reading.operations import Asking, Operation, asking_of
from mmrag.agent.reading.tables import NAMES_APART, Found, Table, wanted_of
from mmrag.agent.reading.target import Asked
from mmrag.agent.reading.working import Operand, Worked
from mmrag.domain.answers import Formula
from mmrag.domain.documents import Page
from mmrag.domain.plans import AnswerType, ConstraintKind, Plan

TABLE = "table"
"""``Candidate.why`` of a table's number: it was found by what the question says of it."""
_SURE = 0.9
"""What a worked-out answer keeps of the score of its least sure number."""
_NUMERIC = frozenset({AnswerType.AMOUNT, AnswerType.NUMBER, AnswerType.PERCENT, AnswerType.FREE})
_ASKED_UNIT = re.compile(
    r"\bin\s+(?:(?:USD|US\$|EUR|GBP|INR|[$€£])\s*)?(?P<unit>thousand|million|billion)s?\b", re.IGNORECASE
)
_PRINTED_UNIT = re.compile(
    r"\b(?:in|expressed in|amounts? in)\s+(?:U\.?S\.?\s+)?(?:dollars?\s+in\s+)?(?P<unit>thousand|million|billion)s?\b",
    re.IGNORECASE,
)
_POWER = {"thousand": 3, "million": 6, "billion": 9}
_SHARE = re.compile(r"%|\bper ?cent|\bpercentage|\bshare of\b", re.IGNORECASE)
_ASKS_HOW_MUCH = re.compile(r"(?:^|[:,;]\s+)\W*(?:what(?:['’]s|\s+(?:is|was|are|were|multiple))|how)\b", re.IGNORECASE)
_EITHER = frozenset({Operation.LARGER, Operation.SMALLER})
_RATIOS = frozenset({Operation.MULTIPLE, Operation.PERCENT_OF})
_TOP_ROWS = 10
_FIELD = 0.5
"""A field of the lexicon that the question names this surely is looked for by its labels."""
_WHOLE = 1000
"""From here on a number of the unit asked for is told without decimals."""


def in_tables(asked: Asked, plan: Plan, table: Table) -> Candidate | None:
    """The number that the question names by its row and column; None where it names none, or asks for what is worked out."""
    if not _may_be_number(asked, plan) or asking_of(plan.asked) is not None:
        return None
    found = table.find(wanted_of(plan.asked, plan.target, given(plan)))
    if found is None or not _counts_alike(plan, table, found) or _scale(plan.question, table.layout.page):
        return None
    value = found.entry.value
    run = found.entry.run
    cited = run.words_between(value.start, value.end)
    confidence = sum(w.confidence for w in cited) / max(1, len(cited))
    return Candidate(
        text=value.text.strip(),
        words=cited,
        normal=value.normal,
        normals=value.normals,
        score=found.score * (0.5 + 0.5 * confidence),
        why=TABLE,
        page=table.layout.page,
    )


def worked_out(asked: Asked, plan: Plan, table: Table) -> Worked | None:
    """What the question asks to have worked out of the numbers of the page's tables; None where one of them is not there."""
    asking = asking_of(plan.asked)
    if not (_may_be_number(asked, plan) or (asking is not None and asking.operation in _EITHER)):
        return None
    wanted = wanted_of(plan.asked, plan.target, given(plan))
    if asking is None:
        power = _scale(plan.question, table.layout.page)
        found = table.find(wanted) if power else None
        return None if found is None or not _counts_alike(plan, table, found) else _rescaled(found, power)
    anchor = table.find(wanted_of(asking.anchor))
    if anchor is None:
        return None
    others = [table.beside(anchor, phrase) for phrase in asking.others]
    found_all = [anchor, *(o for o in others if o is not None)]
    if len(found_all) <= len(others) or len({f.entry.run.index for f in found_all}) < len(found_all):
        return None
    if asking.operation not in _RATIOS | _EITHER and not all(_counts_alike(plan, table, f) for f in found_all):
        return None
    sure = min(1.0, *(f.row for f in found_all[1:]))
    score = _SURE * table.subject(wanted, wanted.said[0]) * min(anchor.row, 1.0) * sure
    if asking.operation in _EITHER:
        return _either(asking, anchor, found_all[1], score)
    return _evaluated(asking, found_all, score)


def _may_be_number(asked: Asked, plan: Plan) -> bool:
    if plan.answer_type is AnswerType.FREE and not _ASKS_HOW_MUCH.search(plan.asked):
        return False
    field, sure = asked.concepts[0] if asked.concepts else (None, 0.0)
    is_field = field is not None and sure >= _FIELD and (field.type not in _NUMERIC or not asked.qualifiers)
    return plan.answer_type in _NUMERIC and not is_field


def _counts_alike(plan: Plan, table: Table, found: Found) -> bool:
    """False where the question asks for a share and the table does not print shares, or the other way round."""
    entry = found.entry
    lines = table.layout.page.text.splitlines()[:_TOP_ROWS]
    near = (entry.run.text, entry.head, entry.section.text if entry.section else "", *(r.text for r in entry.row))
    shares = any(_SHARE.search(text) for text in near)
    if plan.answer_type is AnswerType.PERCENT:
        return shares or any(_SHARE.search(line) for line in lines)
    return not (plan.answer_type is AnswerType.NUMBER and shares and not _SHARE.search(plan.asked))


def given(plan: Plan) -> str:
    """The names by which the question tells its document."""
    return NAMES_APART.join(c.text for c in plan.constraints if c.kind is ConstraintKind.NAME)


def _either(asking: Asking, one: Found, other: Found, score: float) -> Worked | None:
    """The name of the larger or the smaller of two: of its row, or the head of its column where both are of one row."""
    operands = (_operand(one), _operand(other))
    first, second = (number_in(o.text) for o in operands)
    if first is None or second is None or first == second:
        return None
    chosen = one if (first > second) is (asking.operation is Operation.LARGER) else other
    entry = chosen.entry
    run = next((r for r in entry.row if r.index == chosen.name), None) if one.name != other.name else entry.column[0]
    if run is None:
        return None
    named = Operand(text=run.text, words=run.words)
    return Worked(text=run.text.strip(" :"), operands=operands, score=score, named=named)


def _evaluated(asking: Asking, found: list[Found], score: float) -> Worked | None:
    operands = tuple(_operand(f) for f in found)
    numbers = [number_in(o.text) for o in operands]
    if any(n is None for n in numbers):
        return None
    known = [n for n in numbers if n is not None]
    if len({is_bracketed(o.text) for o in operands}) > 1:
        return None  # brackets make an expense negative in one table and are left out in another
    percent = "%" if all("%" in o.text for o in operands) else ""
    match asking.operation:
        case Operation.DIFFERENCE:
            text = evaluate(Formula.DIFFERENCE, operands[0].text, operands[1].text)
            return (
                None
                if text is None
                else Worked(text=text + percent, formula=Formula.DIFFERENCE, operands=operands, score=score)
            )
        case Operation.SUM:
            text = f"{sum(known):f}"
            return Worked(text=text + percent, expression=_joined(known, " + "), operands=operands, score=score)
        case Operation.MULTIPLE | Operation.PERCENT_OF:
            if not known[1]:
                return None
            share = asking.operation is Operation.PERCENT_OF
            value = known[0] / known[1] * (100 if share else 1)
            expression = _joined(known, " / ") + (" * 100" if share else "")
            text = f"{value.quantize(Decimal('0.01'), ROUND_HALF_UP):f}{'%' if share else ''}"
            return Worked(text=text, expression=expression, operands=operands, score=score)
        case _:
            return None


def _rescaled(found: Found, power: int) -> Worked | None:
    """The printed number in the unit that the question asks for."""
    operand = _operand(found)
    number = number_in(operand.text)
    if number is None:
        return None
    factor = 10 ** abs(power)
    value = number * factor if power > 0 else number / factor
    places = Decimal(1) if abs(value) >= _WHOLE or power > 0 else Decimal("0.01")
    return Worked(
        text=f"{value.quantize(places, ROUND_HALF_UP):,f}",
        expression=f"{_digits(number)} {'*' if power > 0 else '/'} {factor}",
        operands=(operand,),
        score=found.score,
    )


def _scale(question: str, page: Page) -> int:
    """The power of ten from the unit that the page prints its numbers in to the one that is asked for; 0 where they agree or
    one of them is not told."""
    asked = _ASKED_UNIT.search(question)
    lines = page.text.splitlines()[:_TOP_ROWS] if asked else ()
    printed = next((m for line in lines if (m := _PRINTED_UNIT.search(line))), None)
    if asked is None or printed is None:
        return 0
    return _POWER[printed["unit"].lower()] - _POWER[asked["unit"].lower()]


def _operand(found: Found) -> Operand:
    value, run = found.entry.value, found.entry.run
    return Operand(text=value.text.strip(), words=run.words_between(value.start, value.end))


def _joined(numbers: list[Decimal], sign: str) -> str:
    return sign.join(_digits(n) for n in numbers)


def _digits(number: Decimal) -> str:
    return f"{number:f}" if number >= 0 else f"({number:f})"
