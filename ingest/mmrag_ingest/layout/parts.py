"""Parts of one table that stand apart: blocks of rows with white between them, and the rows of heads over the first."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import replace

from mmrag_ingest.layout.labels import ends_with_colon, is_label, is_numeric, names_years
from mmrag_ingest.layout.lines import Row
from mmrag_ingest.layout.pieces import Piece
from mmrag_ingest.layout.spans import columns_of, reaches
from mmrag_ingest.layout.tables import Grid, GridCell, Span

_APART = 6.0  # text heights between two blocks of one table
_BETWEEN = 2  # rows with a group's name between them
_GROUP_WORDS = 6
_HEAD_PITCH = 3.0  # text heights from a row of heads to the next row
_MOST_HEADS = 4


def joined(rows: Sequence[Row], split: Sequence[list[Piece]], grids: Sequence[Grid], ruled: Set[int]) -> list[Grid]:
    """``grids``, those that carry on the one above in the same columns made part of it; those at ``ruled`` stay apart."""
    result: list[Grid] = []
    for grid in grids:
        before = result[-1] if result else None
        if before is not None and not ruled & {before.first, grid.first}:
            both = _joined(rows, split, before, grid)
            if both is not None:
                result[-1] = both
                continue
        result.append(grid)
    return result


def _joined(rows: Sequence[Row], split: Sequence[list[Piece]], a: Grid, b: Grid) -> Grid | None:
    between = range(a.last + 1, b.first)
    gap = rows[b.first].y - rows[a.last].y
    if b.header or len(between) > _BETWEEN or gap > _APART * max(rows[a.last].height, rows[b.first].height):
        return None
    columns, others = columns_of(a), columns_of(b)
    if columns is None or others is None or not all(_is_group(split[i], columns) for i in between):
        return None
    places = [_over(other, columns) for other in others]
    if (
        len(others) < max(2, len(columns) - 1)
        or any(len(p) != 1 for p in places)
        or len({p[0] for p in places}) < len(others)
    ):
        return None
    groups = [GridCell(row=a.rows + n, column=0, words=split[i][0].words) for n, i in enumerate(between)]
    moved = [replace(c, row=c.row + a.rows + len(between), column=places[c.column][0]) for c in b.cells]
    return replace(a, last=b.last, rows=a.rows + len(between) + b.rows, cells=(*a.cells, *groups, *moved))


def _over(span: Span, columns: Sequence[Span]) -> list[int]:
    return [k for k, (x0, x1) in enumerate(columns) if span[0] < x1 and span[1] > x0]


def _is_group(cells: Sequence[Piece], columns: Sequence[Span]) -> bool:
    """True for a row that names the group of rows under it: a few words at the left edge."""
    if len(cells) != 1 or cells[0].is_vertical or len(cells[0].words) > _GROUP_WORDS:
        return False
    return cells[0].x0 < columns[0][1] and cells[0].x1 < columns[1][0] and is_label(cells[0].text)


def headed(rows: Sequence[Row], split: Sequence[list[Piece]], grids: Sequence[Grid]) -> list[Grid]:
    """``grids``, those without heads under the rows of heads that stand right over their columns."""
    result: list[Grid] = []
    for grid in grids:
        free = result[-1].last + 1 if result else 0
        result.append(grid if grid.header else _under_heads(rows, split, grid, free))
    return result


def _under_heads(rows: Sequence[Row], split: Sequence[list[Piece]], grid: Grid, free: int) -> Grid:
    """``grid`` with rows ``free`` and later over it as heads, as far as they are some, and groups' names under them."""
    columns = columns_of(grid)
    if columns is None or grid.columns < 3:
        return grid
    heads: list[list[GridCell]] = []
    groups: list[list[GridCell]] = []
    taken = grid.first
    i = grid.first - 1
    while (
        i >= free
        and len(heads) < _MOST_HEADS
        and rows[i + 1].y - rows[i].y < _HEAD_PITCH * max(rows[i].height, rows[i + 1].height)
    ):
        cells = split[i]
        if not heads and _is_group(cells, columns):
            groups.insert(0, [GridCell(row=0, column=0, words=cells[0].words)])
        else:
            over = _heads(cells, columns)
            if over is None:
                break
            heads.insert(0, over)
            taken = i
        i -= 1
    while heads and len(heads[0]) == 1:  # a title over the table
        heads.pop(0)
        taken += 1
    if not any(len(h) > 1 for h in heads):
        return grid
    above = [*heads, *groups]
    cells_above = [replace(c, row=n) for n, row in enumerate(above) for c in row]
    moved = [replace(c, row=c.row + len(above)) for c in grid.cells]
    return replace(
        grid,
        first=taken,
        rows=grid.rows + len(above),
        header=len(heads),
        head=len(heads),
        cells=(*cells_above, *moved),
    )


def _heads(cells: Sequence[Piece], columns: Sequence[Span]) -> list[GridCell] | None:
    """The cells of a row of heads over ``columns``; None when it is none."""
    if any(p.is_vertical or ends_with_colon(p.text) for p in cells):
        return None
    if any(not names_years(p.text) and (is_numeric(p.text) or not (is_label(p.text) or len(cells) == 1)) for p in cells):
        return None
    found = []
    for piece, (low, high) in zip(cells, reaches(cells, columns), strict=True):
        if low > high or (len(cells) == 1 and (low == 0 or high == low)):
            return None
        found.append(GridCell(row=0, column=low, column_span=high - low + 1, words=piece.words))
    taken = [k for c in found for k in range(c.column, c.column + c.column_span)]
    return found if len(set(taken)) == len(taken) else None
