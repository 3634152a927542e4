"""cite and close: from a settled round to the answer that is given, with its boxes, bill, times and trace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType

from mmrag.agent.billing import bill_of, spent
from mmrag.agent.case import STAGES, AgentParts, Case, Round
from mmrag.agent.cite import cite, cite_one
from mmrag.agent.helping import what_would_help
from mmrag.agent.plan import make_plan
from mmrag.agent.presenting import to_json
from mmrag.agent.rivals import Rival, contradictions
from mmrag.domain.answers import Abstention, AbstentionReason, Answer, CitedClaim, Contradiction
from mmrag.domain.bookkeeping import Receipt
from mmrag.domain.costs import Bill, LedgerEntry
from mmrag.domain.evidence import Hit


async def timed_out(case: Case, seconds: float, parts: AgentParts) -> Answer:
    """What a question ends with that took too long: the best answer so far, else a refusal. The stages were cut off, so
    there is no trace.
    """
    detail = f"There was no answer within {seconds:g} seconds (ask.timeout_s)."
    entries = await parts.ledger.entries(case.id) if any(tier.model for tier in case.tiers) else ()
    if case.kept:
        best = case.kept[-1]
        notes = (*best.round.notes, f"A later tier was cut off. {detail}")
        settled = replace(best.round, notes=notes, confidence=best.confidence, answered_by=best.tier)
        claims = cite(settled.verdicts, settled.readings)
        return await _filed(case, parts, _answer(case, settled, claims, _bill(case, settled, entries, parts)))
    refusal = Abstention(reason=AbstentionReason.MODEL_UNAVAILABLE, detail=detail)
    nothing = Round(plan=make_plan(case.question, document=case.document), pages=0, refusal=refusal)
    return await _filed(case, parts, _answer(case, nothing, (), _bill(case, nothing, entries, parts)))


async def close(case: Case, settled: Round, parts: AgentParts) -> Answer:
    """Add up the bill, save the trace, and give the answer with its claims and what contradicts it elsewhere, or the refusal
    with the nearest evidence and what would help."""
    with case.timed("verify"):
        claims = () if settled.refusal else cite(settled.verdicts, settled.readings)
        rivals = () if settled.refusal else contradictions(settled.verdicts, settled.readings)
        boxed = _boxed(rivals, settled)
    settled = replace(settled, notes=tuple(dict.fromkeys((*settled.notes, *(rival.note for rival in rivals)))))
    if settled.refusal is not None:
        keyless = all(tier.model is None for tier in case.tiers)
        settled = replace(settled, refusal=_helpful(settled.refusal, settled, keyless=keyless))
    entries = await spent(case, settled.tried, parts.ledger)
    answer = _answer(case, settled, claims, _bill(case, settled, entries, parts))
    answer = replace(answer, contradictions=boxed)
    await parts.traces.save(case.id, case.trace.to_bytes(to_json(answer)))
    return await _filed(case, parts, answer)


def _boxed(rivals: Sequence[Rival], settled: Round) -> tuple[Contradiction, ...]:
    """Both sides of each contradiction with their boxes."""
    found: list[Contradiction] = []
    for rival in rivals:
        own = cite_one(rival.own, settled.readings)
        other = None if rival.other is None else cite_one(rival.other, settled.readings)
        if own is not None and other is not None:
            found.append(Contradiction(value=rival.value, answer=own, other=other))
    return tuple(found)


def _helpful(refusal: Abstention, settled: Round, *, keyless: bool) -> Abstention:
    return replace(refusal, help=what_would_help(refusal, settled, keyless=keyless))


async def _filed(case: Case, parts: AgentParts, answer: Answer) -> Answer:
    """The answer, with its bill on file."""
    if parts.receipts is not None:
        now, answered = case.clock.now(), answer.answered
        await parts.receipts.write(
            Receipt(question_id=case.id, at=now, tier=answer.tier, answered=answered, bill=answer.bill)
        )
    return answer


def _nearest(settled: Round) -> tuple[Hit, ...]:
    """The hits; where a draft says that its place cannot be read, that place before them."""
    hits, draft = settled.gathered.hits, settled.draft
    if settled.refusal is None or draft is None or draft.answer is not None:
        return hits
    unread = {span.element_id for span in draft.spans}
    places = [
        Hit(element=element, document=reading.document.name, sha256=reading.document.sha256, score=1.0)
        for reading in settled.readings
        for element in reading.page.elements
        if element.id in unread
    ]
    return (*places, *(hit for hit in hits if hit.element.id not in unread))


def _bill(case: Case, settled: Round, entries: tuple[LedgerEntry, ...], parts: AgentParts) -> Bill:
    return bill_of(entries, settled.readings, case.clock.now().date(), parts.prices)


def _answer(case: Case, settled: Round, claims: tuple[CitedClaim, ...], bill: Bill) -> Answer:
    timings = {stage: case.timings.get(stage, 0.0) for stage in STAGES}
    timings["total"] = (case.clock.monotonic() - case.started) * 1000
    draft, refusal = settled.draft, settled.refusal
    return Answer(
        question=case.question,
        answer=None if refusal or draft is None else draft.answer,
        abstention=refusal,
        confidence=settled.confidence,
        claims=claims,
        evidence=_nearest(settled),
        tier=settled.answered_by or (settled.tried[-1] if settled.tried else case.tiers[0].name),
        tiers_tried=settled.tried,
        trace=case.id,
        revisions=settled.repairs + settled.revised,
        flipped=settled.flipped,
        bill=bill,
        timings_ms=MappingProxyType(timings),
        notes=settled.notes,
        read=settled.refs,
    )
