"""decide: accept, keep an earlier answer, repair, escalate or abstain; and what that means for the next round."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Literal

from mmrag.agent import cascade, trace
from mmrag.agent.billing import position, spent
from mmrag.agent.case import AgentParts, Case, Round, Standing
from mmrag.agent.reader import TIER as READER
from mmrag.agent.trimming import trimmed
from mmrag.domain.calibration import Group
from mmrag.domain.costs import Bill
from mmrag.domain.events import CostSoFar

Move = Literal["repair", "escalate", "settle"]


async def decide(case: Case, now: Round, parts: AgentParts) -> tuple[Move, Round]:
    with case.timed("verify"):
        entries = await spent(case, now.tried, parts.ledger)
        paid = sum((entry.usd or Decimal(0) for entry in entries), Decimal(0))
        decision, thresholds, confidence = _decided(case, now, parts, paid)
        if isinstance(decision, cascade.Abstain) and (rest := trimmed(now.plan, now.draft, now.verdicts)) is not None:
            # Claims that do not stand are left out of an answer whose other claims do, rather than losing it all.
            now = replace(now, draft=rest.draft, verdicts=rest.verdicts, flipped=True, notes=(*now.notes, *rest.notes))
            decision, thresholds, confidence = _decided(case, now, parts, paid)
    await case.tell(CostSoFar(bill=Bill.of(entries)))
    case.trace.add("decide", trace.decision_json(decision, _score(now), confidence, thresholds))
    return _next(case, _flipped(now, parts, thresholds), decision, confidence, thresholds, parts)


def _decided(case: Case, now: Round, parts: AgentParts, paid: Decimal) -> tuple[cascade.Decision, cascade.Thresholds, float]:
    thresholds, confidence = _judged(now, _score(now), parts)
    confidence = cascade.trusted(confidence, _score(now), now.verdicts)
    decision = cascade.decide(
        now.verdicts,
        confidence,
        thresholds,
        position(case, now, parts.prices),
        paid,
        case.budget,
        failure=now.failure,
        best=now.best.confidence if now.best else None,
    )
    return decision, thresholds, confidence


def _score(now: Round) -> float:
    drafted = cascade.drafted_score(now.draft) if now.draft else 0.0
    return cascade.answer_confidence(drafted, now.verdicts)


def _flipped(now: Round, parts: AgentParts, thresholds: cascade.Thresholds) -> Round:
    """The round, marked when the verifier has stopped a draft that its tier was sure enough of."""
    drafted = cascade.drafted_score(now.draft) if now.draft else 0.0
    _, sure = _judged(now, drafted, parts)
    stopped = sure >= thresholds.min_confidence and cascade.is_refuted(now.verdicts)
    return replace(now, flipped=now.flipped or stopped)


def _judged(now: Round, score: float, parts: AgentParts) -> tuple[cascade.Thresholds, float]:
    """The thresholds for this tier and question, and the probability that its answer is right."""
    group, ask, tier = Group.of(now.plan), parts.settings.ask, now.asked
    # A model's tier lets the reader read what an answer is worked out from: its scores then mean what the reader's do.
    by_code = now.plan.aggregate is not None or now.plan.check is not None
    by_reader = by_code and now.draft is not None and now.draft.tier == READER
    calibration = parts.calibration.of(READER, None) if by_reader else parts.calibration.of(tier.name, tier.model)
    told = ask.min_confidence_open if group is Group.OPEN else ask.min_confidence
    least = parts.calibration.floors[group] if told is None else told
    thresholds = cascade.Thresholds(min_confidence=least, accept=max(least, calibration.accept))
    return thresholds, 0.0 if score == 0 else round(calibration.probability(score, group), 4)


def _next(
    case: Case,
    now: Round,
    decision: cascade.Decision,
    confidence: float,
    thresholds: cascade.Thresholds,
    parts: AgentParts,
) -> tuple[Move, Round]:
    if isinstance(decision, cascade.Accept):
        return "settle", replace(now, confidence=confidence)
    if isinstance(decision, cascade.Keep) and now.best is not None:
        best = now.best
        kept = replace(best.round, tried=now.tried, notes=now.notes, repairs=now.repairs, flipped=now.flipped)
        return "settle", replace(kept, confidence=best.confidence, answered_by=best.tier)
    if isinstance(decision, cascade.Repair):
        return "repair", now
    if isinstance(decision, cascade.Abstain):
        return "settle", replace(now, confidence=confidence, refusal=decision.abstention)
    stands = bool(now.verdicts) and not now.failure and not cascade.is_refuted(now.verdicts)
    if stands and confidence >= max(thresholds.min_confidence, now.best.confidence if now.best else 0.0):
        best = Standing(round=now, confidence=confidence, tier=now.asked.name)
        case.kept.append(best)
        now = replace(now, best=best)
    return "escalate", replace(now, tier=now.tier + 1, pages=parts.settings.ask.pages, repaired=False)
