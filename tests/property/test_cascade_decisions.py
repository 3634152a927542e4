"""Whatever the verdicts, the money and the tiers: the cascade ends, and never lets a refuted claim through."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from mmrag.agent.cascade import (
    Abstain,
    Accept,
    Escalate,
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
failures = st.none() | st.builds(Abstention, reason=st.sampled_from(AbstentionReason), detail=st.just("failed"))


@given(verdicts, share, share, positions, money, money, failures)
def test_decisions(
    found: list[Verdict],
    drafted: float,
    least: float,
    position: TierPosition,
    spent: Decimal,
    budget: Decimal,
    failure: Abstention | None,
) -> None:
    confidence = answer_confidence(drafted, found)
    decision = decide(found, confidence, Thresholds(min_confidence=least), position, spent, budget, failure=failure)
    stands = bool(found) and all(v.kind in (VerdictKind.SUPPORTED, VerdictKind.PARTLY) for v in found)
    match decision:
        case Accept():
            assert stands
            assert failure is None
            assert decision.confidence >= least
        case Escalate():
            assert position.index < position.count - 1
            assert position.next_usd is None or spent + position.next_usd <= budget
        case Repair():
            assert position.repairs_left > 0
            assert failure is None
        case Abstain():
            assert decision.abstention.detail
            assert position.is_last or decision.abstention.reason is AbstentionReason.OVER_BUDGET
    if stands and failure is None and confidence >= least:
        assert isinstance(decision, Accept)


@given(verdicts, share)
def test_confidence_is_a_share_and_no_higher_than_any_part(found: list[Verdict], drafted: float) -> None:
    confidence = answer_confidence(drafted, found)
    assert 0 <= confidence <= 1
    assert confidence <= drafted + 1e-4
    assert all(confidence <= v.confidence + 1e-4 for v in found)


@given(st.lists(verdicts, min_size=40, max_size=40), share, st.integers(1, 4))
def test_any_run_ends(rounds: list[list[Verdict]], drafted: float, count: int) -> None:
    """One repair a question and one escalation a tier: no more rounds than tiers and one."""
    index, repairs, steps = 0, 1, 0
    for found in rounds:
        steps += 1
        decision = decide(
            found,
            answer_confidence(drafted, found),
            Thresholds(min_confidence=0.5),
            TierPosition(index=index, count=count, repairs_left=repairs),
            Decimal(0),
            Decimal(0),
        )
        if isinstance(decision, Repair):
            repairs -= 1
        elif isinstance(decision, Escalate):
            index += 1
        else:
            break
    assert steps <= count + 1
