"""A bar chart and a line chart, as they are cut out of reports."""

from __future__ import annotations

import io

import matplotlib
import numpy as np
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.text import Text

from samples.records import Ask, PagePicture, Sample
from samples.sheet import Corners, corners

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
VISITORS = (3120, 3480, 4910, 7260, 8540, 9870, 14350, 16720, 9180, 6440, 3890, 2760)
YEARS = tuple(range(2012, 2024))
SOLAR = (4.1, 5.6, 7.9, 10.8, 13.2, 16.0, 19.7, 23.1, 27.4, 33.8, 41.5, 48.9)
COAL = (52.3, 50.1, 47.6, 45.2, 39.9, 36.4, 31.0, 24.8, 18.3, 15.9, 11.2, 6.4)


def _figure(wide: float, high: float) -> Figure:
    layout = ConstrainedLayoutEngine(w_pad=0.15, h_pad=0.15)
    return Figure(figsize=(wide, high), dpi=110, layout=layout)


def _finish(figure: Figure, texts: dict[str, Text]) -> tuple[bytes, PagePicture]:
    """The PNG and where the named texts stand in it."""
    out = io.BytesIO()
    figure.savefig(out, format="png", metadata={"Software": None})
    wide, high = (round(v) for v in figure.get_size_inches() * figure.dpi)
    marks: dict[str, Corners] = {}
    for name, text in texts.items():
        # Of an annotation without its arrow.
        extent = Text.get_window_extent(text)
        marks[name] = corners(extent.x0, high - extent.y1, extent.x1, high - extent.y0)
    return out.getvalue(), PagePicture(size=(wide, high), marks=marks)


def bars() -> Sample:
    with matplotlib.rc_context({"font.family": "DejaVu Sans", "font.size": 11}):
        figure = _figure(10, 6)
        axes = figure.subplots()
        drawn = axes.bar(
            MONTHS, VISITORS, color=["#d9822b" if v == max(VISITORS) else "#3b6ea5" for v in VISITORS], width=0.72
        )
        labels = axes.bar_label(drawn, labels=[f"{v:,}" for v in VISITORS], padding=3, fontsize=10)
        axes.set_title("Tidewater Museum: visitors by month, 2023", fontsize=16, fontweight="bold", loc="left", pad=14)
        axes.set_ylabel("Visitors")
        axes.spines[["top", "right"]].set_visible(False)
        axes.yaxis.grid(True, color="#dddddd")
        axes.set_axisbelow(True)
        axes.set_xlabel(
            "Source: ticket desk counts, school groups included", fontsize=9, color="#666666", loc="right", labelpad=10
        )
        ticks = axes.get_xticklabels()
        texts = {**dict(zip(MONTHS, labels, strict=True)), **{f"axis-{m}": t for m, t in zip(MONTHS, ticks, strict=True)}}
        data, page = _finish(figure, texts)
    asks = (
        Ask(
            question="How many visitors came in July?",
            corpus="How many visitors did the Tidewater Museum have in July 2023?",
            answers=("14,350", "14350"),
            mark="Jul",
        ),
        Ask(
            question="Which month had the most visitors?",
            corpus="In which month of 2023 did the Tidewater Museum have the most visitors?",
            answers=("Aug", "August"),
            mark="axis-Aug",
        ),
        Ask(
            question="How many visitors came in July 2021?",
            corpus="How many visitors did the Tidewater Museum have in July 2021?",
            answers=(),
        ),
    )
    return Sample(name="chart-visitors.png", kind="chart", data=data, pages=(page,), asks=asks)


def lines() -> Sample:
    with matplotlib.rc_context({"font.family": "DejaVu Sans", "font.size": 11}):
        figure = _figure(9.6, 5.8)
        axes = figure.subplots()
        axes.plot(YEARS, SOLAR, color="#e0a100", marker="o", linewidth=2.4, label="Solar")
        axes.plot(YEARS, COAL, color="#444444", marker="s", linewidth=2.4, label="Coal")
        axes.set_title("Electricity generated in Norrland Province, TWh", fontsize=15, fontweight="bold", loc="left", pad=12)
        axes.set_xticks(np.arange(2012, 2024, 1))
        axes.set_xlabel("Year")
        axes.set_ylabel("TWh")
        axes.set_ylim(0, 60)
        axes.grid(True, color="#e4e4e4")
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False, loc="upper center", ncols=2)
        texts: dict[str, Text] = {
            "solar": axes.annotate(
                "48.9", (2023, 48.9), textcoords="offset points", xytext=(-2, 9), ha="center", color="#a07400"
            ),
            "coal": axes.annotate(
                "6.4", (2023, 6.4), textcoords="offset points", xytext=(-2, 9), ha="center", color="#333333"
            ),
            "start": axes.annotate(
                "52.3", (2012, 52.3), textcoords="offset points", xytext=(4, 9), ha="center", color="#333333"
            ),
            "cross": axes.annotate(
                "Solar passes coal\nin 2020",
                (2019.55, 22.2),
                textcoords="offset points",
                xytext=(-118, -62),
                arrowprops={"arrowstyle": "->"},
            ),
        }
        data, page = _finish(figure, texts)
    asks = (
        Ask(
            question="How much solar electricity was generated in 2023?",
            corpus="How much solar electricity did Norrland Province generate in 2023, in TWh?",
            answers=("48.9", "48.9 TWh"),
            mark="solar",
        ),
        Ask(
            question="In which year did solar pass coal?",
            corpus="In which year did solar pass coal in Norrland Province?",
            answers=("2020",),
            mark="cross",
        ),
    )
    return Sample(name="chart-electricity.png", kind="chart", data=data, pages=(page,), asks=asks)


def make() -> tuple[Sample, ...]:
    return bars(), lines()
