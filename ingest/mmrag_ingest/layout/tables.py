"""Tables: rows whose pieces stand in the same columns, with or without ruling lines."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from mmrag_ingest.layout.labels import is_currency, is_numeric, letters
from mmrag_ingest.layout.lines import Row
from mmrag_ingest.layout.pieces import Glyphs, Piece, piece_of

_PITCH = 3.2  # of the row height: rows further apart are not of one table


@dataclass(frozen=True, slots=True, kw_only=True)
class GridCell:
    row: int
    column: int
    words: tuple[Glyphs, ...]

    @property
    def text(self) -> str:
        return " ".join(w.text for w in self.words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A table found in rows ``first`` to ``last`` (inclusive) of a column of text. ``header`` rows come first."""

    first: int
    last: int
    columns: int
    rows: int
    header: int
    cells: tuple[GridCell, ...]


def cells_of_row(row: Row) -> list[Piece]:
    """The pieces of a row with a currency sign joined to the number right of it."""
    joined: list[Piece] = []
    for piece in row.pieces:
        if joined and is_currency(joined[-1].text) and is_numeric(piece.text):
            joined[-1] = piece_of([*joined[-1].words, *piece.words])
        else:
            joined.append(piece)
    return joined


def grids_of(rows: list[Row]) -> list[Grid]:
    """The tables among rows that follow one another, from top to bottom. They do not share rows."""
    split = [cells_of_row(r) for r in rows]
    grids: list[Grid] = []
    start = 0
    while start < len(rows):
        grid = _grow(rows, split, start)
        if grid is None:
            start += 1
        else:
            grids.append(grid)
            start = grid.last + 1
    return grids


def _grow(rows: list[Row], split: list[list[Piece]], start: int) -> Grid | None:
    """The table that begins at row ``start``, when there is one."""
    if len(split[start]) < 2 or rows[start].pieces[0].is_vertical:
        return None
    columns = [(p.x0, p.x1) for p in split[start]]
    last = start
    for i in range(start + 1, len(rows)):
        if rows[i].y - rows[last].y > _PITCH * max(rows[i].height, rows[last].height):
            break
        merged = _merge(columns, split[i])
        if merged is None:
            break
        columns, last = merged, i
    while last > start and len(split[last]) < 2:
        last -= 1
    if last == start:
        return None
    return _judge(split, start, last, columns)


def _merge(columns: list[tuple[float, float]], pieces: list[Piece]) -> list[tuple[float, float]] | None:
    """Fit a row into the columns, widening them; None when a piece runs across two of them."""
    fitted = list(columns)
    for piece in pieces:
        slack = 0.3 * piece.height
        touching = [k for k, (x0, x1) in enumerate(fitted) if piece.x0 < x1 - slack and piece.x1 > x0 + slack]
        if len(touching) > 1:
            return None
        if touching:
            k = touching[0]
            fitted[k] = (min(fitted[k][0], piece.x0), max(fitted[k][1], piece.x1))
        else:
            fitted.append((piece.x0, piece.x1))
    fitted.sort()
    overlap = any(a[1] > b[0] + 1e-6 for a, b in pairwise(fitted))
    return None if overlap else fitted


def _judge(split: list[list[Piece]], start: int, last: int, columns: list[tuple[float, float]]) -> Grid | None:
    cells: list[GridCell] = []
    row = -1
    full = 0
    for i in range(start, last + 1):
        placed = [(_column(columns, p), p) for p in split[i]]
        row += 1
        full += len(placed) >= 2
        cells += [GridCell(row=row, column=k, words=p.words) for k, p in placed]
    if full < 2:
        return None
    used = [k for k in range(len(columns)) if sum(c.column == k for c in cells) >= 2]
    numbers = sum(is_numeric(c.text) for c in cells)
    if len(used) < 3 and not (len(used) == 2 and full >= 3 and numbers >= 2):
        return None
    if numbers < 0.15 * len(cells) and len(cells) < 2 * len(columns) + 1:
        return None
    merged = _merge_same(cells)
    header = _header_rows(merged, row + 1)
    return Grid(first=start, last=last, columns=len(columns), rows=row + 1, header=header, cells=tuple(merged))


def _merge_same(cells: list[GridCell]) -> list[GridCell]:
    by_place: dict[tuple[int, int], list[Glyphs]] = {}
    for cell in cells:
        by_place.setdefault((cell.row, cell.column), []).extend(cell.words)
    return [GridCell(row=r, column=k, words=tuple(ws)) for (r, k), ws in sorted(by_place.items())]


def _column(columns: list[tuple[float, float]], piece: Piece) -> int:
    middle = (piece.x0 + piece.x1) / 2
    return min(range(len(columns)), key=lambda k: max(columns[k][0] - middle, middle - columns[k][1], 0.0))


def _header_rows(cells: list[GridCell], rows: int) -> int:
    """How many rows at the top name the columns: words without numbers above rows with numbers."""
    count = 0
    for r in range(rows):
        texts = [c.text for c in cells if c.row == r]
        if any(is_numeric(t) for t in texts) or not any(letters(t) for t in texts):
            break
        count += 1
    return count if 0 < count <= 2 and count < rows else 0


def markdown(grid: Grid) -> str:
    """The table as Markdown rows; a bar in a cell is escaped."""
    lines = []
    for r in range(grid.rows):
        texts = [""] * grid.columns
        for cell in grid.cells:
            if cell.row == r:
                texts[cell.column] = cell.text.replace("|", "\\|")
        lines.append("| " + " | ".join(texts) + " |")
        if r + 1 == grid.header:
            lines.append("|" + " --- |" * grid.columns)
    return "\n".join(lines)
