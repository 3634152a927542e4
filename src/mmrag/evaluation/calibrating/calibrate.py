"""From recorded answers to a calibration, and what it is worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from mmrag.domain.calibration import Calibration, Curve, Group, Origin, TierCalibration
from mmrag.errors import UsageError
from mmrag.evaluation.calibrating.choosing import Operating, Recorded, choose, outcomes, play, sweep
from mmrag.evaluation.calibrating.fitting import LEAST_ANSWERS, Observation, fit_curves, out_of_fold
from mmrag.evaluation.metrics.confidence import brier, expected_calibration_error


@dataclass(frozen=True, slots=True, kw_only=True)
class Sureness:
    """How far ``confidence`` is from what was ``right``, over the same answers in the same order."""

    confidence: tuple[float, ...]
    right: tuple[bool, ...]

    @property
    def ece(self) -> float | None:
        return expected_calibration_error(self.confidence, self.right) if self.right else None

    @property
    def brier(self) -> float | None:
        return brier(self.confidence, self.right) if self.right else None


@dataclass(frozen=True, slots=True, kw_only=True)
class TierFit:
    """One tier's answers with its ``scores`` and their cross-validated probabilities ``after``. ``fitted`` names the groups
    of questions that had answers enough; the others keep the curves they had."""

    name: str
    model: str
    fitted: tuple[Group, ...]
    scores: Sureness
    after: Sureness


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """A calibration and what it is worth.

    ``chosen`` and ``points`` are cross-validated; ``alone`` is each tier asked without the others under the same floor.
    ``now`` is how the cascade does on these questions with the curves as they are stored, and ``in_use`` is over the answers
    that it then gives: the same as ``mmrag eval`` reports.
    """

    calibration: Calibration
    tiers: tuple[TierFit, ...]
    recorded: Recorded
    points: tuple[Operating, ...]
    chosen: Operating
    alone: Mapping[str, Operating]
    in_use: Sureness
    now: Operating

    def tier_alone(self, name: str, floor: float) -> Operating:
        """One tier asked without the others: it answers from ``floor`` on."""
        return play(_only(self.recorded, self.recorded.tiers.index(name)), (floor,), floor)


def calibrate(
    observed: Mapping[str, Sequence[Observation]], models: Mapping[str, str], before: Calibration, origin: Origin
) -> Fitted:
    """Fit every tier that has answers enough, and choose thresholds for the risk that ``origin`` names.

    ``observed`` holds, for each tier in the cascade's order, one observation for each question, the same questions in the
    same order; ``models`` what each tier asks, empty for the reader. Raises ``UsageError`` when no tier has answers enough.
    """
    fits, curves, probabilities = [], {}, []
    for name, answers in observed.items():
        known = before.of(name, models[name] or None)
        standing = [a for a in answers if a.stands]
        after = out_of_fold(standing, known)
        by_id = dict(zip((a.question_id for a in standing), after, strict=True))
        probabilities.append([by_id.get(a.question_id, 0.0) for a in answers])
        curves[name] = fit_curves(standing, known)
        counts = {group: sum(a.group is group for a in standing) for group in Group}
        right = tuple(a.right for a in standing)
        fits.append(
            TierFit(
                name=name,
                model=models[name],
                fitted=tuple(group for group, n in counts.items() if n >= LEAST_ANSWERS),
                scores=Sureness(confidence=tuple(a.score for a in standing), right=right),
                after=Sureness(confidence=after, right=right),
            )
        )
    _check_enough(fits)
    recorded = _recorded(observed, probabilities)
    points = sweep(recorded)
    chosen = choose(points, origin.target_risk)
    calibration = _calibration(chosen, recorded, fits, curves, before, origin)
    stored = _recorded(observed, [_as_asked(answers, calibration, n, models[n]) for n, answers in observed.items()])
    accept = [calibration.tiers[name].accept for name in observed]
    floor = calibration.floors[Group.LOOKUP]
    in_use = _given(stored, accept, floor)
    seen = next(iter(observed.values()))
    return Fitted(
        calibration=replace(
            calibration,
            confidences=in_use.confidence,
            retrieval_scores=tuple(round(a.retrieval, 5) for a in seen if a.retrieval is not None),
        ),
        tiers=tuple(fits),
        recorded=recorded,
        points=points,
        chosen=chosen,
        alone=MappingProxyType({n: play(_only(recorded, t), (chosen.floor,), chosen.floor) for t, n in enumerate(observed)}),
        in_use=in_use,
        now=play(stored, accept, floor),
    )


def _as_asked(answers: Sequence[Observation], calibration: Calibration, tier: str, model: str) -> list[float]:
    """The probabilities that answers are given with, 0 where none stands."""
    known = calibration.of(tier, model or None)
    return [round(known.probability(a.score, a.group), 4) if a.stands else 0.0 for a in answers]


def _check_enough(fits: Sequence[TierFit]) -> None:
    if any(fit.fitted for fit in fits):
        return
    most = max((len(fit.scores.right) for fit in fits), default=0)
    raise UsageError(
        f"There are too few answers to calibrate: {most} from the tier that has most, and {LEAST_ANSWERS} of one kind of "
        f"question are needed. The calibration stays as it is; add labelled questions."
    )


def _recorded(observed: Mapping[str, Sequence[Observation]], probabilities: Sequence[Sequence[float]]) -> Recorded:
    rows = list(observed.values())
    return Recorded(
        tiers=tuple(observed),
        probability=np.asarray(probabilities, dtype=float),
        right=np.asarray([[a.right for a in row] for row in rows]),
        usd=np.asarray([[a.usd for a in row] for row in rows], dtype=float),
        calls=np.asarray([[a.calls for a in row] for row in rows], dtype=float),
        answerable=np.asarray([a.answerable for a in rows[0]]),
    )


def _only(recorded: Recorded, tier: int) -> Recorded:
    row = slice(tier, tier + 1)
    return Recorded(
        tiers=recorded.tiers[row],
        probability=recorded.probability[row],
        right=recorded.right[row],
        usd=recorded.usd[row],
        calls=recorded.calls[row],
        answerable=recorded.answerable,
    )


def _calibration(
    chosen: Operating,
    recorded: Recorded,
    fits: Sequence[TierFit],
    curves: Mapping[str, Mapping[Group, Curve]],
    before: Calibration,
    origin: Origin,
) -> Calibration:
    values = recorded.probability[recorded.probability > 0]
    floor = _midway(chosen.floor, values)
    tiers = {
        fit.name: TierCalibration(
            name=fit.name,
            model=fit.model or "reader",
            curves=curves[fit.name],
            accept=max(floor, _midway(accept, values)),
            answers=len(fit.scores.right),
        )
        for fit, accept in zip(fits, chosen.accept, strict=True)
    }
    return Calibration(
        tiers=MappingProxyType(tiers),
        floors=MappingProxyType(dict.fromkeys(Group, floor)),
        readers=before.readers,
        models=before.models,
        origin=origin,
    )


def _midway(threshold: float, values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
    """Between ``threshold`` and the next value under it: the stored curve is fitted on all answers and a little different,
    and must not fall to the other side."""
    under = values[values < threshold]
    return round(min(1.0, (threshold + (float(under.max()) if under.size else 0.0)) / 2), 4)


def _given(recorded: Recorded, accept: Sequence[float], floor: float) -> Sureness:
    given, tier_of, _ = outcomes(recorded, accept, floor)
    at = np.flatnonzero(given)
    return Sureness(
        confidence=tuple(float(recorded.probability[tier_of[n], n]) for n in at),
        right=tuple(bool(recorded.right[tier_of[n], n]) for n in at),
    )
