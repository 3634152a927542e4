"""What colours stand around a word: the bar that it labels, the swatch of a legend's entry."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mmrag_ingest.charting.items import Item

Colour = tuple[int, int, int]
"""Red, green, blue, 0 to 255."""

NEAR = 48.0
"""Euclidean distance in RGB under which two colours of a compressed picture count as the same."""
_PLAIN = 0.45
"""Share of a patch that has to be of one colour for the patch to have a colour."""
_SOLID = 0.62
"""Share of its rectangle that a swatch fills; a letter fills less."""
_RIM, _LEAST_PAPER = 0.7, 0.1
"""Share of the rim that has one colour, and share of the picture that has the rim's, for the rim to be paper."""
_ROWS = 256  # rows of a strip that are looked at together: pairs of all points of a row are compared
_SWATCH_REACH = 2.6  # heights of a word: how far left of it its swatch may stand


def distance(a: Colour, b: Colour) -> float:
    return float(np.sqrt(sum((x - y) ** 2 for x, y in zip(a, b, strict=True))))


def paper_of(picture: NDArray[np.uint8]) -> Colour:
    """The commonest colour of a picture of shape (h, w, 3): what charts are drawn on."""
    return commonest(picture[::4, ::4].reshape(-1, 3)) or (255, 255, 255)


def ground_of(picture: NDArray[np.uint8]) -> Colour:
    """What a chart that fills a picture is drawn on: the commonest colour, or that of the rim where thick bars may have
    more of the picture than the paper."""
    pixels, usual = picture[::4, ::4].reshape(-1, 3), paper_of(picture)
    rim = commonest(np.concatenate([picture[0, ::4], picture[-1, ::4], picture[::4, 0], picture[::4, -1]]), _RIM)
    if rim is None or distance(rim, usual) < NEAR or _share(pixels, usual) > 0.5 or _share(pixels, rim) < _LEAST_PAPER:
        return usual
    return rim


def _share(pixels: NDArray[np.uint8], colour: Colour) -> float:
    return float((((pixels.astype(np.int32) - np.array(colour)) ** 2).sum(axis=1) < NEAR**2).mean())


def commonest(pixels: NDArray[np.uint8], least: float = 0.0) -> Colour | None:
    """The commonest colour of pixels of shape (n, 3) in 4,096 steps, as their mean; None under the share ``least``."""
    if len(pixels) == 0:
        return None
    codes = (pixels[:, 0] // 16).astype(np.int32) * 256 + (pixels[:, 1] // 16) * 16 + pixels[:, 2] // 16
    counts = np.bincount(codes, minlength=4096)
    centre = pixels[codes == int(counts.argmax())].mean(axis=0)
    near = np.sqrt(((pixels - centre) ** 2).sum(axis=1)) < NEAR
    if near.mean() < least:
        return None
    red, green, blue = pixels[near].mean(axis=0)
    return int(red), int(green), int(blue)


def _commonest_of_rows(strip: NDArray[np.uint8], least: float) -> list[Colour | None]:
    """``commonest`` of each row of a strip of shape (h, w, 3), all rows at once: a page's columns have thousands."""
    if strip.size == 0:
        return [None] * len(strip)
    codes = (strip[:, :, 0] // 16).astype(np.int32) * 256 + (strip[:, :, 1] // 16) * 16 + strip[:, :, 2] // 16
    found: list[Colour | None] = []
    for first in range(0, len(strip), _ROWS):
        part, code = strip[first : first + _ROWS], codes[first : first + _ROWS]
        counts = (code[:, :, None] == code[:, None, :]).sum(axis=2)
        usual = np.where(counts == counts.max(axis=1, keepdims=True), code, 4096).min(axis=1, keepdims=True)
        of_it = code == usual
        centre = (part * of_it[:, :, None]).sum(axis=1) / of_it.sum(axis=1)[:, None]
        near = np.sqrt(((part - centre[:, None, :]) ** 2).sum(axis=2)) < NEAR
        count = near.sum(axis=1)
        means = (part * near[:, :, None]).sum(axis=1) / np.maximum(count, 1)[:, None]
        for share, mean in zip((count / part.shape[1]).tolist(), means.tolist(), strict=True):
            red, green, blue = mean
            found.append(None if share < least else (int(red), int(green), int(blue)))
    return found


def behind(picture: NDArray[np.uint8], item: Item) -> Colour | None:
    """The colour that a word is printed on: the commonest right beside it, at half its height: a bar may be no taller."""
    pad = max(3, round(0.4 * item.height))
    top, bottom = item.y0 + 0.3 * item.height, item.y1 - 0.3 * item.height
    left = _patch(picture, item.x0 - pad, top, item.x0, bottom).reshape(-1, 3)
    right = _patch(picture, item.x1, top, item.x1 + pad, bottom).reshape(-1, 3)
    return commonest(np.concatenate([left, right]), 0.5)


def column_below(picture: NDArray[np.uint8], item: Item, until: float, paper: Colour) -> list[Colour]:
    """The colours met straight below a word down to the row ``until``, without paper, each once, from top to bottom.

    Thin lines (a grid, an outline) are passed over.
    """
    half = max(2.0, 0.2 * (item.x1 - item.x0))
    strip = _patch(picture, item.cx - half, item.y1 + 1, item.cx + half, until)
    met: list[tuple[Colour, int]] = []
    for colour in _commonest_of_rows(strip, 0.5):
        if colour is None:
            continue
        if met and distance(met[-1][0], colour) < NEAR:
            met[-1] = (met[-1][0], met[-1][1] + 1)
        else:
            met.append((colour, 1))
    thick = max(3.0, 0.15 * item.height)
    return [c for c, rows in met if rows >= thick and distance(c, paper) > NEAR]


def at_level(picture: NDArray[np.uint8], item: Item, paper: Colour) -> list[Colour]:
    """The colours of bars that a word stands in or next to, on its own level: solid for as long as the word is tall."""
    middle, half = item.cy, 0.2 * item.height
    reach = 1.6 * item.height
    found = []
    for x0, x1 in ((item.x0 - reach, item.x0), (item.x1, item.x1 + reach)):
        strip = _patch(picture, x0, middle - half, x1, middle + half)
        differs = np.sqrt(((strip.astype(np.int32) - np.array(paper)) ** 2).sum(axis=2)) > NEAR
        for start, end in _runs(differs.mean(axis=0) > 0.8) if strip.size else []:
            colour = commonest(strip[:, start:end].reshape(-1, 3), _PLAIN)
            if end - start > 0.3 * item.height and colour is not None:
                found.append(colour)
    return found


def without_words(picture: NDArray[np.uint8], items: Sequence[Item], paper: Colour) -> NDArray[np.uint8]:
    """A copy of the picture in which the words are painted over in the colour of the paper."""
    blank = picture.copy()
    for item in items:
        _patch(blank, item.x0, item.y0, item.x1, item.y1)[:] = paper
    return blank


def swatch_left(picture: NDArray[np.uint8], blank: NDArray[np.uint8], item: Item, paper: Colour) -> Colour | None:
    """The colour of the little block (or bit of line) left of a legend's entry, None when there is none.

    ``blank`` is the picture :func:`without_words`: the end of the word before is no swatch.
    """
    height = item.height
    tall = 0.6 * height
    patch = _patch(blank, item.x0 - _SWATCH_REACH * height, item.y0 - tall, item.x0 + 0.1 * height, item.y1 + tall)
    if patch.shape[0] < 8 or patch.shape[1] < 5:
        return None
    differs = np.sqrt(((patch.astype(np.int32) - np.array(paper)) ** 2).sum(axis=2)) > NEAR
    own = differs[round(min(tall, item.y0)) :][: round(height)]
    for start, end in reversed(_runs(own.sum(axis=0) >= max(2.0, 0.12 * height))):
        block = differs[:, start:end]
        beside = [r for r in _runs(block.mean(axis=1) > 0.5) if r[0] < 0.65 * len(differs) and r[1] > 0.35 * len(differs)]
        if len(beside) != 1 or start == 0 or patch.shape[1] - end > 1.4 * height:
            continue
        top, bottom = beside[0]
        fits = 0.2 * height <= end - start <= 1.8 * height and bottom - top <= 1.3 * height
        if top > 0 and bottom < len(differs) and fits and block[top:bottom].mean() > _SOLID:
            colour = commonest(patch[top:bottom, start:end][block[top:bottom]], _PLAIN)
            if colour is not None and distance(colour, _ink(picture, item, paper) or paper) > 0.5 * NEAR:
                return colour
    return None


def _ink(picture: NDArray[np.uint8], item: Item, paper: Colour) -> Colour | None:
    """The colour that a word is written in: the commonest of its box that is not the paper's."""
    pixels = _patch(picture, item.x0, item.y0, item.x1, item.y1).reshape(-1, 3)
    away = np.sqrt(((pixels.astype(np.int32) - np.array(paper)) ** 2).sum(axis=1)) > 2 * NEAR
    return commonest(pixels[away])


def nearest(colour: Colour, choices: Sequence[Colour]) -> int | None:
    """The index of the choice that is the same colour; None when none is, or when two are as near."""
    ranked = sorted((distance(colour, c), n) for n, c in enumerate(choices))
    if not ranked or ranked[0][0] > 1.4 * NEAR:
        return None
    return ranked[0][1] if len(ranked) == 1 or ranked[0][0] < 0.7 * ranked[1][0] else None


def _patch(picture: NDArray[np.uint8], x0: float, y0: float, x1: float, y1: float) -> NDArray[np.uint8]:
    height, width = picture.shape[:2]
    left, right = max(0, round(x0)), min(width, round(x1))
    top, bottom = max(0, round(y0)), min(height, round(y1))
    return picture[top : max(top, bottom), left : max(left, right)]


def _runs(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
