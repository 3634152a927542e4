"""Other values that a document shows by the label of the one that was cited: two totals, two dates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mmrag.agent.checking import comparable, label_key, same
from mmrag.agent.evidence_words import Cited, Places, Text
from mmrag.domain.answers import Verdict, VerdictKind
from mmrag.domain.documents import Page, Word
from mmrag.domain.plans import Reading
from mmrag.domain.values import Value
from mmrag.values import find_values

_SHORTEST_LABEL = 4
_AS_GOOD = 0.08
"""A document fits a question about as well as another when its match is this close."""
_MOST = 3


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
        for other_label, other in _labelled(reading.page):
            if other_label == label and comparable(value, other) and not same(value, other):
                found[other.text] = None
    return tuple(found)


def contradictions(verdicts: Sequence[Verdict], readings: Sequence[Reading]) -> tuple[str, ...]:
    """One sentence for each other document that fits the question about as well and gives, by the same label, another value
    than the answer. For answers of one value: what was worked out, and what consists of several, is left alone."""
    if len(verdicts) != 1 or verdicts[0].kind is not VerdictKind.SUPPORTED:
        return ()
    places = Places(readings)
    cited = [place for span in verdicts[0].claim.spans if not isinstance(place := places.cited(span), str)]
    values = find_values(verdicts[0].claim.text)
    if len(cited) != 1 or len(values) != 1 or len(label := _label_of(cited[0])) < _SHORTEST_LABEL:
        return ()
    own = cited[0].reading
    told: dict[str, str] = {}
    for reading in readings:
        if reading.document.id == own.document.id or reading.match < own.match - _AS_GOOD:
            continue
        for other_label, other in _labelled(reading.page):
            if other_label == label and comparable(values[0], other) and not same(values[0], other):
                where = f"{reading.document.name}, page {reading.page.number}"
                told.setdefault(reading.document.id, f"{where}, says {other.text} by the same label.")
    return tuple(told.values())[:_MOST]


def _label_of(place: Cited) -> str:
    if place.element.label:
        return label_key(place.element.label)
    first = place.words[0]
    before = [w for w in place.reading.page.words if w.line == first.line and w.index < first.index]
    return label_key(" ".join(w.text for w in before))


def _labelled(page: Page) -> Iterator[tuple[str, Value]]:
    """The values of key-value pairs, and those that are the only one on their printed line, each with its label."""
    for element in page.elements:
        if element.label and element.value:
            for value in find_values(element.value):
                yield label_key(element.label), value
    lines: dict[int, list[Word]] = {}
    for word in page.words:
        lines.setdefault(word.line, []).append(word)
    for words in lines.values():
        text = Text.of(words).text
        values = find_values(text)
        if len(values) == 1 and values[0].start > 0:
            yield label_key(text[: values[0].start]), values[0]
