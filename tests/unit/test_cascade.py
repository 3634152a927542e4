"""What becomes of a draft, case by case."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from types import MappingProxyType

import pytest
from agent_pages import plan

from mmrag.agent.cascade import (
    Abstain,
    Accept,
    Decision,
    Escalate,
    Failure,
    FailureKind,
    Keep,
    Repair,
    Thresholds,
    TierPosition,
    answer_confidence,
    decide,
    drafted_score,
    out_of_reach,
)
from mmrag.domain.answers import Abstention, AbstentionReason, Claim, Draft, Verdict, VerdictKind, VerifyMethod
from mmrag.domain.plans import Constraint, ConstraintKind, Gathered, Plan


def verdict(kind: VerdictKind = VerdictKind.SUPPORTED, confidence: float = 0.9) -> Verdict:
    claim = Claim(text="39.80", spans=())
    return Verdict(claim=claim, kind=kind, method=VerifyMethod.VALUE, confidence=confidence, detail="the page says so")


def decided(
    *verdicts: Verdict,
    drafted: float = 0.9,
    index: int = 0,
    count: int = 2,
    repairs_left: int = 0,
    next_usd: Decimal | None = Decimal(0),
    failure: Failure | None = None,
    accept: float = 0.0,
    best: float | None = None,
) -> Decision:
    return decide(
        verdicts,
        answer_confidence(drafted, verdicts),
        Thresholds(min_confidence=0.35, accept=accept),
        TierPosition(index=index, count=count, repairs_left=repairs_left, next_usd=next_usd),
        Decimal("0.01"),
        Decimal("0.05"),
        failure=failure,
        best=best,
    )


FAILED = Failure(
    kind=FailureKind.UNAVAILABLE,
    abstention=Abstention(reason=AbstentionReason.MODEL_UNAVAILABLE, detail="no answer"),
)


def reason(decision: Decision) -> AbstentionReason:
    assert isinstance(decision, Abstain)
    return decision.abstention.reason


def test_supported_and_sure_is_accepted_with_the_product_as_confidence() -> None:
    assert decided(verdict(), verdict(VerdictKind.PARTLY, 0.5)) == Accept(confidence=0.45)


def test_the_probability_of_the_tokens_counts_where_it_is_told() -> None:
    draft = Draft(answer="39.80", spans=(), confidence=0.9, tier="local")
    assert drafted_score(draft) == 0.9
    assert drafted_score(replace(draft, token_probability=0.5)) == pytest.approx(0.45)


@pytest.mark.parametrize("kind", [VerdictKind.UNSUPPORTED, VerdictKind.CONTRADICTED, VerdictKind.UNREADABLE])
def test_one_refuted_claim_is_enough(kind: VerdictKind) -> None:
    assert isinstance(decided(verdict(), verdict(kind)), Escalate)
    assert reason(decided(verdict(), verdict(kind), index=1)) is AbstentionReason.UNSUPPORTED


def test_repair_comes_before_the_next_tier_and_only_while_there_is_one() -> None:
    assert isinstance(decided(verdict(VerdictKind.CONTRADICTED), repairs_left=1), Repair)
    assert isinstance(decided(repairs_left=1), Repair)
    assert isinstance(decided(verdict(), drafted=0.1, repairs_left=1), Escalate)


def test_nothing_drafted_and_little_confidence_are_told_apart() -> None:
    assert reason(decided(index=1)) is AbstentionReason.NO_EVIDENCE
    assert reason(decided(verdict(), drafted=0.1, index=1)) is AbstentionReason.LOW_CONFIDENCE


def test_a_next_tier_that_is_too_dear_is_not_asked() -> None:
    decision = decided(next_usd=Decimal("0.0401"))
    assert reason(decision) is AbstentionReason.OVER_BUDGET
    assert isinstance(decision, Abstain)
    assert "0.0401" in decision.abstention.detail
    assert isinstance(decided(next_usd=Decimal("0.04")), Escalate)
    assert isinstance(decided(next_usd=None), Escalate)


def test_a_failed_tier_is_left_without_repair() -> None:
    assert isinstance(decided(repairs_left=1, failure=FAILED), Escalate)
    assert decided(index=1, failure=FAILED) == Abstain(abstention=FAILED.abstention)


def test_an_answer_that_is_not_sure_enough_to_stop_is_kept_while_the_next_tier_is_asked() -> None:
    unsure = decided(verdict(), drafted=0.6, accept=0.8)
    assert isinstance(unsure, Escalate)
    assert "0.54" in unsure.why
    assert "0.80" in unsure.why
    assert decided(verdict(), drafted=0.6, accept=0.8, index=1) == Accept(confidence=0.54)
    assert decided(verdict(), drafted=0.6, accept=0.8, next_usd=Decimal("0.05")) == Accept(confidence=0.54)


def test_the_best_answer_so_far_is_given_when_a_later_tier_does_no_better() -> None:
    assert isinstance(decided(index=1, best=0.6), Keep)
    assert isinstance(decided(index=1, best=0.6, failure=FAILED), Keep)
    assert isinstance(decided(verdict(VerdictKind.CONTRADICTED), index=1, best=0.6), Keep)
    assert isinstance(decided(verdict(), drafted=0.6, accept=0.8, index=1, best=0.6), Keep)
    assert decided(verdict(), drafted=0.7, accept=0.8, index=1, best=0.6) == Accept(confidence=0.63)
    assert isinstance(decided(index=0, best=0.6, next_usd=Decimal("0.05")), Keep)
    assert isinstance(decided(index=1, best=0.6, repairs_left=1), Repair)


NAME = Constraint(kind=ConstraintKind.NAME, text="ACME")
DATE = Constraint(kind=ConstraintKind.DATE, text="20/11/2017", normals=("2017-11-20",))
GENRE = Constraint(kind=ConstraintKind.GENRE, text="receipt")


def asked(*constraints: Constraint) -> Plan:
    base = plan()
    return Plan(question=base.question, answer_type=base.answer_type, target=base.target, constraints=constraints)


def test_a_document_that_is_not_here_is_named_in_the_refusal() -> None:
    refusal = out_of_reach(asked(NAME, DATE, GENRE), Gathered(unmatched=(NAME,)))
    assert refusal is not None
    assert refusal.reason is AbstentionReason.NO_EVIDENCE
    assert "ACME" in refusal.detail
    assert "20/11/2017" not in refusal.detail


def test_a_document_that_shows_nearly_everything_may_be_the_one_meant() -> None:
    gathered = Gathered(documents=("d",), matches=MappingProxyType({"d": 0.8}), unmatched=(NAME,))
    assert out_of_reach(asked(NAME, DATE), gathered) is None


def test_a_question_that_names_no_document_is_never_out_of_reach() -> None:
    assert out_of_reach(asked(GENRE), Gathered(unmatched=(GENRE,))) is None
    assert out_of_reach(asked(NAME), Gathered()) is None
