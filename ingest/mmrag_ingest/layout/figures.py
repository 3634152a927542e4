"""Figures: large parts of the page picture that are not paper and hold no words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmrag.domain.geometry import BBox

_GRID = 96
_SAMPLES = 4
"""Pixels looked at in each cell, across and down: enough to tell a picture from a ruling line."""
_CONTRAST = 48
_FLAT = 0.8
"""Share of a region's ink in its four commonest colours from which it is flat: a chart's bars, a shadow at a scan's edge."""


_LOOKS = 96
"""Pixels looked at, across and down, to tell a photograph from a drawing."""
_SHADES = 3.7
"""Bits of the distribution over 32 shades, at most 5, that a photograph has at least."""
_GROUND = 0.35
"""Of a photograph, in one shade, at most: a drawing stands on paper."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ink:
    """The page picture at low resolution, in cells of shape (rows, columns).

    ``cells`` is the share of dark or coloured pixels of each cell; ``colours`` the colour of each pixel looked at, in 512
    steps, -1 for paper, shape (rows, columns, pixels); ``share`` the ink of the whole page.
    """

    cells: NDArray[np.float64]
    colours: NDArray[np.int16]
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """A part of the picture. ``is_flat`` when it is of one colour."""

    box: BBox
    is_flat: bool


def ink_of(picture: NDArray[np.uint8]) -> Ink:
    """Measure ink on an RGB picture of shape (h, w, 3). A pixel is ink when it differs clearly from the paper's colour."""
    height, width = picture.shape[:2]
    long = max(height, width)
    rows = max(4, round(_GRID * height / long))
    columns = max(4, round(_GRID * width / long))
    ys = np.minimum((np.arange(rows * _SAMPLES) + 0.5) * height / (rows * _SAMPLES), height - 1).astype(np.intp)
    xs = np.minimum((np.arange(columns * _SAMPLES) + 0.5) * width / (columns * _SAMPLES), width - 1).astype(np.intp)
    small = picture[ys[:, None], xs[None, :]].astype(np.int16)
    paper = np.percentile(small.reshape(-1, small.shape[-1]), 80, axis=0)
    ink = (np.abs(small - paper) > _CONTRAST).any(axis=2)
    codes = ((small[..., 0] // 32) * 64 + (small[..., 1] // 32) * 8 + small[..., 2] // 32).astype(np.int16)
    return Ink(
        cells=ink.reshape(rows, _SAMPLES, columns, _SAMPLES).mean(axis=(1, 3)),
        colours=np.where(ink, codes, -1)
        .reshape(rows, _SAMPLES, columns, _SAMPLES)
        .swapaxes(1, 2)
        .reshape(rows, columns, -1),
        share=float(ink.mean()),
    )


def is_photo(picture: NDArray[np.uint8], box: BBox) -> bool:
    """True when the part of an RGB picture has the many shades of a photograph, in colour or not, and no ground of one."""
    height, width = picture.shape[:2]
    ys = np.linspace(box.y0 * (height - 1), box.y1 * (height - 1), _LOOKS).astype(np.intp)
    xs = np.linspace(box.x0 * (width - 1), box.x1 * (width - 1), _LOOKS).astype(np.intp)
    shades = np.bincount(picture[ys[:, None], xs[None, :], 1].ravel() // 8, minlength=32) / _LOOKS**2
    used = shades[shades > 0]
    return bool(-(used * np.log2(used)).sum() > _SHADES and shades.max() < _GROUND)


def figure_regions(ink: Ink, words: Sequence[BBox], known: Sequence[BBox]) -> list[Region]:
    """Picture regions from the file itself (``known``) and from the ink, top to bottom. They do not overlap much.

    Bars of one chart, flat and side by side, become one region.
    """
    kept = [b for b in known if b.area >= 0.01 and b.width >= 0.03 and b.height >= 0.02 and not _is_scan(b, words)]
    found = _joined([r for r in _regions(ink, words) if not _is_edge(r, words)])
    regions = [Region(box=b, is_flat=False) for b in kept]
    for region in found:
        box = region.box
        if box.area >= 0.02 and all(box.intersection(b) < 0.5 * min(box.area, b.area) for b in kept):
            regions.append(region)
    return sorted(set(regions), key=lambda r: (r.box.y0, r.box.x0, r.box.y1, r.box.x1))


def _is_scan(box: BBox, words: Sequence[BBox]) -> bool:
    """A picture that is the page itself, with the words read from it."""
    return box.area > 0.8 and len(words) > 20


def _is_edge(region: Region, words: Sequence[BBox]) -> bool:
    """The shadow or table top around a scanned sheet: at the edge of a page with text, and flat or a narrow strip."""
    box = region.box
    at_edge = box.x0 < 0.01 or box.y0 < 0.01 or box.x1 > 0.99 or box.y1 > 0.99
    strip = min(box.width, box.height) < 0.1 and max(box.width, box.height) > 0.5
    return at_edge and len(words) > 0 and (region.is_flat or strip)


def _regions(ink: Ink, words: Sequence[BBox]) -> list[Region]:
    rows, columns = ink.cells.shape
    dense = ink.cells >= 0.4
    for word in words:
        y0, y1 = int(word.y0 * rows), min(rows, int(np.ceil(word.y1 * rows)))
        x0, x1 = int(word.x0 * columns), min(columns, int(np.ceil(word.x1 * columns)))
        dense[y0:y1, x0:x1] = False
    regions = []
    for part in _components(dense):
        ys, xs = part[:, 0], part[:, 1]
        box = BBox.clamped(
            int(xs.min()) / columns, int(ys.min()) / rows, (int(xs.max()) + 1) / columns, (int(ys.max()) + 1) / rows
        )
        filled = len(part) / (np.ptp(xs) + 1) / (np.ptp(ys) + 1)
        covered = sum(box.intersection(w) for w in words) / box.area
        banner = box.height < 0.15 and any(box.contains(*w.center) for w in words)
        if box.area >= 0.006 and min(box.width, box.height) >= 0.035 and filled >= 0.35 and covered < 0.25 and not banner:
            regions.append(Region(box=box, is_flat=_is_flat(ink.colours[ys, xs])))
    return regions


def _is_flat(colours: NDArray[np.int16]) -> bool:
    counts = np.sort(np.unique(colours[colours >= 0], return_counts=True)[1])[::-1]
    return bool(counts[:4].sum() >= _FLAT * counts.sum())


def _joined(regions: list[Region]) -> list[Region]:
    """Join flat regions that stand close side by side, and regions that overlap."""
    waiting = list(regions)
    joined: list[Region] = []
    while waiting:
        region = waiting.pop(0)
        partner = next((r for r in waiting if _belongs(region, r)), None)
        if partner is None:
            joined.append(region)
        else:
            waiting.remove(partner)
            both = Region(box=BBox.around([region.box, partner.box]), is_flat=region.is_flat and partner.is_flat)
            waiting.insert(0, both)
    return joined


def _belongs(a: Region, b: Region) -> bool:
    if a.box.intersection(b.box) > 0:
        return True
    if not (a.is_flat and b.is_flat):
        return False
    across = max(a.box.x0, b.box.x0) - min(a.box.x1, b.box.x1)
    down = max(a.box.y0, b.box.y0) - min(a.box.y1, b.box.y1)
    beside = across < 0.12 and (a.box.vertical_overlap(b.box) > 0.5 or abs(a.box.y1 - b.box.y1) < 0.02)
    return beside or (a.box.horizontal_overlap(b.box) > 0.5 and down < 0.12)


def _components(mask: NDArray[np.bool_]) -> list[NDArray[np.intp]]:
    """Connected cells (eight neighbours) of a mask of shape (rows, columns): arrays of shape (n, 2), rows then columns."""
    waiting = {(int(y), int(x)) for y, x in zip(*np.nonzero(mask), strict=True)}
    parts = []
    for seed in sorted(waiting):
        if seed not in waiting:
            continue
        waiting.discard(seed)
        part, front = [seed], [seed]
        while front:
            y, x = front.pop()
            for cell in ((y + dy, x + dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)):
                if cell in waiting:
                    waiting.discard(cell)
                    part.append(cell)
                    front.append(cell)
        parts.append(np.array(part, dtype=np.intp))
    return parts
