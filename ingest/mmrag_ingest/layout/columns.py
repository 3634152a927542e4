"""Columns: where a strip of white parts two texts that are read one after the other, not across.

A receipt's labels and amounts, and a table's columns, are parted by white as well; they are read across. Three signs tell
text columns: prose on both sides; printed lines that do not stand level with one another; or a right side that has
labels and values of its own. Order is then that of a recursive X-Y cut (Nagy and Seth, 1984) over those columns only.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from types import MappingProxyType
from typing import Final, TypeAlias

import numpy as np

from mmrag_ingest.layout.labels import digits, is_currency, is_numeric, letters, names_a_field
from mmrag_ingest.layout.lines import Row, rows_of
from mmrag_ingest.layout.pieces import Piece, usual_height
from mmrag_ingest.layout.tables import Span, names_columns

_GUTTER = 0.6  # of the usual height: the least width of white between columns
_FEWEST = 3  # rows on each side of a gutter
_TABLE_HEAD = 5  # labels in a row that no text columns run through
_TEXT_ROWS = 6
_MAX_DEPTH = 6
_CONTIGUOUS = 3.0

NOTHING: Final[Mapping[int, Span]] = MappingProxyType({})


Side: TypeAlias = dict[int, list[Piece]]
"""The pieces on one side of a strip of white, by the number of their row, left to right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """White at ``x`` from ``top`` to ``bottom`` that parts ``left`` from ``right``."""

    x: float
    top: float
    bottom: float
    worth: float


def leaves_of(pieces: list[Piece], solid: Mapping[int, Span] = NOTHING, depth: int = 0) -> list[list[Row]]:
    """Rows of the page in reading order, one list for each column (one list when the page is read across).

    ``solid`` says of each word of a table, by canonical index, where that begins and ends: no column runs through it.
    """
    if not pieces:
        return []
    zone = _best_zone(pieces, solid) if depth < _MAX_DEPTH else None
    if zone is None:
        return [rows_of(pieces)]
    above = [p for p in pieces if p.y < zone.top]
    below = [p for p in pieces if p.y > zone.bottom]
    inside = [p for p in pieces if zone.top <= p.y <= zone.bottom]
    left = [p for p in inside if (p.x0 + p.x1) / 2 < zone.x]
    right = [p for p in inside if (p.x0 + p.x1) / 2 >= zone.x]
    return [leaf for part in (above, left, right, below) for leaf in leaves_of(part, solid, depth + 1)]


def _best_zone(pieces: list[Piece], solid: Mapping[int, Span]) -> Zone | None:
    upright = [p for p in pieces if not p.is_vertical]
    if len(upright) < 6:
        return None
    usual = usual_height(upright)
    if usual <= 0:  # words pressed flat against the edge of the page
        return None
    rows = rows_of(upright)
    row_of = {id(p): n for n, row in enumerate(rows) for p in row.pieces}
    heads = {n for n, row in enumerate(rows) if len(row.pieces) >= _TABLE_HEAD and names_columns(list(row.pieces))}
    barred = np.array([row_of[id(p)] in heads for p in upright])
    whole = [solid.get(p.words[0].raw, (p.x0, p.x1)) for p in upright]
    x0 = np.array([min(p.x0, low) for p, (low, _) in zip(upright, whole, strict=True)])
    x1 = np.array([max(p.x1, high) for p, (_, high) in zip(upright, whole, strict=True)])
    order = np.argsort([p.y for p in upright], kind="stable")
    best: Zone | None = None
    step = usual / 3
    for x in sorted({math.ceil(float(e) / step) * step for e in x1}):
        crossing = barred | (x0 < x + _GUTTER * usual - 1e-6) & (x1 > x + 1e-6)
        if crossing.all() or not (x0 >= x).any():
            continue
        for zone in _zones_at(x, usual, upright, crossing, order, row_of):
            if best is None or zone.worth > best.worth:
                best = zone
    return best


def _zones_at(
    x: float, usual: float, pieces: list[Piece], crossing: np.ndarray, order: np.ndarray, row_of: dict[int, int]
) -> list[Zone]:
    """The zones that white at ``x`` makes between the pieces that cross it."""
    zones: list[Zone] = []
    run: list[Piece] = []
    for i in [*order.tolist(), -1]:
        if i >= 0 and not crossing[i] and (not run or pieces[i].y - run[-1].y < _CONTIGUOUS * usual):
            run.append(pieces[i])
            continue
        zone = _judge(x, usual, run, row_of)
        if zone is not None:
            zones.append(zone)
        run = [pieces[i]] if i >= 0 and not crossing[i] else []
    return zones


def _judge(x: float, usual: float, run: list[Piece], row_of: dict[int, int]) -> Zone | None:
    middle = x + usual / 4
    left = [p for p in run if (p.x0 + p.x1) / 2 < middle]
    right = [p for p in run if (p.x0 + p.x1) / 2 >= middle]
    if len(left) < _FEWEST or len(right) < _FEWEST:
        return None
    top = max(left[0].y, right[0].y) - usual
    bottom = min(left[-1].y, right[-1].y) + usual
    near_left = _by_row([p for p in left if top <= p.y <= bottom], row_of)
    near_right = _by_row([p for p in right if top <= p.y <= bottom], row_of)
    worth = _worth(near_left, near_right, usual)
    if worth <= 0:
        return None
    return Zone(
        x=middle,
        top=_reach(run, top, usual, -1) - 0.01,
        bottom=_reach(run, bottom, usual, 1) + 0.01,
        worth=worth,
    )


def _by_row(pieces: list[Piece], row_of: dict[int, int]) -> Side:
    rows: Side = {}
    for piece in pieces:
        rows.setdefault(row_of[id(piece)], []).append(piece)
    return {n: sorted(ps, key=lambda p: p.x0) for n, ps in rows.items()}


def _reach(run: list[Piece], edge: float, usual: float, step: int) -> float:
    """Move ``edge`` outwards over pieces that follow one another closely."""
    for piece in run if step > 0 else reversed(run):
        if (piece.y - edge) * step <= 0:
            continue
        if (piece.y - edge) * step > _CONTIGUOUS * usual:
            break
        edge = piece.y
    return edge


def _worth(left: Side, right: Side, usual: float) -> float:
    """How surely the two sides are columns of their own; 0 when they are read across."""
    fewer = min(len(left), len(right))
    if fewer < _FEWEST:
        return 0.0
    white = (min(p[0].x0 for p in right.values()) - max(p[-1].x1 for p in left.values())) / usual
    both = left.keys() & right.keys()
    answered = sum(_answers(left[n][-1].text, right[n][0].text) for n in both)
    total = float(len(left) + len(right)) * (1 + min(max(white, 0.0), 10.0) / 10)
    if _prose(left) and _prose(right) and (len(both) < 0.9 * fewer or fewer >= 5):
        return 3 * total
    sure = fewer > _FEWEST
    amounts = _share(right, lambda ps: all(is_numeric(p.text) or is_currency(p.text) for p in ps))
    uneven = len(both) < 0.5 * fewer and answered <= 0.3 * len(both)
    if uneven and amounts < 0.5 and white > (1 if sure else 3):
        return total
    if sure and white > 1 and answered <= 0.1 * fewer and (_beside(left, right) or _beside(right, left)):
        return total
    own = _share(right, _has_own_label)
    asking = _share(left, lambda ps: names_a_field(ps[-1].text))
    apart = own >= (0.45 if asking < 0.2 else 0.6) and asking < 0.4 and _share(left, _has_own_label) < 0.5
    return total / 2 if sure and apart and white > 2 and answered <= 0.1 * fewer else 0.0


def _beside(aside: Side, text: Side) -> bool:
    """True when ``aside`` is a narrow column of short lines (dates, an address) beside a column of running text."""
    if len(text) < _TEXT_ROWS or not _prose(text) or any(len(ps) > 1 for ps in text.values()):
        return False
    short = median(len(" ".join(p.text for p in ps)) for ps in aside.values())
    figures = _share(aside, lambda ps: is_numeric(ps[-1].text))
    left = [ps[0].x0 for ps in text.values()]
    flush = sum(abs(x - median(left)) < ps[0].height for x, ps in zip(left, text.values(), strict=True))
    return short >= 6 and figures < 0.3 and flush >= 0.7 * len(text)


def _answers(left: str, right: str) -> bool:
    return names_a_field(left) and not names_a_field(right)


def _share(rows: Side, test: Callable[[list[Piece]], bool]) -> float:
    return sum(test(ps) for ps in rows.values()) / max(1, len(rows))


def _prose(rows: Side) -> bool:
    texts = [" ".join(p.text for p in ps) for ps in rows.values()]
    words = median(len(t.split()) for t in texts)
    return words >= 4 and median(len(t) for t in texts) >= 22 and letters(" ".join(texts)) > 5 * digits(" ".join(texts))


def _has_own_label(pieces: Sequence[Piece]) -> bool:
    first = pieces[0].text
    if len(pieces) == 1:
        head, colon, tail = first.partition(":")
        if colon and letters(head) >= 2 and tail.strip():
            return True
    return names_a_field(first)
