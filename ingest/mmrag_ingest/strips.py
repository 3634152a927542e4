"""A second reading of where a chart's numbers and names stand, by itself: small words beside large shapes are overlooked.

The lines of a page are looked for on a picture of all of it, where a bar may hide the ``0`` at its foot. On a strip along
the axis they are found. The strips are read where a chart was seen and not understood, and what they give is kept only
where it makes the chart one that is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mmrag.domain.documents import ElementKind, Page, TextSource
from mmrag.domain.geometry import BBox
from mmrag_ingest.charting.colours import paper_of
from mmrag_ingest.charting.marks import blocks_of
from mmrag_ingest.engines.lines import OcrEngine, OcrLine
from mmrag_ingest.ocr_words import words_of
from mmrag_ingest.records import RawPage, RawWord
from mmrag_ingest.seeing.effort import Effort

_MOST_WORDS: Final = 150
_LEAST_AREA: Final = 0.08
"""Of the page: what is drawn on less is a logo."""
_INSIDE: Final = 0.22
_OUTSIDE: Final = 0.15
"""How far a strip reaches into what is drawn, as a share of it, and out of it, as a share of the page."""
_BARS: Final = 2
_LEVEL: Final = 3
"""Pixels to which bars begin at one line."""
_KNOWN: Final = 0.3
"""Of a word's box, covered by words that were read before, from which it is one of them."""
_SURE: Final = 0.8


def with_strips(
    page: Page,
    raw: RawPage,
    picture: NDArray[np.uint8],
    engine: OcrEngine,
    effort: Effort,
    understand: Callable[[RawPage], Page],
) -> Page:
    """``page``, or what ``understand`` makes of ``raw`` with the words of the strips, when more of its charts are read.

    ``picture`` is RGB, shape (h, w, 3), in the pixels that ``raw`` counts.
    """
    if raw.source is not TextSource.OCR or raw.turn or len(raw.words) > _MOST_WORDS:
        return page
    drawn = _drawn(page, picture)
    if drawn is None or not effort.allows_another():
        return page
    more = _more_words(raw, picture, drawn, engine)
    if not more:
        return page
    last = max((w.line for w in raw.words), default=-1)
    other = understand(replace(raw, words=(*raw.words, *(replace(w, line=last + 1 + w.line) for w in more))))
    return other if _values(other) > _values(page) else page


def _values(page: Page) -> int:
    return sum(len(e.cells) for e in page.elements if e.kind is ElementKind.CHART)


def _drawn(page: Page, picture: NDArray[np.uint8]) -> BBox | None:
    """What is drawn on the page and was not understood; None where it does not look like a chart."""
    charts = [e.bbox for e in page.elements if e.kind is ElementKind.CHART]
    unread = [e.bbox for e in page.elements if e.kind is ElementKind.CHART and not e.cells]
    if not unread and not charts:
        figures = [e.bbox for e in page.elements if e.kind is ElementKind.FIGURE]
        around = BBox.around(figures) if figures else None
        unread = [around] if around is not None and around.area > _LEAST_AREA and _has_bars(picture, around) else []
    whole = BBox.around(unread) if unread else None
    return whole if whole is not None and whole.area > _LEAST_AREA else None


def _has_bars(picture: NDArray[np.uint8], box: BBox) -> bool:
    """True where rectangles of one colour begin at one line."""
    part = _cut(picture, box)[0]
    blocks = blocks_of(part, [paper_of(picture)])
    for ends in ([b.y1 for b in blocks], [b.x0 for b in blocks]):
        if any(sum(abs(a - b) <= _LEVEL for b in ends) >= _BARS for a in ends):
            return True
    return False


def _more_words(raw: RawPage, picture: NDArray[np.uint8], drawn: BBox, engine: OcrEngine) -> list[RawWord]:
    height, width = picture.shape[:2]
    known = [w.polygon.bbox for w in raw.words]
    found: list[RawWord] = []
    for strip in _strips(drawn):
        part, x, y = _cut(picture, strip)
        lines = [_moved(line, x, y) for line in engine.read(np.ascontiguousarray(part)) if line.is_read]
        for word in words_of(lines, width=width, height=height):
            box = word.polygon.bbox
            if word.confidence >= _SURE and _is_whole(box, strip) and not _is_known(box, known):
                found.append(replace(word, line=len(found)))
                known.append(box)
    return found


def _strips(drawn: BBox) -> Iterator[BBox]:
    """Along the left and the lower edge."""
    yield BBox.clamped(drawn.x0 - _OUTSIDE, drawn.y0 - _OUTSIDE / 2, drawn.x0 + _INSIDE * drawn.width, drawn.y1 + _OUTSIDE)
    yield BBox.clamped(drawn.x0 - _OUTSIDE, drawn.y1 - _INSIDE * drawn.height, drawn.x1 + _OUTSIDE / 2, drawn.y1 + _OUTSIDE)


def _is_whole(box: BBox, strip: BBox) -> bool:
    """False for a word that the inner edge of a strip may have cut: at an edge of the page nothing is."""
    near = 0.25 * box.height
    right, top = strip.x1 - box.x1 > near or strip.x1 >= 1.0, box.y0 - strip.y0 > near or strip.y0 <= 0.0
    left, bottom = box.x0 - strip.x0 > near or strip.x0 <= 0.0, strip.y1 - box.y1 > near or strip.y1 >= 1.0
    return right and top and left and bottom


def _is_known(box: BBox, known: Sequence[BBox]) -> bool:
    return sum(box.intersection(other) for other in known) > _KNOWN * box.area


def _moved(line: OcrLine, x: int, y: int) -> OcrLine:
    return replace(line, quad=tuple((px + x, py + y) for px, py in line.quad))


def _cut(picture: NDArray[np.uint8], box: BBox) -> tuple[NDArray[np.uint8], int, int]:
    """The part of a picture in ``box``, and the pixel at which it begins."""
    height, width = picture.shape[:2]
    x0, y0, x1, y1 = (round(v) for v in box.to_pixels(width, height))
    return picture[y0 : max(y0 + 1, y1), x0 : max(x0 + 1, x1)], x0, y0
