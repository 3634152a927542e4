"""The plots of a report, drawn by matplotlib as SVG that stands inside an HTML page.

Text goes into the SVG as text, escaped by matplotlib, and is never read as mathematics.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mmrag.evaluation.metrics.confidence import reliability, risk_coverage
from mmrag.evaluation.scoring import Result, Scored

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BLUE, GREY, RED, GREEN = "#2563eb", "#6b7280", "#dc2626", "#15803d"
_MARKED = 30
"""Points on a curve up to which each gets a dot: more run into one another."""
_KINDS_OF_ANSWER = ("number", "date", "code", "yes or no", "words", "no answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """``svg`` is one ``<svg>`` element; ``says`` is what a person should take from it, in one sentence."""

    title: str
    svg: str
    says: str


def plots(scored: Sequence[Scored]) -> tuple[Plot, ...]:
    """Every plot that these questions give enough for."""
    texts = [s for s in scored if s.result is not None]
    given = [s for s in texts if s.outcome.answered]
    found: list[Plot] = []
    if given:
        found += [_reliability(given), _coverage(texts, given)]
    if any(s.outcome.ranking for s in scored):
        found.append(_recall(scored))
    if texts:
        found += [_cost(texts), _confusion(texts)]
    return tuple(found)


def _reliability(given: Sequence[Scored]) -> Plot:
    bars = reliability([s.outcome.confidence for s in given], [s.is_right for s in given])

    def draw(axes: Axes) -> None:
        axes.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1, label="perfect")
        axes.bar(
            [b.low for b in bars],
            [b.accuracy for b in bars],
            width=0.094,
            align="edge",
            color=BLUE,
            alpha=0.85,
            label="answers",
        )
        for b in bars:
            axes.annotate(str(b.count), (b.low + 0.047, b.accuracy), ha="center", va="bottom", fontsize=8, color=GREY)
        axes.set(xlim=(0, 1), ylim=(0, 1.08), xlabel="confidence", ylabel="share right")

    worst = max(bars, key=lambda b: b.count * abs(b.accuracy - b.confidence))
    side = "too sure" if worst.confidence > worst.accuracy else "too modest"
    says = (
        f"Bars under the line are answers given too surely. The furthest off: "
        f"confidence {worst.low:.1f} to {worst.high:.1f}, "
        f"{worst.accuracy:.0%} of {worst.count} right ({side})."
    )
    return Plot(title="Reliability", svg=_svg(draw, "reliability"), says=says)


def _coverage(texts: Sequence[Scored], given: Sequence[Scored]) -> Plot:
    points = risk_coverage([s.outcome.confidence for s in given], [s.is_right for s in given])
    share = len(given) / len(texts)
    marker = "." if len(points) <= _MARKED else None

    def draw(axes: Axes) -> None:
        axes.plot([c * share for c, _ in points], [1 - risk for _, risk in points], color=BLUE, linewidth=2, marker=marker)
        axes.axvline(share, color=GREY, linestyle=":", linewidth=1)
        axes.set(xlim=(0, 1.02), ylim=(min(0.5, *(1 - r for _, r in points)), 1.02), xlabel="share of questions answered")
        axes.set_ylabel("share of answers right")

    says = (
        f"Answering {share:.0%} of the questions, {1 - points[-1][1]:.1%} of the answers are right; "
        "to the left, fewer and surer."
    )
    return Plot(title="Accuracy against coverage", svg=_svg(draw, "coverage"), says=says)


def _recall(scored: Sequence[Scored]) -> Plot:
    depths = range(1, 11)
    curves = {}
    for name, color in (("document", BLUE), ("page", GREEN)):
        ranks = [_first_true(s, pages=name == "page") for s in scored if f"{name}_mrr" in s.values]
        if ranks:
            curves[name] = (color, [sum(r is not None and r <= k for r in ranks) / len(ranks) for k in depths])

    def draw(axes: Axes) -> None:
        for name, (color, shares) in curves.items():
            axes.plot(list(depths), shares, color=color, linewidth=2, marker="o", markersize=4, label=name)
        low = min((min(shares) for _, shares in curves.values()), default=0.0)
        axes.set(xlim=(0.7, 10.3), ylim=(max(0.0, low - 0.1), 1.02), xticks=[1, 3, 5, 10])
        axes.set(xlabel="places looked at", ylabel="share found")
        axes.legend(frameon=False, loc="lower right")

    says = "; ".join(
        f"the right {name} comes first for {shares[0]:.1%}, among ten for {shares[-1]:.1%}"
        for name, (_, shares) in curves.items()
    )
    return Plot(title="Finding", svg=_svg(draw, "recall"), says=f"{says[:1].upper()}{says[1:]}.")


def _first_true(s: Scored, *, pages: bool) -> int | None:
    if pages:
        ranked: list[tuple[str, int] | str] = [(r.document, r.page) for r in s.outcome.ranking]
        true: set[tuple[str, int] | str] = set(s.truth.pages)
    else:
        ranked = list(dict.fromkeys(r.document for r in s.outcome.ranking))
        true = set(s.truth.documents)
    return next((n for n, place in enumerate(ranked, 1) if place in true), None)


def _cost(texts: Sequence[Scored]) -> Plot:
    """One point a kind; the bill is zero where only the reader answered, so time is the second price shown."""
    groups = {k: [s for s in texts if s.question.kind == k] for k in sorted({s.question.kind for s in texts})}
    free = not any(float(s.outcome.usd) for s in texts)
    price = {k: sum(_price(s, free) for s in g) / len(g) for k, g in groups.items()}
    good = {k: sum(s.is_right or s.result is Result.REFUSED_RIGHTLY for s in g) / len(g) for k, g in groups.items()}

    def draw(axes: Axes) -> None:
        for kind in groups:
            area = 30 + 2 * min(200, len(groups[kind]))
            axes.scatter([price[kind]], [good[kind]], s=area, color=BLUE, alpha=0.6, clip_on=False)
            beside = (4 + math.sqrt(area / math.pi), 0 if good[kind] > 0.05 else 7)  # clear of the axis
            at = (price[kind], good[kind])
            axes.annotate(kind, at, xytext=beside, textcoords="offset points", va="center", fontsize=9)
        axes.set(ylim=(0, 1.05), xlabel="milliseconds a question" if free else "USD a question", ylabel="share right")
        axes.set_xlim(0, 1.35 * max(price.values()) or 1.0)

    bill = "Nothing was spent: the price shown is time." if free else "The price shown is money."
    return Plot(title="Cost against quality", svg=_svg(draw, "cost"), says=f"{bill} The larger the dot, the more questions.")


def _price(s: Scored, free: bool) -> float:
    return s.outcome.seconds * 1000 if free else float(s.outcome.usd)


def _confusion(texts: Sequence[Scored]) -> Plot:
    table = [
        [sum(s.true_kind == t and s.given_kind == g for s in texts) for g in _KINDS_OF_ANSWER] for t in _KINDS_OF_ANSWER
    ]

    def draw(axes: Axes) -> None:
        shares = [[n / max(1, sum(row)) for n in row] for row in table]
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
        places = range(len(_KINDS_OF_ANSWER))
        axes.set_xticks(list(places), _KINDS_OF_ANSWER, rotation=30, ha="right")
        axes.set_yticks(list(places), _KINDS_OF_ANSWER)
        for i in places:
            for j in places:
                if table[i][j]:
                    color = "white" if shares[i][j] > 0.5 else "black"
                    axes.text(j, i, str(table[i][j]), ha="center", va="center", fontsize=9, color=color)
        axes.set(xlabel="given", ylabel="true")
        axes.spines[:].set_visible(False)

    off = sum(s.true_kind != s.given_kind and s.outcome.answered and s.question.is_answerable for s in texts)
    return Plot(
        title="Kinds of answers",
        svg=_svg(draw, "kinds"),
        says=f"Off the diagonal: {off} answers of another kind than the true one.",
    )


def _svg(draw: Callable[[Axes], None], name: str) -> str:
    import matplotlib as mpl
    from matplotlib.figure import Figure

    out = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": name, "text.parse_math": False, "font.size": 10}):
        figure = Figure(figsize=(4.6, 3.3), layout="constrained")
        axes = figure.add_subplot()
        axes.spines[["top", "right"]].set_visible(False)
        draw(axes)
        figure.savefig(out, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    text = out.getvalue()
    text = text[text.index("<svg") :]
    return re.sub(r'<svg ([^>]*?)width="[^"]*"\s*|(?<=<svg )height="[^"]*"\s*', r"<svg \1", text, count=1)
