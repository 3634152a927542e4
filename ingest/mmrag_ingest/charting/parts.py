"""The parts of a chart: its axes with their numbers or names, its legend, and the values printed at its marks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from mmrag.domain.documents import Cell, ElementKind, Word
from mmrag.domain.geometry import BBox
from mmrag_ingest.charting.axes import ticks_of
from mmrag_ingest.charting.items import Item, items_of
from mmrag_ingest.charting.records import ChartTable, MeasuredChart
from mmrag_ingest.charting.titles import AxisTitles

TICKS: Final = "values"
NAMES: Final = "categories"
"""What an axis carries; the ``label`` of its element, and of its title's."""

_UNTITLED: Final = AxisTitles()


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """``cells`` are the single numbers, names or values, in reading order, each with its words and box."""

    kind: ElementKind
    cells: tuple[Cell, ...]
    label: str | None = None

    @property
    def box(self) -> BBox:
        return BBox.around(c.bbox for c in self.cells)

    @property
    def text(self) -> str:
        return " ".join(c.text for c in self.cells)

    @property
    def words(self) -> tuple[int, ...]:
        return tuple(sorted({i for c in self.cells for i in c.words}))


def parts_of(
    chart: ChartTable | MeasuredChart, boxes: Mapping[int, BBox], titles: AxisTitles = _UNTITLED
) -> tuple[Part, ...]:
    """The parts that a chart prints. ``boxes`` are those of words, by index. Measured values are printed nowhere."""
    values = [p.value for p in chart.points] if isinstance(chart, ChartTable) else []
    made = (
        _part(ElementKind.AXIS, chart.ticks, boxes, TICKS),
        _part(ElementKind.AXIS, chart.categories, boxes, NAMES),
        _part(ElementKind.AXIS_TITLE, [titles.values] if titles.values else [], boxes, TICKS),
        _part(ElementKind.AXIS_TITLE, [titles.categories] if titles.categories else [], boxes, NAMES),
        _part(ElementKind.LEGEND, [s for s in chart.series if s is not None], boxes),
        _part(ElementKind.DATA_LABELS, values, boxes),
    )
    return tuple(part for part in made if part is not None)


def axis_in(words: Sequence[Word], width: int, height: int) -> tuple[Part, ...]:
    """The axes of numbers among ``words``, which are those of a chart whose values are not known; sizes in pixels."""
    items = [i for i in items_of(words, width, height) if i.is_value]
    marks = ticks_of(items)
    part = _part(ElementKind.AXIS, [i for i in items if i.words in marks], {w.index: w.bbox for w in words}, TICKS)
    return () if part is None else (part,)


def _part(kind: ElementKind, items: Iterable[Item], boxes: Mapping[int, BBox], label: str | None = None) -> Part | None:
    once = {item.words: item for item in items if item.words}
    cells = tuple(
        Cell(row=n, column=0, text=item.text, bbox=BBox.around(boxes[i] for i in item.words), words=item.words)
        for n, item in enumerate(once.values())
    )
    return Part(kind=kind, cells=cells, label=label) if cells else None
