"""Other values that a document shows by the label of the one that was cited: two totals, two dates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from mmrag.agent.checking import comparable, label_key, same
from mmrag.agent.evidence_words import Cited, Places, Text
from mmrag.domain.answers import Span, Verdict, VerdictKind
from mmrag.domain.documents import Page, Word
from mmrag.domain.plans import Reading
from mmrag.domain.values import Value
from mmrag.values import find_values

_SHORTEST_LABEL = 4
_AS_GOOD = 0.08
"""A document fits a question about as well as another when its match is this close."""
_MOST = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Rival:
    """A value that contradicts an answer: another document gives it by the same label. ``own`` is where the answer stands,
    ``other`` where the rival does, None where its words belong to no element. ``note`` says it in one sentence."""

    value: str
    own: Span
    other: Span | None
    note: str


def other_values(values: Sequence[Value], cited: Sequence[Cited], readings: Sequence[Reading]) -> tuple[str, ...]:
    """Texts of values on the cited document's pages with the same label and kind as a cited one, and another meaning."""
    if len(cited) != 1 or len(values) != 1:
        return ()
    place, value = cited[0], values[0]
    label = _label_of(place)
    if len(label) < _SHORTEST_LABEL:
        return ()
    found: dict[str, None] = {}
    for reading in readings:
        if reading.document.id != place.reading.document.id:
            continue
        for other in _labelled(reading.page, label):
            if comparable(value, other.value) and not same(value, other.value):
                found[other.value.text] = None
    return tuple(found)


def contradictions(verdicts: Sequence[Verdict], readings: Sequence[Reading]) -> tuple[Rival, ...]:
    """One rival for each other document that fits the question about as well and gives, by the same label, another value
    than the answer. For answers of one value: what was worked out, and what consists of several, is left alone."""
    if len(verdicts) != 1 or verdicts[0].kind is not VerdictKind.SUPPORTED:
        return ()
    places = Places(readings)
    spans = [span for span in verdicts[0].claim.spans if not isinstance(places.cited(span), str)]
    cited = [place for span in spans if not isinstance(place := places.cited(span), str)]
    values = find_values(verdicts[0].claim.text)
    if len(cited) != 1 or len(values) != 1 or len(label := _label_of(cited[0])) < _SHORTEST_LABEL:
        return ()
    own = cited[0].reading
    told: dict[str, Rival] = {}
    for reading in readings:
        if reading.document.id == own.document.id or reading.match < own.match - _AS_GOOD:
            continue
        for other in _labelled(reading.page, label):
            if comparable(values[0], other.value) and not same(values[0], other.value):
                text = other.value.text
                note = f"{reading.document.name}, page {reading.page.number}, says {text} by the same label."
                rival = Rival(value=text, own=spans[0], other=_span_of(reading.page, other.words, text), note=note)
                told.setdefault(reading.document.id, rival)
    return tuple(told.values())[:_MOST]


def _span_of(page: Page, words: Sequence[Word], text: str) -> Span | None:
    """The words as a citation of the smallest printed element that holds them all."""
    indexes = frozenset(word.index for word in words)
    holding = [e for e in page.elements if indexes and not e.kind.is_generated and indexes.issubset(e.words)]
    if not holding:
        return None
    element = min(holding, key=lambda e: (len(e.words), e.ordinal))
    return Span(element_id=element.id, words=tuple(sorted(indexes)), quote=text)


def _label_of(place: Cited) -> str:
    if place.element.label:
        return label_key(place.element.label)
    if not place.words:
        return ""
    first = place.words[0]
    before = [w for w in place.reading.page.words if w.line == first.line and w.index < first.index]
    return label_key(" ".join(w.text for w in before))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Labelled:
    value: Value
    words: tuple[Word, ...]


def _labelled(page: Page, label: str) -> Iterator[_Labelled]:
    """The values of key-value pairs with ``label``, and those that are the only one on their printed line and stand behind
    it there."""
    for element in page.elements:
        if element.label and element.value and label_key(element.label) == label:
            own = frozenset(element.words)
            printed = Text.of([w for w in page.words if w.index in own])
            for value in find_values(element.value):
                at = printed.text.rfind(value.text)  # the value stands behind its label
                words = printed.between(at, at + len(value.text)) if at >= 0 else ()
                yield _Labelled(value=value, words=words)
    lines: dict[int, list[Word]] = {}
    for word in page.words:
        lines.setdefault(word.line, []).append(word)
    for of_line in lines.values():
        # Looked at first: of a hundred lines one has the label, and telling values apart is dear.
        if not label_key(" ".join([w.text for w in of_line])).startswith(label):
            continue
        line = Text.of(of_line)
        values = find_values(line.text)
        if len(values) == 1 and values[0].start > 0 and label_key(line.text[: values[0].start]) == label:
            value = values[0]
            yield _Labelled(value=value, words=line.between(value.start, value.end))
