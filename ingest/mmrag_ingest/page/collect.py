"""What the report page shows, gathered from a finished run and its store."""

from __future__ import annotations

import asyncio
import base64
import io
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Final

from mmrag.domain.documents import Document, Page
from mmrag.errors import StoreDamagedError
from mmrag.ports import Blobs, Catalog, PageRef
from mmrag_ingest.report import DocumentRow, IngestReport

MOST_PAGES: Final = 40
"""Pages of one document that are shown: those with something to say first, then from the start."""
MOST_PICTURES: Final = 600
"""Thumbnails on the whole page, some 5 kB each."""
_SIDE: Final = 240
"""Pixels of a thumbnail's longer side: twice what it is shown at, for dense screens."""
_QUALITY: Final = 70


@dataclass(frozen=True, slots=True, kw_only=True)
class PageCard:
    """One page as shown. ``picture`` is a data URI, None where there is none or no room for it."""

    number: int
    picture: str | None
    source: str
    engine: str
    confidence: float
    words: int
    elements: int
    unreadable: bool
    places: int
    warnings: tuple[str, ...]
    language: str | None = None

    @property
    def speaks(self) -> bool:
        return self.unreadable or bool(self.warnings)


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentCard:
    """One file of the report with the pages shown of it. ``left_out`` pages are not shown; ``notes`` are on the file."""

    row: DocumentRow
    notes: tuple[str, ...] = ()
    pages: tuple[PageCard, ...] = ()
    left_out: int = 0

    @property
    def trouble(self) -> bool:
        return bool(self.row.reason or self.row.report.unreadable_pages)


async def cards(report: IngestReport, catalog: Catalog, blobs: Blobs) -> AsyncIterator[DocumentCard]:
    """A card for each file, in the order of the report. Holds the pages of one document at a time."""
    stored = {document.name: document for document in await catalog.documents()}
    room = MOST_PICTURES
    for row in report.documents:
        document = stored.get(row.document)
        if row.reason or document is None or document.sha256 != row.sha256:
            yield DocumentCard(row=row)
            continue
        pages = [await _card(catalog, blobs, document, number, room) for number in _chosen(document)]
        room -= sum(page.picture is not None for page in pages)
        yield DocumentCard(row=row, notes=document.report.notes, pages=tuple(pages), left_out=document.pages - len(pages))


def _chosen(document: Document) -> Sequence[int]:
    """The pages to show, in their order: unreadable ones and those with a warning come before all others."""
    if document.pages <= MOST_PAGES:
        return range(1, document.pages + 1)
    speaking = dict.fromkeys([*document.report.unreadable_pages, *_named(document.report.warnings)])
    numbers = [n for n in speaking if 0 < n <= document.pages][:MOST_PAGES]
    numbers += [n for n in range(1, document.pages + 1) if n not in speaking][: MOST_PAGES - len(numbers)]
    return sorted(numbers)


def _named(warnings: Sequence[str]) -> list[int]:
    """The numbers of the pages that warnings are about; a document's warnings begin ``page 3: ``."""
    heads = (warning.partition(":")[0].split() for warning in warnings)
    return [int(head[1]) for head in heads if len(head) == 2 and head[0] == "page" and head[1].isdecimal()]


async def _card(catalog: Catalog, blobs: Blobs, document: Document, number: int, room: int) -> PageCard:
    page = await catalog.page(PageRef(document_id=document.id, page=number))
    if page is None:
        return PageCard(
            number=number,
            picture=None,
            source="none",
            engine="none",
            confidence=0.0,
            words=0,
            elements=0,
            unreadable=True,
            places=0,
            warnings=("it is not in the store",),
        )
    return PageCard(
        number=number,
        picture=await _thumbnail(page, blobs) if room > 0 else None,
        source=page.source.value,
        engine=page.engine,
        confidence=page.confidence,
        words=len(page.words),
        elements=len(page.printed),
        unreadable=page.is_unreadable,
        places=sum(element.kind.value == "unreadable" for element in page.elements),
        warnings=page.warnings,
        language=page.language,
    )


async def _thumbnail(page: Page, blobs: Blobs) -> str | None:
    if page.image is None:
        return None
    try:
        data = await blobs.get(page.image)
        return await asyncio.to_thread(_data_uri, data)
    except (StoreDamagedError, ValueError):
        return None  # the page says what was read of it; its picture alone is missing


def _data_uri(data: bytes) -> str:
    """Raises ``ValueError`` for bytes that are no picture."""
    from PIL import Image, UnidentifiedImageError

    out = io.BytesIO()
    try:
        with Image.open(io.BytesIO(data)) as image:
            image.draft("RGB", (2 * _SIDE, 2 * _SIDE))  # JPEG is decoded small at once, in a quarter of the time
            small = image.convert("RGB")
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError) as error:
        raise ValueError("these bytes are no picture") from error
    small.thumbnail((_SIDE, _SIDE))
    small.save(out, format="JPEG", quality=_QUALITY)
    return f"data:image/jpeg;base64,{base64.b64encode(out.getvalue()).decode('ascii')}"
