"""Looking at the pictures of a page: image vectors, captions, and what kind of page it is.

The page picture and every figure, photo and chart on it are looked at, one small batch for each page: a batch that reached
over a page's end would let the last bits of a vector depend on how the file was read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from mmrag.domain.documents import Element, ElementKind, Page, element_id
from mmrag.domain.geometry import BBox
from mmrag.domain.hashing import content_id
from mmrag.domain.pictures import Caption, PageKind, Picture, picture_id
from mmrag.errors import ModelError
from mmrag.ports import Captioner, ImageEmbedder, PictureRecord
from mmrag.retrieval.kinds import Sorter, page_sorter, sorting_id, sure_kind
from mmrag_ingest.memory import give_memory_back

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mmrag.ports import Pixels

LOOKS_VERSION: Final = 1
"""Raised by hand when pictures are looked at differently than before: then they are looked at again once."""

MOST_REGIONS: Final = 8
"""Figures, photos and charts of one page that are looked at, the largest first."""

WHOLE: Final = BBox(0.0, 0.0, 1.0, 1.0)
_SHOWN: Final = (ElementKind.FIGURE, ElementKind.PHOTO, ElementKind.CHART)
"""Not stamps and signatures: that they are there is all that they show."""
_ALL_OF_IT: Final = 0.9
"""A figure that covers this share of its page is the page."""
_LEAST_SIDE: Final = 24
"""Pixels: a smaller region shows nothing."""
_PAGE: Final = "page"


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """A page with its captions and kind, and the pictures on it that have a vector."""

    page: Page
    pictures: tuple[PictureRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class _Region:
    box: BBox
    element: Element | None
    pixels: Pixels

    @property
    def kind(self) -> str:
        return _PAGE if self.element is None else self.element.kind.value


class Looker:
    """Looks at pages with what there is: an image embedder, a captioner, both or none."""

    def __init__(self, embedder: ImageEmbedder | None, captioner: Captioner | None) -> None:
        self._embedder = embedder
        self._captioner = captioner
        self._sorter: Sorter | None = None if embedder is None else page_sorter(embedder)

    @property
    def identity(self) -> str | None:
        """Changes when a page would look different to it; None when it sees nothing."""
        if self._embedder is None and self._captioner is None:
            return None
        models = [model.identity if model is not None else "" for model in (self._embedder, self._captioner)]
        return content_id("looks", [LOOKS_VERSION, *models, sorting_id()])

    async def look(self, page: Page, picture: bytes) -> Looked:
        """``picture`` is the encoded page picture. What a model cannot do is a warning on the page, and no more."""
        if self.identity is None or not picture or (page.is_unreadable and not page.elements):
            return Looked(page=page)
        try:
            regions = await asyncio.to_thread(_regions, page, picture)
        except ValueError as error:
            return Looked(page=_warned(page, f"its picture cannot be looked at: {error}"))
        pixels = [region.pixels for region in regions]
        looked = Looked(page=page)
        try:
            looked = await self._embedded(looked, regions, pixels)
            return await self._captioned(looked, regions, pixels)
        except ModelError as error:
            return replace(looked, page=_warned(looked.page, f"its pictures were not all looked at: {error}"))
        finally:
            await asyncio.to_thread(give_memory_back)

    async def _embedded(self, looked: Looked, regions: Sequence[_Region], pixels: Sequence[Pixels]) -> Looked:
        if self._embedder is None or self._sorter is None:
            return looked
        vectors = await self._embedder.embed_images(pixels)
        (guesses,) = await self._sorter.guesses(vectors[:1])
        page = looked.page
        if (sure := sure_kind(guesses)) is not None:
            page = replace(page, kind=PageKind(sure.label), kind_probability=round(min(1.0, sure.probability), 4))
        records = tuple(_record(page, region, vector) for region, vector in zip(regions, vectors, strict=True))
        return Looked(page=page, pictures=records)

    async def _captioned(self, looked: Looked, regions: Sequence[_Region], pixels: Sequence[Pixels]) -> Looked:
        if self._captioner is None:
            return looked
        page, author = looked.page, self._captioner.identity
        elements = list(page.elements)
        for region, said in zip(regions, await self._captioner.caption(pixels), strict=True):
            if said.text.strip():
                elements.append(_caption(page, len(elements), region.box, said, author))
        return replace(looked, page=replace(page, elements=tuple(elements)))


def without_looks(page: Page) -> Page:
    """``page`` as it was read: no captions, no kind."""
    read = tuple(element for element in page.elements if not element.kind.is_generated)
    return replace(page, elements=read, kind=None, kind_probability=None)


def _regions(page: Page, picture: bytes) -> list[_Region]:
    """The page picture first, then what is shown on it. Raises ``ValueError`` when the picture cannot be decoded."""
    pixels = _decoded(picture)
    height, width = pixels.shape[:2]
    regions = [_Region(WHOLE, None, pixels)]
    shown = [e for e in page.elements if e.kind in _SHOWN and e.bbox.area < _ALL_OF_IT]
    largest = sorted(shown, key=lambda e: (-e.bbox.area, e.ordinal))[:MOST_REGIONS]
    for element in sorted(largest, key=lambda e: e.ordinal):
        box = element.bbox
        part = pixels[int(box.y0 * height) : int(box.y1 * height) + 1, int(box.x0 * width) : int(box.x1 * width) + 1]
        if min(part.shape[:2]) >= _LEAST_SIDE:
            regions.append(_Region(box, element, part))
    return regions


def _decoded(picture: bytes) -> NDArray[np.uint8]:
    """RGB, shape (height, width, 3). The bytes are our own encoding of the page."""
    import cv2
    import numpy as np

    decoded = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR)
    if decoded is None:
        raise ValueError("it cannot be decoded")
    return np.asarray(cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB, dst=decoded), np.uint8)  # in place: no second page


def _record(page: Page, region: _Region, vector: NDArray[np.float32]) -> PictureRecord:
    return PictureRecord(
        picture=Picture(
            id=picture_id(page.document_id, page.number, region.box),
            document_id=page.document_id,
            page=page.number,
            bbox=region.box,
            element_id=None if region.element is None else region.element.id,
        ),
        kind=region.kind,
        vector=tuple(vector.tolist()),
    )


def _caption(page: Page, ordinal: int, box: BBox, said: Caption, author: str) -> Element:
    return Element(
        id=element_id(page.document_id, page.number, ordinal, ElementKind.CAPTION, said.text),
        document_id=page.document_id,
        page=page.number,
        ordinal=ordinal,
        kind=ElementKind.CAPTION,
        bbox=box,
        text=said.text,
        confidence=said.confidence,
        author=author,
        caption=said,
    )


def _warned(page: Page, warning: str) -> Page:
    return replace(page, warnings=(*page.warnings, warning))
