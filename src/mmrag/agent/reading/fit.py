"""Cutting an answer out of a place: the part of the print that has the type asked for, as printed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mmrag.agent.reading.layout import Layout, Run
from mmrag.agent.reading.lexicon import Lexicon
from mmrag.agent.reading.near import Place, Relation, is_filler, is_label
from mmrag.agent.reading.text import content_words, fold
from mmrag.domain.documents import Word
from mmrag.domain.plans import AnswerType
from mmrag.domain.values import Value, ValueKind
from mmrag.values import find_values

_KINDS: dict[AnswerType, dict[ValueKind, float]] = {
    AnswerType.AMOUNT: {ValueKind.AMOUNT: 1.0, ValueKind.NUMBER: 0.5},
    AnswerType.NUMBER: {ValueKind.NUMBER: 1.0, ValueKind.AMOUNT: 0.6, ValueKind.PERCENT: 0.5},
    AnswerType.PERCENT: {ValueKind.PERCENT: 1.0, ValueKind.NUMBER: 0.4},
    AnswerType.DATE: {ValueKind.DATE: 1.0},
    AnswerType.TIME: {ValueKind.TIME: 1.0},
    AnswerType.PHONE: {ValueKind.PHONE: 1.0, ValueKind.NUMBER: 0.5},
    AnswerType.EMAIL: {ValueKind.EMAIL: 1.0},
}
MEASURE = re.compile(r"\s*(mm|cm|m|km|g|kg|mg|l|ml|litres?|metres?|m²|m³|inch|in\.|ft|tonnes?|kwh|am|pm)\b", re.IGNORECASE)
"""What stands behind a number that measures instead of counting."""
_WRAPS = 14
_TRIM = " \t,;:*|_=~"
_CODE = re.compile(r"[^\s:#]*\d[^\s]*")
_PREFIX = re.compile(r"\s*([A-Z]{3,4}[UJZ]) ")
"""The owner's code of a container, which stands before its number: 'MSCU 448210-7'."""
_MORE_CODE = re.compile(r"(?:\s*,\s*|\s+)([^\s:#]*\d[^\s]*)")
_JOINS = re.compile(r"(?:and|or|of|und|et|y)\s")
"""'and Secretary' is the rest of a line, and names nobody."""
_PHONE_DIGITS = 5
_EDITION = re.compile(
    r"\W*(?:rev(?:ision|ised)?|version|vers|edition|ed|form|stand)\b[\s.:]*(?:no\.?\s*)?[\w./-]*\d[\w./-]*\W*", re.IGNORECASE
)
"""The print of a form's own edition ('Rev. 10/2018'): it was there before the form was filled in."""
_TIED = re.compile(r"\s*(?:by|per|of|for|in|from|to|at|and|with)\s+[a-z]")
_CLOSE = re.compile(r"[^\W_]\s*$")
_BASE = re.compile(r"(?:^|\s)(?:on|auf|sur|sobre|su)\s+$", re.IGNORECASE)
"""'VAT on 501.00' says of what it is taken, not what it is."""
_UNOPENED = re.compile(r"[\"”’')]\s*[),;.]")
"""The end of what was quoted before: '") and Acme ...' """
_PAIR = re.compile(r"[A-Z][\w ]{1,25}:\s+\S")
"""'Minutes: Ada Brook', beside another label, is the value of its own."""
_IS = re.compile(r"\s*(?:is|are|was|were|shall be|will be|beträgt|ist|est(?: de)?|es(?: de)?)\s+(?=[^\s])")
_SENTENCE_END = re.compile(r"[.;](?=\s|$)")
_HANGING = re.compile(r"(?:[&,-]|\b(?:of|the|and|for|de|la|du|der|des|und|et|y))$", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """A possible answer: its text as printed, its words, how well it has the type asked for, and a normal form."""

    text: str
    words: tuple[Word, ...]
    fit: float
    normal: str
    normals: tuple[str, ...] = ()
    runs: tuple[Run, ...] = ()

    @property
    def confidence(self) -> float:
        return sum(w.confidence for w in self.words) / max(1, len(self.words))


def cuts(layout: Layout, place: Place, kind: AnswerType, lexicon: Lexicon, *, many: bool = False) -> Iterator[Cut]:
    """The answers of type ``kind`` that ``place`` holds, likeliest first."""
    if kind in _KINDS:
        yield from _typed(layout, place, kind)
    elif kind is AnswerType.IDENTIFIER:
        yield from _codes(layout, place, lexicon, many=many)
    else:
        yield from _texts(layout, place, kind, lexicon)


def kinds_of(kind: AnswerType) -> dict[ValueKind, float]:
    """The kinds of value that can answer a question of type ``kind``, with how well each fits; empty for texts."""
    return _KINDS.get(kind, {})


def value_cut(run: Run, value: Value, fit: float) -> Cut:
    """The cut around one typed value of ``run``."""
    text = value.text.strip()
    return Cut(
        text=text,
        words=run.words_between(value.start, value.end),
        fit=fit,
        normal=value.normal,
        normals=value.normals,
        runs=(run,),
    )


def _typed(layout: Layout, place: Place, kind: AnswerType) -> Iterator[Cut]:
    wanted = _KINDS[kind]
    values = [v for v in layout.values(place.run) if v.start >= place.start and v.kind in wanted]
    values.sort(key=lambda v: (-wanted[v.kind], v.start))
    if kind is AnswerType.PHONE:
        values = [v for v in values if sum(c.isdigit() for c in v.text) >= _PHONE_DIGITS]
    for rank, value in enumerate(values):
        fit = wanted[value.kind]
        if place.relation is Relation.INLINE and _BASE.search(place.run.text[place.start : value.start]):
            fit *= 0.5
        if value.kind is ValueKind.NUMBER and not _alone(place.run, place, value):
            fit *= 0.4 if MEASURE.match(place.run.text, value.end) else 0.6
        yield value_cut(place.run, value, fit * 0.93**rank)


def _alone(run: Run, place: Place, value: Value) -> bool:
    """True when nothing but the value (and signs) stands in the place: a bare number inside a sentence is no amount."""
    rest = run.text[place.start : value.start] + run.text[value.end :]
    return sum(c.isalnum() for c in rest) <= 2


def _codes(layout: Layout, place: Place, lexicon: Lexicon, *, many: bool) -> Iterator[Cut]:
    run = place.run
    if place.relation is not Relation.INLINE and (run.index in layout.label_runs or is_label(run, lexicon)):
        return
    match = _CODE.search(run.text, place.start)
    if match is None:
        return
    if any(
        v.kind in (ValueKind.DATE, ValueKind.TIME) and v.start < match.end() and match.start() < v.end
        for v in layout.values(run)
    ):
        return
    start, end = match.start(), match.end()
    if place.relation is Relation.INLINE or place.start == 0:
        prefix = _PREFIX.fullmatch(run.text[place.start : start])
        start = place.start + prefix.start(1) if prefix is not None else start
    while more := _MORE_CODE.match(run.text, end):
        joined = run.text[end : more.start(1)]
        if ("," in joined or run.text[end - 1] == ",") and not many:
            break
        if sum(c.isdigit() for c in more.group(1)) < 2:
            break
        end = more.end(1)
    lead = sum(c.isalpha() for c in run.text[place.start : start])
    tail = sum(c.isalpha() for c in run.text[end:])
    fit = 1.0 / (1.0 + 0.12 * lead + 0.03 * tail)
    if place.relation is not Relation.INLINE and _EDITION.fullmatch(run.text):
        fit *= 0.2
    text = run.text[start:end].strip(_TRIM + ".()[]") if run.text[start] == "(" else run.text[start:end].strip(_TRIM + ".")
    if re.fullmatch(r"[$€£]?\d{1,3}(?:,\d{3})*\.\d\d", text):
        fit *= 0.1  # the tax beside "VAT" is no VAT number
    if "%" in text:
        fit *= 0.2
    if len(fold(text)) == 1:
        fit *= 0.5 if text == "0" else 0.85
    if fold(text):
        yield Cut(text=text, words=run.words_between(start, end), fit=fit, normal=fold(text).upper(), runs=(run,))


def _texts(layout: Layout, place: Place, kind: AnswerType, lexicon: Lexicon) -> Iterator[Cut]:
    run = place.run
    if is_filler(run.text[place.start :], lexicon):
        return
    if place.relation is not Relation.INLINE and (run.index in layout.label_runs or is_label(run, lexicon)):
        return
    start, end = place.start, _stop(run.text, place.start)
    text = run.text[start:end].strip(_TRIM)
    key = fold(text)
    if not key or text.casefold() in lexicon.answer["void"] or key in lexicon.label_keys:
        return
    fit = _text_fit(text, kind)
    if _UNOPENED.match(text) or (
        kind is AnswerType.NAME and place.relation in (Relation.RIGHT, Relation.BELOW) and _PAIR.match(text)
    ):
        fit *= 0.2
    if kind is AnswerType.FREE and place.relation is Relation.INLINE and (said := _IS.match(run.text, start)):
        yield _said_of_it(layout, run, said.end())
        return
    if place.relation is not Relation.INLINE and _EDITION.fullmatch(text):
        fit *= 0.2
    if len(text) > 90:
        fit *= 0.4
    if kind is AnswerType.FREE and place.relation is Relation.INLINE and text[:1].islower() and len(text.split()) > 2:
        fit *= 0.6
    if (
        kind is AnswerType.FREE
        and place.relation is Relation.INLINE
        and _TIED.match(run.text, start)
        and _CLOSE.search(run.text[:start])
    ):
        fit *= 0.2  # 'Boat hires by season' is one title, and 'by season' no value of boat hires
    cut = Cut(text=text, words=run.words_between(start, end), fit=fit, normal=key, runs=(run,))
    more = _rest_of_name(layout, place, text, lexicon) if kind is AnswerType.NAME else None
    yield cut if more is None else joined((cut, more))


def _said_of_it(layout: Layout, run: Run, start: int) -> Cut:
    """What a sentence says of its label: the value right behind 'is', or all up to the end of the sentence."""
    value = next((v for v in layout.values(run) if v.start == start), None)
    if value is not None:
        return value_cut(run, value, 0.95)
    sentence = _SENTENCE_END.search(run.text, start)
    end = sentence.start() if sentence is not None else len(run.text)
    text = run.text[start:end].strip(_TRIM)
    return Cut(text=text, words=run.words_between(start, end), fit=0.75, normal=fold(text), runs=(run,))


def _rest_of_name(layout: Layout, place: Place, text: str, lexicon: Lexicon) -> Cut | None:
    """The next line of a broken name: after 'of the', '&' or a comma, or when the line below has no label of its own."""
    run, left = place.run, place.run.x_at(place.start)
    hangs = _HANGING.search(text) is not None
    if not hangs and (place.relation not in (Relation.INLINE, Relation.RIGHT, Relation.BELOW) or len(text) < _WRAPS):
        return None
    for below in layout.below(run, left, run.x1, 2.0 * layout.unit)[:1]:
        close = below.y0 - run.y1 < 0.35 * layout.unit and abs(below.height - run.height) < 0.4 * run.height
        alone = not layout.left_of(below) and abs(below.x0 - left) < 0.8 * layout.unit and below.x1 < run.x1
        plain = not any(c.isdigit() for c in below.text) and not is_label(below, lexicon)
        if close and plain and (hangs or alone):
            return Cut(text=below.text.strip(_TRIM), words=below.words, fit=0.9, normal=fold(below.text), runs=(below,))
    return None


def _stop(text: str, start: int) -> int:
    """Where the next label inside the same run begins: 'Acme Ltd  Date: 3 May' ends before 'Date'."""
    match = re.search(r"\s+[A-Z][A-Za-z]*(?:\s+(?:No|Number|Date|Name|ID))?\.?\s*:(?=\s|\S)", text[start:])
    return start + match.start() if match and match.start() > 2 else len(text)


def _text_fit(text: str, kind: AnswerType) -> float:
    letters = sum(c.isalpha() for c in text)
    digits = sum(c.isdigit() for c in text)
    share = letters / max(1, letters + digits)
    if kind is AnswerType.NAME:
        if not content_words(text):
            return 0.12
        if letters < 2 or share < 0.35 or _is_date(text):
            return 0.12
        words = len(text.split())
        lower = sum(w.lstrip("(\"'“‘")[:1].islower() for w in text.split())
        prose = 0.5 if words > 4 and lower > 0.55 * words else 1.0
        if words > 1 and (lower == words or _JOINS.match(text)):
            return 0.2
        bullet = 0.5 if text[0] in "•·▪■►-*" else 1.0
        return (0.75 + 0.25 * share) * prose * bullet * (1.0 if words <= 10 else 0.6)
    if kind is AnswerType.ADDRESS:
        return 1.0 if digits and letters >= 3 else 0.75 if letters >= 5 else 0.15
    return 0.9 if letters or digits else 0.1


def _is_date(text: str) -> bool:
    """True for nothing but a date: it names nobody."""
    return any(v.kind is ValueKind.DATE and len(v.text) >= 0.8 * len(text) for v in find_values(text))


def joined(parts: Sequence[Cut]) -> Cut:
    """Several cuts read as one answer, their texts joined with single spaces."""
    return Cut(
        text=" ".join(p.text for p in parts),
        words=tuple(w for p in parts for w in p.words),
        fit=max(p.fit for p in parts),
        normal="".join(p.normal for p in parts),
        runs=tuple(r for p in parts for r in p.runs),
    )
