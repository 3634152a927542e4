"""Charts by matplotlib, in its styles: slower to draw than our own, and dressed as most charts in papers and notebooks
are.
"""

import random
import warnings

import matplotlib as mpl
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from training.drawing import lexicon
from training.drawing.pen import Drawn

_STYLES = (
    "default",
    "default",
    "classic",
    "ggplot",
    "bmh",
    "fivethirtyeight",
    "seaborn-v0_8-whitegrid",
    "seaborn-v0_8-darkgrid",
    "seaborn-v0_8-ticks",
    "grayscale",
    "Solarize_Light2",
    "dark_background",
    "tableau-colorblind10",
)
_KINDS = (
    "bar chart",
    "bar chart",
    "horizontal",
    "grouped bar chart",
    "stacked bar chart",
    "line chart",
    "line chart",
    "area chart",
    "pie chart",
    "scatter chart",
    "histogram",
    "box plot",
    "heat map",
)


def plot(rng: random.Random) -> Drawn:
    """One figure of one axes."""
    kind = rng.choice(_KINDS)
    topic = rng.choice(lexicon.TOPICS)
    facts = {"topic": topic}
    with (
        style.context(rng.choice(_STYLES)),
        mpl.rc_context(
            {
                "font.family": rng.choice(("DejaVu Sans", "DejaVu Serif", "STIXGeneral")),
                "axes.titlesize": rng.choice((10, 12, 15)),
            }
        ),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        figure = Figure(figsize=rng.choice(((4.8, 3.6), (5.6, 3.2), (4, 4))), dpi=90)
        canvas = FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        drawn, more = _fill(rng, axes, kind)
        title = rng.choice(
            (topic, f"{topic} in {rng.choice(lexicon.PLACES)}", f"{topic} by {rng.choice(('year', 'region'))}")
        ).capitalize()
        if rng.random() < 0.8:
            axes.set_title(title)
            facts["title"] = title
        if drawn not in ("pie chart", "heat map"):
            if rng.random() < 0.5:
                axes.set_xlabel(rng.choice(("year", "quarter", "group", "time (s)")))
                axes.set_ylabel(rng.choice(("percent", "count", topic, "value")))
            if rng.random() < 0.5:
                axes.grid(visible=rng.random() < 0.7)
            if rng.random() < 0.4:
                axes.spines[["top", "right"]].set_visible(False)
        canvas.draw()
        image = Image.frombuffer("RGBA", canvas.get_width_height(), canvas.buffer_rgba(), "raw", "RGBA", 0, 1).convert("RGB")
    return Drawn(kind=drawn, image=image, facts=facts | more)


def _fill(rng: random.Random, axes: Axes, kind: str) -> tuple[str, dict[str, str]]:
    """Put data into the axes; the kind of chart and what is true of it."""
    count, series = rng.randint(3, 10), rng.choice((2, 2, 3, 4))
    names = [lexicon.PLACES[rng.randrange(len(lexicon.PLACES))][:6] + " " * index for index in range(count)]
    rows = [[rng.uniform(5, 60) for _ in range(count)] for _ in range(series)]
    legend = {"legend": "yes"} if rng.random() < 0.7 else {}
    if kind == "bar chart":
        axes.bar(names, rows[0], width=rng.uniform(0.5, 0.9))
        return kind, {"bars": str(count), "orientation": "vertical"}
    if kind == "horizontal":
        axes.barh(names, rows[0], height=rng.uniform(0.5, 0.9))
        return "bar chart", {"bars": str(count), "orientation": "horizontal"}
    if kind in ("grouped bar chart", "stacked bar chart"):
        level = [0.0] * count
        for part, row in enumerate(rows):
            if kind == "stacked bar chart":
                axes.bar(names, row, bottom=level, label=f"series {part}")
                level = [below + value for below, value in zip(level, row, strict=True)]
            else:
                axes.bar(
                    [index + part * 0.8 / series for index in range(count)], row, width=0.8 / series, label=f"series {part}"
                )
        if legend:
            axes.legend()
        return kind, {"bars": str(count), "series": str(series), "orientation": "vertical"} | legend
    if kind == "line chart":
        series = rng.choice((1, 2, 3, 4))
        marker = rng.choice(("", "o", "s"))
        for part in range(series):
            value, walk = rng.uniform(0, 20), []
            for _ in range(rng.choice((8, 20, 60))):
                value += rng.gauss(0, 2)
                walk.append(value)
            axes.plot(walk, label=f"series {part}", marker=marker)
        if legend and series > 1:
            axes.legend()
        return kind, {"lines": str(series)} | (legend if series > 1 else {})
    return _fill_other(rng, axes, kind, names, rows)


def _fill_other(
    rng: random.Random, axes: Axes, kind: str, names: list[str], rows: list[list[float]]
) -> tuple[str, dict[str, str]]:
    if kind == "area chart":
        axes.stackplot(range(len(names)), rows)
        return kind, {"areas": str(len(rows))}
    if kind == "pie chart":
        slices = rng.randint(2, 8)
        ring = rng.random() < 0.3
        axes.pie(
            [rng.uniform(5, 40) for _ in range(slices)],
            labels=[lexicon.PLACES[index] for index in range(slices)],
            autopct="%.0f%%" if rng.random() < 0.5 else None,
            wedgeprops={"width": 0.45} if ring else None,
        )
        return "donut chart" if ring else kind, {"slices": str(slices)}
    if kind == "scatter chart":
        sorts = rng.choice((1, 1, 2, 3))
        for _ in range(sorts):
            shift = rng.uniform(-3, 3)
            axes.scatter(
                [rng.gauss(shift, 2) for _ in range(60)], [rng.gauss(shift, 2) for _ in range(60)], s=rng.choice((8, 20, 40))
            )
        return kind, {"sorts": str(sorts)}
    if kind == "histogram":
        axes.hist([rng.gauss(0, 1) for _ in range(400)], bins=rng.choice((10, 20, 40)))
        return kind, {}
    if kind == "box plot":
        boxes = rng.randint(2, 7)
        axes.boxplot([[rng.gauss(part, 2) for _ in range(30)] for part in range(boxes)])
        return kind, {"boxes": str(boxes)}
    picture = axes.imshow(
        [[rng.random() for _ in range(rng.choice((6,)))] for _ in range(6)],
        cmap=rng.choice(("viridis", "Blues", "hot", "coolwarm")),
    )
    if axes.figure is not None and rng.random() < 0.6:
        axes.figure.colorbar(picture)
    return kind, {}
