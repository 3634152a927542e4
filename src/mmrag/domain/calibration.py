"""From a tier's own score to the probability that its answer is right, and how sure is sure enough.

The curves are fitted elsewhere and kept as points; applying them is linear interpolation and needs no library.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from mmrag.domain.plans import Plan


class Group(StrEnum):
    """Questions whose scores mean the same. A wrong place looks like a right one more often where much is left open; what
    is worked out from several documents is as sure as its weakest operand."""

    LOOKUP = "lookup"
    OPEN = "open"
    WORKED_OUT = "worked_out"

    @classmethod
    def of(cls, plan: Plan) -> Group:
        if plan.check is not None:
            return cls.of(plan.check.asks)
        if plan.aggregate is not None:
            return cls.WORKED_OUT
        return cls.OPEN if plan.answer_type.is_open else cls.LOOKUP


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """A monotone map from ``[0, 1]`` to ``[0, 1]`` through ``points`` of (score, probability), by score.

    Raises ``ValueError`` for no points, points out of order or out of range, and probabilities that fall.
    """

    points: tuple[tuple[float, float], ...] = ((0.0, 0.0), (1.0, 1.0))

    def __post_init__(self) -> None:
        scores, values = [s for s, _ in self.points], [p for _, p in self.points]
        if not self.points or sorted(set(scores)) != scores or sorted(values) != values:
            raise ValueError("the points of a curve rise from left to right")
        if not all(0.0 <= x <= 1.0 for x in (*scores, *values)):
            raise ValueError("scores and probabilities are between 0 and 1")

    def at(self, score: float) -> float:
        """The probability for ``score``; beyond the first and the last point it stays what it is there."""
        after = bisect_right(self.points, score, key=lambda point: point[0])
        if after == 0:
            return self.points[0][1]
        if after == len(self.points):
            return self.points[-1][1]
        (x0, y0), (x1, y1) = self.points[after - 1], self.points[after]
        return y0 + (y1 - y0) * (score - x0) / (x1 - x0)


IDENTITY = Curve()


@dataclass(frozen=True, slots=True, kw_only=True)
class TierCalibration:
    """One tier's curves. From ``accept`` on, a probability, its answer is given and no further tier is asked.

    ``model`` is what the curves were fitted for, empty for any; ``answers`` is how many answers they stand on.
    """

    name: str
    curves: Mapping[Group, Curve]
    accept: float = 0.0
    model: str = ""
    answers: int = 0

    def probability(self, score: float, group: Group) -> float:
        return self.curves.get(group, IDENTITY).at(score)


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a calibration comes from. ``digest`` is the SHA-256 of the data set's questions with their truth."""

    made: datetime
    dataset: str
    digest: str
    questions: int
    target_risk: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """The curves of all tiers, and the probability under which an answer is refused (by group).

    ``readers`` and ``models`` stand in for tiers that have no curves of their own: the reader, and any chat model.
    ``origin`` is None for what mmrag ships. ``confidences`` of the answers given to the labelled questions, and
    ``retrieval_scores`` of the best evidence for each, are what later questions are compared with; empty where not kept.
    """

    tiers: Mapping[str, TierCalibration] = field(default_factory=lambda: MappingProxyType({}))
    floors: Mapping[Group, float] = field(
        default_factory=lambda: MappingProxyType({Group.LOOKUP: 0.35, Group.OPEN: 0.5, Group.WORKED_OUT: 0.35}),
    )
    readers: TierCalibration = TierCalibration(name="reader", curves=MappingProxyType({}))
    models: TierCalibration = TierCalibration(name="model", curves=MappingProxyType({}))
    origin: Origin | None = None
    confidences: tuple[float, ...] = ()
    retrieval_scores: tuple[float, ...] = ()

    def of(self, tier: str, model: str | None) -> TierCalibration:
        """The curves for a tier that asks ``model`` (None: it asks none). Curves of another model are not used."""
        fitted = self.tiers.get(tier)
        if fitted is not None and fitted.model in ("", model or "reader"):
            return fitted
        return self.readers if model is None else self.models


UNCALIBRATED = Calibration()
"""Scores as they come: for measuring, and where nothing else is known."""
