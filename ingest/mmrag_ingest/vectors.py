"""Text vectors of a page's elements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from mmrag.domain.documents import Element, ElementKind, Page
from mmrag.ports import TextEmbedder, VectorRecord

BATCH: Final = 32
"""Texts in one call of the embedder, at most."""

_SPREAD: Final = 1.25
_SLACK: Final = 8
"""A text joins a batch when it has at most ``_SPREAD`` times the letters of the shortest one and ``_SLACK`` more.

All texts of a batch are padded to the longest, and the padding costs as much as text. Elements range from one word to a
whole table: on scanned receipts batches of like length need a third of the time of batches of 32 neighbours in length.
"""


_APART: Final = frozenset({ElementKind.UNREADABLE, ElementKind.SUMMARY})


def embeddable(page: Page) -> tuple[Element, ...]:
    """The elements of a page that have a text to be found by, in reading order."""
    return tuple(e for e in page.elements if e.text.strip() and not (e.kind in _APART or e.kind.is_part))


async def vectors_of(page: Page, embedder: TextEmbedder) -> tuple[VectorRecord, ...]:
    """One vector for each element with text, in reading order, and one for each summary behind them.

    Batches never reach over a page's end: the last bits of a vector depend on what else is in its batch, and a page must
    get the same vectors however it was read: alone, after an interruption, or with any number of workers.
    """
    elements = embeddable(page)
    rows: dict[int, tuple[float, ...]] = {}
    for batch in batches_of_like_length([element.text for element in elements]):
        vectors = await embedder.embed([elements[i].text for i in batch])
        rows.update((i, tuple(vector.tolist())) for i, vector in zip(batch, vectors, strict=True))
    summaries = await summary_vectors([e for e in page.elements if e.kind is ElementKind.SUMMARY], embedder)
    return (*(_record(element, rows[i]) for i, element in enumerate(elements)), *summaries)


async def summary_vectors(summaries: Sequence[Element], embedder: TextEmbedder) -> tuple[VectorRecord, ...]:
    """Each by itself: in a batch with printed text a summary would change the last bits of that text's vectors."""
    found = []
    for summary in summaries:
        (vector,) = await embedder.embed([summary.text])
        found.append(_record(summary, tuple(vector.tolist())))
    return tuple(found)


def _record(element: Element, vector: Sequence[float]) -> VectorRecord:
    return VectorRecord(
        element_id=element.id,
        document_id=element.document_id,
        page=element.page,
        kind=element.kind.value,
        vector=vector,
    )


def batches_of_like_length(texts: Sequence[str]) -> list[list[int]]:
    """Indexes of ``texts`` in batches, shortest first."""
    batches: list[list[int]] = []
    most = -1.0
    for i in sorted(range(len(texts)), key=lambda i: (len(texts[i]), i)):
        length = len(texts[i])
        if length > most or len(batches[-1]) == BATCH:
            batches.append([])
            most = _SPREAD * length + _SLACK
        batches[-1].append(i)
    return batches
