"""Tools that look: look_at, compare_images. Pictures are cut from the stored page picture in a worker thread."""

from __future__ import annotations

import io
from dataclasses import dataclass

import anyio.to_thread
from pydantic import Field, model_validator

from mmrag.agent.tools.base import Arguments, ToolParts, box_json, find_element, find_page
from mmrag.domain.documents import Document, Page
from mmrag.domain.geometry import BBox
from mmrag.domain.hashing import Json
from mmrag.domain.messages import ImagePart
from mmrag.errors import UsageError
from mmrag.ports import PageRef

_LONGEST = 1568
"""Pixels of the longer side of a picture that is handed out: more is scaled down by the providers anyway."""
_ZOOM = 4.0
"""A small region is enlarged to this at most: beyond it there is nothing to see that was not scanned."""
_MARGIN = 0.01
"""Fraction of the page added around a region, so that letters at its edge are whole."""
_SIDE = 32


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


class LookAt(Region):
    pass


class CompareImages(Arguments):
    first: Region
    second: Region


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """A region and its picture. ``elements`` are those whose middle lies in it, ``text`` what was read there."""

    document: str
    page: int
    bbox: BBox
    elements: tuple[str, ...]
    text: str
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
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Two regions as two pictures. ``likeness`` is their correlation as small grey pictures, in [-1, 1]; 1 when equal."""

    first: Looked
    second: Looked
    likeness: float

    @property
    def element_ids(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.first.element_ids, *self.second.element_ids)))

    @property
    def pictures(self) -> tuple[ImagePart, ...]:
        return (*self.first.pictures, *self.second.pictures)

    def to_json(self) -> Json:
        return {"first": self.first.to_json(), "second": self.second.to_json(), "likeness": round(self.likeness, 3)}


async def look_at(arguments: LookAt, parts: ToolParts) -> Looked:
    """The region enlarged, from the stored page picture. Raises ``UsageError`` for a place that is not there."""
    return await _looked(arguments, parts, "region")


async def compare_images(arguments: CompareImages, parts: ToolParts) -> Compared:
    """Two regions side by side, as separate pictures, with how alike they are."""
    first = await _looked(arguments.first, parts, "first")
    second = await _looked(arguments.second, parts, "second")
    likeness = await anyio.to_thread.run_sync(_likeness, first.pictures[0].data, second.pictures[0].data)
    return Compared(first=first, second=second, likeness=likeness)


async def picture_of(page: Page, label: str, parts: ToolParts, *, box: BBox | None = None) -> ImagePart:
    """The page's picture, or the part of it in ``box``, as PNG. Raises ``UsageError`` for a page without a picture."""
    if page.image is None:
        raise UsageError(f"Page {page.number} has no picture.")
    data = await parts.blobs.get(page.image)
    png, width, height = await anyio.to_thread.run_sync(_cut, data, box)
    return ImagePart(label=label, media_type="image/png", data=png, width=width, height=height)


async def _looked(region: Region, parts: ToolParts, label: str) -> Looked:
    document, page, box = await _place(region, parts)
    around = box.grown(_MARGIN, _MARGIN)
    picture = await picture_of(page, f"{label}: {document.name} page {page.number}", parts, box=around)
    inside = [w for w in page.words if around.contains(*w.bbox.center)]
    elements = [e.id for e in page.elements if not e.kind.is_generated and around.contains(*e.bbox.center)]
    if region.element is not None and region.element not in elements:
        elements.insert(0, region.element)
    return Looked(
        document=document.name,
        page=page.number,
        bbox=around,
        elements=tuple(elements[:50]),
        text=" ".join(w.text for w in inside),
        pictures=(picture,),
    )


async def _place(region: Region, parts: ToolParts) -> tuple[Document, Page, BBox]:
    if region.element is not None:
        document, element = await find_element(region.element, parts)
        page = await parts.search.catalog.page(PageRef(document_id=document.id, page=element.page))
        if page is None:
            raise UsageError(f"{document.name} has been replaced: search again.")
        return document, page, element.bbox
    document, page = await find_page(region.document or "", region.page, parts)
    return document, page, BBox(*region.bbox)


def _cut(data: bytes, box: BBox | None) -> tuple[bytes, int, int]:
    from PIL import Image

    with Image.open(io.BytesIO(data)) as opened:
        picture = opened.convert("RGB")
    if box is not None:
        x0, y0, x1, y1 = box.to_pixels(picture.width, picture.height)
        picture = picture.crop((int(x0), int(y0), max(int(x0) + 1, round(x1)), max(int(y0) + 1, round(y1))))
    scale = min(_LONGEST / max(picture.size), _ZOOM if box is not None else 1.0)
    if scale != 1.0:
        size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
        picture = picture.resize(size, Image.Resampling.LANCZOS)
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue(), picture.width, picture.height


def _likeness(first: bytes, second: bytes) -> float:
    """Pearson correlation of the two pictures' grey values at 32 by 32 pixels; 1 for two even areas of one grey."""
    import numpy as np
    from PIL import Image

    grey = []
    for data in (first, second):
        with Image.open(io.BytesIO(data)) as picture:
            grey.append(np.asarray(picture.convert("L").resize((_SIDE, _SIDE)), np.float64).ravel())
    a, b = (g - g.mean() for g in grey)
    spread = float(np.linalg.norm(a) * np.linalg.norm(b))
    if spread == 0.0:
        return 1.0 if np.allclose(grey[0], grey[1]) else 0.0
    return float(a @ b) / spread
