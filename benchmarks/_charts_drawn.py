"""Charts of known data, drawn by matplotlib in many styles: what measuring a chart is measured by."""

from __future__ import annotations

import random
import warnings
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
from matplotlib import style
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

STYLES = (
    "default",
    "classic",
    "ggplot",
    "bmh",
    "fivethirtyeight",
    "seaborn-v0_8-whitegrid",
    "seaborn-v0_8-darkgrid",
    "seaborn-v0_8-ticks",
    "Solarize_Light2",
    "tableau-colorblind10",
)
KINDS = (
    "bars",
    "lying bars",
    "grouped bars",
    "stacked bars",
    "line",
    "lines",
    "pie",
    "log bars",
    "log line",
    "truncated bars",
)
REFUSED = ("scatter", "histogram", "box plot", "heat map", "area")
"""Charts that say nothing of named categories, or cannot be measured: a table of these is a false reading."""
NAMES = ("North", "South", "East", "West", "Centre", "Coast", "Hills", "Islands", "Valley", "Harbour")
SERIES = ("Retail", "Online", "Export", "Service")


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnChart:
    """``values`` by category and series; the only series of a chart without a key is called ``""``. Empty: to be refused."""

    kind: str
    style: str
    file: Path
    values: dict[tuple[str, str], float]


def draw(rng: random.Random, kind: str, file: Path) -> DrawnChart:
    """Draw a chart of this kind with values at random into ``file``."""
    name = rng.choice(STYLES)
    with style.context(name), mpl.rc_context({"font.family": rng.choice(("DejaVu Sans", "DejaVu Serif"))}):
        warnings.simplefilter("ignore")
        figure = Figure(figsize=rng.choice(((6.4, 4.8), (7, 4), (5.6, 4.2), (8, 4.5))), dpi=rng.choice((110, 150, 200)))
        FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        count = rng.randint(3, 7)
        labels = rng.sample(NAMES, count) if rng.random() < 0.7 else [str(2015 + n) for n in range(count)]
        values = _fill(rng, axes, kind, labels)
        if rng.random() < 0.8:
            axes.set_title(
                rng.choice(("Sales by region", "Visitors in thousands", "Output of the plant", "Survey of members"))
            )
        if kind != "pie" and rng.random() < 0.5:
            axes.grid(visible=True, axis=rng.choice(("y", "both")))
        if kind != "pie" and rng.random() < 0.4:
            axes.spines[["top", "right"]].set_visible(False)
        figure.tight_layout()
        figure.savefig(file, dpi="figure")
    return DrawnChart(kind=kind, style=name, file=file, values=values)


def _fill(rng: random.Random, axes: mpl.axes.Axes, kind: str, labels: list[str]) -> dict[tuple[str, str], float]:
    top = rng.choice((1.0, 8.0, 50.0, 100.0, 900.0, 12_000.0))
    series = list(SERIES[: rng.choice((2, 2, 3, 4))])
    one = [round(rng.uniform(0.1, 1.0) * top, 3) for _ in labels]
    rows = {s: [round(rng.uniform(0.1, 1.0) * top, 3) for _ in labels] for s in series}
    places = list(range(len(labels)))
    wide = rng.uniform(0.45, 0.85)
    if kind in ("bars", "truncated bars", "log bars"):
        shown = one
        if kind == "log bars":
            shown = [round(10 ** rng.uniform(0.2, 4), 2) for _ in labels]
            axes.set_yscale("log")
        axes.bar(labels, shown, width=wide)
        if kind == "truncated bars":
            axes.set_ylim(0.08 * top, 1.1 * top)
        return {(c, ""): v for c, v in zip(labels, shown, strict=True)}
    if kind == "lying bars":
        axes.barh(labels, one, height=wide)
        return {(c, ""): v for c, v in zip(labels, one, strict=True)}
    if kind == "grouped bars":
        for n, s in enumerate(series):
            axes.bar(
                [p + (n - (len(series) - 1) / 2) * 0.8 / len(series) for p in places], rows[s], 0.8 / len(series), label=s
            )
        axes.set_xticks(places, labels)
    elif kind == "stacked bars":
        level = [0.0] * len(labels)
        for s in series:
            axes.bar(labels, rows[s], bottom=level, width=wide, label=s)
            level = [a + b for a, b in zip(level, rows[s], strict=True)]
    elif kind in ("line", "log line"):
        shown = one if kind == "line" else [round(10 ** rng.uniform(0.2, 4), 2) for _ in labels]
        axes.plot(labels, shown, marker=rng.choice(("", "o")))
        if kind == "log line":
            axes.set_yscale("log")
        return {(c, ""): v for c, v in zip(labels, shown, strict=True)}
    elif kind == "lines":
        marker = rng.choice(("", "o"))
        for s in series:
            axes.plot(labels, rows[s], label=s, marker=marker)
    else:
        return _fill_other(rng, axes, kind, labels, one)
    axes.legend(loc=rng.choice(("best", "upper left", "upper center")), ncols=rng.choice((1, 1, len(series))))
    return {(c, s): v for s, row in rows.items() for c, v in zip(labels, row, strict=True)}


def _fill_other(
    rng: random.Random, axes: mpl.axes.Axes, kind: str, labels: list[str], one: list[float]
) -> dict[tuple[str, str], float]:
    if kind == "pie":
        ring = rng.random() < 0.3
        if rng.random() < 0.6:
            axes.pie(one, labels=labels, wedgeprops={"width": 0.45} if ring else None)
        else:
            axes.pie(one, wedgeprops={"width": 0.45} if ring else None)
            axes.legend(labels, loc="center left", bbox_to_anchor=(1.0, 0.5))
        return {(c, ""): 100 * v / sum(one) for c, v in zip(labels, one, strict=True)}
    if kind == "scatter":
        axes.scatter([rng.gauss(0, 2) for _ in range(80)], [rng.gauss(0, 2) for _ in range(80)])
    elif kind == "histogram":
        axes.hist([rng.gauss(0, 1) for _ in range(400)], bins=rng.choice((10, 20)))
    elif kind == "box plot":
        axes.boxplot([[rng.gauss(n, 2) for _ in range(30)] for n in range(len(labels))])
        axes.set_xticklabels(labels)
    elif kind == "heat map":
        axes.imshow([[rng.random() for _ in range(6)] for _ in range(6)], cmap="viridis")
    else:
        axes.stackplot(range(len(labels)), [[rng.uniform(5, 40) for _ in labels] for _ in range(3)])
    return {}
