"""Places with print that gave no text: joined where they lie close together, specks and parts of pictures left out."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from mmrag.domain.geometry import BBox
from mmrag_ingest.records import RawPage

_LEAST = 1.5
"""Squares of the usual letter height that a place must have: ditto marks and specks have fewer."""
_KNOWN = 0.3
"""Of a place, covered by words that were read, from which it is left out."""
_USUAL = 0.012
"""Of the page's height: that of letters, where no word was read."""


def unread_regions(raw: RawPage, words: Sequence[BBox], pictures: Sequence[BBox]) -> list[BBox]:
    """Boxes from top to bottom. ``words`` were read; what lies inside ``pictures`` is no print."""
    left = [
        box
        for box in raw.unread
        if sum(box.intersection(word) for word in words) <= _KNOWN * box.area
        and not any(picture.contains(*box.center) for picture in pictures)
    ]
    height = median(w.height for w in words) if words else _USUAL
    width = height * raw.height / raw.width
    joined = _joined(left, width, height)
    return sorted((b for b in joined if b.area >= _LEAST * width * height), key=lambda b: (b.y0, b.x0))


def _joined(boxes: Sequence[BBox], width: float, height: float) -> list[BBox]:
    waiting, joined = sorted(boxes, key=lambda b: (b.y0, b.x0)), list[BBox]()
    while waiting:
        box = waiting.pop(0)
        near = next((b for b in waiting if box.grown(width, height).intersection(b) > 0), None)
        if near is None:
            joined.append(box)
        else:
            waiting.remove(near)
            waiting.insert(0, BBox.around([box, near]))
    return joined
