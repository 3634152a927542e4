"""What scanners, copiers, fax machines and phones do to a page."""

import random

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from training.drawing.pen import Drawn
from training.drawing.photos import scenery

Pixels = npt.NDArray[np.uint8]
_SCREEN = frozenset({"slide", "screenshot", "photograph"})
_LONGEST = 560
_WRITTEN = frozenset({"report page", "scientific paper", "financial statement", "cover page", "table"})
"""Pages that more often come straight from a program than from a scanner."""


def _shrunk(image: Image.Image) -> Pixels:
    image = image.convert("RGB")
    if max(image.size) > _LONGEST:
        image.thumbnail((_LONGEST, _LONGEST), Image.Resampling.BILINEAR)
    return np.asarray(image).copy()


def _placed(rng: random.Random, pixels: Pixels, angle: float, ground: Pixels | None) -> Pixels:
    """The page turned, in perspective, on a ground (a table, the scanner's lid) with a margin around it."""
    height, width = pixels.shape[:2]
    left, right, top, bottom = (rng.uniform(0.01, 0.16) for _ in range(4))
    out_w, out_h = int(width * (1 + left + right)), int(height * (1 + (top + bottom) * 0.6))
    shift = np.array([left * width, top * 0.6 * height], np.float32)
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    centre = corners.mean(axis=0)
    turn = np.deg2rad(angle)
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]], np.float32)
    bend = (
        np.array([[rng.uniform(-1, 1), rng.uniform(-1, 1)] for _ in range(4)], np.float32)
        * min(width, height)
        * (0.05 if ground is not None else 0.0)
    )
    target = (((corners - centre) @ matrix.T) + centre + shift + bend).astype(np.float32)
    transform = cv2.getPerspectiveTransform(corners, target)
    if ground is None:
        tone = rng.choice((255, 255, 250, 235, 30))
        below = np.full((out_h, out_w, 3), tone, np.uint8)
    else:
        below = cv2.resize(ground, (out_w, out_h)).astype(np.uint8)
    warped = cv2.warpPerspective(pixels, transform, (out_w, out_h), flags=cv2.INTER_AREA)
    mask = cv2.warpPerspective(np.full((height, width), 255, np.uint8), transform, (out_w, out_h))
    if ground is not None:
        shadow = cv2.GaussianBlur(mask, (0, 0), 7).astype(np.float32)[..., None] / 255
        below = (below * (1 - 0.45 * shadow)).astype(np.uint8)
    return np.where(mask[..., None] > 127, warped, below).astype(np.uint8)


def _aged(rng: random.Random, generator: np.random.Generator, pixels: Pixels) -> tuple[Pixels, str]:
    """Low contrast, cast, shadows, dust, bleed-through, copying; (pixels, what is bad enough to be said)."""
    work = pixels.astype(np.float32)
    height, width = work.shape[:2]
    said = ""
    if rng.random() < 0.3:
        work = work * np.array([rng.uniform(0.9, 1), rng.uniform(0.9, 1), rng.uniform(0.82, 1)], np.float32)
    if rng.random() < 0.25:
        ramp = np.linspace(rng.uniform(0.75, 1), rng.uniform(0.75, 1), width, dtype=np.float32)[None, :, None]
        work = work * ramp
    if rng.random() < 0.12:
        at = rng.uniform(0.2, 0.8)
        fold = 1 - 0.25 * np.exp(-(((np.arange(height) / height - at) / 0.012) ** 2))
        fold = fold.astype(np.float32)
        across = fold[np.linspace(0, height - 1, width).astype(int)]
        work = work * (fold[:, None, None] if rng.random() < 0.6 else across[None, :, None])
    if rng.random() < 0.1:
        through = cv2.GaussianBlur(work[:, ::-1], (0, 0), 1.5)
        work = work * (0.86 + 0.14 * through / 255).astype(np.float32)
    pick = rng.random()
    if pick < 0.08:
        spread = rng.uniform(0.15, 0.35)
        work = work * spread + 255 * (1 - spread) * rng.uniform(0.75, 1)
        said = "faded"
    elif pick < 0.28:
        grey = work.mean(axis=2, keepdims=True)
        work = np.repeat(np.where(grey > rng.uniform(110, 190), 255.0, 0.0), 3, axis=2)
    elif pick < 0.55:
        work = np.repeat(work.mean(axis=2, keepdims=True), 3, axis=2)
    if rng.random() < 0.3:
        work = work + generator.normal(0, rng.uniform(2, 18), (height, width, 1)).astype(np.float32)
    result = work.clip(0, 255).astype(np.uint8)
    for _ in range(rng.choice((0, 0, 0, 3, 10, 40))):
        place = (rng.randrange(width), rng.randrange(height))
        cv2.circle(result, place, rng.choice((1, 1, 2)), (rng.choice((20, 90, 230)),) * 3, -1)
    return result, said


def _edges(rng: random.Random, pixels: Pixels) -> Pixels:
    """What lies beside the page on the glass: black strips and corners, and holes punched into the page."""
    height, width = pixels.shape[:2]
    result = pixels.copy()
    dark = rng.choice((0, 15, 40))
    for side in rng.sample(range(4), rng.choice((1, 1, 2, 3))):
        deep = int(rng.uniform(0.005, 0.07) * width)
        slope = int(rng.uniform(-1.5, 1.5) * deep)
        ends = ((0, deep), (height if side < 2 else width, max(0, deep + slope)))
        corners = [(0, 0), (0, ends[0][0]), (ends[0][1], ends[0][0]), (ends[1][1], ends[1][0]), (0, ends[1][0])]
        if side == 1:
            corners = [(width - x, y) for x, y in corners]
        elif side > 1:
            corners = [(y, x if side == 2 else height - x) for x, y in corners]
        cv2.fillPoly(result, [np.array(corners, np.int32)], (dark,) * 3)
    if rng.random() < 0.35:
        corner = int(rng.uniform(0.03, 0.15) * width)
        at = rng.choice((0, width))
        cv2.fillPoly(result, [np.array([(at, 0), (abs(at - corner), 0), (at, corner)], np.int32)], (dark,) * 3)
    if rng.random() < 0.3:
        for place in (0.4, 0.6) if rng.random() < 0.5 else (0.3, 0.7):
            cv2.circle(result, (int(place * width), int(0.015 * height) + 4), max(3, width // 60), (dark,) * 3, -1)
    return result


def _screen(rng: random.Random, pixels: Pixels) -> Pixels:
    """A picture that never was on paper: cut, padded, compressed."""
    if rng.random() < 0.25:
        height, width = pixels.shape[:2]
        tone = rng.choice((255, 255, 0, 128))
        top, bottom, left, right = (int(rng.uniform(0, 0.08) * side) for side in (height, height, width, width))
        pixels = cv2.copyMakeBorder(pixels, top, bottom, left, right, cv2.BORDER_CONSTANT, value=(tone, tone, tone)).astype(
            np.uint8
        )
    return pixels


def scan(rng: random.Random, drawn: Drawn) -> Drawn:
    """The picture as it comes out of a scanner, a phone or a program, with what shows of it in the facts."""
    generator = np.random.default_rng(rng.getrandbits(63))
    pixels = _shrunk(drawn.image)
    facts = dict(drawn.facts)
    paper = drawn.kind not in _SCREEN and not drawn.kind.endswith(("chart", "plot", "map", "histogram"))
    dirty = rng.random() < (0.4 if drawn.kind in _WRITTEN else 0.75 if paper else 0.12)
    if drawn.kind in _SCREEN or (not paper and not dirty):
        pixels = _screen(rng, pixels)
    elif dirty:
        photographed = rng.random() < (
            0.22 if drawn.kind in ("receipt", "handwritten note", "business card", "ticket") else 0.05
        )
        skewed = rng.random() < 0.12
        angle = rng.choice((-1, 1)) * rng.uniform(6, 14) if skewed else rng.gauss(0, 1.0)
        pixels, said = _aged(rng, generator, pixels)
        if paper and not photographed and rng.random() < 0.25:
            pixels = _edges(rng, pixels)
        if photographed:
            facts["photographed"] = "yes"
        if photographed or skewed or rng.random() < 0.6:
            pixels = _placed(rng, pixels, angle, np.asarray(scenery(rng)) if photographed else None)
            if skewed:
                facts["skewed"] = "yes"
        if said:
            facts["quality"] = said
    if drawn.kind != "photograph" and rng.random() < 0.04:
        pixels = cv2.GaussianBlur(pixels, (0, 0), rng.uniform(2.5, 4)).astype(np.uint8)
        facts["quality"] = "blurred"
    elif rng.random() < 0.4:
        pixels = cv2.GaussianBlur(pixels, (0, 0), rng.uniform(0.3, 1.0)).astype(np.uint8)
    if rng.random() < 0.5:
        _, code = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, rng.randint(25, 85)])
        decoded = cv2.imdecode(code, cv2.IMREAD_COLOR)
        if decoded is not None:
            pixels = decoded[..., ::-1].astype(np.uint8)
    return Drawn(kind=drawn.kind, image=Image.fromarray(np.ascontiguousarray(pixels)), facts=facts)
