"""How a page is lit and inked, measured on its picture in some ten milliseconds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_LOOKED_AT = 700
"""Pixels of the longer side of the copy that is measured."""
_BLOCK = 16
_JPEG = 8
"""Pixels of a side of JPEG's blocks."""
_MIDDLE = 1536
"""Pixels of the sides of the middle of the page in which blocks are looked for."""
_INKED = 18
"""Of 255: a block with less between paper and ink is bare."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Light:
    """``contrast`` is the usual difference between paper and ink where there is ink, in ``[0, 255]``.

    ``dimmest`` is the paper's brightness in the darkest tenth of the page as a share of that in the brightest tenth.
    ``blocks`` is the step at every eighth pixel as a multiple of the usual one: 1 without the blocks of a JPEG.
    """

    contrast: float
    dimmest: float
    blocks: float = 1.0

    @property
    def is_faint(self) -> bool:
        return 0 < self.contrast < 60

    @property
    def is_blocky(self) -> bool:
        return self.blocks > 1.6

    @property
    def is_uneven(self) -> bool:
        return self.dimmest < 0.6


def light_of(picture: NDArray[np.uint8]) -> Light:
    """Measure an RGB picture, shape ``(h, w, 3)``, in blocks: bright points are paper, the darkest are ink."""
    step = max(1, max(picture.shape[:2]) // _LOOKED_AT)
    green = picture[::step, ::step, 1]
    rows, columns = green.shape[0] // _BLOCK, green.shape[1] // _BLOCK
    if not rows or not columns:
        return Light(contrast=0.0, dimmest=1.0)
    blocks = green[: rows * _BLOCK, : columns * _BLOCK].reshape(rows, _BLOCK, columns, _BLOCK)
    points = np.sort(blocks.transpose(0, 2, 1, 3).reshape(rows * columns, -1), axis=1)
    paper, ink = points[:, int(0.9 * _BLOCK**2)].astype(np.float64), points[:, int(0.03 * _BLOCK**2)]
    between = paper - ink
    inked = between[between > _INKED]
    low, high = np.percentile(paper, (10, 90))
    return Light(
        contrast=float(np.median(inked)) if len(inked) else 0.0,
        dimmest=float(low / max(high, 1.0)),
        blocks=_blocks(picture[:, :, 1]),
    )


def _blocks(green: NDArray[np.uint8]) -> float:
    """See ``Light.blocks``: the lesser of both directions, since rules and columns of print make steps in one of them."""
    top, left = (max(0, (side - _MIDDLE) // 2) for side in green.shape)
    middle = green[top : top + _MIDDLE, left : left + _MIDDLE].astype(np.int16)
    return min(_steps(middle), _steps(middle.T))


def _steps(grey: NDArray[np.int16]) -> float:
    steps = np.abs(np.diff(grey, axis=1)).mean(axis=0)
    at = steps[: len(steps) // _JPEG * _JPEG].reshape(-1, _JPEG).mean(axis=0)
    most = int(at.argmax())
    return float(at[most] / max(float(np.median(np.delete(at, most))), 1e-3))
