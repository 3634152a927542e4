"""Places on pages as arguments, and what is seen there: the region cut out of the original file, with its elements."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

import anyio.to_thread
from pydantic import Field, model_validator

from mmrag.agent.tools.base import Arguments, ToolParts, box_json, find_element, find_page
from mmrag.domain.documents import Document, Element, Page, Word
from mmrag.domain.geometry import BBox
from mmrag.domain.hashing import Json
from mmrag.domain.messages import ImagePart
from mmrag.domain.rereading import RegionPicture
from mmrag.errors import UsageError
from mmrag.ports import PageRef

if TYPE_CHECKING:
    from PIL.Image import Image as PillowImage

LONGEST = 1568
"""Pixels of the longer side of a picture that is handed out: more is scaled down by the providers anyway."""
_ZOOM = 4.0
"""A small region is enlarged to this at most: beyond it there is nothing to see that was not scanned."""
_MARGIN = 0.01
"""Fraction of the page added around a region, so that letters at its edge are whole."""
_NO_FILES = "from the stored picture of the page: original files cannot be opened here (mmrag doctor says why)"
_MOST_ELEMENTS = 50


class Region(Arguments):
    """A place on a page: an element by its id, or a document, a page and a box in page fractions."""

    element: str | None = Field(default=None, description="The id of an element; or give document, page and bbox.")
    document: str | None = Field(default=None, max_length=500)
    page: int = Field(default=1, ge=1)
    bbox: tuple[float, float, float, float] = Field(
        default=(0.0, 0.0, 1.0, 1.0), description="x0, y0, x1, y1 as fractions of the page, origin top left."
    )

    @model_validator(mode="after")
    def _whole(self) -> Region:
        if self.element is None and self.document is None:
            raise ValueError("give the id of an element, or a document")
        x0, y0, x1, y1 = self.bbox
        if not (0 <= x0 < x1 <= 1 and 0 <= y0 < y1 <= 1):
            raise ValueError("bbox is x0, y0, x1, y1 between 0 and 1, with x0 < x1 and y0 < y1")
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where a region is: its page, and its box with a small margin."""

    document: Document
    page: Page
    box: BBox
    element: str | None = None

    @property
    def elements(self) -> tuple[Element, ...]:
        """The elements whose middle lies in the box, and the one that was asked for."""
        read = (e for e in self.page.elements if e.kind.stands_alone)
        return tuple(e for e in read if e.id == self.element or self.box.contains(*e.bbox.center))[:_MOST_ELEMENTS]

    @property
    def words(self) -> tuple[Word, ...]:
        """The words that were read in the box when the page was ingested."""
        return tuple(w for w in self.page.words if self.box.contains(*w.bbox.center))

    @property
    def text(self) -> str:
        return " ".join(w.text for w in self.words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """A region and its picture. ``elements`` are those whose middle lies in it, ``text`` what was read there.

    ``source`` is ``original file``, or says why the picture was cut from the stored page.
    """

    document: str
    page: int
    bbox: BBox
    elements: tuple[str, ...]
    text: str
    source: str
    shows: tuple[PageRef, ...]
    pictures: tuple[ImagePart, ...]

    @property
    def element_ids(self) -> tuple[str, ...]:
        return self.elements

    def to_json(self) -> Json:
        return {
            "document": self.document,
            "page": self.page,
            "bbox": box_json(self.bbox),
            "elements": list(self.elements),
            "text": self.text[:2000],
            "picture": f"{self.pictures[0].width} x {self.pictures[0].height} pixels, as a separate image",
            "source": self.source,
        }


async def spot_of(region: Region, parts: ToolParts) -> Spot:
    """Raises ``UsageError`` for a place that is not there."""
    if region.element is not None:
        document, element = await find_element(region.element, parts)
        page = await parts.search.catalog.page(PageRef(document_id=document.id, page=element.page))
        if page is None:
            raise UsageError(f"{document.name} has been replaced: search again.")
        return Spot(document=document, page=page, box=element.bbox.grown(_MARGIN, _MARGIN), element=element.id)
    document, page = await find_page(region.document or "", region.page, parts)
    return Spot(document=document, page=page, box=BBox(*region.bbox).grown(_MARGIN, _MARGIN))


async def look(region: Region, parts: ToolParts, label: str) -> Looked:
    """What is seen at ``region``. Raises ``UsageError`` for a place that is not there, or without a picture."""
    place = await spot_of(region, parts)
    drawn = await draw(place, parts)
    return Looked(
        document=place.document.name,
        page=place.page.number,
        bbox=place.box,
        elements=tuple(e.id for e in place.elements),
        text=place.text,
        source="original file" if drawn.is_original else drawn.note,
        shows=(place.page.ref,),
        pictures=(as_part(drawn, f"{label}: {place.document.name} page {place.page.number}"),),
    )


async def draw(place: Spot, parts: ToolParts) -> RegionPicture:
    """The region in all the pixels that its file has for it, small ones enlarged; from the stored page where there is no
    file. Raises ``UsageError`` for a page without a picture.
    """
    stored = await stored_picture(place.page, parts)
    if parts.originals is None:
        return await anyio.to_thread.run_sync(_cut, stored, place.box)
    drawn = await parts.originals.draw(place.document, place.page.number, place.box, longest=LONGEST, stored=stored)
    return await anyio.to_thread.run_sync(_enlarged, drawn)


async def stored_picture(page: Page, parts: ToolParts) -> bytes:
    """Raises ``UsageError`` for a page without a picture."""
    if page.image is None:
        raise UsageError(f"Page {page.number} has no picture.")
    return await parts.blobs.get(page.image)


async def page_picture(page: Page, label: str, parts: ToolParts) -> ImagePart:
    """The stored picture of a whole page, no side over ``LONGEST``. Raises ``UsageError`` for a page without one."""
    stored = await stored_picture(page, parts)
    return as_part(await anyio.to_thread.run_sync(_cut, stored, None), label)


def as_part(picture: RegionPicture, label: str) -> ImagePart:
    return ImagePart(label=label, media_type="image/png", data=picture.data, width=picture.width, height=picture.height)


def _cut(data: bytes, box: BBox | None) -> RegionPicture:
    from PIL import Image

    with Image.open(io.BytesIO(data)) as opened:
        picture = opened.convert("RGB")
    if box is not None:
        x0, y0, x1, y1 = box.to_pixels(picture.width, picture.height)
        picture = picture.crop((int(x0), int(y0), max(int(x0) + 1, round(x1)), max(int(y0) + 1, round(y1))))
    return _sized(picture, most=1.0 if box is None else _ZOOM)


def _enlarged(drawn: RegionPicture) -> RegionPicture:
    from PIL import Image

    if 1.25 * max(drawn.width, drawn.height) > LONGEST:
        return drawn
    with Image.open(io.BytesIO(drawn.data)) as opened:
        larger = _sized(opened.convert("RGB"), most=_ZOOM)
    return RegionPicture(data=larger.data, width=larger.width, height=larger.height, note=drawn.note)


def _sized(picture: PillowImage, *, most: float) -> RegionPicture:
    from PIL import Image

    scale = min(LONGEST / max(picture.size), most)
    if scale != 1.0:
        size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
        picture = picture.resize(size, Image.Resampling.LANCZOS)
    out = io.BytesIO()
    picture.save(out, "PNG")
    return RegionPicture(data=out.getvalue(), width=picture.width, height=picture.height, note=_NO_FILES)
