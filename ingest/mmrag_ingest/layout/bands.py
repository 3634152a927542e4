"""Tables between level lines alone: a line above the heads, one under them, one at the foot, all of one width."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from mmrag_ingest.layout.pieces import Piece
from mmrag_ingest.layout.rulings import Ruling, Rulings
from mmrag_ingest.layout.tables import Span

_FEWEST_LINES = 3
_FEWEST_ROWS = 3
_CELLS = 3  # pieces on a row of a table
_LONG = 12  # words of a piece of running text
_SHARE = 0.5  # of the rows: those with so many pieces


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """The part of a page between the first and the last of such lines, in level pixels."""

    x0: float
    x1: float
    y0: float
    y1: float

    def contains(self, piece: Piece) -> bool:
        return self.y0 < piece.y < self.y1 and self.x0 <= (piece.x0 + piece.x1) / 2 <= self.x1


def bands_of(rulings: Rulings, pieces: Sequence[Piece], slack: float) -> list[Band]:
    """From top to bottom, those that hold a table. Lines end at one place when they do so within ``2 * slack`` pixels."""
    found: list[Band] = []
    for lines in _alike(rulings.level, 2 * slack):
        start = 0
        while start + _FEWEST_LINES <= len(lines):
            ends = range(len(lines), start + _FEWEST_LINES - 1, -1)
            bands = ((end, _between(lines[start], lines[end - 1])) for end in ends)
            end, band = next(((end, b) for end, b in bands if _is_table(b, pieces)), (start + 1, None))
            if band is not None:
                found.append(band)
            start = end
    return sorted(found, key=lambda b: (b.y0, b.x0))


def words_between(bands: Sequence[Band], pieces: Sequence[Piece]) -> dict[int, Span]:
    """Where the table begins and ends for each word of ``bands``, by canonical index."""
    return {w.raw: (b.x0, b.x1) for b in bands for piece in pieces if b.contains(piece) for w in piece.words}


def _alike(level: Sequence[Ruling], slack: float) -> list[list[Ruling]]:
    """Lines that begin and end at the same places, from top to bottom."""
    groups: list[list[Ruling]] = []
    for line in sorted(level, key=lambda r: r.at):
        group = next((g for g in groups if abs(g[0].low - line.low) < slack and abs(g[0].high - line.high) < slack), None)
        if group is None:
            groups.append([line])
        elif line.at - group[-1].at > slack:
            group.append(line)
    return groups


def _between(first: Ruling, last: Ruling) -> Band:
    return Band(x0=first.low, x1=first.high, y0=first.at, y1=last.at)


def _is_table(band: Band, pieces: Sequence[Piece]) -> bool:
    inside = [p for p in pieces if band.contains(p) and not p.is_vertical]
    if any(len(p.words) > _LONG for p in inside):
        return False
    rows = _rows(inside)
    full = sum(len(row) >= _CELLS for row in rows)
    return full >= _FEWEST_ROWS and full >= _SHARE * len(rows)


def _rows(pieces: Sequence[Piece]) -> list[list[Piece]]:
    ordered = sorted(pieces, key=lambda p: p.y)
    rows = [ordered[:1]] if ordered else []
    for before, after in pairwise(ordered):
        if after.y - before.y > 0.5 * max(before.height, after.height):
            rows.append([])
        rows[-1].append(after)
    return rows
