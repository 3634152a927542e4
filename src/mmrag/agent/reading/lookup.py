"""Answers without a known label: the value whose row, column and surroundings name what is asked."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from mmrag.agent.reading.candidates import Candidate
from mmrag.agent.reading.fit import Cut, kinds_of, value_cut
from mmrag.agent.reading.layout import Layout, Run, same_level
from mmrag.agent.reading.text import content_words, fold, stem, words
from mmrag.domain.plans import AnswerType


def word_weights(layouts: Sequence[Layout], asked: Sequence[str], given: Sequence[str] = ()) -> dict[str, float]:
    """How much each asked word tells: rare ones on these pages tell more (inverse document frequency over runs).

    Words ``given`` to name the document count half: they may also name a row ("in the South").
    """
    runs = [frozenset(stem(w) for w in words(run.text)) for layout in layouts for run in layout.runs]
    total = max(1, len(runs))
    shares = {**{stem(w): 0.5 for w in given}, **{stem(w): 1.0 for w in asked}}
    weights = {s: share * math.log(1.0 + total / (1.0 + sum(s in r for r in runs))) for s, share in shares.items()}
    whole = sum(weights.values()) or 1.0
    return {s: w / whole for s, w in weights.items()}


def by_alignment(layout: Layout, weights: Mapping[str, float], kind: AnswerType) -> list[Candidate]:
    """Typed values scored by the asked words that stand in their run, row, column or neighbourhood."""
    holders = [(run, {s for s in (stem(w) for w in words(run.text)) if s in weights}) for run in layout.runs]
    holders = [(run, stems) for run, stems in holders if stems]
    found: list[Candidate] = []
    for run in layout.runs:
        for cut, spot in _typed(layout, run, kind):
            at = run.x_at(spot)
            if fold(cut.text) in weights or stem(fold(cut.text)) in weights:
                continue
            score = 0.0
            for s, weight in weights.items():
                score += weight * max(
                    (_tie(layout, other, run, at, spot, s) for other, stems in holders if s in stems), default=0.0
                )
            found.append(_candidate(layout, cut, 0.9 * score * cut.fit))
    return sorted(found, key=lambda c: -c.score)[:8]


def sentences(layout: Layout, weights: Mapping[str, float]) -> list[tuple[float, str, tuple[Run, ...]]]:
    """The rows of the page with the share of the asked words they hold, best first: (share, text, runs)."""
    found: list[tuple[float, str, tuple[Run, ...]]] = []
    for row in layout.rows:
        text = " ".join(r.text for r in row)
        stems = {stem(w) for w in words(text)}
        share = sum(w for s, w in weights.items() if s in stems)
        if share > 0:
            found.append((share, text, row))
    return sorted(found, key=lambda f: -f[0])


def _typed(layout: Layout, run: Run, kind: AnswerType) -> Iterator[tuple[Cut, int]]:
    wanted = kinds_of(kind)
    for value in layout.values(run):
        if value.kind in wanted:
            yield value_cut(run, value, wanted[value.kind]), (value.start + value.end) // 2


def _tie(layout: Layout, holder: Run, run: Run, at: float, spot: int, word: str) -> float:
    """How closely ``holder`` is tied to a value at ``at`` pixels in ``run``: same run, row, column, or nearby."""
    if holder is run:
        away = max(0, abs(run.text.lower().find(word) - spot) - 12)
        return max(0.55, 1.0 - 0.008 * away)
    far = abs(holder.cy - run.cy) / layout.unit
    if same_level(holder, run) >= 0.5:
        return 0.95
    centre = (holder.x0 + holder.x1) / 2
    column = abs(centre - at) < 2.0 * layout.unit or holder.x0 <= at <= holder.x1
    if column:
        return max(0.45, 0.95 - 0.02 * far)
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
