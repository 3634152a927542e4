"""The last step's work: from a settled round to the answer that is given, with its bill, times and trace."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from mmrag.agent.billing import bill_of, spent
from mmrag.agent.cascade import Failure, FailureKind
from mmrag.agent.case import STAGES, AgentParts, Case, Round
from mmrag.agent.cite import cite
from mmrag.agent.critique import refusal_of
from mmrag.agent.presenting import to_json
from mmrag.domain.answers import Abstention, AbstentionReason, Answer, CitedClaim, Draft
from mmrag.domain.bookkeeping import Receipt
from mmrag.domain.costs import Bill, LedgerEntry
from mmrag.domain.critique import Critique
from mmrag.errors import (
    BudgetExceededError,
    ModelCutOffError,
    ModelError,
    ModelMissingError,
    ModelRefusedError,
    ModelRequestError,
)

_FAILURES: tuple[tuple[type[ModelError], FailureKind, AbstentionReason], ...] = (
    (BudgetExceededError, FailureKind.OVER_BUDGET, AbstentionReason.OVER_BUDGET),
    (ModelRefusedError, FailureKind.REFUSED, AbstentionReason.UNSAFE),
    (ModelCutOffError, FailureKind.CUT_OFF, AbstentionReason.MODEL_UNAVAILABLE),
    (ModelMissingError, FailureKind.MISSING, AbstentionReason.MODEL_UNAVAILABLE),
    (ModelRequestError, FailureKind.REJECTED, AbstentionReason.MODEL_UNAVAILABLE),
    (ModelError, FailureKind.UNAVAILABLE, AbstentionReason.MODEL_UNAVAILABLE),
)


def failure_of(error: ModelError) -> Failure:
    """What a failed tier means for the question."""
    kind, reason = next((kind, reason) for type_, kind, reason in _FAILURES if isinstance(error, type_))
    return Failure(kind=kind, abstention=Abstention(reason=reason, detail=str(error)))


def unread(draft: Draft) -> Failure | None:
    """What a draft without an answer means whose tier knows why there is none."""
    if draft.answer is not None or not draft.why:
        return None
    detail = f"{draft.why[0].upper()}{draft.why[1:]}."
    return Failure(kind=FailureKind.UNREAD, abstention=Abstention(reason=AbstentionReason.NO_EVIDENCE, detail=detail))


def unsafe(critique: Critique) -> Failure | None:
    """What a draft means that breaks a principle no answer may break."""
    refusal = refusal_of(critique)
    return None if refusal is None else Failure(kind=FailureKind.UNSAFE, abstention=refusal)


async def timed_out(case: Case, seconds: float, parts: AgentParts) -> Answer:
    """What a question ends with that took too long: the best answer so far, else a refusal. The stages were cut off, so
    there is no trace.
    """
    detail = f"There was no answer within {seconds:g} seconds (ask.timeout_s)."
    entries = await parts.ledger.entries(case.id) if any(tier.model for tier in case.tiers) else ()
    if case.kept:
        best = case.kept[-1]
        settled = replace(best.round, notes=(*best.round.notes, f"A later tier was cut off. {detail}"))
        claims = cite(settled.verdicts, settled.readings)
        return await _filed(
            case,
            parts,
            _answer(case, settled, claims, best.confidence, None, _bill(case, settled, entries, parts), best.tier),
        )
    refusal = Abstention(reason=AbstentionReason.MODEL_UNAVAILABLE, detail=detail)
    return await _filed(case, parts, _answer(case, None, (), 0.0, refusal, _bill(case, None, entries, parts)))


async def close(
    case: Case,
    settled: Round,
    parts: AgentParts,
    *,
    claims: tuple[CitedClaim, ...],
    confidence: float,
    refusal: Abstention | None,
    tier: str | None = None,
) -> Answer:
    """Add up the bill, save the trace, and give the answer with its claims, or the refusal with the nearest evidence.

    ``tier`` is who answered, when it was not the one asked last.
    """
    entries = await spent(case, settled.tried, parts.ledger)
    answer = _answer(case, settled, claims, confidence, refusal, _bill(case, settled, entries, parts), tier)
    await parts.traces.save(case.id, case.trace.to_bytes(to_json(answer)))
    return await _filed(case, parts, answer)


async def _filed(case: Case, parts: AgentParts, answer: Answer) -> Answer:
    """The answer, with its bill on file."""
    if parts.receipts is not None:
        now, answered = case.clock.now(), answer.answered
        await parts.receipts.write(
            Receipt(question_id=case.id, at=now, tier=answer.tier, answered=answered, bill=answer.bill)
        )
    return answer


def _bill(case: Case, settled: Round | None, entries: tuple[LedgerEntry, ...], parts: AgentParts) -> Bill:
    return bill_of(entries, settled.readings if settled else (), case.clock.now().date(), parts.prices)


def _answer(
    case: Case,
    settled: Round | None,
    claims: tuple[CitedClaim, ...],
    confidence: float,
    refusal: Abstention | None,
    bill: Bill,
    tier: str | None = None,
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
        tier=tier or (tried[-1] if tried else case.tiers[0].name),
        tiers_tried=tried,
        trace=case.id,
        revisions=settled.repairs if settled else 0,
        flipped=settled.flipped if settled else False,
        bill=bill,
        timings_ms=MappingProxyType(timings),
        notes=settled.notes if settled else (),
    )
