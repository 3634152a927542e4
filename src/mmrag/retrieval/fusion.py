"""Reciprocal rank fusion: pure, and the only place where rankings of different legs meet."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import TypeVar

K = 60
"""The constant of Cormack, Clarke and Buettcher, *Reciprocal Rank Fusion outperforms Condorcet and individual rank learning
methods*, SIGIR 2009: large enough that the first ranks of one leg do not outvote agreement between legs."""

Item = TypeVar("Item", bound=Hashable)
Name = TypeVar("Name", bound=Hashable)


def ranks(scored: Iterable[tuple[Item, float]]) -> dict[Item, int]:
    """Ranks from 1 by falling score. Equal scores share a rank, so that the order of arrival never decides.

    An item given twice counts with its best score.
    """
    best = _best(scored)
    levels = {score: rank for rank, score in enumerate(sorted(set(best.values()), reverse=True), start=1)}
    return {item: levels[score] for item, score in best.items()}


def crowded_ranks(scored: Iterable[tuple[Item, float]]) -> dict[Item, int]:
    """Ranks from 1 by falling score, where equal scores share the last rank that they take up together.

    So what many have in common, which tells none of them apart, lifts none of them far. An item given twice counts with its
    best score.
    """
    best = _best(scored)
    rising = sorted(-score for score in best.values())
    return {item: bisect_right(rising, -score) for item, score in best.items()}


def _best(scored: Iterable[tuple[Item, float]]) -> dict[Item, float]:
    pairs = list(scored)
    best = dict(pairs)
    if len(best) == len(pairs):
        return best
    best.clear()
    for item, score in pairs:
        if item not in best or score > best[item]:
            best[item] = score
    return best


def fuse(
    legs: Mapping[Name, Mapping[Item, int]], *, weights: Mapping[Name, float] | None = None, k: int = K
) -> dict[Item, float]:
    """Fused score of every item: the sum over legs of ``weight / (k + rank)``, 0 where a leg did not find it.

    ``legs`` maps a leg to its ranks (from 1). The result does not depend on the order of legs or items.
    """
    fused: dict[Item, float] = {}
    for name in legs:
        weight = 1.0 if weights is None else weights.get(name, 1.0)
        for item, rank in legs[name].items():
            fused[item] = fused.get(item, 0.0) + weight / (k + rank)
    return fused


def order(scores: Mapping[Item, float], tie_break: Sequence[Item] | None = None) -> list[Item]:
    """Items by falling score; ties by their place in ``tie_break``, then by their text, so that runs repeat exactly."""
    place = {item: i for i, item in enumerate(tie_break or ())}
    return sorted(scores, key=lambda item: (-scores[item], place.get(item, len(place)), str(item)))
