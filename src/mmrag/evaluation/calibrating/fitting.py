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
    calls only, ``unpriced`` counts the others. ``retrieval`` is the score of the best piece of evidence, None without any.
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
    retrieval: float | None = None


def fit_curve(scores: Sequence[float], right: Sequence[bool]) -> Curve:
    """The centred isotonic curve through these answers: isotonic regression, and straight lines between the centres of its
    steps (Oron and Flournoy, *Centered Isotonic Regression*, Statistics in Biopharmaceutical Research 9, 2017). On a step
    itself all answers would be equally sure, and no threshold could part them.

    One wrong answer at score 1 and one right answer at score 0 are added: without them the ends of the curve would say
    that nothing can go wrong, from however few answers (Laplace's rule of succession).
    """
    from sklearn.isotonic import IsotonicRegression

    if not scores:
        return IDENTITY
    regression = IsotonicRegression(y_min=0.0, y_max=1.0, out_of_bounds="clip")
    xs = np.asarray([*scores, 1.0, 0.0])
    ys = np.asarray(regression.fit_transform(xs, np.asarray([*right, False, True], dtype=float)))
    steps = {float(y): float(xs[np.isclose(ys, y)].mean()) for y in np.unique(ys.round(9))}
    points = {round(min(1.0, max(0.0, x)), 4): round(min(1.0, max(0.0, y)), 4) for y, x in sorted(steps.items())}
    return Curve(points=tuple(sorted(points.items())))


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
