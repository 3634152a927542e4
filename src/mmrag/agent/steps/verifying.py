"""verify: every claim of the draft is found again on the page, or it is not kept."""

from __future__ import annotations

from dataclasses import replace

import anyio.to_thread

from mmrag.agent import trace
from mmrag.agent.case import AgentParts, Case, Round
from mmrag.agent.claims import split_claims
from mmrag.agent.judging import ModelEntailment, ModelWitness
from mmrag.agent.second_look import Judges, look_again
from mmrag.agent.telling import tell_verdicts
from mmrag.agent.tiers import Tier
from mmrag.agent.verify import unchecked
from mmrag.agent.verify import verify as check
from mmrag.domain.answers import Draft, Verdict
from mmrag.middleware.staying import kept_back


async def verify(case: Case, now: Round, parts: AgentParts) -> Round:
    with case.timed("verify"):
        verdicts, notes = await verdicts_on(now.draft, case, now, parts) if now.draft else ((), ())
    case.trace.add("verify", trace.verdicts_json(verdicts))
    if case.on_event:
        await tell_verdicts(case.on_event, verdicts, tier=now.asked.name, attempt=now.attempt)
    return replace(now, verdicts=verdicts, notes=tuple(dict.fromkeys((*now.notes, *notes))))


async def verdicts_on(
    draft: Draft, case: Case, now: Round, parts: AgentParts
) -> tuple[tuple[Verdict, ...], tuple[str, ...]]:
    """A verdict on each claim of ``draft``, and what could not be checked."""
    claims = split_claims(now.plan, draft)
    if parts.settings.evaluation.leaves_out("verification"):
        return unchecked(claims), ()
    verdicts = await anyio.to_thread.run_sync(check, now.plan, claims, now.readings)
    return await look_again(now.plan, verdicts, now.readings, await _judges(case, now, parts))


async def judge_of(case: Case, now: Round, *, sees: bool = False) -> Tier | None:
    """The tier whose model judges what this round's tier has drafted; None for a draft that no model made.

    It is one that did not draft, where there is one that costs no more: the tiers before. Else it is asked itself, in
    another conversation that holds nothing of the draft's reasoning. One that may not be shown the pages
    (``ask.keep_local``) is named only where no other can judge: it refuses, and what it says of that is told.
    """
    tier = now.asked
    if tier.chat is None:
        return None
    upto = case.tiers[: case.tiers.index(tier) + 1]
    able = [t for t in reversed(upto) if t.chat is not None and (t.sees or not sees)]
    able = [t for t in able if t.chat is not None and not await kept_back(t.chat, now.refs)] or able
    return next((t for t in able if t.model != tier.model), able[0] if able else None)


async def _judges(case: Case, now: Round, parts: AgentParts) -> Judges:
    words, sight = await judge_of(case, now), await judge_of(case, now, sees=True)
    entailment = parts.entailment
    if entailment is None and words is not None and words.chat is not None:
        entailment = ModelEntailment(words.chat, pages=now.refs, question_id=case.id, max_usd=case.budget)
    witness = None
    if sight is not None and sight.chat is not None and parts.blobs is not None:
        witness = ModelWitness(sight.chat, parts.blobs, pages=now.refs, question_id=case.id, max_usd=case.budget)
    return Judges(rereader=parts.rereader, entailment=entailment, witness=witness)
