"""The last step's work: from a settled round to the answer that is given, with its bill, times and trace."""

from __future__ import annotations

from types import MappingProxyType

from mmrag.agent.billing import bill_of, spent
from mmrag.agent.case import STAGES, AgentParts, Case, Round
from mmrag.agent.presenting import to_json
from mmrag.domain.answers import Abstention, AbstentionReason, Answer, CitedClaim
from mmrag.domain.costs import LedgerEntry
from mmrag.errors import BudgetExceededError, ModelError, ModelRefusedError


def refusal_for(error: ModelError) -> Abstention:
    """What a failed tier means for the question."""
    reason = AbstentionReason.MODEL_UNAVAILABLE
    if isinstance(error, BudgetExceededError):
        reason = AbstentionReason.OVER_BUDGET
    elif isinstance(error, ModelRefusedError):
        reason = AbstentionReason.UNSAFE
    return Abstention(reason=reason, detail=str(error))


def timed_out(case: Case, seconds: float) -> Answer:
    """The refusal of a question that took too long. Its trace is not kept: the stages were cut off."""
    detail = f"There was no answer within {seconds:g} seconds (ask.timeout_s)."
    refusal = Abstention(reason=AbstentionReason.MODEL_UNAVAILABLE, detail=detail)
    return _answer(case, None, (), 0.0, refusal, ())


async def close(
    case: Case,
    settled: Round,
    parts: AgentParts,
    *,
    claims: tuple[CitedClaim, ...],
    confidence: float,
    refusal: Abstention | None,
) -> Answer:
    """Add up the bill, save the trace, and give the answer with its claims, or the refusal with the nearest evidence."""
    entries = await spent(case, settled.tried, parts.ledger)
    answer = _answer(case, settled, claims, confidence, refusal, entries)
    await parts.traces.save(case.id, case.trace.to_bytes(to_json(answer)))
    return answer


def _answer(
    case: Case,
    settled: Round | None,
    claims: tuple[CitedClaim, ...],
    confidence: float,
    refusal: Abstention | None,
    entries: tuple[LedgerEntry, ...],
) -> Answer:
    timings = {stage: case.timings.get(stage, 0.0) for stage in STAGES}
    timings["total"] = (case.clock.monotonic() - case.started) * 1000
    draft = settled.draft if settled else None
    tried = settled.tried if settled else ()
    return Answer(
        question=case.question,
        answer=None if refusal or draft is None else draft.answer,
        abstention=refusal,
        confidence=confidence,
        claims=claims,
        evidence=settled.gathered.hits if settled else (),
        tier=tried[-1] if tried else case.tiers[0].name,
        tiers_tried=tried,
        trace=case.id,
        revisions=settled.repairs if settled else 0,
        flipped=settled.flipped if settled else False,
        bill=bill_of(entries, settled.readings if settled else (), case.clock.now().date()),
        timings_ms=MappingProxyType(timings),
    )
