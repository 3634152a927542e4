"""From many candidates to one answer with a confidence: equal values support one another, the rest are rivals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mmrag.agent.reading.candidates import CHART, Candidate
from mmrag.agent.reading.target import Asked
from mmrag.agent.reading.text import STOP, fold, stem, words
from mmrag.domain.plans import AnswerType, Reading

_WORKED_OUT = 0.5
"""The share of its confidence that a printed answer keeps when the question asks for something to be worked out."""
_SUPPORTERS = 3
"""Of the places with one value only this many are looked at: a date repeated in every row of a table proves nothing."""
_LETTERS = 4
_AGAIN = 0.2
"""What a second place with the same value adds, as a share of what is missing to certainty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The best candidate, its confidence in [0, 1], and other answers with their scores."""

    candidate: Candidate
    confidence: float
    rivals: tuple[tuple[str, float], ...]


def choose(found: Sequence[Candidate], asked: Asked) -> Choice | None:
    """Merge equal candidates, drop what the question itself gives, and measure the lead of the best over its rivals."""
    merged = _merge([c for c in found if (c.words or c.whole) and not _given(c, asked)])
    if not merged:
        return None
    best, *others = merged
    rivals = tuple((c.text, round(c.score, 4)) for c in others[:5])
    second = next((c.score for c in others if not _part_of(c, best)), 0.0)
    margin = (best.score - second) / max(best.score, 1e-6)
    confidence = (
        best.score * (0.55 + 0.45 * min(1.0, 2.5 * margin)) * (_WORKED_OUT if asked.computes and best.why != CHART else 1.0)
    )
    return Choice(candidate=best, confidence=round(max(0.0, min(1.0, confidence)), 4), rivals=rivals)


def _part_of(one: Candidate, best: Candidate) -> bool:
    """True when one is the beginning of the other: 'Cessna' is no rival of 'Cessna 152'."""
    return (
        min(len(one.normal), len(best.normal)) >= _LETTERS
        and (best.normal.startswith(one.normal) or one.normal.startswith(best.normal))
        and not one.normals
        and not best.normals
    )


def reading_weight(reading: Reading, best_match: float) -> float:
    """How much a page's candidates count: by how well its document fits the constraints, then by retrieval relevance."""
    fit = reading.match / best_match if best_match > 0 else 1.0
    return float(fit**2.5) * (0.7 + 0.3 * reading.relevance)


def _given(candidate: Candidate, asked: Asked) -> bool:
    """True when the question gave this value: it tells the document, it does not answer."""
    if candidate.normals and asked.type in (AnswerType.DATE, AnswerType.AMOUNT, AnswerType.NUMBER, AnswerType.IDENTIFIER):
        return bool(asked.normals.intersection(candidate.normals[:1]))
    if asked.type is AnswerType.IDENTIFIER:
        return candidate.normal in asked.normals
    if asked.type is AnswerType.YES_NO:
        return False
    if any(len(name) >= _LETTERS and name in fold(candidate.text) for name in asked.others):
        return True
    said = words(candidate.text)
    if said and all(w in STOP for w in said):
        return True
    return fold(candidate.text) in asked.excluded or all(stem(w) in asked.said for w in said)


def _place(candidate: Candidate) -> tuple[int, tuple[int, ...]]:
    return candidate.page.number, tuple(w.index for w in candidate.words)


def _merge(found: Sequence[Candidate]) -> list[Candidate]:
    """One candidate a value, best first; a value found at several places gains a little."""
    groups: dict[str, list[Candidate]] = {}
    for candidate in found:
        groups.setdefault(candidate.normal, []).append(candidate)
    merged: list[Candidate] = []
    for group in groups.values():
        group.sort(key=lambda c: -c.score)
        score = group[0].score
        places = {_place(group[0])}
        for other in group[1:_SUPPORTERS]:
            where = _place(other)
            if where not in places and other.page.document_id == group[0].page.document_id:
                places.add(where)
                score += (1.0 - score) * _AGAIN * other.score
        merged.append(group[0].scaled(score / group[0].score) if group[0].score > 0 else group[0])
    return sorted(merged, key=lambda c: -c.score)
