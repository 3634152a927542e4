"""Tables: rows whose pieces stand in the same columns, with or without ruling lines."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol, TypeAlias

from mmrag.domain.documents import Cell
from mmrag_ingest.layout.labels import (
    clean_label,
    ends_with_colon,
    is_currency,
    is_label,
    is_numeric,
    letters,
    names_a_field,
    names_years,
)
from mmrag_ingest.layout.lines import Row
from mmrag_ingest.layout.pieces import Glyphs, Piece, piece_of

_PITCH = 3.2  # of the row height: rows further apart are not of one table
_LONG_CELL = 12  # words
_ACROSS_WORDS = 8

Span: TypeAlias = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class GridCell:
    row: int
    column: int
    words: tuple[Glyphs, ...]
    row_span: int = 1
    column_span: int = 1

    @property
    def text(self) -> str:
        return " ".join(w.text for w in self.words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A table found in rows ``first`` to ``last`` (inclusive) of a column of text.

    ``header`` of its rows, which are ``head`` printed ones, name the columns. A row of a table may be several printed ones.
    """

    first: int
    last: int
    columns: int
    rows: int
    header: int
    head: int
    cells: tuple[GridCell, ...]

    @property
    def is_one_record(self) -> bool:
        """True when no column has more than one cell under its header: labels over values, set side by side."""
        below = [c.column for c in self.cells if c.row >= self.header]
        return self.header == 1 and self.rows <= 4 and len(below) == len(set(below))


def cells_of_row(row: Row) -> list[Piece]:
    """The pieces of a row with a currency sign joined to the number right of it, and parted from one left of it."""
    joined: list[Piece] = []
    for piece in row.pieces:
        before = joined[-1].words if joined else ()
        if before and is_currency(before[-1].text) and is_numeric(piece.text):
            joined[-1:] = [piece_of(list(before[:-1]))] if len(before) > 1 else []
            joined.append(piece_of([before[-1], *piece.words]))
        else:
            joined.append(piece)
    return joined


def names_columns(cells: list[Piece]) -> bool:
    """True for a row of labels: no numbers, two or more cells that name a field, hardly any that do not."""
    if any(is_numeric(c.text) for c in cells):
        return False
    named = sum(names_a_field(clean_label(c.text)) for c in cells)
    return named >= 2 and named >= 0.6 * len(cells)


def _is_pair(cells: list[Piece]) -> bool:
    """True for a row that is a label and its value rather than two cells of a table."""
    if len(cells) < 2 or is_numeric(cells[0].text):
        return False
    if len(cells) == 2 and not names_columns(cells):
        return names_a_field(clean_label(cells[0].text)) or ends_with_colon(cells[0].text)
    return ends_with_colon(cells[0].text) and not any(is_numeric(c.text) for c in cells[2:])


def grown(rows: Sequence[Row], split: Sequence[list[Piece]], start: int, end: int) -> Grid | None:
    """The table that begins at row ``start`` and stays before ``end``, when there is one. ``split`` are the rows' cells."""
    if len(split[start]) < 2 or rows[start].is_vertical or _is_pair(split[start]):
        return None
    columns = [(p.x0, p.x1) for p in split[start]]
    placed = [split[start]]
    across: set[int] = set()
    last = start
    for i in range(start + 1, end):
        if rows[i].y - rows[last].y > _PITCH * max(rows[i].height, rows[last].height):
            break
        if _is_pair(split[i]) or not any(c.isalnum() for c in rows[i].text):
            break
        if names_columns(split[i]) and not (i == start + 1 and names_columns(split[start])):
            break
        cells = [part for piece in split[i] for part in _cut(piece, columns)] if len(split[i]) > 1 else split[i]
        begun = any(is_numeric(c.text) and not names_years(c.text) for row in placed for c in row)
        begun = begun or (i + 1 < end and len(split[i + 1]) == len(columns))
        if begun and _stands_across(cells, columns):
            across.add(len(placed))
        else:
            merged = _merge(columns, cells)
            if merged is None:
                break
            columns = merged
        last = i
        placed.append(cells)
    while len(placed) > 1 and len(placed[-1]) < 2:
        placed.pop()
    return _judge(placed, start, columns, across) if len(placed) > 1 else None


def _stands_across(cells: Sequence[Piece], columns: Sequence[Span]) -> bool:
    """True for a lone line in the middle over several columns: it names the rows under it."""
    if len(cells) != 1 or len(columns) < 3 or len(cells[0].words) > _ACROSS_WORDS or is_numeric(cells[0].text):
        return False
    piece, x0, x1 = cells[0], min(c[0] for c in columns), max(c[1] for c in columns)
    central = abs((piece.x0 + piece.x1) / 2 - (x0 + x1) / 2) < 0.05 * (x1 - x0)
    return central and piece.x0 > columns[0][0] + 2 * piece.height and len(_touching(piece, list(columns))) > 1


def _cut(piece: Piece, columns: list[Span]) -> list[Piece]:
    """Cut a piece that runs across several columns at the word gaps nearest the white between them."""
    touching = _touching(piece, columns)
    if len(touching) < 2 or len(columns) < 3 or len(piece.words) > _LONG_CELL:
        return [piece]
    edges = [(columns[a][1] + columns[b][0]) / 2 for a, b in pairwise(touching)]
    parts: list[list[Glyphs]] = [[piece.words[0]]]
    for n, (before, after) in enumerate(pairwise(piece.words)):
        gaps = [(before, after)]
        if is_currency(after.text) and n + 2 < len(piece.words):  # it belongs to the number right of it
            gaps.append((after, piece.words[n + 2]))
        middles = [(left.x1 + right.x0) / 2 for left, right in gaps]
        near = any(abs(m - e) < 1.2 * piece.height for m in middles for e in edges)
        if near and after.x0 - before.x1 > 0.15 * piece.height and not is_currency(before.text):
            parts.append([])
        parts[-1].append(after)
    return [piece_of(p) for p in parts]


def _touching(piece: Piece, columns: list[Span]) -> list[int]:
    slack = 0.3 * piece.height
    return [k for k, (x0, x1) in enumerate(columns) if piece.x0 < x1 - slack and piece.x1 > x0 + slack]


def _merge(columns: list[Span], pieces: list[Piece]) -> list[Span] | None:
    """Fit a row into the columns, widening them; None when a piece runs across two of them."""
    fitted = list(columns)
    for piece in pieces:
        touching = _touching(piece, fitted)
        if len(touching) > 1 or piece.is_vertical:
            return None
        if touching:
            k = touching[0]
            fitted[k] = (min(fitted[k][0], piece.x0), max(fitted[k][1], piece.x1))
        else:
            fitted.append((piece.x0, piece.x1))
    fitted.sort()
    overlap = any(a[1] > b[0] + 0.3 * pieces[0].height for a, b in pairwise(fitted))
    return None if overlap else fitted


def _judge(placed: list[list[Piece]], start: int, columns: list[Span], across: Set[int]) -> Grid | None:
    """Keep what is a table: enough full rows and columns, and neither prose nor a list of labels with their values."""
    words: dict[tuple[int, int], list[Glyphs]] = {}
    for row, pieces in enumerate(placed):
        for piece in pieces:
            column = 0 if row in across else _column(columns, piece)
            words.setdefault((row, column), []).extend(piece.words)
    spans = {row: len(columns) for row in across}
    cells = [GridCell(row=r, column=k, column_span=spans.get(r, 1), words=tuple(ws)) for (r, k), ws in sorted(words.items())]
    rows = len(placed)
    full = sum(sum(c.row == r for c in cells) >= 2 for r in range(rows))
    used = sum(sum(c.column == k for c in cells) >= 2 for k in range(len(columns)))
    numbers = sum(is_numeric(c.text) for c in cells)
    header = header_rows(cells, rows)
    if full < 2 or used < 2 or sum(len(c.words) > _LONG_CELL for c in cells) > 0.2 * len(cells):
        return None
    if used < 3 and not (full >= 3 and numbers >= 2 and header):
        return None
    if numbers < 0.15 * len(cells) and not (header and rows > 2):
        return None
    if is_label_list(cells, rows, len(columns)):
        return None
    return Grid(
        first=start, last=start + rows - 1, columns=len(columns), rows=rows, header=header, head=header, cells=tuple(cells)
    )


def is_label_list(cells: Sequence[GridCell], rows: int, columns: int) -> bool:
    """True when every other column holds labels: pairs set side by side, not a table."""
    if columns % 2 or columns > 6:
        return False
    odd = [c.text for c in cells if c.column % 2 == 0]
    even = [c.text for c in cells if c.column % 2]
    asked = sum(names_a_field(t) and not is_numeric(t) for t in odd)
    answered = sum(names_a_field(t) and not is_numeric(t) for t in even)
    return asked >= 0.6 * len(odd) and answered <= 0.25 * len(even) and len(odd) >= 0.7 * rows * columns / 2


def _column(columns: list[Span], piece: Piece) -> int:
    middle = (piece.x0 + piece.x1) / 2
    return min(range(len(columns)), key=lambda k: max(columns[k][0] - middle, middle - columns[k][1], 0.0))


def header_rows(cells: Sequence[GridCell], rows: int) -> int:
    """How many rows at the top name the columns: words over columns of which some hold numbers below."""
    count = 0
    for r in range(min(rows, 3)):
        texts = [c.text for c in cells if c.row == r]
        if count and len(texts) == 1:
            break
        years = (
            len(texts) > 1 and all(names_years(t) for t in texts) and not any(c.row == r and c.column == 0 for c in cells)
        )
        labels = sum(is_label(t) for t in texts) >= 0.7 * len(texts)
        if not years and (not labels or any(is_numeric(t) or ends_with_colon(t) for t in texts)):
            break
        count += 1
    if not 0 < count <= 2 or count >= rows:
        return 0
    named = {c.column for c in cells if c.row < count and (letters(c.text) >= 2 or names_years(c.text))}
    below = [c for c in cells if c.row >= count]
    counted = {c.column for c in below if is_numeric(c.text)}
    return count if len(named) >= 2 and named & counted else 0


class _Placed(Protocol):
    """A cell of a table, as it is found or as it is stored."""

    @property
    def row(self) -> int: ...
    @property
    def column(self) -> int: ...
    @property
    def text(self) -> str: ...


def markdown(grid: Grid) -> str:
    """The table as Markdown rows; a bar in a cell is escaped."""
    return _markdown(grid.cells, grid.rows, grid.columns, grid.header)


def markdown_of(cells: Sequence[Cell]) -> str:
    """The same of the cells of an element."""
    rows = 1 + max(c.row for c in cells)
    columns = 1 + max(c.column + c.column_span - 1 for c in cells)
    return _markdown(cells, rows, columns, 1 + max((c.row for c in cells if c.is_header), default=-1))


def _markdown(cells: Sequence[_Placed], rows: int, columns: int, header: int) -> str:
    lines = []
    for r in range(rows):
        texts = [""] * columns
        for cell in cells:
            if cell.row == r:
                texts[cell.column] = cell.text.replace("|", "\\|")
        lines.append("| " + " | ".join(texts) + " |")
        if r + 1 == header:
            lines.append("|" + " --- |" * columns)
    return "\n".join(lines)
