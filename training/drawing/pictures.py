"""Real photographs and things cut out of their ground, from folders named in MMRAG_TRAINING_PHOTOS.

A folder holds `whole/` (photographs) and `cut/` (pictures with transparency); training/README.md names the free packages
they come from. Without them photographs are imitated only.
"""

import os
import random
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageOps

from training.drawing.pen import Colour


@cache
def _files(kind: str) -> tuple[Path, ...]:
    folders = [Path(part) for part in os.environ.get("MMRAG_TRAINING_PHOTOS", "").split(os.pathsep) if part]
    return tuple(path for folder in folders for path in sorted((folder / kind).glob("*.*")))


@cache
def _whole(path: Path) -> Image.Image:
    return Image.open(path).convert("RGB")


@cache
def _cut(path: Path) -> Image.Image:
    return Image.open(path).convert("RGBA")


def names() -> list[str]:
    """The files in use, for the mark of a drawn set."""
    return [f"{kind}/{path.name}" for kind in ("whole", "cut") for path in _files(kind)]


def cut_out(rng: random.Random, longest: int) -> Image.Image | None:
    """A thing with a transparent ground, RGBA, or None where there are no pictures."""
    files = _files("cut")
    if not files:
        return None
    image = _cut(rng.choice(files))
    if rng.random() < 0.5:
        image = ImageOps.mirror(image)
    scale = longest / max(image.size)
    return image.resize((max(1, int(image.width * scale)), max(1, int(image.height * scale))), Image.Resampling.BILINEAR)


def _window(rng: random.Random, image: Image.Image, shape: tuple[int, int]) -> Image.Image:
    """A random part of a picture, in the shape asked for."""
    aspect = shape[0] / shape[1]
    wide = min(image.width, image.height * aspect) * rng.uniform(0.35, 1.0)
    tall = wide / aspect
    left, top = rng.uniform(0, image.width - wide), rng.uniform(0, image.height - tall)
    return image.resize(shape, Image.Resampling.BILINEAR, box=(left, top, left + wide, top + tall))


def _light(rng: random.Random, image: Image.Image) -> Image.Image:
    """Hue, colourfulness and light as another camera and another day would give them."""
    hsv = cv2.cvtColor(np.asarray(image), cv2.COLOR_RGB2HSV).astype(np.float32)
    hsv[..., 0] = (hsv[..., 0] + rng.gauss(0, 14 if rng.random() < 0.7 else 60)) % 180
    hsv[..., 1] *= rng.uniform(0.4, 1.5)
    hsv[..., 2] = 255 * (hsv[..., 2] / 255) ** rng.uniform(0.6, 1.7)
    pixels = cv2.cvtColor(hsv.clip(0, 255).astype(np.uint8), cv2.COLOR_HSV2RGB)
    if rng.random() < 0.1:
        pixels = np.repeat(pixels.mean(axis=2, keepdims=True), 3, axis=2).astype(np.uint8)
    return Image.fromarray(pixels)


def photograph(rng: random.Random, shape: tuple[int, int]) -> Image.Image | None:
    """A picture made of parts of real photographs; None where there are none."""
    files = _files("whole")
    if not files:
        return None
    image = _window(rng, _whole(rng.choice(files)), shape)
    if rng.random() < 0.5:
        image = ImageOps.mirror(image)
    if rng.random() < 0.25:
        other = np.asarray(_light(rng, _window(rng, _whole(rng.choice(files)), shape)))
        ridge = np.cumsum(np.random.default_rng(rng.getrandbits(32)).normal(0, shape[1] / 60, shape[0]))
        level = rng.uniform(0.3, 0.7) * shape[1] + ridge - ridge.mean()
        below = np.arange(shape[1])[:, None] > level[None]
        image = Image.fromarray(np.where(below[..., None], other, np.asarray(image)))
    for _ in range(rng.choice((0, 0, 0, 1, 1, 2, 3))):
        thing = cut_out(rng, int(max(shape) * rng.uniform(0.2, 0.95)))
        if thing is not None:
            at = (int(rng.uniform(-0.2, 0.9) * shape[0]), int(rng.uniform(0.0, 0.8) * shape[1]))
            image.paste(thing, at, thing)
    return _light(rng, image)


def line_art(rng: random.Random, longest: int, ink: Colour) -> Image.Image | None:
    """The outlines of a thing, as a drawn illustration, RGBA."""
    thing = cut_out(rng, longest)
    if thing is None:
        return None
    grey = np.asarray(thing.convert("L"))
    edges = cv2.Canny(grey, 60, 140)
    if rng.random() < 0.5:
        edges = cv2.dilate(edges, np.ones((2, 2), np.uint8)).astype(np.uint8)
    outlines = Image.new("RGBA", thing.size, (*ink, 0))
    outlines.putalpha(Image.fromarray(np.where(np.asarray(thing)[..., 3] > 20, edges, 0).astype(np.uint8)))
    return outlines
