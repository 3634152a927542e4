"""Blocks, tables, pairs and figures to the elements of a page, numbered in reading order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from mmrag.domain.documents import Cell, Element, ElementKind, Word, element_id
from mmrag.domain.geometry import BBox
from mmrag_ingest.charting.parts import Part
from mmrag_ingest.layout.checkboxes import Option
from mmrag_ingest.layout.colons import Pair
from mmrag_ingest.layout.pieces import Glyphs
from mmrag_ingest.layout.signing import Signing
from mmrag_ingest.layout.tables import Grid, markdown
from mmrag_ingest.mark_records import SIGNED, TICKED, UNSIGNED, UNTICKED


@dataclass(slots=True)
class Assembler:
    """Collects the elements of one page. ``final`` maps canonical word indexes to indexes in reading order."""

    document_id: str
    number: int
    words: tuple[Word, ...]
    final: Mapping[int, int]
    elements: list[Element] = field(default_factory=list)
    _titles: list[tuple[float, str]] = field(default_factory=list)

    def text(self, kind: ElementKind, glyphs: Iterable[Glyphs], text: str, height: float = 0.0) -> None:
        """Add an element of words. A title opens a section; ``height`` ranks titles."""
        if kind is ElementKind.TITLE:
            while self._titles and self._titles[-1][0] <= height * 1.05:
                self._titles.pop()
        self._add(kind, self._indexes(glyphs), text)
        if kind is ElementKind.TITLE:
            self._titles.append((height, text.replace("\n", " ")))

    def pair(self, pair: Pair) -> None:
        self._add(
            ElementKind.KEY_VALUE,
            self._indexes(pair.words),
            f"{pair.label}: {pair.value}",
            label=pair.label,
            value=pair.value,
        )

    def option(self, option: Option) -> None:
        """Add a check box. Its section is the question it answers."""
        box = BBox.around([option.mark, *(self.words[i].bbox for i in option.words)])
        self._add(
            ElementKind.CHECKBOX,
            option.words,
            f"[{'x' if option.ticked else ' '}] {option.label}",
            box=box,
            label=option.label,
            value=TICKED if option.ticked else UNTICKED,
            section=(option.question,) if option.question else (),
        )

    def signing(self, signing: Signing) -> None:
        """Add a place for a signature with its state, and what was read of the signature as the label's value."""
        of_polygon = {id(w.polygon): w.index for w in self.words}
        asked, written = (
            tuple(of_polygon[id(w.polygon)] for w in words if id(w.polygon) in of_polygon)
            for words in (signing.asked, signing.written)
        )
        state = SIGNED if signing.signed else UNSIGNED
        name = " ".join(self.words[i].text for i in written)
        text = f"{signing.label}: {f'{name} ({state})' if name else state}"
        words = (*asked, *written)
        self._add(ElementKind.SIGNATURE, words, text, box=signing.box, label=signing.label, value=state)
        if name:
            self._add(ElementKind.KEY_VALUE, words, f"{signing.label}: {name}", label=signing.label, value=name)

    def table(self, grid: Grid) -> None:
        cells = []
        for cell in grid.cells:
            indexes = self._indexes(cell.words)
            cells.append(
                Cell(
                    row=cell.row,
                    column=cell.column,
                    text=cell.text,
                    bbox=self._around(indexes),
                    words=indexes,
                    row_span=cell.row_span,
                    column_span=cell.column_span,
                    is_header=cell.row < grid.header,
                )
            )
        indexes = tuple(i for c in cells for i in c.words)
        self._add(ElementKind.TABLE, tuple(sorted(indexes)), markdown(grid), cells=tuple(cells))

    def region(
        self, kind: ElementKind, box: BBox, text: str, words: tuple[int, ...] = (), cells: tuple[Cell, ...] = ()
    ) -> str:
        """Add an element by its box: a figure, a chart (with ``cells`` where its values were read), what is unreadable.

        Returns its id.
        """
        return self._add(kind, words, text, box=box, cells=cells)

    def part(self, part: Part, chart: str) -> None:
        """Add a part of the chart whose id is ``chart``."""
        self._add(part.kind, part.words, part.text, box=part.box, label=part.label, cells=part.cells, belongs_to=chart)

    def _add(
        self,
        kind: ElementKind,
        words: tuple[int, ...],
        text: str,
        *,
        box: BBox | None = None,
        label: str | None = None,
        value: str | None = None,
        cells: tuple[Cell, ...] = (),
        section: tuple[str, ...] | None = None,
        belongs_to: str | None = None,
    ) -> str:
        ordinal = len(self.elements)
        id_ = element_id(self.document_id, self.number, ordinal, kind, text)
        self.elements.append(
            Element(
                id=id_,
                document_id=self.document_id,
                page=self.number,
                ordinal=ordinal,
                kind=kind,
                bbox=box if box is not None else self._around(words),
                text=text,
                words=words,
                confidence=sum(self.words[i].confidence for i in words) / len(words) if words else 1.0,
                label=label,
                value=value,
                cells=cells,
                section=tuple(t for _, t in self._titles) if section is None else section,
                belongs_to=belongs_to,
            )
        )
        return id_

    def _indexes(self, glyphs: Iterable[Glyphs]) -> tuple[int, ...]:
        return tuple(self.final[g.raw] for g in glyphs)

    def _around(self, words: tuple[int, ...]) -> BBox:
        return BBox.around(self.words[i].bbox for i in words)
