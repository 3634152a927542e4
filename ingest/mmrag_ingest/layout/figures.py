"""Figures: large parts of the page picture that are not white and hold no words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmrag.domain.geometry import BBox

_GRID = 96
_SAMPLES = 4
"""Pixels looked at in each cell, across and down: enough to tell a picture from a ruling line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ink:
    """The page picture at low resolution. ``cells`` is the share of dark or coloured pixels of each cell, shape (rows,
    columns); ``share`` is that of the whole page."""

    cells: NDArray[np.float64]
    share: float


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
    ink = (np.abs(small - paper) > 48).any(axis=2)
    cells = ink.reshape(rows, _SAMPLES, columns, _SAMPLES).mean(axis=(1, 3))
    return Ink(cells=cells, share=float(ink.mean()))


def figure_boxes(ink: Ink, words: Sequence[BBox], known: Sequence[BBox]) -> list[BBox]:
    """Boxes of picture regions, from the file itself (``known``) and from the ink, top to bottom. They do not overlap."""
    boxes = [b for b in known if b.area >= 0.01 and b.width >= 0.03 and b.height >= 0.02 and not _is_scan(b, words)]
    for box in _regions(ink, words):
        if all(box.intersection(other) < 0.5 * min(box.area, other.area) for other in boxes):
            boxes.append(box)
    return sorted(set(boxes), key=lambda b: (b.y0, b.x0, b.y1, b.x1))


def _is_scan(box: BBox, words: Sequence[BBox]) -> bool:
    """A picture that is the page itself, with the words read from it."""
    return box.area > 0.8 and len(words) > 20


def _regions(ink: Ink, words: Sequence[BBox]) -> list[BBox]:
    rows, columns = ink.cells.shape
    dense = ink.cells >= 0.3
    for word in words:
        y0, y1 = int(word.y0 * rows), min(rows, int(np.ceil(word.y1 * rows)))
        x0, x1 = int(word.x0 * columns), min(columns, int(np.ceil(word.x1 * columns)))
        dense[y0:y1, x0:x1] = False
    boxes = []
    for part in _components(dense):
        ys, xs = part[:, 0], part[:, 1]
        box = BBox.clamped(
            int(xs.min()) / columns, int(ys.min()) / rows, (int(xs.max()) + 1) / columns, (int(ys.max()) + 1) / rows
        )
        filled = len(part) / (np.ptp(xs) + 1) / (np.ptp(ys) + 1)
        covered = sum(box.intersection(w) for w in words) / box.area
        if box.area >= 0.02 and box.width >= 0.06 and box.height >= 0.05 and filled >= 0.35 and covered < 0.25:
            boxes.append(box)
    return boxes


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
