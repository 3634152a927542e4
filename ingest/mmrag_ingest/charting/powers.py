"""Powers of ten along an axis: ``10³`` is often read as ``103``, and its raised digit is told by where its ink stands."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from mmrag_ingest.charting.items import Item

_FLAT: Final = re.compile(r"^10[-−–]?\d$")
_RAISED: Final = str.maketrans("0123456789-−–", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁻⁻")
_FEWEST: Final = 2
_ABOVE: Final = 0.18
"""Heights of the ten that the foot of its power stands above the ten's, at least."""
_LEAST: Final = 0.25
"""Height of a glyph, as a share of the word's, under which it is a speck or a sign."""
_INK: Final = 60.0


def with_powers(items: Sequence[Item], picture: NDArray[np.uint8]) -> list[Item]:
    """``items`` with raised digits as superscripts, where two or more of them are a ten with such a digit.

    ``picture`` is RGB, shape (h, w, 3); items are in its pixels.
    """
    flat = [i for i in items if _FLAT.match(i.text)]
    raised = {i.words for i in flat if _is_raised(i, picture)}
    others = sum(i.text.startswith("10") and i.text[2:] in _SUPERSCRIPTS for i in items)
    if not raised or len(raised) + others < _FEWEST:
        return list(items)
    return [replace(i, text=f"10{i.text[2:].translate(_RAISED)}") if i.words in raised else i for i in items]


_SUPERSCRIPTS: Final = frozenset("⁰¹²³⁴⁵⁶⁷⁸⁹")


def _is_raised(item: Item, picture: NDArray[np.uint8]) -> bool:
    """True when the last glyph stands on a higher line than the first two."""
    pad = round(0.1 * item.height)
    y0, y1 = max(0, round(item.y0) - pad), round(item.y1) + pad
    x0, x1 = max(0, round(item.x0) - pad), round(item.x1) + pad
    patch = picture[y0:y1, x0:x1].astype(np.float32).mean(axis=2)
    if patch.size == 0:
        return False
    ink = (np.abs(patch - np.median(patch)) > _INK).astype(np.uint8)
    count, _, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    glyphs = sorted(
        (int(left), int(top), int(top + height))
        for left, top, _, height, _ in stats[1:count].tolist()
        if height >= _LEAST * item.height
    )
    if len(glyphs) < 3:
        return False
    (_, top, foot), last = glyphs[0], glyphs[-1]
    return abs(glyphs[1][2] - foot) < _ABOVE * (foot - top) and foot - last[2] > _ABOVE * (foot - top)
