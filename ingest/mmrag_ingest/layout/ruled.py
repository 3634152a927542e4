"""Tables inside ruling lines: what stands in each box of a lattice, and whether that is a table or the boxes of a form."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import replace
from statistics import median

from mmrag_ingest.layout.labels import ends_with_colon, is_label, is_numeric, names_a_field
from mmrag_ingest.layout.lattice import Box, Lattice
from mmrag_ingest.layout.lines import Row
from mmrag_ingest.layout.pieces import Glyphs, Piece
from mmrag_ingest.layout.records_in_boxes import with_split_rows
from mmrag_ingest.layout.tables import Grid, GridCell, Span, header_rows, is_label_list

_LONG_CELL = 25  # words: boxes of running text
_PLAIN = 0.5  # of the cells with words: those that span nothing
_FORM = 0.2  # of the cells with words: those that hold a label with its value
_FULL = 0.35  # of the boxes: those with words
_COMPLETE = 0.8  # the same, from which a lattice of three rows and three columns is a table whatever stands in it
_SHORT_CELL = 12  # words: what most cells of such a lattice have at most


def ruled_grids(rows: Sequence[Row], lattices: Sequence[Lattice]) -> list[Grid]:
    """The tables inside ``lattices`` among the rows of one column of text, from top to bottom."""
    grids: list[Grid] = []
    for lattice in lattices:
        inside = [n for n, row in enumerate(rows) if any(_is_in(lattice, g) for p in row.pieces for g in p.words)]
        if not inside or inside[-1] - inside[0] + 1 != len(inside) or any(g.last >= inside[0] for g in grids):
            continue
        grid = _grid(rows, inside[0], inside[-1], lattice)
        if grid is not None:
            grids.append(grid)
    return grids


def tabular(lattices: Sequence[Lattice], pieces: Sequence[Piece]) -> list[Lattice]:
    """Those of ``lattices`` that are tables with what stands in them, and not the boxes of a form."""
    words = [w for piece in pieces if not piece.is_vertical for w in piece.words]
    inside = [(lattice, _cells([w for w in words if _is_in(lattice, w)], lattice)) for lattice in lattices]
    return [lattice for lattice, cells in inside if _is_table(with_split_rows(cells), lattice)]


def words_inside(lattices: Sequence[Lattice], pieces: Sequence[Piece]) -> dict[int, Span]:
    """Where the table begins and ends, in level pixels, for each word inside ``lattices``, by canonical index."""
    return {
        w.raw: (lattice.x0, lattice.x1)
        for piece in pieces
        for w in piece.words
        for lattice in lattices
        if _is_in(lattice, w)
    }


def _is_in(lattice: Lattice, word: Glyphs) -> bool:
    return lattice.contains((word.x0 + word.x1) / 2, word.y)


def _grid(rows: Sequence[Row], first: int, last: int, lattice: Lattice) -> Grid | None:
    words = [w for row in rows[first : last + 1] for piece in row.pieces for w in piece.words if _is_in(lattice, w)]
    cells = with_split_rows(_cells(words, lattice))
    if not _is_table(cells, lattice):
        return None
    used = 1 + max(c.row + c.row_span - 1 for c in cells)
    header = _header(cells, used)
    return Grid(
        first=first,
        last=last,
        columns=1 + max(c.column + c.column_span - 1 for c in cells),
        rows=used,
        header=header,
        head=_printed(rows[first : last + 1], {w.raw for c in cells if c.row < header for w in c.words}),
        cells=tuple(cells),
    )


def _printed(rows: Sequence[Row], words: Set[int]) -> int:
    """How many of the printed rows hold some of ``words``."""
    return sum(any(w.raw in words for piece in row.pieces for w in piece.words) for row in rows)


def _cells(words: Sequence[Glyphs], lattice: Lattice) -> list[GridCell]:
    inside: dict[Box, list[Glyphs]] = {}
    for word in words:
        box = lattice.box_at((word.x0 + word.x1) / 2, word.y)
        if box is not None:
            inside.setdefault(box, []).append(word)
    return _without_gaps(
        [
            GridCell(row=b.row, column=b.column, row_span=b.row_span, column_span=b.column_span, words=tuple(_in_lines(ws)))
            for b, ws in sorted(inside.items(), key=lambda item: (item[0].row, item[0].column))
        ]
    )


def _without_gaps(cells: Sequence[GridCell]) -> list[GridCell]:
    """Rows and columns in which no cell begins are thin strips between double lines: they are left out."""
    rows = sorted({c.row for c in cells})
    columns = sorted({c.column for c in cells})
    return [
        GridCell(
            row=rows.index(c.row),
            column=columns.index(c.column),
            row_span=sum(c.row <= r < c.row + c.row_span for r in rows),
            column_span=sum(c.column <= k < c.column + c.column_span for k in columns),
            words=c.words,
        )
        for c in cells
    ]


def _in_lines(words: Sequence[Glyphs]) -> list[Glyphs]:
    """The words of a cell, line by line."""
    height = median(w.height for w in words)
    lines: list[list[Glyphs]] = []
    for word in sorted(words, key=lambda w: (w.y, w.x0)):
        if lines and word.y - lines[-1][0].y < 0.6 * height:
            lines[-1].append(word)
        else:
            lines.append([word])
    return [word for line in lines for word in sorted(line, key=lambda w: (w.x0, w.raw))]


def _is_table(cells: Sequence[GridCell], lattice: Lattice) -> bool:
    if len(cells) < 4 or len(cells) < _FULL * len(lattice.boxes):
        return False
    rows, columns = [c.row for c in cells], [c.column for c in cells]
    full_rows = sum(rows.count(r) >= 2 for r in set(rows))
    full_columns = sum(columns.count(k) >= 2 for k in set(columns))
    plain = sum(c.row_span == c.column_span == 1 for c in cells)
    if full_rows < 2 or full_columns < 2 or plain < _PLAIN * len(cells):
        return False
    if sum(len(c.words) > _LONG_CELL for c in cells) > 0.2 * len(cells):
        return False
    if sum(_holds_a_pair(c) for c in cells) > _FORM * len(cells):
        return False
    used = 1 + max(rows)
    numbers = sum(is_numeric(c.text) for c in cells)
    if numbers < 0.15 * len(cells) and not _header(cells, used) and not _is_complete(cells, lattice):
        return False
    return not is_label_list(cells, used, 1 + max(columns))


def _is_complete(cells: Sequence[GridCell], lattice: Lattice) -> bool:
    """True when hardly a box is empty and most cells are short: nobody rules a form like that."""
    short = sum(len(c.words) <= _SHORT_CELL for c in cells)
    return (
        min(lattice.rows, lattice.columns) >= 3
        and len(cells) >= _COMPLETE * len(lattice.boxes)
        and short >= _COMPLETE * len(cells)
    )


def _header(cells: Sequence[GridCell], rows: int) -> int:
    """Rows at the top that name the columns: those of heads over several columns, and the labels under them."""
    spanning = {c.row for c in cells if c.column_span > 1}
    lead = next((r for r in range(rows) if r not in spanning), rows)
    if not lead:
        return header_rows(cells, rows) or _first_row_names(cells, rows)
    if lead >= min(rows, 3):
        return 0
    below = [replace(c, row=c.row - lead) for c in cells if c.row >= lead]
    return lead + (header_rows(below, rows - lead) or _first_row_names(below, rows - lead))


def _first_row_names(cells: Sequence[GridCell], rows: int) -> int:
    """1 when the first row of a table of three columns and more has a label in each of them."""
    first = [c for c in cells if c.row == 0]
    columns = 1 + max(c.column + c.column_span - 1 for c in cells)
    full = columns >= 3 and rows >= 3 and len(first) == columns
    return int(full and all(is_label(c.text) and not is_numeric(c.text) and not ends_with_colon(c.text) for c in first))


def _holds_a_pair(cell: GridCell) -> bool:
    """True for a box of a form: a label with a colon, or a label over what was entered."""
    if ends_with_colon(cell.text) or ": " in cell.text:
        return True
    first = [w for w in cell.words if abs(w.y - cell.words[0].y) < 0.6 * cell.words[0].height]
    return len(first) < len(cell.words) and names_a_field(" ".join(w.text for w in first))
