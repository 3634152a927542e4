"""Tools that read what is on a page: open_page, read_table."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import Field

from mmrag.agent.tools.base import (
    MOST_CHARACTERS,
    Arguments,
    Place,
    ToolParts,
    box_json,
    find_element,
    find_page,
    shortened,
)
from mmrag.agent.tools.regions import page_picture
from mmrag.domain.documents import Cell, Element, ElementKind, Page
from mmrag.domain.geometry import BBox
from mmrag.domain.hashing import Json
from mmrag.domain.messages import ImagePart
from mmrag.errors import UsageError
from mmrag.ports import PageRef

_CELL = 120


class OpenPage(Arguments):
    document: str = Field(min_length=1, max_length=500)
    page: int = Field(default=1, ge=1, description="Counted from 1.")
    picture: bool = Field(default=False, description="The picture of the page as well, for models that see.")


class ReadTable(Arguments):
    element: str | None = Field(default=None, description="The id of a table; or give document and page.")
    document: str | None = None
    page: int = Field(default=1, ge=1)
    number: int = Field(default=1, ge=1, description="Which table of the page, in reading order, from 1.")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedPage:
    """Elements in reading order, as many as fit; ``left_out`` counts the rest."""

    document: str
    page: int
    pages: int
    source: str
    confidence: float
    places: tuple[Place, ...]
    shows: tuple[PageRef, ...]
    left_out: int = 0
    pictures: tuple[ImagePart, ...] = ()

    @property
    def element_ids(self) -> tuple[str, ...]:
        return tuple(place.element for place in self.places)

    def to_json(self) -> Json:
        return {
            "document": self.document,
            "page": self.page,
            "pages": self.pages,
            "source": self.source,
            "confidence": round(self.confidence, 3),
            "left_out": self.left_out,
            "elements": [
                {"element": p.element, "kind": p.kind, "bbox": box_json(p.bbox), "text": p.text} for p in self.places
            ],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class CellRead:
    """``row`` and ``column`` count from 0, as stored."""

    row: int
    column: int
    text: str
    bbox: BBox
    is_header: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRead:
    """A table cell by cell."""

    document: str
    page: int
    element: str
    rows: int
    columns: int
    cells: tuple[CellRead, ...]
    shows: tuple[PageRef, ...]
    pictures: tuple[ImagePart, ...] = ()

    @property
    def element_ids(self) -> tuple[str, ...]:
        return (self.element,)

    def to_json(self) -> Json:
        return {
            "document": self.document,
            "page": self.page,
            "element": self.element,
            "rows": self.rows,
            "columns": self.columns,
            "cells": [[c.row, c.column, c.text, "header" if c.is_header else "", box_json(c.bbox)] for c in self.cells],
        }


async def open_page(arguments: OpenPage, parts: ToolParts) -> OpenedPage:
    """A page's elements with their ids, and its picture when asked for. Raises ``UsageError`` when it is not there."""
    document, page = await find_page(arguments.document, arguments.page, parts)
    elements = _readable(page)
    places: list[Place] = []
    left = MOST_CHARACTERS // 2  # the other half is for ids and boxes
    for element in elements:
        place = Place.of(element, document.name)
        left -= len(place.text) + 60
        if left < 0:
            break
        places.append(place)
    pictures = (await page_picture(page, f"{document.name} page {page.number}", parts),) if arguments.picture else ()
    return OpenedPage(
        document=document.name,
        page=page.number,
        pages=document.pages,
        source=page.source.value,
        confidence=page.confidence,
        places=tuple(places),
        shows=(page.ref,),
        left_out=len(elements) - len(places),
        pictures=pictures,
    )


async def read_table(arguments: ReadTable, parts: ToolParts) -> TableRead:
    """The cells of a table. Raises ``UsageError`` when there is none."""
    if arguments.element is not None:
        document, element = await find_element(arguments.element, parts)
    elif arguments.document is not None:
        document, page = await find_page(arguments.document, arguments.page, parts)
        tables = [e for e in page.elements if e.kind is ElementKind.TABLE and e.cells]
        if len(tables) < arguments.number:
            have = f"{document.name} has {len(tables)} tables on page {arguments.page}"
            raise UsageError(f"{have}, no table {arguments.number}.")
        element = tables[arguments.number - 1]
    else:
        raise UsageError("read_table: give the id of a table, or a document and a page.")
    if not element.cells:
        raise UsageError(f"{element.id} is a {element.kind.value}, no table with cells.")
    return TableRead(
        document=document.name,
        page=element.page,
        element=element.id,
        rows=1 + max(c.row for c in element.cells),
        columns=1 + max(c.column for c in element.cells),
        cells=tuple(_cell(cell) for cell in element.cells),
        shows=(PageRef(document_id=document.id, page=element.page),),
    )


def _readable(page: Page) -> list[Element]:
    return [e for e in page.elements if e.kind.stands_alone]


def _cell(cell: Cell) -> CellRead:
    return CellRead(
        row=cell.row, column=cell.column, text=shortened(cell.text, _CELL), bbox=cell.bbox, is_header=cell.is_header
    )
