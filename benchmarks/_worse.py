"""Ways in which a scan gets worse, for the ladder: each takes a clean page and says where its points went."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Points = NDArray[np.float64]
STRIP_INCHES, SHEET_INCHES = 3.15, 11.0
"""Width of a till roll of 80 mm; longer side of a sheet of paper."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One page to read: its file, number, the words and the answers known to stand on it, and whether it is a till roll."""

    path: str
    number: int
    known: tuple[str, ...] = ()
    fields: tuple[tuple[str, ...], ...] = ()
    strip: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Worse:
    """A page made worse: the picture, the JPEG quality it is kept at, and where the points of the clean page went."""

    picture: Image.Image
    moved: Callable[[Points], Points]
    quality: int = 92


def as_it_is(picture: Image.Image, sheet: Sheet) -> Worse:
    return Worse(picture=picture, moved=lambda p: p)


def turned(picture: Image.Image, sheet: Sheet, *, degrees: float) -> Worse:
    """Turned counter-clockwise about its middle on larger white paper."""
    result = picture.rotate(degrees, expand=True, fillcolor="white", resample=Image.Resampling.BICUBIC)
    angle = math.radians(degrees)
    matrix = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])

    def moved(points: Points) -> Points:
        away = (points - 0.5) * picture.size
        return np.asarray(away @ matrix.T / result.size + 0.5)

    return Worse(picture=result, moved=moved)


def few_dots(picture: Image.Image, sheet: Sheet) -> Worse:
    """Scanned at 100 dpi."""
    shown = picture.width / STRIP_INCHES if sheet.strip else max(picture.size) / SHEET_INCHES
    scale = min(1.0, 100 / shown)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    return Worse(picture=picture.resize(size, Image.Resampling.BOX), moved=lambda p: p)


def faint(picture: Image.Image, sheet: Sheet, *, strength: float) -> Worse:
    """Ink with ``strength`` of its contrast left, on paper that is not white, with the noise of a sensor."""
    pixels = np.asarray(picture, dtype=np.float32)
    noise = np.random.default_rng(7).normal(0, 3, pixels.shape[:2])[:, :, None]
    return Worse(picture=_image(228 - strength * (255 - pixels) + noise), moved=lambda p: p)


def heavy_jpeg(picture: Image.Image, sheet: Sheet) -> Worse:
    return Worse(picture=picture, moved=lambda p: p, quality=10)


def shadowed(picture: Image.Image, sheet: Sheet) -> Worse:
    """Photographed with a shadow over one corner and a dark table around it: the light falls to a quarter."""
    across = np.linspace(0, 1, picture.width)[None, :] + np.linspace(0, 1, picture.height)[:, None]
    light = 0.25 + 0.75 / (1 + np.exp(-(across - 0.9) * 9))
    lit = np.asarray(picture, dtype=np.float32) * light[:, :, None]
    border = round(0.06 * max(picture.size))
    full = np.full((picture.height + 2 * border, picture.width + 2 * border, 3), 38, dtype=np.float32)
    full[border:-border, border:-border] = lit
    size = np.array([full.shape[1], full.shape[0]])
    return Worse(picture=_image(full), moved=lambda p: (p * picture.size + border) / size)


def watermarked(picture: Image.Image, sheet: Sheet) -> Worse:
    """A large grey word across the page, over and under the print."""
    layer = Image.new("L", picture.size, 255)
    font = ImageFont.load_default(max(picture.size) / 7)
    stamp = Image.new("L", (max(picture.size), round(max(picture.size) / 5)), 255)
    ImageDraw.Draw(stamp).text((stamp.width // 2, stamp.height // 2), "COPY COPY", fill=150, font=font, anchor="mm")
    stamp = stamp.rotate(45, expand=True, fillcolor=255)
    layer.paste(stamp, ((picture.width - stamp.width) // 2, (picture.height - stamp.height) // 2))
    mixed = np.asarray(picture, dtype=np.float32) * (np.asarray(layer, dtype=np.float32) / 255)[:, :, None]
    return Worse(picture=_image(mixed), moved=lambda p: p)


def _image(values: NDArray[np.floating]) -> Image.Image:
    return Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))


WAYS: dict[str, Callable[[Image.Image, Sheet], Worse]] = {
    "clean": as_it_is,
    "turned by 90": partial(turned, degrees=90),
    "turned by 180": partial(turned, degrees=180),
    "turned by 270": partial(turned, degrees=270),
    "skewed by 7": partial(turned, degrees=7),
    "skewed by -7": partial(turned, degrees=-7),
    "100 dpi": few_dots,
    "faint, a fifth": partial(faint, strength=0.2),
    "faint, a tenth": partial(faint, strength=0.1),
    "JPEG quality 10": heavy_jpeg,
    "shadow and border": shadowed,
    "watermark": watermarked,
}
REQUIRED = tuple(way for way in WAYS if way not in ("faint, a tenth", "shadow and border", "watermark"))
"""The rungs with an aim."""
QUICK = ("clean", "turned by 90", "skewed by 7", "faint, a fifth")
