"""How a page is lit and inked, measured on its picture in a few milliseconds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_LOOKED_AT = 700
"""Pixels of the longer side of the copy that is measured."""
_BLOCK = 16
_INKED = 18
"""Of 255: a block with less between paper and ink is bare."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Light:
    """``contrast`` is the usual difference between paper and ink where there is ink, in ``[0, 255]``.

    ``dimmest`` is the paper's brightness in the darkest tenth of the page as a share of that in the brightest tenth.
    """

    contrast: float
    dimmest: float

    @property
    def is_faint(self) -> bool:
        return 0 < self.contrast < 60

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
    return Light(contrast=float(np.median(inked)) if len(inked) else 0.0, dimmest=float(low / max(high, 1.0)))
