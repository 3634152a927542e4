"""What a table without ruling lines says by place alone: heads over several columns, and cells of several printed lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from statistics import median

from mmrag_ingest.layout.labels import ends_with_colon, is_numeric, names_years
from mmrag_ingest.layout.pieces import Glyphs, Piece
from mmrag_ingest.layout.tables import Grid, GridCell, Span

_CLOSE = 1.6  # heights: how near the next printed line of the same cell stands
_WITHIN = 0.72  # of the usual distance of full rows: nearer than this are the lines of one label
_APART = 0.8  # of the usual distance of full rows: nearer than this is the same row
_HEAD_WORDS = 5
_HEAD_PITCH = 2.6  # of the text height


def with_joined_lines(grid: Grid) -> Grid:
    """Printed lines that carry on cells of a neighbouring row become part of it.

    Such a line leaves the first column empty and stands nearer to a full row than full rows stand to one another.
    """
    by_row: dict[int, list[GridCell]] = {}
    for cell in grid.cells:
        by_row.setdefault(cell.row, []).append(cell)
    middles = {r: median(w.y for c in cells for w in c.words) for r, cells in by_row.items()}
    height = median(w.height for c in grid.cells for w in c.words)
    full = [r for r, cells in by_row.items() if any(c.column == 0 for c in cells) and r >= grid.header]
    if len(full) < 2:
        return grid
    usual = median(middles[b] - middles[a] for a, b in pairwise(sorted(full)))
    target = _wrapped(grid, by_row, middles)
    labels = _label_lines(grid, by_row, middles, usual)
    for r, cells in by_row.items():
        if r in target or r < grid.header:
            continue
        if r in labels:
            target[r] = labels[r]
        if r in full or len(cells) > 0.5 * grid.columns:
            continue
        near = min(full, key=lambda f: abs(middles[f] - middles[r]))
        gap = abs(middles[near] - middles[r])
        if gap < min(_CLOSE * height, _APART * usual):
            if target.get(near) == r:  # a label and its values, each the other's nearest: the values join the label
                del target[near]
            target[r] = near
    target = {r: near for r, near in target.items() if _end(target, r) not in target}
    return _merged(grid, target) if target else grid


def _wrapped(grid: Grid, by_row: dict[int, list[GridCell]], middles: dict[int, float]) -> dict[int, int]:
    """Rows that hold only the first line of a label, by row: the number of the row in which it goes on in small letters."""
    found: dict[int, int] = {}
    for r, cells in by_row.items():
        below = by_row.get(r + 1, [])
        if r < grid.header or len(cells) > 1 or cells[0].column or len(below) < 2 or below[0].column:
            continue
        height = median(w.height for w in cells[0].words)
        if below[0].text[:1].islower() and middles[r + 1] - middles[r] < _CLOSE * height and len(cells[0].words) > 1:
            found[r] = r + 1
    return found


def _label_lines(grid: Grid, by_row: dict[int, list[GridCell]], middles: dict[int, float], usual: float) -> dict[int, int]:
    """Rows that hold only another line of a label whose values stand level with one of its lines, by row: that row."""
    held = [r for r, cells in by_row.items() if r >= grid.header and len(cells) >= 2]
    found: dict[int, int] = {}
    for r, cells in by_row.items():
        if r < grid.header or len(cells) > 1 or cells[0].column or cells[0].column_span > 1 or not held:
            continue
        near = min(held, key=lambda f: abs(middles[f] - middles[r]))
        height = median(w.height for w in cells[0].words)
        height = max(height, median(w.height for c in by_row[near] for w in c.words))
        if abs(middles[near] - middles[r]) < min(_WITHIN * usual, _CLOSE * height):
            found[r] = near
    return found


def _merged(grid: Grid, target: dict[int, int]) -> Grid:
    kept = [r for r in range(grid.rows) if r not in target]
    words: dict[tuple[int, int], list[Glyphs]] = {}
    spans: dict[tuple[int, int], int] = {}
    for cell in sorted(grid.cells, key=lambda c: c.row):
        place = kept.index(_end(target, cell.row)), cell.column
        words.setdefault(place, []).extend(cell.words)
        spans[place] = max(spans.get(place, 1), cell.column_span)
    cells = tuple(
        GridCell(row=r, column=k, column_span=spans[r, k], words=tuple(ws)) for (r, k), ws in sorted(words.items())
    )
    return replace(grid, rows=len(kept), cells=cells)


def _end(target: dict[int, int], row: int) -> int:
    """The row that ``row`` becomes part of, by way of others."""
    seen = {row}
    while row in target and target[row] not in seen:
        row = target[row]
        seen.add(row)
    return row


def with_merged_heads(grid: Grid, above: Sequence[Piece], distance: float) -> Grid | None:
    """The table with the row of pieces ``above`` it as its first row, when that groups its columns; else None.

    ``distance`` is how far above the table's first row it stands, in pixels.
    """
    if not above or grid.header > 1 or any(len(p.words) > _HEAD_WORDS or ends_with_colon(p.text) for p in above):
        return None
    if distance > _HEAD_PITCH * above[0].height or (
        not grid.header and any(is_numeric(p.text) and not names_years(p.text) for p in above)
    ):
        return None
    columns = columns_of(grid)
    if columns is None:
        return None
    heads: list[GridCell] = []
    for piece, (low, high) in zip(above, reaches(above, columns), strict=True):
        if low > high:
            return None
        heads.append(GridCell(row=0, column=low, column_span=high - low + 1, words=piece.words))
    taken = [k for h in heads for k in range(h.column, h.column + h.column_span)]
    titled = len(heads) == 1 and heads[0].column == 0
    if titled or len(set(taken)) != len(taken) or not any(h.column_span > 1 for h in heads):
        return None
    below = tuple(replace(c, row=c.row + 1) for c in grid.cells)
    return replace(
        grid, first=grid.first - 1, rows=grid.rows + 1, header=grid.header + 1, head=grid.head + 1, cells=(*heads, *below)
    )


def columns_of(grid: Grid) -> list[Span] | None:
    """Where each column's words begin and end; None when one has none, so that nobody knows where it is."""
    spans = []
    for k in range(grid.columns):
        words = [w for c in grid.cells if c.column == k for w in c.words]
        if not words:
            return None
        spans.append((min(w.x0 for w in words), max(w.x1 for w in words)))
    return spans


def reaches(above: Sequence[Piece], columns: Sequence[Span]) -> list[tuple[int, int]]:
    """For each piece the first and last column that it stands over: those around its middle as far as it stays central."""
    found = []
    for piece in above:
        middle = (piece.x0 + piece.x1) / 2
        touched = [k for k, (x0, x1) in enumerate(columns) if piece.x0 < x1 and piece.x1 > x0]
        best = (touched[0], touched[-1]) if touched else (0, -1)
        least = abs(_middle(columns, best) - middle) if touched else float("inf")
        for low in range(len(columns)):
            for high in range(low + 1, len(columns)):
                inside = columns[low][0] - piece.height < piece.x0 and piece.x1 < columns[high][1] + piece.height
                covers = not touched or (low <= touched[0] and touched[-1] <= high)
                off = abs(_middle(columns, (low, high)) - middle)
                wide = piece.width > columns[best[1]][1] - columns[best[0]][0] if touched else False
                slack = (0.5 if wide else -0.5) * piece.height
                if inside and covers and off < least + slack and not _claimed(above, piece, columns, low, high):
                    best, least = (low, high), off
        found.append(best)
    return found


def _middle(columns: Sequence[Span], reach: tuple[int, int]) -> float:
    return (columns[reach[0]][0] + columns[reach[1]][1]) / 2


def _claimed(above: Sequence[Piece], piece: Piece, columns: Sequence[Span], low: int, high: int) -> bool:
    """True when another piece stands over the columns ``low`` to ``high``."""
    return any(p is not piece and p.x0 < columns[high][1] and p.x1 > columns[low][0] for p in above)
