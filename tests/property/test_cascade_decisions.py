"""Whatever the verdicts, the money and the tiers: the cascade ends, and never lets a refuted claim through."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from mmrag.agent.cascade import (
    Abstain,
    Accept,
    Escalate,
    Failure,
    FailureKind,
    Keep,
    Repair,
    Thresholds,
    TierPosition,
    answer_confidence,
    decide,
)
from mmrag.domain.answers import Abstention, AbstentionReason, Claim, Verdict, VerdictKind, VerifyMethod

share = st.floats(0, 1)
money = st.decimals(0, 1, places=4)
verdicts = st.lists(
    st.builds(
        Verdict,
        claim=st.just(Claim(text="x", spans=())),
        kind=st.sampled_from(VerdictKind),
        method=st.sampled_from(VerifyMethod),
        confidence=share,
        detail=st.just(""),
    ),
    max_size=4,
)
positions = st.builds(
    lambda count, index, repairs, usd: TierPosition(index=index % count, count=count, repairs_left=repairs, next_usd=usd),
    st.integers(1, 4),
    st.integers(0, 3),
    st.integers(0, 2),
    st.none() | money,
)
refusals = st.builds(Abstention, reason=st.sampled_from(AbstentionReason), detail=st.just("failed"))
failures = st.none() | st.builds(Failure, kind=st.sampled_from(FailureKind), abstention=refusals)


@given(verdicts, share, share, share, st.none() | share, positions, money, money, failures)
def test_decisions(
    found: list[Verdict],
    drafted: float,
    least: float,
    accept: float,
    best: float | None,
    position: TierPosition,
    spent: Decimal,
    budget: Decimal,
    failure: Failure | None,
) -> None:
    confidence = answer_confidence(drafted, found)
    thresholds = Thresholds(min_confidence=least, accept=accept)
    decision = decide(found, confidence, thresholds, position, spent, budget, failure=failure, best=best)
    stands = bool(found) and all(v.kind in (VerdictKind.SUPPORTED, VerdictKind.PARTLY) for v in found)
    too_dear = position.next_usd is not None and spent + position.next_usd > budget
    match decision:
        case Accept():
            assert stands
            assert failure is None
            assert decision.confidence >= least
            assert decision.confidence >= accept or position.is_last or too_dear
            assert decision.confidence >= accept or best is None or decision.confidence >= best
        case Keep():
            assert best is not None
            assert decision.why
            assert position.is_last or too_dear
        case Escalate():
            assert not position.is_last
            assert not too_dear
        case Repair():
            assert position.repairs_left > 0
            assert failure is None
        case Abstain():
            assert best is None
            assert decision.abstention.detail
            assert position.is_last or decision.abstention.reason is AbstentionReason.OVER_BUDGET
    if stands and failure is None and confidence >= max(least, accept):
        assert isinstance(decision, Accept)


@given(verdicts, share)
def test_confidence_is_a_share_and_no_higher_than_any_part(found: list[Verdict], drafted: float) -> None:
    confidence = answer_confidence(drafted, found)
    assert 0 <= confidence <= 1
    assert confidence <= drafted + 1e-4
    assert all(confidence <= v.confidence + 1e-4 for v in found)


@given(st.lists(verdicts, min_size=40, max_size=40), share, share, st.integers(1, 4))
def test_any_run_ends(rounds: list[list[Verdict]], drafted: float, accept: float, count: int) -> None:
    """One repair and one escalation a tier: no more rounds than twice the tiers."""
    index, repairs, steps = 0, 1, 0
    for found in rounds:
        steps += 1
        decision = decide(
            found,
            answer_confidence(drafted, found),
            Thresholds(min_confidence=0.5, accept=accept),
            TierPosition(index=index, count=count, repairs_left=repairs),
            Decimal(0),
            Decimal(0),
        )
        if isinstance(decision, Repair):
            repairs -= 1
        elif isinstance(decision, Escalate):
            index, repairs = index + 1, 1
        else:
            break
    assert steps <= 2 * count
