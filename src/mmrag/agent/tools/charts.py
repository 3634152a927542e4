"""read_chart: the values of a chart, each with the category and series it belongs to and the box it was read from."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import Field

from mmrag.agent.tools.base import Arguments, ToolParts, box_json, find_element, find_page, shortened
from mmrag.agent.tools.regions import Region, look
from mmrag.domain.documents import Cell, Element, ElementKind
from mmrag.domain.geometry import BBox
from mmrag.domain.hashing import Json
from mmrag.domain.messages import ImagePart
from mmrag.domain.values import ValueKind
from mmrag.errors import UsageError
from mmrag.ports import PageRef
from mmrag.values import find_values

_NAME = 120
_NUMERIC = (ValueKind.AMOUNT, ValueKind.NUMBER, ValueKind.PERCENT)


class ReadChart(Arguments):
    element: str | None = Field(default=None, description="The id of a chart; or give document and page.")
    document: str | None = Field(default=None, max_length=500)
    page: int = Field(default=1, ge=1)
    number: int = Field(default=1, ge=1, description="Which chart of the page, in reading order, from 1.")
    picture: bool = Field(default=False, description="The picture of the chart as well, for models that see.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One value. ``text`` as printed, ``value`` its normal form (``1200.5``), None where it is no number."""

    category: str
    series: str
    text: str
    value: str | None
    bbox: BBox


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartRead:
    """A chart as a table. ``points`` is empty for a chart whose values cannot be read: then it has to be looked at."""

    document: str
    page: int
    element: str
    bbox: BBox
    text: str
    categories: tuple[str, ...]
    series: tuple[str, ...]
    points: tuple[Point, ...]
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
            "bbox": box_json(self.bbox),
            "categories": list(self.categories),
            "series": list(self.series),
            "points": [[p.category, p.series, p.text, p.value, box_json(p.bbox)] for p in self.points],
            "note": "" if self.points else "no values could be read here: look at its picture",
            "text": "" if self.points else shortened(self.text, 600),
        }


async def read_chart(arguments: ReadChart, parts: ToolParts) -> ChartRead:
    """The values of a chart, and its picture when asked for or when no value can be read. Raises ``UsageError``."""
    if arguments.element is not None:
        document, element = await find_element(arguments.element, parts)
    elif arguments.document is not None:
        document, page = await find_page(arguments.document, arguments.page, parts)
        charts = [e for e in page.elements if e.kind is ElementKind.CHART]
        if len(charts) < arguments.number:
            have = f"{document.name} has {len(charts)} charts on page {arguments.page}"
            raise UsageError(f"{have}, no chart {arguments.number}.")
        element = charts[arguments.number - 1]
    else:
        raise UsageError("read_chart: give the id of a chart, or a document and a page.")
    if element.kind is not ElementKind.CHART:
        raise UsageError(f"{element.id} is a {element.kind.value}, no chart.")
    read = _read(element, document.name)
    if arguments.picture or not read.points:
        seen = await look(Region(element=element.id), parts, "chart")
        read = _read(element, document.name, seen.pictures)
    return read


def _read(element: Element, document: str, pictures: tuple[ImagePart, ...] = ()) -> ChartRead:
    """Row 0 of a chart's cells holds the names of its series, column 0 its categories."""
    categories = {c.row: _name(c) for c in element.cells if c.column == 0 and c.row > 0}
    series = {c.column: _name(c) for c in element.cells if c.row == 0 and c.column > 0}
    points = tuple(
        Point(
            category=categories.get(cell.row, ""),
            series=series.get(cell.column, ""),
            text=_name(cell),
            value=_number(cell.text),
            bbox=cell.bbox,
        )
        for cell in element.cells
        if cell.row > 0 and cell.column > 0 and cell.text.strip()
    )
    return ChartRead(
        document=document,
        page=element.page,
        element=element.id,
        bbox=element.bbox,
        text=element.text,
        categories=tuple(categories.values()),
        series=tuple(series.values()),
        points=points,
        shows=(PageRef(document_id=element.document_id, page=element.page),),
        pictures=pictures,
    )


def _name(cell: Cell) -> str:
    return shortened(cell.text, _NAME)


def _number(text: str) -> str | None:
    return next((value.normal for value in find_values(text) if value.kind in _NUMERIC), None)
