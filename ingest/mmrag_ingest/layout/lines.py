"""Pieces to rows: what stands on the same printed line, however far apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from mmrag_ingest.layout.pieces import Piece

_SAME_ROW = 0.45
"""Two pieces are on one row when their middles, or their feet, differ by less than this share of the lower one's height."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Pieces on one printed line, left to right. ``y`` is the middle of the line, ``height`` that of its letters."""

    pieces: tuple[Piece, ...]
    x0: float
    x1: float
    y: float
    height: float
    text: str

    @property
    def is_vertical(self) -> bool:
        return self.pieces[0].is_vertical


def row_of(pieces: Sequence[Piece]) -> Row:
    """Put pieces, already from left to right, on one row."""
    widths = [max(p.width, 1.0) for p in pieces]
    return Row(
        pieces=tuple(pieces),
        x0=min(p.x0 for p in pieces),
        x1=max(p.x1 for p in pieces),
        y=sum(p.y * w for p, w in zip(pieces, widths, strict=True)) / sum(widths),
        height=median(p.height for p in pieces),
        text=" ".join(p.text for p in pieces),
    )


def rows_of(pieces: list[Piece]) -> list[Row]:
    """Chain each piece to its nearest neighbour on the same line, when the choice is mutual. Sorted from top to bottom."""
    upright = [p for p in pieces if not p.is_vertical]
    following = _followers(upright)
    taken = set(following.values())
    rows = [row_of([p]) for p in pieces if p.is_vertical]
    for start in range(len(upright)):
        if start in taken:
            continue
        chain = [start]
        while (after := following.get(chain[-1])) is not None:
            chain.append(after)
        rows.append(row_of([upright[i] for i in chain]))
    return sorted(rows, key=lambda r: (r.y, r.x0, r.pieces[0].words[0].raw))


def _followers(pieces: list[Piece]) -> dict[int, int]:
    """For each piece the one right of it on the same row, by index into ``pieces``."""
    if len(pieces) < 2:
        return {}
    x0 = np.array([p.x0 for p in pieces])
    x1 = np.array([p.x1 for p in pieces])
    y = np.array([p.y for p in pieces])
    height = np.array([p.height for p in pieces])
    lower = np.minimum(height[:, None], height[None, :])
    middle = np.abs(y[:, None] - y[None, :])
    foot = np.abs((y + height / 2)[:, None] - (y + height / 2)[None, :])
    apart = np.minimum(middle, 1.2 * foot) / np.maximum(lower, 1e-9)
    gap = x0[None, :] - x1[:, None]
    right = (gap > -0.6 * lower) & (x0[None, :] > x0[:, None]) & (x1[None, :] > x1[:, None])
    similar = np.maximum(height[:, None], height[None, :]) < 3.5 * lower
    fits = right & (apart < _SAME_ROW) & similar
    cost = np.where(fits, np.maximum(gap, 0) + 12 * apart * lower, np.inf)
    best_right = cost.argmin(axis=1)
    best_left = cost.argmin(axis=0)
    return {i: int(j) for i, j in enumerate(best_right) if np.isfinite(cost[i, j]) and best_left[j] == i}
