"""The key of a chart whose values are measured: names beside a block or a stretch of line in the colour of their series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mmrag_ingest.charting.colours import Colour, commonest, distance, without_words
from mmrag_ingest.charting.items import Item
from mmrag_ingest.charting.legend import Entry
from mmrag_ingest.charting.marks import Picture, is_like, off_ground

_REACH = 5.0  # heights of a name: how far left of it its mark may begin
_GAP = 1.8
_SHORTEST, _LONGEST = 0.6, 4.5
_TALLEST = 1.3
_LEVEL = 0.65
"""Heights that a mark's rows may be away from the middle of its name: a frame around the key is further."""
_EDGE = 0.2
"""What of a letter may stand out of a word's box, in heights."""
_LONG = 8  # words
_GREY, _PALE = 24, 150
"""A colour whose red, green and blue differ by less, all of them above this, may be a grid's or a frame's."""
_THICK = 0.4
"""Of a name's height: a mark that is no frame and no grid, pale as it may be."""
_OUTLINE = 0.4
"""Of the rows of a mark: what has fewer is its outline."""


def key_of(phrases: Sequence[Item], picture: Picture, grounds: Sequence[Colour]) -> list[Entry]:
    """The entries in reading order; two of the same colour are none."""
    grown = [replace(p, x0=p.x0 - _EDGE * p.height, x1=p.x1 + _EDGE * p.height) for p in phrases]
    blank = without_words(picture, grown, grounds[-1])
    found = [
        Entry(name=phrase, colour=colour)
        for phrase in phrases
        if len(phrase.words) <= _LONG
        and not phrase.is_value
        and (colour := _mark_left_of(phrase, blank, grounds)) is not None
    ]
    return [e for e in found if sum(is_like(e.colour, other.colour) for other in found) == 1]


def _mark_left_of(name: Item, blank: Picture, grounds: Sequence[Colour]) -> Colour | None:
    height = name.height
    x0, x1 = max(0, round(name.x0 - _REACH * height)), max(0, round(name.x0))
    y0, y1 = max(0, round(name.cy - _TALLEST * height)), round(name.cy + _TALLEST * height)
    patch = blank[y0:y1, x0:x1]
    if patch.shape[0] < 4 or patch.shape[1] < 4:
        return None
    away = off_ground(patch, grounds)
    rows: list[tuple[int, int, int]] = []
    level, width = len(away) / 2, patch.shape[1]
    for row in range(len(away)):
        edges = np.flatnonzero(np.diff(np.concatenate([[0], away[row].astype(np.int8), [0]])))
        for start, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
            long = _SHORTEST * height <= end - start <= _LONGEST * height
            if long and start > 0 and width - end < _GAP * height and abs(row - level) < _LEVEL * height:
                rows.append((row, start, end))
    marks = []
    for colour, of_colour in _by_colour(patch, rows):
        if any(_reaches(patch, edge, of_colour, rows, colour) for edge in (0, len(patch) - 1)):
            continue  # a bar, of which this is the end
        pale = max(colour) - min(colour) < _GREY and min(colour) > _PALE
        # A frame and a grid are thin: what is pale and as thick as a letter is a mark.
        if 2 <= len(of_colour) <= _TALLEST * height and (not pale or len(of_colour) >= _THICK * height):
            marks.append((len(of_colour), min(distance(colour, ground) for ground in grounds), colour))
    most = max((thick for thick, _, _ in marks), default=0)
    inside = [(away, colour) for thick, away, colour in marks if thick > _OUTLINE * most]
    return max(inside)[1] if inside else None


def _reaches(
    patch: Picture, edge: int, of_colour: Sequence[int], rows: Sequence[tuple[int, int, int]], colour: Colour
) -> bool:
    """True when a row of the patch's edge has the colour of a mark over the mark's whole width."""
    start, end = next((start, end) for row, start, end in rows if row == of_colour[0])
    beyond = commonest(patch[edge, start:end], 0.8)
    return beyond is not None and is_like(beyond, colour)


def _by_colour(patch: Picture, rows: Sequence[tuple[int, int, int]]) -> list[tuple[Colour, list[int]]]:
    """Rows of one colour together: those of a mark, those of the frame around the key."""
    found: list[tuple[Colour, list[int]]] = []
    for row, start, end in rows:
        colour = commonest(patch[row, start:end], 0.5)
        if colour is None:
            continue
        own = next((of_colour for known, of_colour in found if is_like(known, colour)), None)
        if own is None:
            found.append((colour, [row]))
        else:
            own.append(row)
    return found
