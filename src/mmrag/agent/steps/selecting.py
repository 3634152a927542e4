"""select: the pages to read, and, the first time, the tiers that are worth asking."""

from __future__ import annotations

from dataclasses import replace

from mmrag.agent import trace
from mmrag.agent.case import AgentParts, Case, Round
from mmrag.agent.select import eligible, margin
from mmrag.agent.select import select as pages_of
from mmrag.agent.starting import needs_of, starting_tier
from mmrag.agent.tiers import skills


async def select(case: Case, now: Round, parts: AgentParts) -> Round:
    with case.timed("gather"):
        readings = await pages_of(now.plan, now.gathered, parts.search.catalog, pages=now.pages)
    case.trace.add("select", trace.readings_json(readings))
    now = replace(now, readings=readings)
    if now.order:
        return now
    needs = needs_of(now.plan, readings, margin=margin(eligible(now.plan, now.gathered)))
    start = starting_tier(needs, skills(case.tiers))
    order = tuple(case.tiers[n] for n in start.order)
    if len(case.tiers) > 1:
        case.trace.add("start", trace.start_json(start, [tier.name for tier in order]))
    return replace(now, needs=needs, order=order)
