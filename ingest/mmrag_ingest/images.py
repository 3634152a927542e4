"""Pictures as pages: PNG, JPEG, TIFF with any number of frames, GIF, WebP, BMP, JPEG 2000, PNM, AVIF and HEIC, by Pillow.

HEIC needs Pillow's plugin from the package ``pi_heif``.
"""

from __future__ import annotations

import math
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile, ImageOps, Jpeg2KImagePlugin, UnidentifiedImageError

from mmrag.domain.geometry import BBox
from mmrag.errors import DamagedFileError, TooLargeError, UnsupportedFormatError
from mmrag_ingest.records import Limits
from mmrag_ingest.sniff import AVIF, HEIC

LONGEST_SIDE = 3500
"""Pixels. Larger pictures are scaled down before reading and storing: boxes are fractions, so nothing else changes."""

_FORMATS = {
    "image/png": ("PNG",),
    "image/jpeg": ("JPEG", "MPO"),
    "image/tiff": ("TIFF",),
    "image/gif": ("GIF",),
    "image/webp": ("WEBP",),
    "image/bmp": ("BMP", "DIB"),
    "image/jp2": ("JPEG2000",),
    "image/x-portable-anymap": ("PPM",),
    AVIF: ("AVIF",),
    HEIC: ("HEIF",),
}
ANIMATED = "the picture is animated: only its first frame was read"
_READABLE_SHARE = 0.25
"""A truncated picture is read when at least this share of its rows was decoded."""


def frames(path: Path, media_type: str, limits: Limits) -> int:
    """How many pages the picture file has: all frames of a TIFF, else one. Nothing is decoded but the headers."""
    with _opened(path, media_type, limits) as image:
        return int(getattr(image, "n_frames", 1)) if media_type == "image/tiff" else 1


def decode(path: Path, media_type: str, number: int, limits: Limits) -> tuple[NDArray[np.uint8], tuple[str, ...]]:
    """Decode frame ``number`` (from 1) upright as RGB, shape ``(h, w, 3)``, longest side at most ``LONGEST_SIDE``.

    Returns the picture and warnings. Raises ``DamagedFileError``, ``TooLargeError`` or ``UnsupportedFormatError``.
    """
    notes: list[str] = []
    with _opened(path, media_type, limits) as image:
        if media_type == "image/tiff":
            image.seek(number - 1)
            _check_size(image, limits)
        elif int(getattr(image, "n_frames", 1)) > 1:
            notes.append("the file holds several pictures: only the first was read" if media_type == HEIC else ANIMATED)
        _reduce_while_decoding(image)
        notes.extend(_load(image))
        page = _rgb(_upright(_shrunk(image)))
        return np.asarray(page, dtype=np.uint8), tuple(notes)


def decode_part(path: Path, media_type: str, number: int, limits: Limits, box: BBox) -> NDArray[np.uint8]:
    """The part of frame ``number`` in ``box``, as displayed, in all the pixels of the file. Raises what ``decode`` does."""
    with _opened(path, media_type, limits) as image:
        if media_type == "image/tiff":
            image.seek(number - 1)
            _check_size(image, limits)
        _load(image)
        upright = _upright(image)
        left, top, right, low = box.to_pixels(upright.width, upright.height)
        x, y = min(int(left), upright.width - 1), min(int(top), upright.height - 1)
        part = upright.crop((x, y, max(x + 1, round(right)), max(y + 1, round(low))))
        return np.asarray(_rgb(part), dtype=np.uint8)


@contextmanager
def _opened(path: Path, media_type: str, limits: Limits) -> Iterator[Image.Image]:
    """Open with the one decoder that the content calls for, and turn all that decoders throw into our errors."""
    # The one limit that counts is ours, checked against the header before anything is decoded.
    Image.MAX_IMAGE_PIXELS = None
    if media_type == HEIC:
        _register_heif()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(path, formats=_FORMATS[media_type]) as image:
                _check_size(image, limits)
                yield image
        except UnidentifiedImageError as error:
            raise DamagedFileError("the picture is damaged: its header cannot be read") from error
        except (MemoryError, Image.DecompressionBombError) as error:
            raise TooLargeError("the picture needs more memory than ingest.worker_memory_bytes allows") from error
        except EOFError as error:
            raise DamagedFileError("the picture is damaged: a frame is missing") from error
        except NotImplementedError as error:
            raise UnsupportedFormatError(
                f"the picture uses a feature that is not read here: {_first_line(error)}"
            ) from error
        except (OSError, ValueError, TypeError, KeyError, IndexError, SyntaxError, AttributeError) as error:
            raise DamagedFileError(f"the picture is damaged: {_first_line(error)}") from error
        except (OverflowError, ZeroDivisionError, RuntimeError, AssertionError, struct.error, zlib.error) as error:
            raise DamagedFileError(f"the picture is damaged: {_first_line(error)}") from error


@cache
def _register_heif() -> None:
    from pi_heif import register_heif_opener

    register_heif_opener(thumbnails=False)


def _check_size(image: Image.Image, limits: Limits) -> None:
    width, height = image.size
    if width < 1 or height < 1:
        raise DamagedFileError("the picture is damaged: it has no pixels")
    if width * height > limits.max_pixels:
        raise TooLargeError(
            f"the picture has {width} x {height} pixels, more than the {limits.max_pixels:,} that ingest.max_pixels allows"
        )


def _load(image: Image.Image) -> list[str]:
    """Decode the pixels. A truncated picture is read as far as it goes when a good part of it is there."""
    try:
        image.load()
    except OSError as error:
        if "truncated" not in str(error).lower():
            raise
        share = _decoded_share(image)
        if share < _READABLE_SHARE:
            raise DamagedFileError("the picture is cut off: too little of it is left to read") from error
        return [f"the picture is cut off: about {min(share, 0.99):.0%} of it was read"]
    return []


def _decoded_share(image: Image.Image) -> float:
    """Load again, keeping what can be decoded; the share of rows down to the last one that holds anything."""
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    try:
        image.load()
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = False
    grey = np.asarray(image.convert("L"), dtype=np.int16)
    # What was never decoded is one flat colour from some row to the bottom.
    differs = np.flatnonzero(np.abs(grey - grey[-1:, -1:]).max(axis=1) > 2)
    return 0.0 if len(differs) == 0 else float(differs[-1] + 1) / grey.shape[0]


def _reduce_while_decoding(image: Image.Image) -> None:
    """Some decoders can leave out detail that would be thrown away afterwards, which saves time and memory."""
    if image.format in ("JPEG", "MPO"):
        image.draft(None, (LONGEST_SIDE, LONGEST_SIDE))
    elif isinstance(image, Jpeg2KImagePlugin.Jpeg2KImageFile):
        image.reduce = max(0, int(math.log2(max(image.size) / LONGEST_SIDE)))


def _shrunk(image: Image.Image) -> Image.Image:
    """Not longer than ``LONGEST_SIDE``, without a second copy in full size where the mode allows."""
    if max(image.size) <= LONGEST_SIDE:
        return image
    if image.mode == "1":
        image = image.convert("L")
    elif image.mode.startswith("I;16"):
        image = _grey8(image)
    elif image.mode in ("P", "PA"):
        image = image.convert("RGBA" if "transparency" in image.info else "RGB")
    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS, reducing_gap=2.0)
    return image


def _upright(image: Image.Image) -> Image.Image:
    try:
        ImageOps.exif_transpose(image, in_place=True)
    except (OSError, ValueError, TypeError, KeyError, SyntaxError, ZeroDivisionError, struct.error):
        # A broken EXIF block says nothing about the pixels: show the picture as stored.
        return image
    return image


def _rgb(image: Image.Image) -> Image.Image:
    """To 8-bit RGB; transparency becomes white paper, 16-bit and float greys are scaled to their range."""
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        image = _grey8(image)
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        layered = image.convert("RGBA")
        paper = Image.new("RGBA", layered.size, (255, 255, 255, 255))
        image = Image.alpha_composite(paper, layered)
    if image.mode != "RGB":
        image = image.convert("RGB")
    return image


def _grey8(image: Image.Image) -> Image.Image:
    """Greys of 16 bits, 32 bits or floats to 8 bits. Wide integers are taken as 16 bits, floats up to 1 as shares."""
    values = np.asarray(image)
    if image.mode.startswith("I;16"):
        return Image.fromarray((values >> 8).astype(np.uint8))
    if image.mode == "I":
        scaled = values >> 8 if values.max(initial=0) > 255 else values
    else:
        values = np.nan_to_num(values)
        scaled = values * 255.0 if values.max(initial=0.0) <= 1.0 else values
    return Image.fromarray(np.clip(scaled, 0, 255).astype(np.uint8))


def _first_line(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()  # without the number, which says nothing to a person
    text = str(error).strip().splitlines()
    return text[0][:160] if text else type(error).__name__
