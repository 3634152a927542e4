"""draft: the tier proposes an answer, from the pages given or with tools; or it fails, which is an outcome too."""

from __future__ import annotations

from dataclasses import replace

from mmrag.agent import trace
from mmrag.agent.case import AgentParts, Case, Round
from mmrag.agent.failures import failure_of, kept_local, unread
from mmrag.agent.starting import Need
from mmrag.agent.telling import DraftTeller
from mmrag.agent.tiers import Job, Tier
from mmrag.agent.tooldraft import with_opened
from mmrag.domain.critique import in_force
from mmrag.errors import MMRagError, ModelError
from mmrag.ports import Drafter

_TOOLS = frozenset({Need.SEVERAL_PAGES, Need.ARITHMETIC, Need.UNSURE_WHERE})
"""What one retrieval and one look at its pages do not give."""


async def draft(case: Case, now: Round, parts: AgentParts) -> Round:
    tier = now.asked
    tried = tuple(dict.fromkeys((*now.tried, tier.name)))
    now = replace(now, draft=None, failure=None, verdicts=(), tried=tried, attempt=now.attempt + 1)
    with case.timed("draft"):
        now = await _looked_at(now, parts)
        now = await _drafted(case, now, parts)
    case.trace.add("draft", trace.draft_json(tier.name, now.draft, now.failure))
    return now


async def _looked_at(now: Round, parts: AgentParts) -> Round:
    """Before anything goes to a model: what its pages show that asks for care; a failure when they may not leave."""
    if now.asked.model is None:
        return now
    pages = [reading.page for reading in now.readings if reading.page.image is not None]
    try:
        seen = None if parts.topics is None else await parts.topics.shown_on(pages)
    except MMRagError as error:
        seen, now = None, replace(now, notes=(*now.notes, f"Nobody could look what the pages show: {error}"))
    now = replace(now, shown=None if seen is None else frozenset[str]().union(*seen))
    kept = frozenset(parts.settings.ask.keep_local)
    if not kept or not now.asked.hosted:
        return now
    return replace(now, failure=kept_local(now.asked.name, kept, now.shown, pages=len(pages)))


async def _drafted(case: Case, now: Round, parts: AgentParts) -> Round:
    tier = now.asked
    if now.failure is not None:
        return replace(now, notes=(*now.notes, f"{tier.name}: {now.failure.abstention.detail}"))
    teller = DraftTeller(case.on_event, tier=tier.name, attempt=now.attempt) if case.on_event else None
    job = Job(
        question_id=case.id,
        max_usd=case.budget,
        principles=in_force(parts.principles, now.shown),
        on_delta=teller.piece if teller else None,
        on_event=case.on_event,
    )
    try:
        made = await _drafter(tier, job, now, parts).draft(now.plan, now.readings)
    except ModelError as error:
        failure = failure_of(error)
        return replace(now, failure=failure, notes=(*now.notes, f"{tier.name}: {failure.abstention.detail}"))
    if teller:
        await teller.whole(made)
    readings = await with_opened(now.readings, made, parts.search.catalog)
    return replace(now, draft=made, failure=unread(made), readings=readings)


def _drafter(tier: Tier, job: Job, now: Round, parts: AgentParts) -> Drafter:
    """The tier's drafter with tools where the question needs more than its pages, else the plain one."""
    wants = now.plan.aggregate is None and not _TOOLS.isdisjoint(now.needs)
    if tier.tooled is None or not wants or parts.settings.evaluation.leaves_out("tools"):
        return tier.drafter(job)
    return tier.tooled(job)
