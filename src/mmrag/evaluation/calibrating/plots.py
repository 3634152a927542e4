"""A calibration as one picture: reliability, accuracy against coverage, cost against quality."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from mmrag.evaluation.calibrating.calibrate import Fitted, Sureness
from mmrag.evaluation.calibrating.choosing import frontier
from mmrag.evaluation.metrics.confidence import reliability, risk_coverage

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLOURS = ("#2563eb", "#15803d", "#dc2626", "#7c3aed", "#b45309")
_GREY = "#6b7280"


def png(fitted: Fitted) -> bytes:
    """The picture as PNG. Text is never read as mathematics."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context({"text.parse_math": False, "font.size": 10}):
        figure = Figure(figsize=(13.5, 4.2), layout="constrained")
        left, middle, right = figure.subplots(1, 3)
        _draw_reliability(left, fitted)
        _draw_coverage(middle, fitted)
        _draw_cost(right, fitted)
        for axes in (left, middle, right):
            axes.spines[["top", "right"]].set_visible(False)
            axes.legend(frameon=False, fontsize=8, loc="lower right")
        out = io.BytesIO()
        figure.savefig(out, format="png", dpi=120)
    return out.getvalue()


def _draw_reliability(axes: Axes, fitted: Fitted) -> None:
    axes.plot([0, 1], [0, 1], color=_GREY, linestyle="--", linewidth=1)
    for colour, fit in zip(_COLOURS, fitted.tiers, strict=False):
        for sure, style, when in ((fit.scores, ":", "before"), (fit.after, "-", "after")):
            if sure.right:
                _line(axes, sure, colour, style, f"{fit.name} {when}, ECE {sure.ece:.3f}")
    axes.set(
        xlim=(0, 1), ylim=(0, 1.03), xlabel="confidence", ylabel="share right", title="Reliability (after: cross-validated)"
    )


def _line(axes: Axes, sure: Sureness, colour: str, style: str, label: str) -> None:
    bins = reliability(sure.confidence, sure.right)
    axes.plot([b.confidence for b in bins], [b.accuracy for b in bins], style, color=colour, marker=".", label=label)


def _draw_coverage(axes: Axes, fitted: Fitted) -> None:
    questions = len(fitted.recorded.answerable)
    for colour, fit in zip(_COLOURS, fitted.tiers, strict=False):
        if fit.after.right:
            share = len(fit.after.right) / questions
            points = risk_coverage(fit.after.confidence, fit.after.right)
            axes.plot([c * share for c, _ in points], [1 - r for _, r in points], color=colour, label=fit.name)
    axes.plot([fitted.chosen.coverage], [1 - fitted.chosen.risk], "*", color="black", markersize=12, label="chosen")
    axes.set(xlim=(0, 1.02), xlabel="share of questions answered", ylabel="share of answers right")
    axes.set_title("Accuracy against coverage")


def _draw_cost(axes: Axes, fitted: Fitted) -> None:
    """Dollars where calls have a price, else calls."""
    priced = any(point.usd for point in fitted.points)

    def price(usd: float, calls: float) -> float:
        return usd if priced else calls

    for points, style, label in ((fitted.points, ",", "tried"), (frontier(fitted.points), "-", "best for the money")):
        axes.plot([price(p.usd, p.calls) for p in points], [p.quality for p in points], style, color=_GREY, label=label)
    for colour, (name, point) in zip(_COLOURS, fitted.alone.items(), strict=False):
        axes.plot([price(point.usd, point.calls)], [point.quality], "o", color=colour, label=f"{name} alone")
    chosen = fitted.chosen
    axes.plot([price(chosen.usd, chosen.calls)], [chosen.quality], "*", color="black", markersize=12, label="chosen")
    axes.set(xlabel="USD a question" if priced else "calls a question", ylabel="questions that end well")
    axes.set_title("Cost against quality")
