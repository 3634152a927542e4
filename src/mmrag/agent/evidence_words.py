"""The stored words behind a claim, read again from the page: what was printed, not what a drafter says was printed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from mmrag.domain.answers import Span
from mmrag.domain.documents import Cell, Element, ElementKind, Page, PageRef, Word
from mmrag.domain.plans import Reading

_BARE: Final = frozenset({ElementKind.ANNOTATION, ElementKind.CHECKBOX, ElementKind.SIGNATURE})
"""What somebody put on a page may have no words of its own there: then it is cited as a whole, with its box."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cited:
    """An element with the cited words of it, in reading order, none for what is cited as a whole.

    ``cell`` is a value of a chart that was measured, where that is what is cited: the words are then those that name it.
    """

    reading: Reading
    element: Element
    words: tuple[Word, ...]
    cell: Cell | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """Words joined by single spaces, with the character range of each."""

    text: str
    words: tuple[Word, ...]
    starts: tuple[int, ...]

    @classmethod
    def of(cls, words: Sequence[Word]) -> Text:
        starts: list[int] = []
        position = 0
        for word in words:
            starts.append(position)
            position += len(word.text) + 1
        return cls(text=" ".join(w.text for w in words), words=tuple(words), starts=tuple(starts))

    def between(self, start: int, end: int) -> tuple[Word, ...]:
        """The words that characters ``start`` to ``end`` touch."""
        return tuple(w for w, s in zip(self.words, self.starts, strict=True) if s < end and start < s + len(w.text))


class Places:
    """Looks up cited words in the pages that were read. Nothing is found on a page that was not."""

    def __init__(self, readings: Sequence[Reading]) -> None:
        self._elements: dict[str, tuple[Reading, Element]] = {}
        self._words: dict[PageRef, Mapping[int, Word]] = {}
        for reading in readings:
            for element in reading.page.elements:
                self._elements[element.id] = (reading, element)

    def cited(self, span: Span) -> Cited | str:
        """The words of ``span``, or in one clause why it cannot be a citation."""
        found = self._elements.get(span.element_id)
        if found is None:
            return "it cites an element that is on none of the pages read"
        reading, element = found
        if element.kind.is_generated:
            return "it cites generated text, which is no evidence"
        of_element = frozenset(element.words)
        on_page = self._words_of(reading.page)
        indexes = sorted(set(span.words))
        words = tuple(on_page[i] for i in indexes if i in of_element and i in on_page)
        bare = not of_element and not indexes and element.kind in _BARE
        if (not words and not bare) or len(words) < len(indexes):
            return "it cites words that the element does not have"
        cell = next((c for c in element.cells if (c.row, c.column) == span.cell and c.error is not None), None)
        if span.cell is not None and cell is None:
            return "it cites a value that was not measured on the chart"
        return Cited(reading=reading, element=element, words=words, cell=cell)

    def _words_of(self, page: Page) -> Mapping[int, Word]:
        """The words of a page that is cited, by their indexes."""
        if page.ref not in self._words:
            self._words[page.ref] = MappingProxyType({w.index: w for w in page.words})
        return self._words[page.ref]
