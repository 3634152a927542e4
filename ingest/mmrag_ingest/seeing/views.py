"""Views of a page: other pictures of it that may be read better, each with the way back to the page as displayed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Self, cast

import numpy as np
from numpy.typing import NDArray

from mmrag_ingest.engines.lines import OcrLine

Picture = NDArray[np.uint8]
Matrix = NDArray[np.float64]

_GREY_BLOCKS = 8
"""Tiles a side in which contrast is evened out."""
_CLIP = 3.0
_PAPER = 0.97
"""Of the paper around it, from which a point counts as white."""
_DARKEST = 0.9
_STEP = 4
_GRAIN = 0.7
"""Pixels: the standard deviation of the Gaussian that takes grain away and leaves strokes of two pixels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """An RGB picture ``(h, w, 3)``. ``back`` maps its pixels to those of the page, homogeneous, shape ``(3, 3)``."""

    name: str
    picture: Picture = field(repr=False)
    back: Matrix = field(repr=False)

    @classmethod
    def as_displayed(cls, picture: Picture) -> Self:
        return cls(name="as displayed", picture=picture, back=np.eye(3))

    def on_page(self, lines: Sequence[OcrLine]) -> tuple[OcrLine, ...]:
        """Lines found on this view, with their corners on the page."""
        if not len(lines) or np.array_equal(self.back, np.eye(3)):
            return tuple(lines)
        corners = np.array([line.quad for line in lines], dtype=np.float64)
        moved = corners @ self.back[:2, :2].T + self.back[:2, 2]
        quads = [tuple((float(x), float(y)) for x, y in quad) for quad in moved]
        return tuple(replace(line, quad=quad) for line, quad in zip(lines, quads, strict=True))

    def turned(self, quarters: int) -> View:
        """Turned counter-clockwise by ``quarters`` times 90 degrees, without loss."""
        back = self.back
        height, width = self.picture.shape[:2]
        for _ in range(quarters % 4):
            # A point (x, y) of the turned picture was at (width - y, x).
            back = back @ np.array([[0.0, -1.0, float(width)], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
            width, height = height, width
        return View(name=self.name, picture=np.ascontiguousarray(np.rot90(self.picture, quarters)), back=back)

    def straightened(self, degrees: float) -> View:
        """Turned counter-clockwise by a few ``degrees`` so that lines that lean that much run level; on larger paper."""
        import cv2

        height, width = self.picture.shape[:2]
        cos, sin = abs(math.cos(math.radians(degrees))), abs(math.sin(math.radians(degrees)))
        new_w, new_h = math.ceil(width * cos + height * sin), math.ceil(width * sin + height * cos)
        there = np.vstack([cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0), (0.0, 0.0, 1.0)])
        there = np.array([[1, 0, (new_w - width) / 2], [0, 1, (new_h - height) / 2], [0, 0, 1]]) @ there
        paper = tuple(int(v) for v in np.median(self.picture[::16, ::16].reshape(-1, 3), axis=0))
        picture = cv2.warpAffine(
            self.picture, there[:2], (new_w, new_h), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_CONSTANT, borderValue=paper
        )
        return View(name="straightened", picture=cast(Picture, picture), back=self.back @ np.linalg.inv(there))

    def enlarged(self, times: float) -> View:
        import cv2

        picture = cv2.resize(self.picture, None, fx=times, fy=times, interpolation=cv2.INTER_CUBIC)
        back = self.back @ np.diag([1 / times, 1 / times, 1.0])
        return View(name="enlarged", picture=cast(Picture, picture), back=back)

    def smoothed(self) -> View:
        """Without the finest grain: noise that evening would raise with the ink, and the edges of a JPEG's blocks."""
        import cv2

        picture = cv2.GaussianBlur(self.picture, (0, 0), _GRAIN)
        return replace(self, name="smoothed", picture=cast(Picture, picture))

    def evened(self) -> View:
        """Divided by the paper around each point, so that shadows go, and stretched from the ink to white."""
        import cv2

        grey = cv2.cvtColor(self.picture, cv2.COLOR_RGB2GRAY)
        height, width = grey.shape
        small = cv2.resize(grey, (max(1, width // _STEP), max(1, height // _STEP)), interpolation=cv2.INTER_AREA)
        paper = cv2.dilate(small, np.ones((7, 7), dtype=np.uint8))
        paper = cv2.medianBlur(paper, min(255, max(9, max(small.shape) // 30 | 1)))
        paper = cv2.resize(paper, (width, height), interpolation=cv2.INTER_LINEAR)
        share = grey.astype(np.float32) / np.maximum(paper, 1).astype(np.float32)
        dark = min(_DARKEST, float(np.percentile(share[::_STEP, ::_STEP], 1)))
        even = np.clip((share - dark) * np.float32(255 / (_PAPER - dark)), 0, 255).astype(np.uint8)
        return replace(self, name="evened", picture=cast(Picture, cv2.cvtColor(even, cv2.COLOR_GRAY2RGB)))

    def equalised(self) -> View:
        """Contrast raised place by place: CLAHE (Zuiderveld, *Graphics Gems IV*, 1994)."""
        import cv2

        grey = cv2.cvtColor(self.picture, cv2.COLOR_RGB2GRAY)
        clear = cv2.createCLAHE(_CLIP, (_GREY_BLOCKS, _GREY_BLOCKS)).apply(grey)
        return replace(self, name="equalised", picture=cast(Picture, cv2.cvtColor(clear, cv2.COLOR_GRAY2RGB)))
