"""Pies and rings: the share of each slice by its angle."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from mmrag_ingest.charting.colours import Colour, commonest, ground_of
from mmrag_ingest.charting.items import Item, lines_of, phrases_of
from mmrag_ingest.charting.key import key_of
from mmrag_ingest.charting.marks import Picture, is_like, near_colour, off_ground
from mmrag_ingest.charting.records import Estimate, MeasuredChart

_LEAST_RADIUS = 30
_ROUND = 0.06
"""How far from a circle its outline may be, as a share of its radius."""
_STEPS = 2880
_RADII = (0.94, 0.86, 0.72)
"""Of the outer radius: circles along which the colours are read; the slices have to agree on them."""
_SLICE = 0.006
_SLICES = 12
_APART = 0.02
"""Shares on two circles differ by no more than this in a chart that counts."""
_WHOLE = 0.93
"""Share of the circle that the slices have to take: the rest is edges between them."""
_BESIDE = 1.22
"""Of the radius: what stands nearer to the middle than this is the name of a slice, further away a title."""
_NEAR = 1.6
"""Of the radius: how far from the middle the name of a slice may stand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """``start`` and ``end`` are angles in degrees, clockwise from the right; ``share`` of the circle, in [0, 1]."""

    colour: Colour
    start: float
    end: float
    share: float
    error: float

    @property
    def middle(self) -> float:
        return math.radians((self.start + self.end) / 2)


def measure_pie(items: Sequence[Item], picture: Picture) -> MeasuredChart | None:
    """The slices as percentages with the names beside them or in the key; None where there is no pie that is read surely."""
    paper = ground_of(picture)
    circle = _circle(picture, paper)
    if circle is None:
        return None
    cx, cy, radius = circle
    slices = _slices(picture, paper, circle)
    if slices is None:
        return None
    phrases = [p for line in lines_of(items) for p in phrases_of(line)]
    outside = [p for p in phrases if math.hypot(p.cx - cx, p.cy - cy) > 0.9 * radius and not p.is_value]
    names = _names(slices, outside, picture, paper, circle)
    if names is None:
        return None
    points = tuple(_estimate(n, s, circle) for n, s in enumerate(slices))
    return MeasuredChart(categories=names, series=(None,), points=points, after="%")


def _circle(picture: Picture, paper: Colour) -> tuple[float, float, float] | None:
    """Middle and radius of the largest thing that is drawn, when it is round."""
    drawn = off_ground(picture, [paper]).astype(np.uint8)
    closed = cv2.morphologyEx(cv2.morphologyEx(drawn, cv2.MORPH_OPEN, np.ones((3, 3))), cv2.MORPH_CLOSE, np.ones((7, 7)))
    outlines, _ = cv2.findContours(closed.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not outlines:
        return None
    points = max(outlines, key=cv2.contourArea).reshape(-1, 2).astype(float)
    x0, y0 = points.min(axis=0)
    x1, y1 = points.max(axis=0)
    cx, cy, radius = (x0 + x1) / 2, (y0 + y1) / 2, (x1 - x0 + y1 - y0) / 4
    if radius < _LEAST_RADIUS or abs((x1 - x0) - (y1 - y0)) > 2 * _ROUND * radius:
        return None
    away = np.abs(np.hypot(points[:, 0] - cx, points[:, 1] - cy) - radius)
    return (cx, cy, radius) if np.percentile(away, 90) < _ROUND * radius else None


def _slices(picture: Picture, paper: Colour, circle: tuple[float, float, float]) -> list[Slice] | None:
    """The runs of one colour around the circle, agreed on by at least two radii."""
    colours = _colours(picture, paper, circle)
    read = [found for r in _RADII if (found := _runs(picture, colours, circle, r)) is not None]
    alike = [r for r in read if [s.colour for s in r] == [s.colour for s in read[0]]]
    if len(alike) < 2 or not 2 <= len(alike[0]) <= _SLICES:
        return None
    slices = []
    for same in zip(*alike, strict=True):
        shares = [s.share for s in same]
        if max(shares) - min(shares) > _APART:
            return None
        error = (max(shares) - min(shares)) / 2 + 1.0 / (2 * math.pi * circle[2] * _RADII[0])
        first = same[0]
        slices.append(
            Slice(colour=first.colour, start=first.start, end=first.end, share=float(np.mean(shares)), error=error)
        )
    return slices


def _colours(picture: Picture, paper: Colour, circle: tuple[float, float, float]) -> list[Colour]:
    """The colours of the slices."""
    cx, cy, radius = circle
    rows, columns = np.indices(picture.shape[:2])
    away = np.hypot(columns - cx, rows - cy)
    left = (away < 0.96 * radius) & (away > 0.7 * radius) & off_ground(picture, [paper])
    whole = left.sum()
    found: list[Colour] = []
    while len(found) < _SLICES and left.sum() > _SLICE * whole:
        colour = commonest(picture[left])
        if colour is None:
            break
        own = near_colour(picture, colour, 24.0) & left
        if own.sum() > _SLICE * whole:
            found.append(colour)
        left &= ~near_colour(picture, colour, 30.0)
    return found


def _runs(picture: Picture, colours: Sequence[Colour], circle: tuple[float, float, float], at: float) -> list[Slice] | None:
    """The slices along a circle of ``at`` times the radius; None when a colour comes back, or too much has none."""
    cx, cy, radius = circle
    angles = np.arange(_STEPS) * 2 * np.pi / _STEPS
    xs = np.clip(np.round(cx + at * radius * np.cos(angles)).astype(int), 0, picture.shape[1] - 1)
    ys = np.clip(np.round(cy + at * radius * np.sin(angles)).astype(int), 0, picture.shape[0] - 1)
    pixels = picture[ys, xs].astype(float)
    gaps = np.stack([np.sqrt(((pixels - np.array(c)) ** 2).sum(axis=1)) for c in colours])
    owner = np.where(gaps.min(axis=0) < 40, gaps.argmin(axis=0), -1)
    if (owner >= 0).mean() < _WHOLE:
        return None
    owner = _filled(owner)
    edges = np.flatnonzero(owner != np.roll(owner, 1))
    if len(edges) < 2:
        return None
    found = []
    for start, end in zip(edges, np.append(edges[1:], edges[0] + _STEPS), strict=True):
        share = (end - start) / _STEPS
        if share >= _SLICE / 2:
            colour = colours[int(owner[start])]
            found.append(Slice(colour=colour, start=360 * start / _STEPS, end=360 * end / _STEPS, share=share, error=0.0))
    whole = sum(s.share for s in found)
    if len({s.colour for s in found}) < len(found) or whole < _WHOLE:
        return None
    return found


def _filled(owner: np.ndarray) -> np.ndarray:
    """Edges between slices, shared among their neighbours."""
    filled = owner.copy()
    blank = np.flatnonzero(owner < 0)
    known = np.flatnonzero(owner >= 0)
    for i in blank:
        gap = np.abs(known - i)
        filled[i] = owner[known[np.minimum(gap, _STEPS - gap).argmin()]]
    return filled


def _names(
    slices: Sequence[Slice], outside: Sequence[Item], picture: Picture, paper: Colour, circle: tuple[float, float, float]
) -> tuple[Item, ...] | None:
    """The name of each slice: in the key by its colour, else the phrase outside that its middle points to."""
    key = key_of(outside, picture, [paper])
    if len(key) >= len(slices):
        by_key = [next((e.name for e in key if is_like(e.colour, s.colour)), None) for s in slices]
        if all(by_key) and len({n.words for n in by_key if n is not None}) == len(slices):
            return tuple(n for n in by_key if n is not None)
    cx, cy, radius = circle
    beside = [p for p in outside if _gap(p, cx, cy) < _BESIDE * radius and len(p.text) > 1]
    if len(beside) > len(slices):
        return None  # two slices of like colour were taken for one
    named: list[Item] = []
    for piece in slices:
        x, y = cx + 1.1 * radius * math.cos(piece.middle), cy + 1.1 * radius * math.sin(piece.middle)
        near = sorted(outside, key=lambda p: _gap(p, x, y))
        if not near or _gap(near[0], x, y) > 0.25 * radius or _gap(near[0], cx, cy) > _NEAR * radius:
            return None
        named.append(near[0])
    return tuple(named) if len({n.words for n in named}) == len(slices) else None


def _gap(item: Item, x: float, y: float) -> float:
    """Distance of a point from a phrase's box."""
    return math.hypot(max(item.x0 - x, 0, x - item.x1), max(item.y0 - y, 0, y - item.y1))


def _estimate(n: int, piece: Slice, circle: tuple[float, float, float]) -> Estimate:
    cx, cy, radius = circle
    angles = np.radians(np.linspace(piece.start, piece.end, 24))
    xs, ys = [cx, *(cx + radius * np.cos(angles))], [cy, *(cy + radius * np.sin(angles))]
    return Estimate(
        category=n,
        series=0,
        value=100 * piece.share,
        error=100 * piece.error,
        box=(float(min(xs)), float(min(ys)), float(max(xs)), float(max(ys))),
        colour=piece.colour,
    )
