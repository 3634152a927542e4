"""Turned pages: laid out as if they stood upright, with all places given back on the page as displayed.

A quarter turn counter-clockwise takes the point ``(x, y)`` of a page, in fractions, to ``(y, 1 - x)``.
"""

from __future__ import annotations

from dataclasses import replace

from mmrag.domain.documents import Element, Page
from mmrag.domain.geometry import BBox, Polygon
from mmrag_ingest.records import RawPage


def turned_page(raw: RawPage) -> RawPage:
    """The page turned by its ``turn``, so that its print is upright."""
    quarters = raw.turn % 4
    width, height = (raw.height, raw.width) if quarters % 2 else (raw.width, raw.height)
    return replace(
        raw,
        width=width,
        height=height,
        turn=0,
        words=tuple(replace(word, polygon=_polygon(word.polygon, quarters)) for word in raw.words),
        figures=tuple(turned_box(box, quarters) for box in raw.figures),
        unread=tuple(turned_box(box, quarters) for box in raw.unread),
    )


def turned_back(page: Page, raw: RawPage) -> Page:
    """The understood upright page, with all its places on the page as displayed, which is ``raw``."""
    quarters = -raw.turn % 4
    return replace(
        page,
        width=raw.width,
        height=raw.height,
        words=tuple(replace(word, polygon=_polygon(word.polygon, quarters)) for word in page.words),
        elements=tuple(_element(element, quarters) for element in page.elements),
    )


def turned_box(box: BBox, quarters: int) -> BBox:
    """``box`` on the page turned counter-clockwise by ``quarters`` times 90 degrees."""
    (ax, ay), (bx, by) = _point(box.x0, box.y0, quarters), _point(box.x1, box.y1, quarters)
    return BBox.clamped(ax, ay, bx, by)


def _element(element: Element, quarters: int) -> Element:
    cells = tuple(replace(cell, bbox=turned_box(cell.bbox, quarters)) for cell in element.cells)
    return replace(element, bbox=turned_box(element.bbox, quarters), cells=cells)


def _polygon(polygon: Polygon, quarters: int) -> Polygon:
    return Polygon(tuple(_point(x, y, quarters) for x, y in polygon.points))


def _point(x: float, y: float, quarters: int) -> tuple[float, float]:
    for _ in range(quarters % 4):
        x, y = y, 1.0 - x
    return x, y
