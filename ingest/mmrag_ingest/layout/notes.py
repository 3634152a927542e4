"""Print that is about something else on the page: captions under or over figures and tables, and notes at its foot."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from mmrag.domain.documents import Element, ElementKind
from mmrag_ingest.relabelling import relabelled

_CAPTION: Final = re.compile(
    r"^(?:fig(?:ure|\.)?|table|tab\.|chart|exhibit|plate|photo(?:graph)?|image|map|diagram|abb(?:ildung|\.)|tabelle|tableau|figura|tabla"
    r"|tabela|tabella|foto)\s*(?:\d{1,3}|[A-Z]\d?|[IVX]{1,4})(?:[.\-]\d{1,3})?\s*(?:[.:–—-]|$|\s(?=[A-Z]))",
    re.IGNORECASE,
)
_LONGEST: Final = 80  # words
_NEAR: Final = 0.06
"""Of the page's height, between a caption and what it is about."""
_NOTE: Final = re.compile(r"^(?:[*†‡§]+|\(?\d{1,2}\)?|[a-z]\))[.\s]?\s*(?=[A-Z\"“])")
_FOOT: Final = 0.62
"""Of the page's height: notes stand further down."""
_SMALLER: Final = 0.93
"""Of the usual height of words, that those of a note have at most."""


def with_captions(elements: Sequence[Element]) -> tuple[Element, ...]:
    """``elements`` of a page, printed captions tied to the figure, chart or table next to them."""
    shown = [e for e in elements if e.kind.is_picture or e.kind is ElementKind.TABLE]
    changes: dict[int, Element] = {}
    for element in elements:
        if element.kind not in (ElementKind.TEXT, ElementKind.TITLE) or not _CAPTION.match(element.text):
            continue
        if len(element.text.split()) > _LONGEST or any(set(element.words) <= set(s.words) for s in shown):
            continue
        near = [(_gap(element, s), s.ordinal, s) for s in shown if s.bbox.horizontal_overlap(element.bbox) > 0.2]
        gap, _, about = min(near, default=(1.0, 0, None), key=lambda n: n[:2])
        if about is not None and gap < _NEAR:
            changes[element.ordinal] = replace(element, kind=ElementKind.FIGURE_CAPTION, belongs_to=about.id)
    return relabelled(elements, changes) if changes else tuple(elements)


def _gap(a: Element, b: Element) -> float:
    return max(0.0, a.bbox.y0 - b.bbox.y1, b.bbox.y0 - a.bbox.y1)


def with_footnotes(elements: Sequence[Element], heights: Sequence[float]) -> tuple[Element, ...]:
    """``elements`` of a page, small print at its foot that begins with a mark as notes. ``heights`` are those of words."""
    usual = sorted(heights)[len(heights) // 2] if heights else 0.0
    text = [e for e in elements if e.words and e.kind in (ElementKind.TEXT, ElementKind.LIST)]
    changes = {
        e.ordinal: replace(e, kind=ElementKind.FOOTNOTE)
        for e in text
        if e.bbox.y0 > _FOOT and _NOTE.match(e.text) and _height(e, heights) < _SMALLER * usual
    }
    return relabelled(elements, changes) if changes else tuple(elements)


def _height(element: Element, heights: Sequence[float]) -> float:
    own = sorted(heights[i] for i in element.words)
    return own[len(own) // 2]
