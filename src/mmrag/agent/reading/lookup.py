"""Answers without a known label: the value whose row, column and surroundings name what is asked."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from mmrag.agent.reading.candidates import Candidate
from mmrag.agent.reading.fit import MEASURE, Cut, kinds_of, value_cut
from mmrag.agent.reading.layout import Layout, Run, same_level
from mmrag.agent.reading.text import content_words, fold, stem, words
from mmrag.domain.plans import AnswerType
from mmrag.domain.values import ValueKind

_CELL = 6
"""A run of more words is a line of text: what stands beside it on its level is another column of text, not its label."""
_OF_ANOTHER = 0.5
"""What is left of a value that stands behind another label: 'Menu of the day: 13.90'."""
_HEADER = 8
"""A run of more words is a line of text and heads no column."""
_YEAR = re.compile(r"(?:19|20)\d\d")
_MONTH = re.compile(
    r"\b(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\b",
    re.IGNORECASE,
)
_DAY = re.compile(rf"\b\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH.pattern}|{_MONTH.pattern}\s+\d{{1,2}}\b", re.IGNORECASE)
_COUNTED = (AnswerType.AMOUNT, AnswerType.NUMBER)
UNITS = {"year": re.compile(r"\b(?:19|20)\d\d\b"), "month": _MONTH}
"""What "which year" and "which month" ask for, as it is printed."""


def word_weights(layouts: Sequence[Layout], asked: Sequence[str], given: Sequence[str] = ()) -> dict[str, float]:
    """How much each asked word tells: rare ones on these pages tell more (inverse document frequency over runs).

    Words ``given`` to name the document count half: they may also name a row ("in the South").
    """
    total = max(1, sum(len(layout.runs) for layout in layouts))
    shares = {**{stem(w): 0.5 for w in given}, **{stem(w): 1.0 for w in asked}}
    weights = {
        s: share * math.log(1.0 + total / (1.0 + sum(layout.runs_with.get(s, 0) for layout in layouts)))
        for s, share in shares.items()
    }
    whole = sum(weights.values()) or 1.0
    return {s: w / whole for s, w in weights.items()}


def by_alignment(
    layout: Layout, weights: Mapping[str, float], kind: AnswerType, *, unit: str | None = None
) -> list[Candidate]:
    """Typed values scored by the asked words that stand in their run, row, column or neighbourhood.

    ``unit`` is what the question asks which of. For "year" and "month" these are the values, whatever the type; for others
    the names that end in the unit ("Blue Room").
    """
    wanted = weights.keys()
    holders = [
        (run, stems) for run, all_of_it in zip(layout.runs, layout.stems, strict=True) if (stems := all_of_it & wanted)
    ]
    found: list[Candidate] = []
    share = _OF_ANOTHER if kind is AnswerType.DATE and _has_day_without_year(layout, holders) else 1.0
    for run in layout.runs:
        for cut, spot in _united(run, unit) if unit else _typed(layout, run, kind):
            at = run.x_at(spot)
            if fold(cut.text) in weights or stem(fold(cut.text)) in weights:
                continue
            if unit is None and kind in _COUNTED and _is_part(run, cut, weights):
                cut = replace(cut, fit=0.5 * cut.fit)
            if unit is None and _is_labelled(run, spot, wanted):
                cut = replace(cut, fit=_OF_ANOTHER * cut.fit)
            ties = _ties(layout, holders, run, at, spot)
            score = 0.0
            for s, weight in weights.items():
                score += weight * ties.get(s, 0.0)
            found.append(_candidate(layout, cut, 0.9 * share * score * cut.fit))
    return sorted(found, key=lambda c: -c.score)[:8]


def sentences(layout: Layout, weights: Mapping[str, float]) -> list[tuple[float, str, tuple[Run, ...]]]:
    """The rows of the page with the share of the asked words they hold, best first: (share, text, runs)."""
    found: list[tuple[float, str, tuple[Run, ...]]] = []
    for row in layout.rows:
        stems = frozenset[str]().union(*[layout.stems[run.index] for run in row])
        share = sum(w for s, w in weights.items() if s in stems)
        if share > 0:
            found.append((share, " ".join(r.text for r in row), row))
    return sorted(found, key=lambda f: -f[0])


def _typed(layout: Layout, run: Run, kind: AnswerType) -> Iterator[tuple[Cut, int]]:
    wanted = kinds_of(kind)
    for value in layout.values(run):
        if value.kind in wanted:
            yield value_cut(run, value, wanted[value.kind]), (value.start + value.end) // 2


def _has_day_without_year(layout: Layout, holders: Sequence[tuple[Run, frozenset[str]]]) -> bool:
    """True where a line about what is asked tells its day without a year: other dates are then of other things."""
    return any(
        _DAY.search(run.text) is not None and not any(v.kind is ValueKind.DATE for v in layout.values(run))
        for run, _ in holders
    )


def _is_labelled(run: Run, spot: int, wanted: Collection[str]) -> bool:
    """True for a value behind a colon whose label says nothing of what is asked."""
    label, colon, _ = run.text[:spot].rpartition(":")
    said = [stem(w) for w in words(label) if len(w) > 1 and w.isalpha()]
    return bool(colon) and bool(said) and not any(s in wanted for s in said)


def _is_part(run: Run, cut: Cut, weights: Mapping[str, float]) -> bool:
    """True for a number that belongs to a date or a measure ("5 June", "16 mm"), or is a year: these count nothing."""
    if _YEAR.fullmatch(cut.text):
        return True
    at = run.text.find(cut.text)
    after, before = run.text[at + len(cut.text) :], run.text[:at]
    if _MONTH.match(after.lstrip()) or re.search(rf"{_MONTH.pattern}\.?\s*$", before, re.IGNORECASE):
        return True
    measure = MEASURE.match(after)
    return measure is not None and stem(fold(measure.group(1))) not in weights


def _united(run: Run, unit: str) -> Iterator[tuple[Cut, int]]:
    named = rf"\b(?:[A-Z][\w'’-]*\s+){{1,3}}{re.escape(unit.capitalize())}\b"
    for match in (UNITS.get(unit) or re.compile(named)).finditer(run.text):
        text = match.group()
        if unit == "month" and text[0].islower():
            continue
        words_here = run.words_between(match.start(), match.end())
        yield Cut(text=text, words=words_here, fit=1.0, normal=fold(text)), (match.start() + match.end()) // 2


def _ties(
    layout: Layout, holders: Sequence[tuple[Run, frozenset[str]]], run: Run, at: float, spot: int
) -> Mapping[str, float]:
    """How closely each asked word is tied to a value at ``at`` pixels in ``run``, by the closest run that holds it."""
    ties: dict[str, float] = {}
    for holder, stems in holders:
        tie = 0.0 if holder is run else _tie(layout, holder, run, at)
        for s in stems:
            if holder is run:
                away = max(0, abs(run.text.lower().find(s) - spot) - 12)
                tie = max(0.55, 1.0 - 0.008 * away)
            if tie > ties.get(s, 0.0):
                ties[s] = tie
    return ties


def _tie(layout: Layout, holder: Run, run: Run, at: float) -> float:
    """How closely another run is tied to a value at ``at`` pixels in ``run``: same row, same column, or nearby."""
    far = abs(holder.cy - run.cy) / layout.unit
    if holder.y0 < run.y1 and run.y0 < holder.y1 and same_level(holder, run) >= 0.5:
        return 0.95 if len(run.words) <= _CELL else 0.5
    centre = (holder.x0 + holder.x1) / 2
    column = abs(centre - at) < 2.0 * layout.unit or holder.x0 <= at <= holder.x1
    if column and len(holder.words) <= _HEADER:
        return max(0.45, 0.95 - 0.02 * far)
    if len(holder.words) > _HEADER and min(holder.x1, run.x1) - max(holder.x0, run.x0) > 0.5 * (run.x1 - run.x0):
        return max(0.1, 0.85 - 0.06 * far)
    return max(0.1, 0.6 - 0.05 * far)


def _candidate(layout: Layout, cut: Cut, score: float) -> Candidate:
    return Candidate(
        text=cut.text,
        words=cut.words,
        normal=cut.normal,
        normals=cut.normals,
        score=score * (0.5 + 0.5 * cut.confidence),
        why="alignment",
        page=layout.page,
    )


def asked_words(texts: Sequence[str]) -> tuple[str, ...]:
    """The content words of several texts, in order, without repeats."""
    return tuple(dict.fromkeys(w for t in texts for w in content_words(t)))
