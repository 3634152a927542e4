"""Lines measured where they pass the names of the categories."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from mmrag_ingest.charting.colours import Colour, commonest
from mmrag_ingest.charting.field import COVERED, EDGE, Field, assembled
from mmrag_ingest.charting.items import Item
from mmrag_ingest.charting.legend import Entry
from mmrag_ingest.charting.marks import Crossing, Picture, crossings, near_colour, off_ground
from mmrag_ingest.charting.records import Estimate, MeasuredChart
from mmrag_ingest.charting.scale import Scale

_THICK: Final = 0.1
"""Of the axis: what is thicker is an area and no line."""
_RUNS_ON: Final = 0.55
"""Share of the columns between the first and last label in which a line has to be seen: dots are not."""
_ENDS: Final = 4
"""Pixels that a line may begin behind the middle of its first label, or end before that of its last."""
_ONE: Final = 1.2
"""Runs of a line's colour in one column, on the average, at most."""
_LEAST_COLOUR: Final = 24.0
"""Difference between the strongest and weakest of red, green and blue from which a colour is no grey."""
_PURE: Final = 0.3
_PURE_OR_MIXED: Final = 0.85
"""Shares of what is coloured that have the colour of the one thing drawn, and that or a mixture of it with the ground: thin
lines are little else than edges."""
_MIX: Final = 30.0
"""Distance in RGB within which a colour is such a mixture."""


def measure_lines(
    picture: Picture,
    scale: Scale,
    labels: Sequence[Item],
    key: Sequence[Entry],
    grounds: Sequence[Colour],
    field: Field,
) -> MeasuredChart | None:
    """The values of a line in the one colour there is, or of each of the key's; None when one of them is not seen."""
    span = field.floor - scale.high
    foot = min(i.y0 - 0.2 * i.height for i in labels)
    top, bottom = round(field.top), round(min(field.floor + max(0.1 * span, scale.step), foot))
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
            end = (category == 0) - (category == len(labels) - 1)
            met, slope = _met(mask, round(label.cx), end, _THICK * span)
            if len(met) == 1:
                y = met[0].y + top
                error = scale.error(y, EDGE + scale.residual + 0.5 * met[0].thick + slope)
                box = (label.cx - 3, y - met[0].thick / 2 - 2, label.cx + 3, y + met[0].thick / 2 + 2)
                series = len(used)
                points.append(
                    Estimate(category=category, series=series, value=scale.value(y), error=error, box=box, colour=colour)
                )
        if key:
            used.append(key[n])
    if key and len(used) < len(key):
        return None  # a line of the key is not seen: something else is drawn here
    if len({p.category for p in points}) < max(2, COVERED * len(labels)):
        return None
    return assembled(labels, used, points, scale)


def _met(mask: np.ndarray, x: int, end: int, thick: float) -> tuple[list[Crossing], float]:
    """Where a line passes a label, and how many pixels it may be off for its slope: an end of a line (``end`` is 1 for its
    first label, -1 for its last) may lie a little inside."""
    for step in range(_ENDS + 1 if end else 1):
        met = [c for c in crossings(mask, x + end * step) if c.thick <= thick]
        if met:
            return met, step * 0.5 * met[0].thick if step else 0.0
    return [], 0.0


def _own_colour(field: Picture, grounds: Sequence[Colour]) -> list[Colour]:
    """The one colour that something without a key is drawn in; none when there are several, or greys alone."""
    pixels = field[off_ground(field, grounds)]
    strong = pixels[(pixels.max(axis=1).astype(int) - pixels.min(axis=1)) > _LEAST_COLOUR]
    colour = commonest(strong, _PURE) if len(strong) > 50 else None
    if colour is None or max(_mixed(strong, colour, ground) for ground in grounds) < _PURE_OR_MIXED:
        return []
    return [colour]


def _mixed(pixels: np.ndarray, colour: Colour, ground: Colour) -> float:
    """The share of pixels of shape (n, 3) that are ``colour``, or its mixture with the ground, as the edges of lines are."""
    way = np.array(colour, float) - np.array(ground, float)
    away = pixels.astype(float) - np.array(ground, float)
    part = np.clip(away @ way / max(1.0, float(way @ way)), 0.0, 1.0)
    return float((np.linalg.norm(away - part[:, None] * way, axis=1) < _MIX).mean())


def _runs_on(mask: np.ndarray, labels: Sequence[Item], span: float) -> bool:
    """True when a colour is one thin line from the first label to the last."""
    first, last = round(labels[0].cx), round(labels[-1].cx)
    columns = [crossings(mask, x) for x in range(first, last + 1, 3)]
    seen = [c for c in columns if c]
    if len(seen) < _RUNS_ON * len(columns):
        return False
    thick = float(np.median([max(r.thick for r in c) for c in seen]))
    return thick <= _THICK * span and float(np.mean([len(c) for c in seen])) <= _ONE
