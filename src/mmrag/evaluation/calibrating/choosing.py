"""Thresholds for a wanted risk at the least cost: the cascade played over answers that were recorded tier by tier. Pure.

The same rules as the cascade's own decisions: the first tier that is sure enough answers; when none is, the surest answer
over the floor is given; else the question is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

QUALITY_KEPT = 0.98
"""Of the best quality that can be had within the risk, so much has to be kept; among the rest the cheapest is chosen."""
_STEPS = 9
"""Thresholds that are tried for each tier, at even shares of its answers."""
_MOST_POINTS = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What each tier made of each question. Arrays of shape ``(tiers, questions)``, cheapest tier first; ``answerable`` has
    shape ``(questions,)``.

    ``probability`` is 0 where no draft stands; ``usd`` and ``calls`` are of that tier alone.
    """

    tiers: tuple[str, ...]
    probability: Floats
    right: NDArray[np.bool_]
    usd: Floats
    calls: Floats
    answerable: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operating:
    """How the cascade does with these thresholds, all of them probabilities.

    ``risk`` is the share of wrong answers among those given, ``coverage`` the share of questions answered, ``quality`` the
    share of questions that end well: answered rightly, or refused where there is no answer. ``usd`` and ``calls`` are a
    question; ``reached`` counts the questions that each tier was asked.
    """

    accept: tuple[float, ...]
    floor: float
    risk: float
    coverage: float
    quality: float
    usd: float
    calls: float
    reached: tuple[int, ...]


def play(recorded: Recorded, accept: Sequence[float], floor: float) -> Operating:
    """The cascade over all questions with the threshold ``accept`` for each tier and one ``floor``."""
    given, tier_of, stopped = outcomes(recorded, accept, floor)
    tiers, questions = recorded.probability.shape
    asked = np.arange(tiers)[:, None] <= stopped[None, :]
    right = given & recorded.right[tier_of, np.arange(questions)]
    answered = int(given.sum())
    return Operating(
        accept=tuple(accept),
        floor=floor,
        risk=0.0 if answered == 0 else float((given & ~right).sum()) / answered,
        coverage=answered / questions,
        quality=float((right | (~given & ~recorded.answerable)).sum()) / questions,
        usd=float((recorded.usd * asked).sum()) / questions,
        calls=float((recorded.calls * asked).sum()) / questions,
        reached=tuple(int(n) for n in asked.sum(axis=1)),
    )


def outcomes(
    recorded: Recorded, accept: Sequence[float], floor: float
) -> tuple[NDArray[np.bool_], NDArray[np.intp], NDArray[np.intp]]:
    """For each question: whether an answer is given, the index of the tier it comes from, and of the last one asked."""
    p = recorded.probability
    tiers = len(p)
    stands = p > 0
    sure = stands & (p >= np.maximum(np.asarray(accept), floor)[:, None])
    any_sure = sure.any(axis=0)
    stopped = np.where(any_sure, sure.argmax(axis=0), tiers - 1)
    best = tiers - 1 - p[::-1].argmax(axis=0)  # of equals the later tier
    tier_of = np.where(any_sure, stopped, best)
    given = any_sure | (stands & (p >= floor)).any(axis=0)
    return given, tier_of, stopped


def sweep(recorded: Recorded) -> tuple[Operating, ...]:
    """Every combination of thresholds that is tried."""
    floors = _steps(recorded.probability[recorded.probability > 0], 4 * _STEPS)
    steps = [_steps(row[row > 0], _STEPS) for row in recorded.probability[:-1]]
    while len(floors) * int(np.prod([len(s) for s in steps])) > _MOST_POINTS:
        steps = [s[::2] for s in steps]
    return tuple(
        play(recorded, (*accept, floor), floor)
        for floor in floors
        for accept in product(*([floor, *(s for s in tier if s > floor)] for tier in steps))
    )


def choose(points: Sequence[Operating], target_risk: float) -> Operating:
    """The cheapest point whose risk is within the target and whose quality is nearly the best that can be had so.

    Where no point keeps the target, the one of the least risk, and of those the one of the most quality.
    """
    within = [p for p in points if p.risk <= target_risk and p.coverage > 0]
    if not within:
        return min(points, key=lambda p: (p.coverage == 0, p.risk, -p.quality))
    best = max(p.quality for p in within)
    good = [p for p in within if p.quality >= QUALITY_KEPT * best]
    return min(good, key=lambda p: (round(p.usd, 9), round(p.calls, 9), -p.quality, p.risk))


def frontier(points: Sequence[Operating]) -> tuple[Operating, ...]:
    """The points that no other beats in both cost and quality, cheapest first."""
    kept: list[Operating] = []
    for point in sorted(points, key=lambda p: (p.usd, p.calls, -p.quality)):
        if not kept or point.quality > kept[-1].quality:
            kept.append(point)
    return tuple(kept)


def _steps(probabilities: Floats, count: int) -> list[float]:
    """Thresholds at even shares of the values there are, each a value itself, and 0 and one over all of them."""
    if not probabilities.size:
        return [0.0]
    shares = np.quantile(probabilities, np.linspace(0, 1, count), method="lower")
    return sorted({0.0, *(float(s) for s in shares), min(1.0, float(probabilities.max()) + 1e-6)})
