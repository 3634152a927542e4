"""Candidate answers: what stands beside the labels of the field asked for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from mmrag.agent.reading.defined import defined
from mmrag.agent.reading.fit import Cut, cuts, kinds_of
from mmrag.agent.reading.labels import Label
from mmrag.agent.reading.layout import Layout
from mmrag.agent.reading.lexicon import Concept, Lexicon
from mmrag.agent.reading.near import Place, Relation, has_own_words, name_over, own_label, places
from mmrag.domain.documents import Element, Page, Word
from mmrag.domain.plans import AnswerType

CHART = "chart"
"""``Candidate.why`` of a cell of a chart: it was found by what the question says of it, a sum over bars as well."""


_DEFINED = 0.92
"""The score of a name that the document itself calls so: 'Acme Ltd ("the Landlord")'."""
_OF_AN_ITEM = 0.3
"""What is left of a value below a label that stands behind a label of its own: 'Total:' over 'Change: 3.00'."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A value of a chart that no word prints: its element, and the row and column of its cell."""

    element: str
    cell: tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A possible answer with its evidence. ``score`` in [0, 1]; ``why`` names what found it, for traces and tests.

    ``measured`` is the value that it rests on where that was measured; its words are then those that name the value.
    ``whole`` are elements that it rests on as such: a signature, a note, which has no words on the page.
    ``parts`` are those of a list, each with its own evidence.
    """

    text: str
    words: tuple[Word, ...]
    normal: str
    score: float
    why: str
    page: Page
    normals: tuple[str, ...] = ()
    label: str = ""
    measured: Measured | None = None
    whole: tuple[Element, ...] = ()
    parts: tuple[Candidate, ...] = ()

    def scaled(self, factor: float) -> Candidate:
        return replace(self, score=min(1.0, self.score * factor))


def by_labels(
    layout: Layout, labels: Iterable[Label], kind: AnswerType, lexicon: Lexicon, *, concept: Concept | None = None
) -> list[Candidate]:
    """One candidate for each cut at each place of each label. A label is kept for its best places only."""
    many = concept.many if concept else False
    if kind is AnswerType.NAME:
        labels = tuple(labels)
        named = [(label, cut) for label in labels if (cut := defined(layout, label)) is not None]
        if named:
            return [_defined(layout, label, cut) for label, cut in named]
    found = [
        _candidate(layout, label, place, cut, kind, lexicon, concept)
        for label in labels
        for place in _places(layout, label, kind, lexicon)
        for cut in cuts(layout, place, kind, lexicon, many=many)
    ]
    return _crossed(found)


def _defined(layout: Layout, label: Label, cut: Cut) -> Candidate:
    return Candidate(
        text=cut.text,
        words=cut.words,
        normal=cut.normal,
        score=_DEFINED * (0.5 + 0.5 * cut.confidence),
        why=f"defined as '{label.run.text[label.start : label.end]}'",
        page=layout.page,
        label=label.key,
    )


def _places(layout: Layout, label: Label, kind: AnswerType, lexicon: Lexicon) -> Iterable[Place]:
    over = name_over(layout, label) if kind is AnswerType.NAME else None
    return (over,) if over is not None else places(layout, label, lexicon)


def _crossed(found: list[Candidate]) -> list[Candidate]:
    """Raise a value that stands both in the row of one label and in the column of another: 'Totals' and 'Gross amount'."""
    rows = {c.words: c.score for c in found if c.why.startswith(("right", "inline"))}
    return [
        replace(c, score=c.score + (1.0 - c.score) * 0.6 * rows[c.words])
        if c.why.startswith("below") and c.words in rows and c.score >= 0.2
        else c
        for c in found
    ]


def _candidate(
    layout: Layout, label: Label, place: Place, cut: Cut, kind: AnswerType, lexicon: Lexicon, concept: Concept | None
) -> Candidate:
    score = label.quality * place.weight * cut.fit * (0.5 + 0.5 * cut.confidence)
    if place.relation in (Relation.ABOVE, Relation.BELOW) and kinds_of(kind) and has_own_words(place.run, cut.text, lexicon):
        score *= 0.0 if place.relation is Relation.ABOVE else _OF_AN_ITEM
    if place.relation in (Relation.BELOW, Relation.ABOVE, Relation.LEFT):
        score *= _claimed(layout, label, place, lexicon, concept, strict=bool(kinds_of(concept.type)) if concept else False)
    return Candidate(
        text=cut.text,
        words=cut.words,
        normal=cut.normal,
        normals=cut.normals,
        score=score,
        why=f"{place.relation.value} of '{label.run.text[label.start : label.end]}'",
        page=layout.page,
        label=label.key,
    )


def _claimed(
    layout: Layout, label: Label, place: Place, lexicon: Lexicon, concept: Concept | None, *, strict: bool
) -> float:
    """Less than 1 when the value has a label of its own on its level: then it belongs to that one."""
    own = own_label(layout, place, lexicon)
    if own is None or own == label.key:
        return 1.0
    if concept is not None and own in concept.labels:
        return 1.0
    return 0.35 if own in lexicon.label_keys else 0.55 if strict else 0.8
