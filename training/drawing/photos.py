"""Photographs: parts of real ones where there are any (pictures.py), else imitations without a camera: landscapes, figures
in outline, still lifes, textures with the spectrum of nature.
"""

import random

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from training.drawing.pen import Drawn
from training.drawing.pictures import photograph

Field = npt.NDArray[np.float32]
_SIDE = 256


def _noise(generator: np.random.Generator, height: int, width: int, power: float) -> Field:
    """Noise whose amplitude falls as 1 / frequency ** power, scaled to 0..1."""
    spectrum = np.fft.rfft2(generator.standard_normal((height, width)))
    rows, columns = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None]
    radius = np.maximum(np.sqrt(rows**2 + columns**2), 1 / max(height, width))
    field = np.fft.irfft2(spectrum / radius**power, s=(height, width)).astype(np.float32)
    low, high = np.percentile(field, (1, 99))
    scaled: Field = ((field - low) / (high - low + 1e-6)).clip(0, 1).astype(np.float32)
    return scaled


def _tone(rng: random.Random, *, saturation: float = 0.6) -> Field:
    """A colour as three numbers 0..1, of any hue, seldom garish."""
    hsv = np.array([[[rng.random() * 360, rng.uniform(0.05, saturation), rng.uniform(0.15, 0.95)]]], dtype=np.float32)
    tone: Field = cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)[0, 0].astype(np.float32)
    return tone


def _textured(rng: random.Random, generator: np.random.Generator, height: int, width: int) -> Field:
    """An even stretch of one matter: grass, water, wall, cloth. Shape (height, width, 3)."""
    field = _noise(generator, height, width, rng.uniform(0.3, 1.6))
    if rng.random() < 0.25:
        strip = field[: max(8, height // rng.choice((2, 4, 8)))]
        field = cv2.resize(strip, (width, height), interpolation=cv2.INTER_LINEAR).astype(np.float32)
    field = field[..., None]
    first, second = _tone(rng), _tone(rng)
    near = first + (second - first) * rng.uniform(0.2, 0.9)
    matter: Field = (first * field + near * (1 - field)).astype(np.float32)
    return matter


def _sky(rng: random.Random, height: int, width: int, generator: np.random.Generator) -> Field:
    above, below = rng.choice(
        (
            ((0.25, 0.5, 0.85), (0.8, 0.9, 0.98)),
            ((0.9, 0.5, 0.3), (0.98, 0.85, 0.6)),
            ((0.6, 0.65, 0.7), (0.85, 0.87, 0.9)),
            ((0.05, 0.07, 0.2), (0.2, 0.2, 0.4)),
        )
    )
    ramp = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    sky = np.asarray(above, np.float32) * (1 - ramp) + np.asarray(below, np.float32) * ramp
    clouds = _noise(generator, height, width, 1.6)[..., None] ** 2 * rng.uniform(0, 0.8)
    result: Field = (sky * (1 - clouds) + clouds).astype(np.float32)
    return result


def _landscape(rng: random.Random, generator: np.random.Generator, height: int, width: int) -> tuple[Field, str]:
    """Sky over one to four ranges of land or water."""
    picture = np.broadcast_to(_sky(rng, height, width, generator), (height, width, 3)).copy()
    across = np.arange(width)
    level = rng.uniform(0.25, 0.6) * height
    for _ in range(rng.randint(1, 4)):
        ridge = level + (_noise(generator, 4, width, rng.uniform(0.8, 1.6))[0] - 0.5) * height * rng.uniform(0.02, 0.35)
        below = np.arange(height)[:, None] > ridge[across][None]
        picture[below] = _textured(rng, generator, height, width)[below]
        level += rng.uniform(0.08, 0.25) * height
    return picture, rng.choice(("a landscape", "an outdoor scene", "the open air"))


def _leaves(rng: random.Random, generator: np.random.Generator, height: int, width: int) -> tuple[Field, str]:
    """Things that lie over each other (the dead leaves model of natural pictures)."""
    picture = _textured(rng, generator, height, width)
    palette = [_tone(rng, saturation=0.8) for _ in range(rng.randint(3, 9))]
    for _ in range(rng.randint(20, 160)):
        radius = min(120.0, 6 / max(0.04, rng.random()))
        centre = (int(rng.uniform(0, width)), int(rng.uniform(0, height)))
        tone = np.clip(rng.choice(palette) * rng.uniform(0.6, 1.3), 0, 1)
        if rng.random() < 0.5:
            axes = (max(1, int(radius)), max(1, int(radius * rng.uniform(0.2, 1))))
            cv2.ellipse(picture, centre, axes, rng.uniform(0, 180), 0, 360, tone.tolist(), -1, cv2.LINE_AA)
        else:
            corners = np.array(
                [
                    [centre[0] + rng.uniform(-radius, radius), centre[1] + rng.uniform(-radius, radius)]
                    for _ in range(rng.randint(3, 6))
                ]
            )
            cv2.fillPoly(picture, [corners.astype(np.int32)], tone.tolist(), cv2.LINE_AA)
    return picture, rng.choice(("many things", "a still life", "a close-up", "objects"))


def _figure(rng: random.Random, generator: np.random.Generator, height: int, width: int) -> tuple[Field, str]:
    """One to four figures, of people or animals, on a ground out of focus."""
    picture = cv2.GaussianBlur(
        _leaves(rng, generator, height, width)[0] if rng.random() < 0.5 else _landscape(rng, generator, height, width)[0],
        (0, 0),
        rng.uniform(1, 7),
    )
    count = rng.choice((1, 1, 1, 2, 2, 3, 4))
    animal = rng.random() < 0.4
    for _ in range(count):
        x, y, tall = rng.uniform(0.15, 0.85) * width, rng.uniform(0.35, 0.75) * height, rng.uniform(0.2, 0.7) * height
        skin = (
            np.array(rng.choice(((0.9, 0.72, 0.6), (0.75, 0.55, 0.4), (0.45, 0.3, 0.2))))
            if not animal
            else _tone(rng, saturation=0.5)
        )
        coat, cloth = _tone(rng), _tone(rng, saturation=0.9)
        mask = np.zeros((height, width, 3), np.float32)
        layer = picture.copy()
        parts = [
            ((x, y), (tall * 0.13, tall * 0.27), cloth),
            ((x, y - tall * 0.38), (tall * 0.08, tall * 0.1), skin),
            ((x, y - tall * 0.44), (tall * 0.085, tall * 0.06), coat * 0.5),
        ]
        if animal:
            head = ((x + tall * 0.38, y - tall * 0.2), (tall * 0.13, tall * 0.11), coat)
            parts = [((x, y), (tall * 0.35, tall * 0.18), coat), head]
        for side in (-1, 1):
            low = (x + side * tall * rng.uniform(0.04, 0.25), y + tall * rng.uniform(0.35, 0.5))
            for target, value in ((layer, coat.tolist()), (mask, (1, 1, 1))):
                cv2.line(
                    target,
                    (int(x + side * tall * 0.06), int(y)),
                    (int(low[0]), int(low[1])),
                    value,
                    max(2, int(tall * 0.08)),
                    cv2.LINE_AA,
                )
        for (cx, cy), (a, b), tone in parts:
            for target, value in ((layer, tone.tolist()), (mask, (1, 1, 1))):
                cv2.ellipse(
                    target,
                    (int(cx), int(cy)),
                    (max(1, int(a)), max(1, int(b))),
                    rng.uniform(-12, 12),
                    0,
                    360,
                    value,
                    -1,
                    cv2.LINE_AA,
                )
        shade = 0.6 + 0.6 * _noise(generator, height, width, 1.3)[..., None]
        soft = cv2.GaussianBlur(mask, (0, 0), rng.uniform(0.5, 1.5))
        picture = picture * (1 - soft) + (layer * shade) * soft
    return picture.astype(np.float32), "an animal" if animal else "people" if count > 1 else "a person"


def _town(rng: random.Random, generator: np.random.Generator, height: int, width: int) -> tuple[Field, str]:
    """Walls with windows in rows, as of houses, under a sky or inside a room."""
    picture = np.broadcast_to(_sky(rng, height, width, generator), (height, width, 3)).copy()
    x = -10.0
    while x < width:
        wide, top = rng.uniform(20, 110), rng.uniform(0.05, 0.55) * height
        wall = _textured(rng, generator, height, width)
        left, right = max(0, int(x)), min(width, int(x + wide))
        picture[int(top) :, left:right] = wall[int(top) :, left:right]
        step, pane = rng.uniform(8, 24), _tone(rng)
        for wy in np.arange(top + step / 2, height * 0.85, step):
            for wx in np.arange(left + step / 3, right - step / 2, step):
                picture[int(wy) : int(wy + step * 0.5), int(wx) : int(wx + step * 0.45)] = pane * rng.uniform(0.5, 1.4)
        x += wide
    floor = int(rng.uniform(0.75, 0.95) * height)
    picture[floor:] = _textured(rng, generator, height, width)[floor:]
    return picture, rng.choice(("houses", "a street", "buildings"))


def _texture(rng: random.Random, generator: np.random.Generator, height: int, width: int) -> tuple[Field, str]:
    picture = _textured(rng, generator, height, width) * 0.5 + _textured(rng, generator, height, width) * 0.5
    return picture.astype(np.float32), rng.choice(("a surface", "a texture"))


def _developed(rng: random.Random, generator: np.random.Generator, picture: Field) -> Image.Image:
    """Light, focus, grain and the cast of a film."""
    height, width = picture.shape[:2]
    light = 1 + (_noise(generator, height, width, 1.9)[..., None] - 0.5) * rng.uniform(0.2, 1.2)
    picture = picture * light
    if rng.random() < 0.35:
        depth = _noise(generator, height, width, 1.8)[..., None] > rng.uniform(0.3, 0.7)
        picture = np.where(depth, cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.7, 3)), picture)
    detail = _noise(generator, height, width, rng.uniform(0.3, 1.0))[..., None] - 0.5
    picture = picture * (1 + detail * rng.uniform(0.05, 0.9))
    grey = picture.mean(axis=2, keepdims=True)
    picture = grey + (picture - grey) * rng.uniform(0.3, 1.0)
    picture = picture * np.array([rng.uniform(0.88, 1.15), rng.uniform(0.94, 1.06), rng.uniform(0.82, 1.12)], np.float32)
    spread = rng.uniform(0.7, 1.4)
    picture = (picture - picture.mean()) * spread + rng.uniform(0.3, 0.6)
    if rng.random() < 0.08:
        picture = np.repeat(picture.mean(axis=2, keepdims=True), 3, axis=2)
    return Image.fromarray((picture.clip(0, 1) * 255).astype(np.uint8))


def _scene(rng: random.Random) -> tuple[Image.Image, str]:
    generator = np.random.default_rng(rng.getrandbits(63))
    height, width = rng.choice(((192, 256), (256, 192), (192, 256), (170, 256), (256, 170), (224, 224)))
    way = rng.choice((_landscape, _leaves, _leaves, _figure, _figure, _figure, _town, _texture))
    picture, subject = way(rng, generator, height, width)
    return _developed(rng, generator, picture), subject


_IMITATED = 0.2
"""The share of photographs drawn without a camera where there are real ones; all where there are none."""


def _taken(rng: random.Random) -> tuple[Image.Image, str]:
    """A picture and what it shows ("" where nobody said)."""
    shape = rng.choice(((256, 192), (192, 256), (256, 170), (170, 256), (256, 192), (224, 224), (256, 144)))
    image = photograph(rng, shape) if rng.random() >= _IMITATED else None
    return (image, "") if image is not None else _scene(rng)


def scenery(rng: random.Random) -> Image.Image:
    """A photograph to be set into something else."""
    return _taken(rng)[0]


def photo(rng: random.Random) -> Drawn:
    """A photograph, with its subject in the facts where it is known, and how light and colourful it is."""
    image, subject = _taken(rng)
    pixels = np.asarray(image).astype(np.float32)
    facts = {"subject": subject} if subject in ("a landscape", "houses", "a texture") else {}
    if float(np.ptp(pixels, axis=2).mean()) < 6:
        facts["tone"] = "grey"
    light = float(pixels.mean())
    if light < 60 or light > 190:
        facts["light"] = "dark" if light < 60 else "bright"
    return Drawn(kind="photograph", image=image, facts=facts)
