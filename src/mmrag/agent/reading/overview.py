"""What a document is about, told by sentences of it: each is printed, and cited with its box."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mmrag.domain.answers import Draft, Span
from mmrag.domain.documents import Cell, Element, ElementKind
from mmrag.domain.plans import Reading

TIER = "reader"
_SURE = 0.7
"""The sentences are printed; that they say what the document is about is a matter of choice."""
_ENOUGH = 3
"""Sentences of a summary on the pages read from which they are taken, before those of a less relevant page."""


def tell_overview(readings: Sequence[Reading], subjects: Sequence[str] = ()) -> Draft | None:
    """The sentences that the best page's document is summarised by, as far as their pages are read, or one of the pages.

    Only documents count whose pages read show all ``subjects``: another document's summary would be no answer. None where no
    such document has a summary, or none of its sentences is on the pages.
    """
    for reading in sorted(readings, key=lambda r: -r.relevance * r.match):
        same = {r.page.number: r for r in readings if r.document.id == reading.document.id}
        shown = _letters(" ".join(r.page.text for r in same.values()))
        if not all(_letters(subject) in shown for subject in subjects):
            continue
        summaries = [e for r in same.values() for e in r.page.elements if e.kind is ElementKind.SUMMARY]
        summaries.sort(key=lambda e: (not e.is_of_document, -same[e.page].relevance))
        found = [_quoted(summary.cells, same) for summary in summaries]
        quoted = next((q for q in found if len(q) >= _ENOUGH), max(found, key=len, default=[]))
        if quoted:
            return Draft(
                answer=" ".join(_closed(cell.text) for cell, _ in quoted),
                spans=tuple(span for _, span in quoted),
                confidence=round(_SURE * (0.4 + 0.6 * reading.match), 4),
                tier=TIER,
            )
    return None


def _quoted(cells: Sequence[Cell], pages: dict[int, Reading]) -> list[tuple[Cell, Span]]:
    return [(cell, span) for cell in cells if (span := _span(cell, pages)) is not None]


def _span(cell: Cell, pages: dict[int, Reading]) -> Span | None:
    """The words of a quoted sentence in the smallest printed element that holds them all."""
    reading = pages.get(cell.column)
    if reading is None or not cell.words:
        return None
    wanted = frozenset(cell.words)
    holding: list[Element] = [e for e in reading.page.elements if e.kind.stands_alone and wanted <= frozenset(e.words)]
    if not holding:
        return None
    home = min(holding, key=lambda e: (len(e.words), e.ordinal))
    return Span(element_id=home.id, words=cell.words, quote=cell.text)


def _closed(sentence: str) -> str:
    """A title gets the full stop that parts it from what follows."""
    return sentence if sentence.rstrip().endswith((".", "!", "?")) else f"{sentence}."


def _letters(text: str) -> str:
    """Letters and digits alone: OCR parts words differently."""
    return re.sub(r"[\W_]+", "", text.casefold())
