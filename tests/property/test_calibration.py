"""Curves never fall, fitting tells the truth, and recorded answers are played by the cascade's own rules."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmrag.agent.cascade import Abstain, Accept, Escalate, Keep, Thresholds, TierPosition, decide
from mmrag.domain.answers import Claim, Verdict, VerdictKind, VerifyMethod
from mmrag.domain.calibration import Curve, Group, TierCalibration
from mmrag.evaluation.calibrating.choosing import Recorded, choose, outcomes, play, sweep
from mmrag.evaluation.calibrating.fitting import Observation, fit_curve, fit_curves, out_of_fold
from mmrag.evaluation.metrics.confidence import expected_calibration_error

share = st.floats(0, 1)
answers = st.lists(st.tuples(share, st.booleans()), min_size=1, max_size=60)
AS_IT_IS = TierCalibration(name="t", curves={})


@settings(deadline=None)  # the first example loads scikit-learn
@given(answers, st.lists(share, min_size=2, max_size=20))
def test_a_fitted_curve_never_falls_and_never_says_certain(found: list[tuple[float, bool]], at: list[float]) -> None:
    curve = fit_curve([score for score, _ in found], [right for _, right in found])
    values = [curve.at(score) for score in sorted(at)]
    assert values == sorted(values)
    assert all(0 <= value <= 1 for value in values)
    assert 0 < curve.at(0.0) <= curve.at(1.0) < 1


@pytest.mark.parametrize(
    "points", [(), ((0.2, 0.1), (0.1, 0.2)), ((0.0, 0.5), (1.0, 0.4)), ((0.0, -0.1),), ((0.1, 0.1), (0.1, 0.2))]
)
def test_points_that_are_no_curve_are_refused(points: tuple[tuple[float, float], ...]) -> None:
    with pytest.raises(ValueError, match=r"rise|between"):
        Curve(points=points)


def observed(count: int, seed: int, *, group: Group = Group.LOOKUP) -> list[Observation]:
    """Answers of a tier that is right with probability score squared: too sure of itself everywhere."""
    rng = np.random.default_rng(seed)
    scores = rng.uniform(0, 1, count)
    right = rng.uniform(0, 1, count) < scores**2
    return [
        Observation(question_id=str(n), group=group, score=float(s), stands=True, right=bool(r), answerable=True)
        for n, (s, r) in enumerate(zip(scores, right, strict=True))
    ]


def test_fitting_finds_the_curve_that_made_the_answers() -> None:
    curves = fit_curves(observed(4000, 1), AS_IT_IS)
    assert [curves[Group.LOOKUP].at(s) for s in (0.3, 0.5, 0.7, 0.9)] == pytest.approx([0.09, 0.25, 0.49, 0.81], abs=0.08)
    assert curves[Group.OPEN].at(0.3) == pytest.approx(0.3)  # no answers of that kind: as it was


def test_probabilities_out_of_fold_are_nearer_the_truth_and_use_no_answer_twice() -> None:
    found = observed(400, 2)
    right = [a.right for a in found]
    after = out_of_fold(found, AS_IT_IS)
    assert expected_calibration_error(after, right) < 0.5 * expected_calibration_error([a.score for a in found], right)
    turned = [*found[:-1], Observation(**{f: getattr(found[-1], f) for f in found[-1].__slots__} | {"right": not right[-1]})]
    assert out_of_fold(turned, AS_IT_IS)[-1] == pytest.approx(after[-1], abs=0.1)


@st.composite
def recordings(draw: st.DrawFn) -> Recorded:
    tiers, questions = draw(st.integers(1, 3)), draw(st.integers(1, 6))
    grid = st.sampled_from([0.0, 0.0, 0.2, 0.4, 0.5, 0.6, 0.8, 0.9])
    cells = [[draw(grid) for _ in range(questions)] for _ in range(tiers)]
    return Recorded(
        tiers=tuple(f"t{n}" for n in range(tiers)),
        probability=np.asarray(cells),
        right=np.asarray([[draw(st.booleans()) for _ in range(questions)] for _ in range(tiers)]),
        usd=np.asarray([[0.01 * n] * questions for n in range(tiers)]),
        calls=np.asarray([[float(n > 0)] * questions for n in range(tiers)]),
        answerable=np.asarray([draw(st.booleans()) for _ in range(questions)]),
    )


def by_the_cascade(probabilities: list[float], accept: tuple[float, ...], floor: float) -> tuple[int | None, int]:
    """The tier whose answer is given, None for a refusal, and the last tier asked, as ``decide`` has it."""
    best: tuple[float, int] | None = None
    for n, p in enumerate(probabilities):
        kind = VerdictKind.SUPPORTED if p else VerdictKind.UNSUPPORTED
        verdict = Verdict(claim=Claim(text="x", spans=()), kind=kind, method=VerifyMethod.VALUE, confidence=1.0)
        decision = decide(
            [verdict],
            p,
            Thresholds(min_confidence=floor, accept=max(accept[n], floor)),
            TierPosition(index=n, count=len(probabilities)),
            Decimal(0),
            Decimal(1),
            best=best[0] if best else None,
        )
        match decision:
            case Accept():
                return n, n
            case Keep():
                assert best is not None
                return best[1], n
            case Abstain():
                return None, n
            case Escalate():
                if p and p >= max(floor, best[0] if best else 0.0):
                    best = (p, n)
    raise AssertionError("the last tier never escalates")


@settings(max_examples=300)
@given(recordings(), st.lists(share, min_size=3, max_size=3), share)
def test_recorded_answers_are_played_as_the_cascade_decides(recorded: Recorded, accept: list[float], floor: float) -> None:
    tiers = len(recorded.tiers)
    chosen = tuple(accept[:tiers])
    given, tier_of, stopped = outcomes(recorded, chosen, floor)
    for n in range(recorded.probability.shape[1]):
        tier, last = by_the_cascade([float(p) for p in recorded.probability[:, n]], chosen, floor)
        assert (int(tier_of[n]) if given[n] else None, int(stopped[n])) == (tier, last)


@given(recordings(), share)
def test_the_chosen_point_keeps_the_risk_or_none_does(recorded: Recorded, target: float) -> None:
    points = sweep(recorded)
    point = choose(points, target)
    assert point in points
    assert point.risk <= target or all(p.risk > target or p.coverage == 0 for p in points)
    assert play(recorded, point.accept, point.floor) == point
    if point.risk <= target and point.coverage > 0:
        equal = [p for p in points if p.risk <= target and p.coverage > 0 and p.quality >= point.quality]
        assert all(p.usd >= point.usd - 1e-12 for p in equal)
