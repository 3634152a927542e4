"""A second look at places read badly: larger, with other contrast, or turned."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from mmrag_ingest.engines.lines import OcrEngine, OcrLine
from mmrag_ingest.seeing.views import Picture, View

WEAK: Final = 0.7
"""Mean confidence of a line under which it is looked at again: on clean receipts one line in a hundred."""
_MOST: Final = 40
"""Lines of a page: a page with more of them is bad all over, and other views of all of it were tried."""
_BETTER: Final = 0.05
_SQUARE: Final = 0.6
"""Height to width from which a place may hold a word that runs up or down."""
_AROUND: Final = 1.5
"""Heights of the line around it that decide on its contrast."""


def second_look(picture: Picture, lines: Sequence[OcrLine], engine: OcrEngine) -> tuple[OcrLine, ...]:
    """``lines`` of an RGB picture, the weak ones read anew and replaced where that is surer."""
    weak = [n for n, line in enumerate(lines) if line.confidence < WEAK]
    if not 0 < len(weak) <= _MOST:
        return tuple(lines)
    result = list(lines)
    for n in weak:
        for other in _readings(picture, lines[n], engine):
            if other.is_read and other.confidence > result[n].confidence + _BETTER:
                result[n] = other
    return tuple(result)


def _readings(picture: Picture, line: OcrLine, engine: OcrEngine) -> Iterator[OcrLine]:
    corners = np.array(line.quad)
    margin = _AROUND * line.height
    left, top = (int(v) for v in np.maximum(corners.min(axis=0) - margin, 0))
    right, low = (int(v) + 1 for v in corners.max(axis=0) + margin)
    part = View.as_displayed(np.ascontiguousarray(picture[top:low, left:right]))
    if not part.picture.size:
        return
    here = _moved(line, -left, -top)
    turned = [_turned(here, 1), _turned(here, 3)] if line.height > _SQUARE * line.length else []
    for view, places in ((part.evened(), [here]), (part.equalised(), [here]), (part, turned)):
        for found in engine.read_at(view.picture, places) if places else ():
            yield _moved(found, left, top)


def _moved(line: OcrLine, dx: float, dy: float) -> OcrLine:
    return replace(line, quad=tuple((x + dx, y + dy) for x, y in line.quad))


def _turned(line: OcrLine, quarters: int) -> OcrLine:
    """The same place, taken to hold text whose direction is ``quarters`` times 90 degrees further clockwise."""
    return replace(line, quad=line.quad[quarters:] + line.quad[:quarters])
