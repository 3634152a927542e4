"""Small documents for the tests of the store."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mmrag.adapters.catalog.connect import CATALOG_FILE, Readers, Writer
from mmrag.adapters.catalog.feed import SqliteFeed
from mmrag.adapters.catalog.kept import KeptCatalog
from mmrag.adapters.catalog.lexical import SqliteLexical
from mmrag.adapters.catalog.reading import SqliteCatalog
from mmrag.adapters.catalog.summaries import SqliteSummaries
from mmrag.adapters.catalog.writing import SqliteWriter
from mmrag.domain.documents import (
    WHOLE_DOCUMENT,
    Cell,
    Document,
    DocumentStatus,
    Element,
    ElementKind,
    Page,
    TextSource,
    Word,
    element_id,
)
from mmrag.domain.geometry import BBox, Polygon
from mmrag.domain.values import FoundValue, ValueKind
from mmrag.ports import Catalog, CatalogWriter, IndexFeed, LexicalIndex, SummaryIndex, VectorRecord

DIMENSION = 8


@dataclass(frozen=True)
class Parts:
    """A catalog from its sides."""

    catalog: Catalog
    writer: CatalogWriter
    feed: IndexFeed
    lexical: LexicalIndex | None = None
    summaries: SummaryIndex | None = None


@contextmanager
def open_parts(store: Path, *, embedder: str = "e", keeps: bool = False) -> Iterator[Parts]:
    """The real catalog in the folder ``store``, made when it is not there. With ``keeps`` it remembers what it has read, and
    takes the clock to be a minute later than it is: what was written just now may be remembered."""
    writer = Writer(store / CATALOG_FILE)
    readers = Readers(store / CATALOG_FILE)
    feed = SqliteFeed(readers, embedder=embedder, writer=writer)
    try:
        summaries = SqliteSummaries(readers, embedder=embedder)
        catalog: Catalog = SqliteCatalog(readers)
        lexical = SqliteLexical(readers, now=_in_a_minute if keeps else time.time)
        if keeps:
            catalog = KeptCatalog(catalog, readers.version, now=_in_a_minute)
        yield Parts(catalog, SqliteWriter(writer, embedder=embedder), feed, lexical, summaries)
    finally:
        readers.close()
        writer.close()


def _in_a_minute() -> float:
    return time.time() + 60


def unit(*values: float) -> list[float]:
    """A vector of length 1 that starts with these numbers."""
    padded = [*values, *[0.0] * (DIMENSION - len(values))]
    length = math.hypot(*padded)
    return [v / length for v in padded]


def make_page(document_id: str, number: int, *lines: str, image: str | None = None) -> Page:
    """A page with one text element a line."""
    words: list[Word] = []
    elements: list[Element] = []
    for line, text in enumerate(lines):
        top = line / (len(lines) + 1)
        first = len(words)
        for column, token in enumerate(text.split()):
            box = BBox.clamped(0.05 + 0.1 * column, top, 0.13 + 0.1 * column, top + 0.02)
            words.append(
                Word(index=len(words), line=line, text=token, polygon=Polygon.from_bbox(box), confidence=0.9 + line / 1000)
            )
        elements.append(
            Element(
                id=element_id(document_id, number, line, ElementKind.TEXT, text),
                document_id=document_id,
                page=number,
                ordinal=line,
                kind=ElementKind.TEXT,
                bbox=BBox(0.05, top, 0.95, top + 0.02),
                text=text,
                words=tuple(range(first, len(words))),
                confidence=0.9,
            )
        )
    return Page(
        document_id=document_id,
        number=number,
        width=1000,
        height=1400,
        source=TextSource.OCR,
        confidence=0.91,
        engine="test",
        image=image,
        words=tuple(words),
        elements=tuple(elements),
    )


def make_summary(page: Page, text: str, *, of_document: bool = False) -> Element:
    """A summary that stands behind the elements of ``page``."""
    ordinal = len(page.elements)
    return Element(
        id=element_id(page.document_id, page.number, ordinal, ElementKind.SUMMARY, text),
        document_id=page.document_id,
        page=page.number,
        ordinal=ordinal,
        kind=ElementKind.SUMMARY,
        bbox=BBox(0, 0, 1, 1),
        text=text,
        label=WHOLE_DOCUMENT if of_document else None,
        author="test",
        cells=(Cell(row=0, column=page.number, text=text, bbox=BBox(0, 0, 1, 1), words=(0,)),),
    )


def make_document(document_id: str, *, pages: int, location: str | None = None, recipe: str = "r1") -> Document:
    return Document(
        id=document_id,
        name=f"{document_id}.pdf",
        location=location or f"/in/{document_id}.pdf",
        sha256=document_id,
        media_type="application/pdf",
        size=1,
        pages=pages,
        status=DocumentStatus.READY if pages else DocumentStatus.QUARANTINED,
        recipe=recipe,
        reason=None if pages else "it is broken",
    )


def vectors_of(page: Page) -> list[VectorRecord]:
    """A vector for each element, from the letters of its text."""
    return [
        VectorRecord(
            element_id=e.id,
            document_id=page.document_id,
            page=page.number,
            kind=e.kind.value,
            vector=unit(*[1.0 + sum(map(ord, e.text[i::DIMENSION])) % 97 for i in range(DIMENSION)]),
        )
        for e in page.elements
    ]


def values_of(page: Page) -> list[FoundValue]:
    """The words with a point in them, as amounts."""
    return [
        FoundValue(
            document_id=page.document_id,
            page=page.number,
            element_id=e.id,
            kind=ValueKind.AMOUNT,
            normals=(page.words[w].text,),
            text=page.words[w].text,
            words=(w,),
        )
        for e in page.elements
        for w in e.words
        if "." in page.words[w].text
    ]


async def put(writer: CatalogWriter, document: Document, pages: Sequence[Page]) -> None:
    """Stage and publish."""
    for page in pages:
        await stage(writer, page, recipe=document.recipe)
    await writer.publish(document)


async def stage(writer: CatalogWriter, page: Page, *, recipe: str = "r1") -> None:
    await writer.stage_page(page, recipe=recipe, vectors=vectors_of(page), values=values_of(page))
