"""What a calibration is worth, as tables and as JSON."""

from __future__ import annotations

from mmrag.domain.hashing import Json
from mmrag.evaluation.calibrating.calibrate import Fitted, Sureness, TierFit
from mmrag.evaluation.calibrating.choosing import Operating, frontier
from mmrag.evaluation.cells import Table, number
from mmrag.evaluation.metrics.confidence import reliability, risk_coverage

_COVERAGES = (0.25, 0.5, 0.75, 0.9, 1.0)
_MOST_ROWS = 12


def tables(fitted: Fitted) -> tuple[Table, ...]:
    """Reliability before and after, accuracy against coverage, and cost against quality with the point that was chosen."""
    return (
        Table(
            title="Confidence against what was right (after: cross-validated)",
            head=("tier", "answers", "right", "ECE before", "ECE after", "Brier before", "Brier after", "fitted"),
            rows=tuple(_fit_row(fit) for fit in fitted.tiers),
        ),
        Table(
            title="Reliability",
            head=("tier", "confidence", "n before", "right before", "n after", "right after"),
            rows=tuple(row for fit in fitted.tiers for row in _bins(fit)),
        ),
        Table(
            title="Right answers when only the surest are given",
            head=("tier", *(f"surest {c:.0%}" for c in _COVERAGES)),
            rows=tuple((fit.name, *_accuracies(fit.after)) for fit in fitted.tiers if fit.after.right),
        ),
        Table(
            title="Cost against quality (a question; cross-validated)",
            head=("", "thresholds", "quality", "answered", "wrong of those", "calls", "USD"),
            rows=tuple(_cost_rows(fitted)),
        ),
    )


def to_json(fitted: Fitted) -> dict[str, Json]:
    origin = fitted.calibration.origin
    return {
        "made": origin.made.isoformat() if origin else None,
        "dataset": origin.dataset if origin else None,
        "digest": origin.digest if origin else None,
        "questions": origin.questions if origin else None,
        "target_risk": origin.target_risk if origin else None,
        "tiers": [_fit_json(fit) for fit in fitted.tiers],
        "chosen": _point_json(fitted.chosen, fitted),
        "alone": {name: _point_json(point, fitted) for name, point in fitted.alone.items()},
        "in_use": {"n": len(fitted.in_use.right), "ece": _round(fitted.in_use.ece), "brier": _round(fitted.in_use.brier)},
        "as_stored": _point_json(fitted.now, fitted),
        "frontier": [_point_json(point, fitted) for point in frontier(fitted.points)],
    }


def summary(fitted: Fitted) -> str:
    """The chosen point in a sentence."""
    point, origin = fitted.chosen, fitted.calibration.origin
    target = origin.target_risk if origin else 0.0
    within = (
        "" if point.risk <= target else f" No thresholds keep the risk of {target:.0%} that is wanted; this is the least."
    )
    return (
        f"With these thresholds {point.coverage:.0%} of the questions are answered, {point.risk:.1%} of the answers are "
        f"wrong ({target:.0%} tolerated), and {point.quality:.1%} of the questions end well.{within}"
    )


def _fit_row(fit: TierFit) -> tuple[str, ...]:
    right = fit.scores.right
    share = number(sum(right) / len(right)) if right else "-"
    fitted = ", ".join(group.value for group in fit.fitted) or "too few answers"
    figures = (fit.scores.ece, fit.after.ece, fit.scores.brier, fit.after.brier)
    return (fit.name, str(len(right)), share, *(number(f) for f in figures), fitted)


def _bins(fit: TierFit) -> list[tuple[str, ...]]:
    if not fit.scores.right:
        return []
    before = {round(b.low, 2): b for b in reliability(fit.scores.confidence, fit.scores.right)}
    after = {round(b.low, 2): b for b in reliability(fit.after.confidence, fit.after.right)}
    rows = []
    for low in sorted({*before, *after}):
        cells: list[str] = []
        for bins in (before, after):
            found = bins.get(low)
            cells += ["-", "-"] if found is None else [str(found.count), number(found.accuracy)]
        rows.append((fit.name, f"{low:.1f} to {low + 0.1:.1f}", *cells))
    return rows


def _accuracies(sure: Sureness) -> list[str]:
    """Accuracy at each coverage: that of the smallest group of surest answers that reaches it."""
    points = risk_coverage(sure.confidence, sure.right)
    return [number(1 - next((risk for c, risk in points if c >= wanted - 1e-9), points[-1][1])) for wanted in _COVERAGES]


def _cost_rows(fitted: Fitted) -> list[tuple[str, ...]]:
    rows = [(f"{name} alone", *_point_cells(point)) for name, point in fitted.alone.items()]
    points = frontier(fitted.points)
    step = max(1, -(-len(points) // _MOST_ROWS))
    rows += [("", *_point_cells(point)) for point in points[::step]]
    return [*rows, ("chosen", *_point_cells(fitted.chosen))]


def _point_cells(point: Operating) -> tuple[str, ...]:
    thresholds = " / ".join(f"{a:.2f}" for a in point.accept)
    figures = (number(point.quality), number(point.coverage), number(point.risk), f"{point.calls:.2f}", f"{point.usd:.6f}")
    return (thresholds, *figures)


def _fit_json(fit: TierFit) -> Json:
    return {
        "tier": fit.name,
        "model": fit.model,
        "answers": len(fit.scores.right),
        "fitted": [group.value for group in fit.fitted],
        "before": {"ece": _round(fit.scores.ece), "brier": _round(fit.scores.brier)},
        "after": {"ece": _round(fit.after.ece), "brier": _round(fit.after.brier)},
    }


def _point_json(point: Operating, fitted: Fitted) -> Json:
    return {
        "accept": [round(a, 4) for a in point.accept],
        "floor": round(point.floor, 4),
        "risk": round(point.risk, 4),
        "coverage": round(point.coverage, 4),
        "quality": round(point.quality, 4),
        "usd": round(point.usd, 8),
        "calls": round(point.calls, 4),
        "reached": dict(zip(fitted.recorded.tiers, point.reached, strict=False)),
    }


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
