"""Pictures for models: cut out, made smaller, encoded. Blocking: call it in a worker thread."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mmrag.domain.geometry import BBox

if TYPE_CHECKING:
    from PIL.Image import Image

_QUALITY = 90
_SMALLEST_SIDE = 64
"""Pixels under which a picture is not made smaller for the sake of its bytes: nothing would be left to see."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """Encoded bytes and the size in pixels that they decode to."""

    data: bytes = field(repr=False)
    media_type: str
    width: int
    height: int


def cut_out(data: bytes, box: BBox, *, longest: int | None = None) -> Picture:
    """The part of an encoded picture inside ``box``, no side of it longer than ``longest`` pixels, as JPEG.

    Raises ``ValueError`` for bytes that are no picture.
    """
    image = _decoded(data)
    left, top, right, bottom = box.to_pixels(image.width, image.height)
    corners = (int(left), int(top), max(int(left) + 1, round(right)), max(int(top) + 1, round(bottom)))
    return _encoded(_scaled(image.crop(corners), longest))


def within(data: bytes, media_type: str, *, longest: int | None = None, most_bytes: int | None = None) -> Picture:
    """The whole picture, made smaller until it is within both limits; as it is when it already is.

    Raises ``ValueError`` for bytes that are no picture.
    """
    image = _decoded(data)
    if (longest is None or max(image.size) <= longest) and (most_bytes is None or len(data) <= most_bytes):
        return Picture(data=data, media_type=media_type, width=image.width, height=image.height)
    side = min(longest or max(image.size), max(image.size))
    picture = _encoded(_scaled(image, side))
    while most_bytes is not None and len(picture.data) > most_bytes and side > _SMALLEST_SIDE:
        side = side * 3 // 4
        picture = _encoded(_scaled(image, side))
    return picture


def _decoded(data: bytes) -> Image:
    from PIL import Image, UnidentifiedImageError

    try:
        image = Image.open(io.BytesIO(data))
        image.load()
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError) as error:
        raise ValueError("these bytes are no picture") from error
    return image.convert("RGB")


def _scaled(image: Image, longest: int | None) -> Image:
    from PIL import Image

    if longest is None or max(image.size) <= longest:
        return image
    factor = longest / max(image.size)
    size = (max(1, round(image.width * factor)), max(1, round(image.height * factor)))
    return image.resize(size, Image.Resampling.LANCZOS)


def _encoded(image: Image) -> Picture:
    out = io.BytesIO()
    # No chroma subsampling: it blurs coloured print, which is what is to be read.
    image.save(out, format="JPEG", quality=_QUALITY, subsampling=0)
    return Picture(data=out.getvalue(), media_type="image/jpeg", width=image.width, height=image.height)
