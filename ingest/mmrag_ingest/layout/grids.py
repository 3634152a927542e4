"""The tables of a column of text: first those inside ruling lines, then those that stand in columns alone."""

from __future__ import annotations

from collections.abc import Sequence

from mmrag_ingest.layout.lattice import Lattice
from mmrag_ingest.layout.lines import Row
from mmrag_ingest.layout.parts import headed, joined
from mmrag_ingest.layout.pieces import Piece
from mmrag_ingest.layout.ruled import ruled_grids
from mmrag_ingest.layout.spans import with_joined_lines, with_merged_heads
from mmrag_ingest.layout.tables import Grid, cells_of_row, grown


def grids_of(rows: Sequence[Row], lattices: Sequence[Lattice] = ()) -> list[Grid]:
    """The tables among rows that follow one another, from top to bottom. They do not share rows."""
    split = [cells_of_row(r) for r in rows]
    grids = ruled_grids(rows, lattices)
    ruled = frozenset(g.first for g in grids)
    inside = {i: g for g in grids for i in range(g.first, g.last + 1)}
    start = 0
    while start < len(rows):
        if start in inside:
            start = inside[start].last + 1
            continue
        end = min((g.first for g in inside.values() if g.first > start), default=len(rows))
        grid = _from(rows, split, start, end)
        if grid is None:
            start += 1
        else:
            grids.append(grid)
            start = grid.last + 1
    return headed(rows, split, joined(rows, split, sorted(grids, key=lambda g: g.first), ruled))


def _from(rows: Sequence[Row], split: Sequence[list[Piece]], start: int, end: int) -> Grid | None:
    """The table that begins at row ``start`` and before ``end``, when there is one."""
    if start + 1 < end and len(split[start + 1]) > len(split[start]):
        below = grown(rows, split, start + 1, end)
        merged = below and with_merged_heads(below, split[start], rows[start + 1].y - rows[start].y)
        if merged:
            return with_joined_lines(merged)
    grid = grown(rows, split, start, end)
    return with_joined_lines(grid) if grid else None
