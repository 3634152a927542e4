"""Text vectors of a page's elements."""

from __future__ import annotations

from typing import Final

from mmrag.domain.documents import Element, ElementKind, Page
from mmrag.ports import TextEmbedder, VectorRecord

BATCH: Final = 64
"""Texts in one call of the embedder."""


def embeddable(page: Page) -> tuple[Element, ...]:
    """The elements of a page that have a text to be found by, in reading order."""
    return tuple(e for e in page.elements if e.text.strip() and e.kind is not ElementKind.UNREADABLE)


async def vectors_of(page: Page, embedder: TextEmbedder) -> tuple[VectorRecord, ...]:
    """One vector for each element with text.

    Batches never reach over a page's end: the last bits of a vector depend on what else is in its batch, and a page must
    get the same vectors however it was read: alone, after an interruption, or with any number of workers.
    """
    elements = embeddable(page)
    records: list[VectorRecord] = []
    for start in range(0, len(elements), BATCH):
        batch = elements[start : start + BATCH]
        rows = await embedder.embed([element.text for element in batch])
        records += [
            VectorRecord(
                element_id=element.id,
                document_id=element.document_id,
                page=element.page,
                kind=element.kind.value,
                vector=tuple(row.tolist()),
            )
            for element, row in zip(batch, rows, strict=True)
        ]
    return tuple(records)
