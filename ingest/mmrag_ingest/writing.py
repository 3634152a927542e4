"""Writing what was read: pages one by one, then the document at once."""

from __future__ import annotations

import asyncio
import statistics
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Final

from mmrag.domain.documents import (
    Cell,
    Document,
    DocumentStatus,
    Element,
    ElementKind,
    Page,
    ReadReport,
    TextSource,
    element_id,
)
from mmrag.domain.geometry import BBox
from mmrag.errors import UnreadableFileError
from mmrag.ports import Blobs, CatalogWriter, TextEmbedder
from mmrag_ingest.captions import Looker
from mmrag_ingest.recipe import Recipe
from mmrag_ingest.records import PageRead
from mmrag_ingest.summaries import document_summary, held, sentences_of, with_summary
from mmrag_ingest.vectors import summary_vectors, vectors_of

MOST_WARNINGS: Final = 50
"""Warnings kept on a document; the pages keep all of theirs."""

NO_ENGINE: Final = "none"


def unreadable_page(document_id: str, number: int, reason: str) -> Page:
    """The page that stands in for one that could not be read: no picture, no words, one element over all of it."""
    return Page(
        document_id=document_id,
        number=number,
        width=1,
        height=1,
        source=TextSource.NONE,
        confidence=0.0,
        engine=NO_ENGINE,
        elements=(
            Element(
                id=element_id(document_id, number, 0, ElementKind.UNREADABLE, ""),
                document_id=document_id,
                page=number,
                ordinal=0,
                kind=ElementKind.UNREADABLE,
                bbox=BBox(0.0, 0.0, 1.0, 1.0),
                text="",
                confidence=0.0,
            ),
        ),
        warnings=(reason,),
    )


@dataclass(slots=True, kw_only=True)
class Tally:
    """Adds up the pages of one document, in order, into its ``ReadReport``. Holds no page. ``notes`` are on the file.

    ``sentences`` are those that its pages were summarised by; ``first_free`` is the ordinal behind the elements of page 1.
    """

    pages: int = 0
    failed: int = 0
    first_failure: str | None = None
    native: int = 0
    elements: int = 0
    captions: int = 0
    notes: tuple[str, ...] = ()
    engines: list[str] = field(default_factory=list)
    ocr_confidences: list[float] = field(default_factory=list)
    unreadable: list[int] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    languages: Counter[str] = field(default_factory=Counter)
    sentences: list[Cell] = field(default_factory=list)
    first_free: int = 0
    unsaid: int = 0

    def add(self, page: Page) -> None:
        self.pages += 1
        if page.engine == NO_ENGINE and page.is_unreadable:
            self.failed += 1
            self.first_failure = self.first_failure or "; ".join(page.warnings)
        if page.engine not in (*self.engines, NO_ENGINE):
            self.engines.append(page.engine)
        if page.is_unreadable:
            self.unreadable.append(page.number)
        if page.source is TextSource.OCR:
            self.ocr_confidences.append(page.confidence)
        self.native += page.source is TextSource.NATIVE
        self.elements += len(page.printed)
        self.sentences = held(self.sentences, sentences_of(page))
        if page.number == 1:
            self.first_free = 1 + max((e.ordinal for e in page.elements if not e.is_of_document), default=-1)
        self.captions += sum(element.kind is ElementKind.CAPTION for element in page.elements)
        self.languages.update([page.language] if page.language is not None else [])
        for warning in page.warnings:
            if len(self.warnings) < MOST_WARNINGS:
                self.warnings.append(f"page {page.number}: {warning}")
            else:
                self.unsaid += 1

    def report(self, seconds: float) -> ReadReport:
        confidences = self.ocr_confidences
        more = (f"and {self.unsaid} more",) if self.unsaid else ()
        return ReadReport(
            pages_ocr=len(confidences),
            pages_native=self.native,
            mean_ocr_confidence=statistics.fmean(confidences) if confidences else None,
            unreadable_pages=tuple(self.unreadable),
            elements=self.elements,
            captions=self.captions,
            seconds=round(seconds, 3),
            warnings=(*self.notes, *self.warnings, *more),
            notes=self.notes,
            engines=tuple(self.engines),
            languages=tuple(language for language, _ in self.languages.most_common()),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PageWriter:
    """Looks at a page's pictures, embeds its texts, keeps its picture and stages it. Pages of a document come in order."""

    embedder: TextEmbedder
    blobs: Blobs
    writer: CatalogWriter
    recipe: Recipe
    looker: Looker

    async def write(self, document_id: str, number: int, read: PageRead | UnreadableFileError) -> Page:
        """Returns the page as staged. Raises ``StoreError`` or ``OSError`` when the store cannot take it."""
        if isinstance(read, UnreadableFileError):
            page = unreadable_page(document_id, number, str(read))
            await self.writer.stage_page(page, recipe=self.recipe.whole, vectors=(), values=())
            return page
        looked = await self.looker.look(read.page, read.picture)
        page = await asyncio.to_thread(with_summary, looked.page)
        async with asyncio.TaskGroup() as both:
            vectors = both.create_task(vectors_of(page, self.embedder))
            image = both.create_task(self._keep(read.picture))
        page = replace(page, image=image.result())
        await self.writer.stage_page(
            page, recipe=self.recipe.whole, vectors=vectors.result(), values=read.values, pictures=looked.pictures
        )
        return page

    async def summarise(self, document_id: str, tally: Tally) -> None:
        """Stage the summary of a document of several pages. One page speaks for itself."""
        if tally.pages < 2:
            return
        summary = await asyncio.to_thread(document_summary, document_id, tally.first_free, tally.sentences)
        if summary is not None:
            (vector,) = await summary_vectors([summary], self.embedder)
            await self.writer.stage_summary(summary, recipe=self.recipe.whole, vector=vector)

    async def _keep(self, picture: bytes) -> str | None:
        return await self.blobs.put(picture) if picture else None


def ready_document(draft: Document, tally: Tally, recipe: Recipe, seconds: float) -> Document:
    """``draft`` with all its pages staged, as it is published."""
    return replace(
        draft,
        pages=tally.pages,
        status=DocumentStatus.READY,
        recipe=recipe.whole,
        reason=None,
        report=tally.report(seconds),
    )


def quarantined_document(draft: Document, reason: str, recipe: Recipe, seconds: float) -> Document:
    """``draft`` put aside with the reason. It has no pages: none are stored."""
    return replace(
        draft,
        pages=0,
        status=DocumentStatus.QUARANTINED,
        recipe=recipe.limited,
        reason=reason,
        report=ReadReport(seconds=round(seconds, 3)),
    )
