"""The value axis of a chart: from the numbers at its ticks to what a pixel is worth."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmrag.values import parse_number
from mmrag_ingest.charting.items import Item

_TICKS = 3
_POWERS = 2
"""Ticks that an axis of powers has at least where every superscript was read: ``10²`` is printed nowhere else."""
_MOSTLY = 0.75
"""Share of the numbers in line that have to lie on one straight line: where fewer do, OCR has misread too many."""
_OFF, _OFF_HEIGHTS = 2.0, 0.3
"""Pixels, and heights of a number, that a tick may lie off the line."""
_DECADES = 10.0
_UNIT = re.compile(r"^(?P<before>[($€£¥]*|US\$|R\$)\s*[-+–−]?\d[\d.,' ]*(?P<after>\s*(?:%|[KMBkm]|bn)?)\)?$")
_SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹⁻"
_RAISED = str.maketrans(_SUPERSCRIPTS, "0123456789-")
_POWER = re.compile(rf"^10([{_SUPERSCRIPTS}]{{1,3}}|-?[0-9])$")
_SIGNS = str.maketrans({"−": "-", "–": "-", "—": "-"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """``value = slope * pixel + start``, or ten to that power on a logarithmic axis.

    ``residual`` is the root mean square distance of the ticks from it, in pixels; ``low`` and ``high`` are the pixels of the
    first and last tick. ``before`` and ``after`` is what stands around every number ("$", "%").
    """

    slope: float
    start: float
    residual: float
    low: float
    high: float
    ticks: tuple[Item, ...]
    logarithmic: bool = False
    before: str = ""
    after: str = ""

    @property
    def step(self) -> float:
        """Pixels from one tick to the next, on the average."""
        return (self.low - self.high) / (len(self.ticks) - 1)

    def value(self, pixel: float) -> float:
        linear = self.slope * pixel + self.start
        return float(10.0**linear) if self.logarithmic else linear

    def pixel(self, value: float) -> float:
        """Where a value lies; of a logarithmic axis only for values above zero."""
        return ((math.log10(value) if self.logarithmic else value) - self.start) / self.slope

    def error(self, pixel: float, pixels: float) -> float:
        """How far the value at ``pixel`` may be off when ``pixel`` is right to within so many pixels."""
        return abs(self.value(pixel + pixels) - self.value(pixel - pixels)) / 2

    def moved(self, pixels: float) -> Scale:
        """The same with all values this many pixels further on."""
        return Scale(
            slope=self.slope,
            start=self.start - self.slope * pixels,
            residual=self.residual,
            low=self.low + pixels,
            high=self.high + pixels,
            ticks=self.ticks,
            logarithmic=self.logarithmic,
            before=self.before,
            after=self.after,
        )


def upright_scale(items: Sequence[Item]) -> Scale | None:
    """The axis whose numbers stand one below the other, as pixels of rows; None when there is none that fits.

    ``101, 102, 103`` may be powers of ten whose superscripts are lost: such an axis is refused.
    """
    numbers = [i for i in items if _number(i) is not None or _POWER.match(i.text.strip())]
    best: Scale | None = None
    for first in numbers:
        for group in (
            [n for n in numbers if abs(n.x1 - first.x1) < 0.5 * first.height],
            [n for n in numbers if abs(n.x0 - first.x0) < 0.4 * first.height],
            [n for n in numbers if abs(n.cx - first.cx) < 0.5 * first.height],
        ):
            found = _fitted(group)
            if found is not None and (best is None or len(found.ticks) > len(best.ticks)):
                best = found
    return best


def _fitted(group: Sequence[Item]) -> Scale | None:
    group = sorted(group, key=lambda i: i.cy)
    places = np.array([i.cy for i in group])
    powers = _powers(group)
    values = np.array(powers or [math.nan if (n := _number(i)) is None else n for i in group])
    least = _POWERS if powers and all(any(c in _SUPERSCRIPTS for c in i.text) for i in group) else _TICKS
    if len(group) < least or np.isnan(values).any() or len(set(values)) < least or _are_powers(values):
        return None
    if np.diff(places).min() < 0.9 * min(i.height for i in group):
        return None
    found = None if powers else _line(group, places, values, logarithmic=False)
    if found is None and (values > 0).all() and values.max() / values.min() >= _DECADES:
        found = _line(group, places, np.log10(values), logarithmic=True)
    return found


def repeated_medians(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[float, float]:
    """Slope and intercept of the line through most points (Siegel 1982); ``nan`` where all of them have one ``x``.

    What ``scipy.stats.siegelslopes`` gives: importing that takes 62 MB in every reading process.
    """
    across, up = x - x[:, None], y - y[:, None]
    slopes = [float(np.median(dy[dx != 0] / dx[dx != 0])) for dx, dy in zip(across, up, strict=True) if (dx != 0).any()]
    slope = float(np.median(slopes)) if slopes else math.nan
    return slope, float(np.median(y - slope * x))


def _line(group: Sequence[Item], places: np.ndarray, values: np.ndarray, *, logarithmic: bool) -> Scale | None:
    """By repeated medians (Siegel 1982), then least squares over the ticks that lie on it."""
    slope, start = repeated_medians(places, values)
    if slope == 0 or not math.isfinite(slope):
        return None
    height = float(np.median([i.height for i in group]))
    on_it = np.abs((values - start) / slope - places) < max(_OFF, _OFF_HEIGHTS * height)
    if on_it.sum() < max(min(_TICKS, len(group)), _MOSTLY * len(group)):
        return None
    slope, start = (float(x) for x in np.polyfit(places[on_it], values[on_it], 1))
    residual = float(np.sqrt(np.mean(((values[on_it] - start) / slope - places[on_it]) ** 2)))
    ticks = tuple(i for i, on in zip(group, on_it, strict=True) if on)
    if slope >= 0 or residual > max(_OFF, 0.01 * abs(places[-1] - places[0])):
        return None  # values grow upwards; anything else is a table's column
    before, after = _around(ticks)
    return Scale(
        slope=slope,
        start=start,
        residual=residual,
        low=ticks[-1].cy,
        high=ticks[0].cy,
        ticks=ticks,
        logarithmic=logarithmic,
        before=before,
        after=after,
    )


def _powers(group: Sequence[Item]) -> list[float] | None:
    """The values of ``10⁴, 10³, 102``: where one superscript was read as such, the others are ones too."""
    found = [_POWER.match(i.text.strip()) for i in group]
    if not all(found) or not any(c in _SUPERSCRIPTS for i in group for c in i.text):
        return None
    return [10.0 ** int(m[1].translate(_RAISED)) for m in found if m is not None]


def _are_powers(values: np.ndarray) -> bool:
    steps = np.abs(np.diff(values))
    return bool((steps == 1).all() and values.min() >= 100 and values.max() <= 110)


def _number(item: Item) -> float | None:
    text = item.text.translate(_SIGNS).strip()
    if not _UNIT.match(text) or any(c in _SUPERSCRIPTS for c in text):
        return None
    found = parse_number(text.rstrip("KMBkmbn ") or text)
    return float(found[0]) if found else None


def _around(ticks: Sequence[Item]) -> tuple[str, str]:
    """The sign before and after the numbers; the most common, since a zero often has none."""
    found = [m for t in ticks if (m := _UNIT.match(t.text.translate(_SIGNS).strip())) is not None]
    befores, afters = [m["before"].strip("(") for m in found], [m["after"].strip() for m in found]
    return max(set(befores), key=befores.count, default=""), max(set(afters), key=afters.count, default="")
