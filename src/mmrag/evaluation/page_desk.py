"""The pages of the store that a data set knows the truth of: how well they could be read, and what was read and written."""

from __future__ import annotations

from dataclasses import replace

from mmrag.domain.documents import ElementKind, Page, TextSource
from mmrag.evaluation.page_scores import ReadPage
from mmrag.evaluation.questions import PageTruth
from mmrag.evaluation.truth import Shelf, Truth, quality_band
from mmrag.ports import Catalog, PageRef


class PageDesk:
    """Pages of a store by their document's name, each fetched once."""

    def __init__(self, catalog: Catalog, shelf: Shelf) -> None:
        self._catalog = catalog
        self._ids = {stored.name: stored.id for stored in shelf.documents}
        self._shelf = shelf
        self._quality: dict[tuple[str, int], float | None] = {}

    async def page(self, document: str, number: int) -> Page | None:
        found = await self._catalog.page(PageRef(document_id=self._ids[document], page=number))
        if found is not None:
            self._quality[document, number] = confidence_of(found)
        return found

    async def quality(self, truth: Truth) -> Truth:
        """``truth`` with how well its evidence pages could be read, in place of the mean over their documents."""
        for document, number in sorted(truth.pages):
            if (document, number) not in self._quality and document in self._ids:
                await self.page(document, number)
        known = [self._quality[place] for place in truth.pages if place in self._quality]
        return replace(truth, quality=quality_band(known)) if known else truth

    async def read(self, truth: PageTruth, kind: str) -> ReadPage:
        """What the store has of a page whose truth is known."""
        stored = self._shelf.find(truth.file)
        page = None if stored is None else await self.page(stored.name, truth.page)
        return ReadPage(
            kind=kind,
            quality=None if page is None else quality_band([confidence_of(page)]),
            true_text=truth.text,
            read=None if page is None else page.text,
            true_captions=truth.captions,
            captions={} if page is None else captions_of(page),
        )


def confidence_of(page: Page) -> float | None:
    """The OCR confidence of a page, None where its words come from a text layer."""
    return None if page.source is TextSource.NATIVE else page.confidence


def captions_of(page: Page) -> dict[str, str]:
    """By the model that wrote it, the caption of the largest part of the page."""
    written = [e for e in page.elements if e.kind is ElementKind.CAPTION and e.author]
    return {e.author or "": e.text for e in sorted(written, key=lambda e: e.bbox.area)}
