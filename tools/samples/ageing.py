"""What paper, scanners and phones do to a page. Every geometric change moves the marks along."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from samples.records import PagePicture
from samples.sheet import Corners, Ink, RasterSheet

Pixels = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A page picture with the corners of its marks, in its own pixels."""

    image: Image.Image
    marks: Mapping[str, Corners]

    @classmethod
    def of(cls, sheet: RasterSheet) -> Picture:
        return cls(image=sheet.image, marks=dict(sheet.marks))

    def page(self) -> PagePicture:
        return PagePicture(size=self.image.size, marks=self.marks)

    def seen(self, image: Image.Image) -> Picture:
        """The same places on another picture of the same size."""
        return Picture(image=image, marks=self.marks)

    def jpeg(self, quality: int, *, exif: Image.Exif | None = None, dpi: int = 200) -> bytes:
        out = io.BytesIO()
        self.image.save(out, "JPEG", quality=quality, optimize=True, dpi=(dpi, dpi), exif=exif or Image.Exif())
        return out.getvalue()


def homography(source: Corners, target: Corners) -> Pixels:
    """The 3x3 matrix that takes four points to four points."""
    rows: list[list[float]] = []
    for (x, y), (u, v) in zip(source, target, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
    solved = np.linalg.solve(np.array(rows), target.reshape(8))
    matrix: Pixels = np.append(solved, 1.0).reshape(3, 3)
    return matrix


def warp(picture: Picture, target: Corners, size: tuple[int, int], *, around: Ink = (255, 255, 255)) -> Picture:
    """Move the four corners of the picture to ``target`` on a canvas of ``size`` pixels."""
    wide, high = picture.image.size
    here = np.array([[0, 0], [wide, 0], [wide, high], [0, high]], dtype=np.float64)
    forward = homography(here, target)
    back = np.linalg.inv(forward)
    back /= back[2, 2]
    image = picture.image.transform(
        size, Image.Transform.PERSPECTIVE, back.reshape(9)[:8].tolist(), Image.Resampling.BICUBIC, fillcolor=around
    )
    moved = {}
    for name, points in picture.marks.items():
        on = np.column_stack([points, np.ones(4)]) @ forward.T
        moved[name] = on[:, :2] / on[:, 2:]
    return Picture(image=image, marks=moved)


def skew(picture: Picture, degrees: float, *, around: Ink = (255, 255, 255)) -> Picture:
    """Turn the page on the glass of the scanner; the canvas keeps its size."""
    wide, high = picture.image.size
    angle = np.deg2rad(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    middle = np.array([wide / 2, high / 2])
    here = np.array([[0, 0], [wide, 0], [wide, high], [0, high]], dtype=np.float64)
    return warp(picture, (here - middle) @ turn.T + middle, (wide, high), around=around)


def blotch(rng: np.random.Generator, size: tuple[int, int], cells: tuple[int, int]) -> Pixels:
    """Smooth random field of mean 0 and deviation 1, shape (height, width); ``cells`` says how coarse, (across, down)."""
    coarse = rng.normal(size=(cells[1], cells[0])).astype(np.float32)
    field = np.asarray(Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC), dtype=np.float64)
    even: Pixels = (field - field.mean()) / (field.std() + 1e-9)
    return even


def shade(image: Image.Image, light: Pixels) -> Image.Image:
    """Multiply by ``light``, shape (height, width) or (height, width, 3), 1 leaves as it is."""
    pixels = np.asarray(image.convert("RGB"), dtype=np.float64)
    light = light[..., None] if light.ndim == 2 else light
    return Image.fromarray(np.clip(pixels * light, 0, 255).round().astype(np.uint8))


def grain(image: Image.Image, rng: np.random.Generator, deviation: float, *, coloured: bool = False) -> Image.Image:
    """Sensor noise, ``deviation`` in grey levels."""
    pixels = np.asarray(image.convert("RGB"), dtype=np.float64)
    depth = 3 if coloured else 1
    noise = rng.normal(0, deviation, size=(*pixels.shape[:2], depth))
    return Image.fromarray(np.clip(pixels + noise, 0, 255).round().astype(np.uint8))


def specks(image: Image.Image, rng: np.random.Generator, count: int) -> Image.Image:
    """Dust on the glass: dark and light dots of one to three pixels."""
    pixels = np.asarray(image.convert("RGB")).copy()
    high, wide = pixels.shape[:2]
    for x, y, r, tone in zip(
        rng.integers(0, wide, count),
        rng.integers(0, high, count),
        rng.integers(1, 4, count),
        rng.integers(0, 256, count),
        strict=True,
    ):
        pixels[y : y + r, x : x + r] = tone if tone < 130 else 235
    return Image.fromarray(pixels)


def creases(rng: np.random.Generator, size: tuple[int, int], folds: int, depth: float) -> Pixels:
    """Light on crumpled paper: each fold tilts one side of it, so facets of different brightness meet in sharp lines."""
    wide, high = size
    ys, xs = np.mgrid[0:high, 0:wide].astype(np.float64)
    slope_x, slope_y = np.zeros((high, wide)), np.zeros((high, wide))
    for _ in range(folds):
        angle, across, down = rng.uniform(0, np.pi), rng.uniform(0, wide), rng.uniform(0, high)
        tilt = rng.normal(0, 1)
        distance = (xs - across) * np.cos(angle) + (ys - down) * np.sin(angle)
        side = np.tanh(distance / 6) * np.exp(-np.abs(distance) / (0.35 * high))
        slope_x += tilt * side * np.cos(angle)
        slope_y += tilt * side * np.sin(angle)
    light = 0.8 * slope_x + 0.6 * slope_y
    shades: Pixels = 1 + depth * light / (np.abs(light).max() + 1e-9)
    return shades


def soften(image: Image.Image, radius: float) -> Image.Image:
    return image.filter(ImageFilter.GaussianBlur(radius))
