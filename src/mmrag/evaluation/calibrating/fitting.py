"""Isotonic regression from a tier's score to the probability that its answer is right, by scikit-learn.

Zadrozny and Elkan, *Transforming Classifier Scores into Accurate Multiclass Probability Estimates*, KDD 2002.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from mmrag.domain.calibration import IDENTITY, Curve, Group, TierCalibration

LEAST_ANSWERS = 30
"""Fewer labelled answers than this tell nothing about a curve: the tier keeps the one that ships."""
FOLDS = 5
_SEED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What one tier made of one question, asked alone and without any threshold.

    ``score`` is not calibrated; it is 0 when no draft ``stands`` (none was made, or it was refuted). ``usd`` covers priced
    calls only, ``unpriced`` counts the others.
    """

    question_id: str
    group: Group
    score: float
    stands: bool
    right: bool
    answerable: bool
    usd: float = 0.0
    calls: int = 0
    unpriced: int = 0
    seconds: float = 0.0


def fit_curve(scores: Sequence[float], right: Sequence[bool]) -> Curve:
    """The isotonic curve through these answers.

    One wrong answer at score 1 and one right answer at score 0 are added: without them the ends of the curve would say
    that nothing can go wrong, from however few answers (Laplace's rule of succession).
    """
    from sklearn.isotonic import IsotonicRegression

    if not scores:
        return IDENTITY
    regression = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip")
    regression.fit(np.asarray([*scores, 1.0, 0.0]), np.asarray([*right, False, True], dtype=float))
    xs = [round(min(1.0, max(0.0, float(x))), 4) for x in regression.X_thresholds_]
    ys = [round(min(1.0, max(0.0, float(y))), 4) for y in regression.y_thresholds_]
    return Curve(points=tuple(sorted(dict(sorted(zip(xs, ys, strict=True))).items())))


def fit_curves(answers: Sequence[Observation], before: TierCalibration) -> Mapping[Group, Curve]:
    """A curve for each group of questions; a group with too few answers keeps the curve that it has ``before``."""
    curves: dict[Group, Curve] = {}
    for group in Group:
        found = [a for a in answers if a.group is group]
        enough = len(found) >= LEAST_ANSWERS
        curves[group] = (
            fit_curve([a.score for a in found], [a.right for a in found]) if enough else before.curves.get(group, IDENTITY)
        )
    return MappingProxyType(curves)


def out_of_fold(answers: Sequence[Observation], before: TierCalibration, folds: int = FOLDS) -> tuple[float, ...]:
    """Each answer's probability by curves that were fitted without it. ``folds`` are stratified by group and rightness.

    Which groups are fitted at all is decided once, over all answers, so that no fold falls back for want of one more.
    """
    from sklearn.model_selection import StratifiedKFold

    found = [before.probability(a.score, a.group) for a in answers]
    for group in Group:
        at = [n for n, a in enumerate(answers) if a.group is group]
        if len(at) < LEAST_ANSWERS:
            continue
        right = [answers[n].right for n in at]
        rarest = min(right.count(True), right.count(False))
        splits = StratifiedKFold(n_splits=folds, shuffle=True, random_state=_SEED)
        strata = right if rarest >= folds else [False] * len(right)
        for fit, held in splits.split(strata, strata):
            curve = fit_curve([answers[at[n]].score for n in fit], [right[n] for n in fit])
            for n in held:
                found[at[n]] = curve.at(answers[at[n]].score)
    return tuple(found)
