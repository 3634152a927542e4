"""Values that a chart does not print, measured: bars and lines against the numbers of their axis.

What does not fit is refused: an axis whose numbers lie on no line, bars that do not stand on it, colours that the key does
not name. A chart read wrong is worse than one that is not read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from mmrag_ingest.charting.axes import label_rows
from mmrag_ingest.charting.bars import measure_bars
from mmrag_ingest.charting.colours import Colour, behind, commonest, ground_of
from mmrag_ingest.charting.field import Box, Field, field_of
from mmrag_ingest.charting.items import Item, joined, lines_of, phrases_of
from mmrag_ingest.charting.key import key_of
from mmrag_ingest.charting.legend import Entry
from mmrag_ingest.charting.marks import Picture, blocks_of, is_like
from mmrag_ingest.charting.powers import with_powers
from mmrag_ingest.charting.records import MeasuredChart
from mmrag_ingest.charting.scale import Scale, upright_scale
from mmrag_ingest.charting.tracing import measure_lines
from mmrag_ingest.charting.turned import turned, turned_back, unturned

_FAR_BELOW: Final = 6.0
"""Heights of a label: how far under the axis the labels may stand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """A chart turned so that its values grow upwards, with its words in pixels of ``picture``. ``labels`` are rows of
    phrases that may name its categories."""

    picture: Picture
    items: tuple[Item, ...]
    labels: tuple[tuple[Item, ...], ...]
    paper: Colour


def measure(items: Sequence[Item], picture: Picture) -> MeasuredChart | None:
    """The chart with its values and their errors; None when it is none, or cannot be measured.

    ``items`` are single words in pixels of ``picture``, RGB, shape (h, w, 3).
    """
    paper = ground_of(picture)
    items = with_powers(items, picture)
    rows = [tuple(row) for row in label_rows(items)]
    # Names that nearly touch are read as one: each word by itself is the second choice.
    rows += [tuple(line) for line in lines_of(items) if len(line) > len(phrases_of(line)) > 1]
    upright = Plot(picture=picture, items=tuple(items), labels=tuple(rows), paper=paper)
    found = _measured(upright)
    if found is not None:
        return found
    width = picture.shape[1]
    phrases = [p for line in lines_of(items) for p in phrases_of(line)]
    lying = Plot(
        picture=np.ascontiguousarray(np.rot90(picture)),
        items=tuple(turned(i, width) for i in items),
        labels=(tuple(turned(p, width) for p in phrases),),
        paper=paper,
    )
    found = _measured(lying, lying=True)
    return None if found is None else turned_back(found, width)


def _measured(plot: Plot, *, lying: bool = False) -> MeasuredChart | None:
    scale = upright_scale(plot.items)
    if scale is None:
        return None
    field = field_of(scale, plot.picture.shape[1])
    grounds = _grounds(plot, field)
    phrases = _phrases(plot, scale, lying=lying)
    blank = _without_words(plot, grounds)
    ticks = {w for t in scale.ticks for w in t.words}
    key = key_of([p for p in phrases if not ticks.intersection(p.words)], plot.picture, grounds) if not lying else []
    if lying:
        key = _lying_key(plot, grounds, ticks)
    covered = key_boxes(key, lying=lying)
    shielded = _without(blank, covered, paper=grounds[-1])
    named = {w for e in key for w in e.name.words} | ticks
    sets = _label_sets(plot, scale, field, named, lying=lying)
    blocks = blocks_of(shielded, grounds) if sets else []
    for labels in sets:
        found = measure_bars(blocks, scale, labels, key, field, covered) or (
            None if lying else measure_lines(shielded, scale, labels, key, grounds, field)
        )
        if found is not None:
            return found
    return None


def _without_words(plot: Plot, grounds: Sequence[Colour]) -> Picture:
    """The picture with every word painted over in the colour that it is printed on."""
    blank = plot.picture.copy()
    for item in plot.items:
        pad = 0.15 * min(item.height, item.x1 - item.x0)
        x0, y0, x1, y1 = (max(0, round(v)) for v in (item.x0 - pad, item.y0 - pad, item.x1 + pad, item.y1 + pad))
        around = behind(plot.picture, item)
        blank[y0:y1, x0:x1] = around if around is not None else grounds[-1]
    return blank


def _grounds(plot: Plot, field: Field) -> tuple[Colour, ...]:
    """The paper, and what the plot itself is filled with: seen along its upper edge and beside its axis."""
    height, width = field.floor - field.top, field.x1 - field.x0
    rows = slice(round(field.floor - 0.8 * height), round(field.floor - 0.76 * height))
    near = round(field.x0 + 0.005 * width), round(field.x0 + 0.03 * width)
    columns = slice(*near) if field.x0 > 0 else slice(round(field.x1 - 0.03 * width), round(field.x1 - 0.005 * width))
    across = plot.picture[rows, round(field.x0) : round(field.x1)].reshape(-1, 3)
    beside = plot.picture[round(field.top) : round(field.floor), columns].reshape(-1, 3)
    own = commonest(np.concatenate([across, beside, beside, beside]))
    return (plot.paper,) if own is None or is_like(own, plot.paper) else (plot.paper, own)


def _phrases(plot: Plot, scale: Scale, *, lying: bool) -> list[Item]:
    return [] if lying else [p for line in lines_of(plot.items) for p in phrases_of(line)]


def _lying_key(plot: Plot, grounds: Sequence[Colour], ticks: set[int]) -> list[Entry]:
    """The key is read as it is displayed, and its names turned with the chart."""
    height = plot.picture.shape[0]
    upright = np.ascontiguousarray(np.rot90(plot.picture, -1))
    back = [unturned(p, height) for p in plot.labels[0] if not ticks.intersection(p.words)]
    return [replace(e, name=turned(e.name, height)) for e in key_of(back, upright, grounds)]


def _without(picture: Picture, boxes: Sequence[Box], *, paper: Colour) -> Picture:
    """The picture with the key painted over, so that no mark of it is taken for a bar or a piece of line."""
    blank = picture.copy()
    for x0, y0, x1, y1 in boxes:
        blank[y0:y1, x0:x1] = paper
    return blank


def key_boxes(key: Sequence[Entry], *, lying: bool) -> list[Box]:
    """The places of the entries, each with its mark."""
    boxes = []
    for entry in key:
        item, size = entry.name, entry.name.height if not lying else entry.name.x1 - entry.name.x0
        pad = 0.3 * size
        if lying:  # what was left of the name is now below it
            box = (item.x0 - pad, item.y0 - pad, item.x1 + pad, item.y1 + 5 * size)
        else:
            box = (item.x0 - 5 * size, item.y0 - pad, item.x1 + pad, item.y1 + pad)
        x0, y0, x1, y1 = (max(0, round(v)) for v in box)
        boxes.append((x0, y0, x1, y1))
    return boxes


def _label_sets(plot: Plot, scale: Scale, field: Field, named: set[int], *, lying: bool) -> list[tuple[Item, ...]]:
    """Rows of phrases under the axis that may be the names of the categories, the nearest first."""
    found: list[tuple[Item, ...]] = []
    for row in plot.labels:
        kept = [i for i in row if not named.intersection(i.words) and field.x0 - i.height < i.cx < field.x1 + i.height]
        if lying:
            near = _merged([i for i in kept if i.y0 >= scale.low - 0.02 * (scale.low - field.top)])
        else:
            near = [i for i in kept if i.y0 > scale.low and i.y0 - field.floor < scale.step + _FAR_BELOW * i.height]
        near = sorted(near, key=lambda i: i.cx)
        if len(near) >= 2:
            found.append(tuple(near))
    ways = {labels: max(len(i.words) for i in labels) == 1 for labels in found}
    return sorted(found, key=lambda labels: (min(i.y0 for i in labels), ways[labels], -len(labels)))


def _merged(items: Sequence[Item]) -> list[Item]:
    """Lines of one label of a lying bar, which stand close to one another (in the turned frame: side by side)."""
    groups: list[list[Item]] = []
    for item in sorted(items, key=lambda i: i.x0):
        width = item.x1 - item.x0
        if groups and item.x0 - groups[-1][-1].x1 < 0.35 * width:
            groups[-1].append(item)
        else:
            groups.append([item])
    return [joined(group) for group in groups]
