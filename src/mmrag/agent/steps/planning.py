"""plan: take the question apart."""

from __future__ import annotations

from dataclasses import replace

from mmrag.agent import trace
from mmrag.agent.case import AgentParts, Case, Round
from mmrag.agent.plan import make_plan
from mmrag.domain.events import PlanMade


async def plan(case: Case, parts: AgentParts) -> Round:
    with case.timed("plan"):
        made = make_plan(case.question, document=case.document)
    if parts.settings.evaluation.leaves_out("tools"):
        made = replace(made, aggregate=None, check=None)
    case.trace.add("plan", trace.plan_json(made))
    await case.tell(PlanMade(plan=made))
    return Round(plan=made, pages=parts.settings.ask.pages)
