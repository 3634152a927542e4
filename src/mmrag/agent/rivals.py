"""Other values that a document shows by the label of the one that was cited: two totals, two dates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mmrag.agent.checking import comparable, label_key, same
from mmrag.agent.evidence_words import Cited, Text
from mmrag.domain.documents import Page, Word
from mmrag.domain.plans import Reading
from mmrag.domain.values import Value
from mmrag.values import find_values

_SHORTEST_LABEL = 4


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
