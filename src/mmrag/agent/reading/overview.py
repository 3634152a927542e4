"""What a document is about, told by sentences of it: each is printed, and cited with its box."""

from __future__ import annotations

from collections.abc import Sequence

from mmrag.domain.answers import Draft, Span
from mmrag.domain.documents import Cell, Element, ElementKind
from mmrag.domain.plans import Reading

TIER = "reader"
_SURE = 0.7
"""The sentences are printed; that they say what the document is about is a matter of choice."""


def tell_overview(readings: Sequence[Reading]) -> Draft | None:
    """The sentences that the best page's document (or the page) is summarised by, as far as their pages are read.

    None where there is no summary on the pages, or none of its sentences is on them.
    """
    for reading in sorted(readings, key=lambda r: -r.relevance * r.match):
        same = {r.page.number: r for r in readings if r.document.id == reading.document.id}
        summaries = [e for r in same.values() for e in r.page.elements if e.kind is ElementKind.SUMMARY]
        own = [e for e in summaries if e.page == reading.page.number]
        for summary in (*(e for e in summaries if e.is_of_document), *own):
            quoted = [(cell, span) for cell in summary.cells if (span := _span(cell, same)) is not None]
            if quoted:
                return Draft(
                    answer=" ".join(_closed(cell.text) for cell, _ in quoted),
                    spans=tuple(span for _, span in quoted),
                    confidence=round(_SURE * (0.4 + 0.6 * reading.match), 4),
                    tier=TIER,
                )
    return None


def _span(cell: Cell, pages: dict[int, Reading]) -> Span | None:
    """The words of a quoted sentence in the smallest printed element that holds them all."""
    reading = pages.get(cell.column)
    if reading is None or not cell.words:
        return None
    wanted = frozenset(cell.words)
    holding: list[Element] = [e for e in reading.page.elements if not e.kind.is_generated and wanted <= frozenset(e.words)]
    if not holding:
        return None
    home = min(holding, key=lambda e: (len(e.words), e.ordinal))
    return Span(element_id=home.id, words=cell.words, quote=cell.text)


def _closed(sentence: str) -> str:
    """A title gets the full stop that parts it from what follows."""
    return sentence if sentence.rstrip().endswith((".", "!", "?")) else f"{sentence}."
