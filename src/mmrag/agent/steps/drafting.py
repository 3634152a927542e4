"""draft: the tier proposes an answer, from the pages given or with tools; or it fails, which is an outcome too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from mmrag.agent import trace
from mmrag.agent.case import AgentParts, Case, Round
from mmrag.agent.failures import failure_of, unread
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
    """What the pages show that asks for care, which principles in force depend on: before anything goes to a model, and once
    more when it has opened others. None where nobody can tell. What may not leave this machine is no matter of this: the
    models that are elsewhere refuse it (:meth:`AgentParts.reachable`)."""
    if now.asked.model is None:
        return now
    try:
        seen = None if parts.topics is None else await parts.topics.shown_on([reading.page for reading in now.readings])
    except MMRagError as error:
        seen, now = None, replace(now, notes=(*now.notes, f"Nobody could look what the pages show: {error}"))
    known = None if seen is None else [shown for shown in seen if shown is not None]
    told = known is not None and seen is not None and len(known) == len(seen)
    return replace(now, shown=frozenset[str]().union(*(known or ())) if told else None)


async def _drafted(case: Case, now: Round, parts: AgentParts) -> Round:
    tier = now.asked
    teller = DraftTeller(case.on_event, tier=tier.name, attempt=now.attempt) if case.on_event else None
    drafter, opens = _drafter(tier, now, parts)
    job = Job(
        question_id=case.id,
        max_usd=case.budget,
        # What a model will open, nobody knows yet: then all of them are in force.
        principles=tuple(p for p in in_force(parts.principles, None if opens else now.shown) if p.told),
        on_delta=teller.piece if teller else None,
        on_event=case.on_event,
    )
    try:
        made = await drafter(job).draft(now.plan, now.readings)
    except ModelError as error:
        failure = failure_of(error)
        return replace(now, failure=failure, notes=(*now.notes, f"{tier.name}: {failure.abstention.detail}"))
    if teller:
        await teller.whole(made)
    readings = await with_opened(now.readings, made, parts.search.catalog)
    notes = (*now.notes, *(f"{tier.name}: {note}" for note in made.notes))
    now, more = replace(now, draft=made, failure=unread(made), notes=notes), len(readings) > len(now.readings)
    return await _looked_at(replace(now, readings=readings), parts) if more else now


def _drafter(tier: Tier, now: Round, parts: AgentParts) -> tuple[Callable[[Job], Drafter], bool]:
    """The tier's drafter with tools where the question needs more than its pages, else the plain one; and whether it may
    open other pages."""
    wants = now.plan.aggregate is None and now.plan.check is None and not _TOOLS.isdisjoint(now.needs)
    if tier.tooled is None or not wants or parts.settings.evaluation.leaves_out("tools"):
        return tier.drafter, False
    return tier.tooled, True
