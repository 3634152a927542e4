"""What only the pages before and after tell of a page: running heads and feet, sections and tables that go on. Pure.

Each page is settled once its neighbours were read, from them alone: the result does not depend on the number of workers, nor
on where an interrupted run went on.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from rapidfuzz.fuzz import ratio

from mmrag.domain.documents import Cell, Element, ElementKind, Page
from mmrag.domain.geometry import BBox
from mmrag_ingest.layout.tables import markdown_of
from mmrag_ingest.relabelling import relabelled

_MARGIN: Final = 0.12
"""Of the page's height, at its head and at its foot: where running lines stand."""
_LONGEST: Final = 200  # characters of a running line
_SAME_PLACE: Final = 0.015
"""Of the page's height, by which a running line may move from one page to the next."""
_ALIKE: Final = 92.0
"""Likeness in percent, numbers apart, of a running line on two pages: OCR errs in it."""
_CONTENT: Final = frozenset(
    {ElementKind.TEXT, ElementKind.TITLE, ElementKind.LIST, ElementKind.TABLE, ElementKind.KEY_VALUE}
)
_COLUMN_OFF: Final = 0.03
"""Of the page's width, by which a column may move over a page's end."""
_NUMBERS: Final = re.compile(r"\d+")


def settled(page: Page, before: Page | None, after: Page | None) -> Page:
    """``page`` as its neighbours show it; ``before`` is settled already."""
    if not page.words:
        return page
    page = _with_running_lines(page, [p for p in (before, after) if p is not None])
    if before is None:
        return page
    return _with_table(_with_section(page, before), before)


def _with_running_lines(page: Page, neighbours: Sequence[Page]) -> Page:
    changes: dict[int, Element] = {}
    for element in page.elements:
        edge = _edge(element)
        if edge is None or element.kind not in (ElementKind.TEXT, ElementKind.TITLE, ElementKind.LIST):
            continue
        if any(_runs(element, other) for p in neighbours for other in p.elements if _edge(other) is edge):
            changes[element.ordinal] = replace(element, kind=edge)
    return replace(page, elements=relabelled(page.elements, changes)) if changes else page


def _edge(element: Element) -> ElementKind | None:
    """The kind that an element in a margin has when it runs over pages."""
    if (
        not element.words
        or len(element.text) > _LONGEST
        or element.kind.is_generated
        or element.kind is ElementKind.KEY_VALUE
    ):
        return None
    if element.bbox.y1 < _MARGIN:
        return ElementKind.HEADER
    return ElementKind.FOOTER if element.bbox.y0 > 1 - _MARGIN else None


def _runs(element: Element, other: Element) -> bool:
    if abs(element.bbox.y0 - other.bbox.y0) > _SAME_PLACE:
        return False
    a, b = (_NUMBERS.sub("0", e.text) for e in (element, other))
    return ratio(a, b) >= _ALIKE


def _content(page: Page) -> list[Element]:
    return [e for e in page.elements if e.kind in _CONTENT and e.words]


def _with_section(page: Page, before: Page) -> Page:
    """What stands over the first title of a page is still under the last one of the page before."""
    last = max(_content(before), key=lambda e: e.ordinal, default=None)
    if last is None:
        return page
    path = (*last.section, last.text.replace("\n", " ")) if last.kind is ElementKind.TITLE else last.section
    first = next((e.ordinal for e in page.elements if e.kind is ElementKind.TITLE), len(page.elements))
    if not path or first == 0:
        return page
    return replace(
        page, elements=tuple(replace(e, section=path) if e.ordinal < first and not e.section else e for e in page.elements)
    )


def _with_table(page: Page, before: Page) -> Page:
    """A table at the head of a page that goes on from one at the foot of the page before belongs to it and has its heads."""
    above, table = _last_table(before), _first_table(page)
    if above is None or table is None:
        return page
    columns = _columns(above)
    if columns is None or not _fit(columns, _columns(table)):
        return page
    heads = [c for c in above.cells if c.is_header]
    cells = table.cells
    if heads and not any(c.is_header for c in cells):
        cells = _under(heads, table)
    changed = replace(table, belongs_to=above.belongs_to or above.id, cells=cells, text=markdown_of(cells))
    return replace(page, elements=relabelled(page.elements, {table.ordinal: changed}))


def _last_table(page: Page) -> Element | None:
    """The table below which nothing stands but what runs over all pages."""
    content = _content(page)
    tables = [e for e in content if e.kind is ElementKind.TABLE]
    if not tables:
        return None
    last = max(tables, key=lambda e: e.bbox.y1)
    rest = [e for e in content if e.bbox.y0 > last.bbox.y1 - 0.002 and not set(e.words) <= set(last.words)]
    return None if rest else last


def _first_table(page: Page) -> Element | None:
    content = _content(page)
    tables = [e for e in content if e.kind is ElementKind.TABLE]
    if not tables:
        return None
    first = min(tables, key=lambda e: e.bbox.y0)
    rest = [e for e in content if e.bbox.y1 < first.bbox.y0 + 0.002 and not set(e.words) <= set(first.words)]
    return None if rest else first


def _columns(table: Element) -> list[BBox] | None:
    """The place of each column; None where one has no cell of its own."""
    count = 1 + max((c.column + c.column_span - 1 for c in table.cells), default=-1)
    own = [[c.bbox for c in table.cells if c.column == k and c.column_span == 1] for k in range(count)]
    return [BBox.around(boxes) for boxes in own] if own and all(own) else None


def _fit(a: Sequence[BBox], b: Sequence[BBox] | None) -> bool:
    if b is None or len(a) != len(b) or len(a) < 2:
        return False
    near = (min(abs(x.x0 - y.x0), abs(x.x1 - y.x1), abs(x.center[0] - y.center[0])) for x, y in zip(a, b, strict=True))
    return all(off < _COLUMN_OFF for off in near)


def _under(heads: Sequence[Cell], table: Element) -> tuple[Cell, ...]:
    """The cells of ``table`` under ``heads`` from another page: these have no words here, and no height."""
    rows = 1 + max(c.row + c.row_span - 1 for c in heads)
    columns = _columns(table) or []
    top = table.bbox.y0
    carried = []
    for head in heads:
        over = columns[head.column : head.column + head.column_span]
        box = BBox(over[0].x0, top, over[-1].x1, top)
        carried.append(replace(head, bbox=box, words=()))
    return (*carried, *(replace(c, row=c.row + rows) for c in table.cells))
