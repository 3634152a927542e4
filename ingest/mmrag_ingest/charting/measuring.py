"""Values that a chart does not print, measured: bars and lines against the numbers of their axis.

What does not fit is refused: an axis whose numbers lie on no line, bars that do not stand on it, colours that the key does
not name. A chart read wrong is worse than one that is not read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mmrag_ingest.charting.axes import label_rows, spacing
from mmrag_ingest.charting.colours import Colour, behind, commonest, paper_of
from mmrag_ingest.charting.items import Item, joined, lines_of, phrases_of
from mmrag_ingest.charting.key import key_of
from mmrag_ingest.charting.legend import Entry
from mmrag_ingest.charting.marks import Block, Picture, blocks_of, crossings, is_like, near_colour, off_ground
from mmrag_ingest.charting.records import Estimate, MeasuredChart
from mmrag_ingest.charting.scale import Scale, upright_scale
from mmrag_ingest.charting.turned import turned, turned_back, unturned

_EDGE = 1.3
"""Pixels to which the edge of a bar or the middle of a line is known."""
_TOUCH, _TOUCH_SHARE = 3.0, 0.012
"""Pixels, and share of the axis, within which two edges are one."""
_COVERED = 0.6
"""Share of the categories that need a value."""
_EVEN = 1.6
_FOREIGN = 0.2
"""Share of the blocks that may have a colour that the key does not name."""
_BEYOND = 0.25
_THICK = 0.1
"""Of the axis: what is thicker is an area and no line."""
_RUNS_ON = 0.55
"""Share of the columns between the first and last label in which a line has to be seen: dots are not."""
_ONE = 1.2
"""Runs of a line's colour in one column, on the average, at most."""
_LEAST_COLOUR = 24.0
"""Difference between the strongest and weakest of red, green and blue from which a colour is no grey."""
_UNSEEN = 0.6
"""Of the axis: how far below its lowest number zero may be, for the bars to stand on it."""
_NARROWEST = 0.06
"""Of the distance between two categories: what is narrower is no bar."""
_FAR_BELOW = 6.0  # heights of a label: how far under the axis the labels may stand


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
    paper = paper_of(picture)
    rows = [tuple(row) for row in label_rows(items)]
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
    field = _field(plot, scale)
    grounds = _grounds(plot, field)
    phrases = _phrases(plot, scale, lying=lying)
    blank = _without_words(plot, grounds)
    ticks = {w for t in scale.ticks for w in t.words}
    key = key_of([p for p in phrases if not ticks.intersection(p.words)], plot.picture, grounds) if not lying else []
    if lying:
        key = _lying_key(plot, grounds, ticks)
    shielded = _without_key(blank, key, lying=lying, paper=grounds[-1])
    named = {w for e in key for w in e.name.words} | ticks
    sets = _label_sets(plot, scale, field, named, lying=lying)
    blocks = blocks_of(shielded, grounds) if sets else []
    for labels in sets:
        found = _bars(blocks, scale, labels, key, field) or (
            None if lying else _lines(shielded, plot, scale, labels, key, grounds, field)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """Where the bars or lines of a chart are: ``x0`` to ``x1``, from ``top`` down to ``floor``, in pixels. ``floor`` is the
    lowest tick, or zero where that one is not printed."""

    x0: float
    x1: float
    top: float
    floor: float


def _field(plot: Plot, scale: Scale) -> Field:
    """The side of the axis on which there is more of the picture."""
    left, right = min(t.x0 for t in scale.ticks), max(t.x1 for t in scale.ticks)
    width = plot.picture.shape[1]
    span = scale.low - scale.high
    floor = scale.low
    if not scale.logarithmic and 0 < scale.pixel(0.0) - scale.low < _UNSEEN * span:
        floor = scale.pixel(0.0)
    x0, x1 = (right, float(width)) if width - right >= left else (0.0, left)
    return Field(x0=x0, x1=x1, top=max(0.0, scale.high - _BEYOND * span), floor=floor)


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


def _without_key(picture: Picture, key: Sequence[Entry], *, lying: bool, paper: Colour) -> Picture:
    """The picture with the key's marks painted over, so that no mark is taken for a bar or a piece of line."""
    blank = picture.copy()
    for entry in key:
        item, size = entry.name, entry.name.height if not lying else entry.name.x1 - entry.name.x0
        pad = 0.3 * size
        if lying:  # what was left of the name is now below it
            box = (item.x0 - pad, item.y0 - pad, item.x1 + pad, item.y1 + 5 * size)
        else:
            box = (item.x0 - 5 * size, item.y0 - pad, item.x1 + pad, item.y1 + pad)
        x0, y0, x1, y1 = (max(0, round(v)) for v in box)
        blank[y0:y1, x0:x1] = paper
    return blank


def _label_sets(plot: Plot, scale: Scale, field: Field, named: set[int], *, lying: bool) -> list[tuple[Item, ...]]:
    """Rows of phrases under the axis that may be the names of the categories, the nearest first."""
    found: list[tuple[Item, ...]] = []
    for row in plot.labels:
        kept = [i for i in row if not named.intersection(i.words) and field.x0 - i.height < i.cx < field.x1 + i.height]
        if lying:
            near = _merged([i for i in kept if i.y0 >= scale.low - 0.02 * (scale.low - field.top)])
        else:
            near = [i for i in kept if i.y0 > scale.low and i.y0 - field.floor < _FAR_BELOW * i.height]
        near = sorted(near, key=lambda i: i.cx)
        if len(near) >= 2:
            found.append(tuple(near))
    return sorted(found, key=lambda labels: (min(i.y0 for i in labels), -len(labels)))


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


# Bars


def _bars(
    blocks: Sequence[Block], scale: Scale, labels: Sequence[Item], key: Sequence[Entry], field: Field
) -> MeasuredChart | None:
    span = field.floor - scale.high
    touch = max(_TOUCH, _TOUCH_SHARE * span)
    least = _NARROWEST * spacing([i.cx for i in labels])
    inside = [
        b
        for b in blocks
        if min(b.width, 2 * b.height) >= least
        and field.x0 - 1 < b.x0
        and b.x1 < field.x1 + 1
        and b.y1 <= min(i.y0 for i in labels)
        and b.y0 >= field.top
    ]
    by_label = _by_label(inside, labels)
    if by_label is None:
        return None
    base = _base(inside, scale, touch)
    if base is None:
        return None
    scale, zero = base
    points: list[Estimate] = []
    for n, blocks in by_label.items():
        for column in _columns(blocks):
            own = _column(column, scale, zero, touch, n)
            if own is None:
                return None
            points += own
    return _assembled(points, labels, key, scale)


def _by_label(blocks: Sequence[Block], labels: Sequence[Item]) -> dict[int, list[Block]] | None:
    centres = [i.cx for i in labels]
    step = spacing(centres)
    gaps = np.diff(centres)
    if len(blocks) < 2 or gaps.max() > _EVEN * step or gaps.min() < step / _EVEN:
        return None
    found: dict[int, list[Block]] = {}
    for block in blocks:
        near = min(range(len(centres)), key=lambda n: abs(centres[n] - block.cx))
        if abs(centres[near] - block.cx) > 0.5 * step or block.width > 1.02 * step:
            return None
        found.setdefault(near, []).append(block)
    return found if len(found) >= max(2, _COVERED * len(labels)) else None


def _base(blocks: Sequence[Block], scale: Scale, touch: float) -> tuple[Scale, bool] | None:
    """The scale, moved half the way to where the bars begin (the line of the axis hides the other half), and whether they
    stand on zero; None when they stand on neither zero nor the lower end of an axis that begins further up."""
    if scale.logarithmic:
        bottoms = [b.y1 for b in blocks]
        return (scale, False) if max(bottoms) - min(bottoms) <= touch else None
    zero = scale.pixel(0.0)
    on_zero = [b.y1 - zero for b in blocks if abs(b.y1 - zero) <= touch] + [
        b.y0 - zero for b in blocks if abs(b.y0 - zero) <= touch
    ]
    columns = len(_columns(blocks))
    if len(on_zero) >= 0.9 * columns:
        return scale.moved(float(np.median(on_zero)) / 2), True
    bottoms = [max(b.y1 for b in column) for column in _columns(blocks)]
    below = min(bottoms) >= scale.low - 2 * touch
    if max(bottoms) - min(bottoms) <= touch and below and len(blocks) == columns:
        return scale, False
    return None


def _columns(blocks: Sequence[Block]) -> list[list[Block]]:
    """Blocks that stand over one another."""
    columns: list[list[Block]] = []
    for block in sorted(blocks, key=lambda b: b.x0):
        own = next(
            (c for c in columns if min(c[0].x1, block.x1) - max(c[0].x0, block.x0) > 0.6 * min(c[0].width, block.width)),
            None,
        )
        if own is None:
            columns.append([block])
        else:
            own.append(block)
    return columns


def _column(column: Sequence[Block], scale: Scale, zero: bool, touch: float, category: int) -> list[Estimate] | None:
    """The values of one bar, or of the pieces that are stacked in it; None when they do not stand on the axis."""
    ordered = sorted(column, key=lambda b: -b.y1)
    if len(ordered) == 1:
        (block,) = ordered
        below = zero and abs(block.y0 - scale.pixel(0.0)) <= touch and abs(block.y1 - scale.pixel(0.0)) > touch
        edge = block.y1 if below else block.y0
        if zero and not below and abs(block.y1 - scale.pixel(0.0)) > touch:
            return None
        return [_estimate(scale, block, category, scale.value(edge), scale.error(edge, _EDGE + scale.residual))]
    if not zero or abs(ordered[0].y1 - scale.pixel(0.0)) > touch:
        return None
    found = []
    level = scale.pixel(0.0)
    for block in ordered:
        if abs(block.y1 - level) > touch:
            return None
        value = scale.value(block.y0) - scale.value(level)
        found.append(_estimate(scale, block, category, value, scale.error(block.y0, 1.5 * _EDGE + scale.residual)))
        level = block.y0
    return found


def _estimate(scale: Scale, block: Block, category: int, value: float, error: float) -> Estimate:
    box = (float(block.x0), float(block.y0), float(block.x1), float(block.y1))
    return Estimate(category=category, series=-1, value=value, error=error, box=box, colour=block.colour)


def _assembled(
    points: Sequence[Estimate], labels: Sequence[Item], key: Sequence[Entry], scale: Scale
) -> MeasuredChart | None:
    """The points with the number of their series, by the colours of the key; None when these do not tell them apart."""
    kept: list[Estimate] = []
    used = [e for e in key if any(is_like(e.colour, p.colour) for p in points)]
    if not used:
        if max(Counter(p.category for p in points).values()) > 1:
            return None
        kept = [replace(p, series=0) for p in points]
    else:
        for point in points:
            series = next((n for n, e in enumerate(used) if is_like(e.colour, point.colour)), None)
            if series is not None:
                kept.append(replace(point, series=series))
        twice = max(Counter((p.category, p.series) for p in kept).values(), default=2) > 1
        if twice or len(points) - len(kept) > _FOREIGN * len(points):
            return None
    return _chart(labels, used, kept, scale)


def _chart(labels: Sequence[Item], used: Sequence[Entry], points: Sequence[Estimate], scale: Scale) -> MeasuredChart:
    return MeasuredChart(
        categories=tuple(labels),
        series=tuple(e.name for e in used) or (None,),
        points=tuple(sorted(points, key=lambda p: (p.category, p.series))),
        ticks=scale.ticks,
        before=scale.before,
        after=scale.after,
    )


# Lines


def _lines(
    picture: Picture,
    plot: Plot,
    scale: Scale,
    labels: Sequence[Item],
    key: Sequence[Entry],
    grounds: Sequence[Colour],
    field: Field,
) -> MeasuredChart | None:
    span = field.floor - scale.high
    top, bottom = round(field.top), round(field.floor + 0.1 * span)
    x0, x1 = round(field.x0) + 2, round(field.x1) - 2
    drawn = picture[top:bottom]
    colours = [e.colour for e in key] or _own_colour(drawn[:, x0:x1], grounds)
    points: list[Estimate] = []
    used: list[Entry] = []
    for n, colour in enumerate(colours):
        mask = near_colour(drawn, colour) & off_ground(drawn, grounds)
        mask[:, :x0], mask[:, x1:] = False, False
        if not _runs_on(mask, labels, span):
            continue
        for category, label in enumerate(labels):
            met = [c for c in crossings(mask, round(label.cx)) if c.thick <= _THICK * span]
            if len(met) == 1:
                y = met[0].y + top
                error = scale.error(y, _EDGE + scale.residual + 0.5 * met[0].thick)
                box = (label.cx - 3, y - met[0].thick / 2 - 2, label.cx + 3, y + met[0].thick / 2 + 2)
                series = len(used)
                points.append(
                    Estimate(category=category, series=series, value=scale.value(y), error=error, box=box, colour=colour)
                )
        if key:
            used.append(key[n])
    if key and len(used) < len(key):
        return None  # a line of the key is not seen: something else is drawn here
    if len({p.category for p in points}) < max(2, _COVERED * len(labels)):
        return None
    return _chart(labels, used, points, scale)


def _own_colour(field: Picture, grounds: Sequence[Colour]) -> list[Colour]:
    """The one colour that something without a key is drawn in; none when there are several, or greys alone."""
    pixels = field[off_ground(field, grounds)]
    strong = pixels[(pixels.max(axis=1).astype(int) - pixels.min(axis=1)) > _LEAST_COLOUR]
    colour = commonest(strong, 0.6) if len(strong) > 50 else None
    return [] if colour is None else [colour]


def _runs_on(mask: np.ndarray, labels: Sequence[Item], span: float) -> bool:
    """True when a colour is one thin line from the first label to the last."""
    first, last = round(labels[0].cx), round(labels[-1].cx)
    columns = [crossings(mask, x) for x in range(first, last + 1, 3)]
    seen = [c for c in columns if c]
    if len(seen) < _RUNS_ON * len(columns):
        return False
    thick = float(np.median([max(r.thick for r in c) for c in seen]))
    return thick <= _THICK * span and float(np.mean([len(c) for c in seen])) <= _ONE
