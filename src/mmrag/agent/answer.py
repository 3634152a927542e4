"""The whole loop on one screen: from a question to a cited answer or an honest refusal. Each step calls one stage."""

from __future__ import annotations

from workflows import Workflow, step

from mmrag.agent import steps
from mmrag.agent.case import AgentParts, Outcome
from mmrag.agent.events import (
    Answered,
    Asked,
    Drafted,
    Found,
    Judged,
    Missing,
    Planned,
    Ready,
    Settled,
    Unsure,
    Verified,
)


class AskFlow(Workflow):
    """plan → gather → select → draft → verify → criticise → decide → cite.

    What is missing is gathered once more for the same tier; where a tier stays unsure, the next one is asked. The picture in
    docs/workflow.md is drawn from this code.
    """

    def __init__(self, parts: AgentParts) -> None:
        super().__init__(timeout=parts.settings.ask.timeout_s)
        self.parts = parts

    @step
    async def plan(self, ev: Asked) -> Planned:
        return Planned(case=ev.case, round=await steps.plan(ev.case, self.parts))

    @step
    async def gather(self, ev: Planned | Missing) -> Found | Judged | Settled:
        if isinstance(ev, Missing):
            now, found = await steps.gather_what_is_missing(ev.case, ev.round, self.parts)
            return (Found if found else Judged)(case=ev.case, round=now)
        now = await steps.gather(ev.case, ev.round, self.parts)
        return (Settled if now.refusal else Found)(case=ev.case, round=now)

    @step
    async def select(self, ev: Found | Unsure) -> Ready:
        return Ready(case=ev.case, round=await steps.select(ev.case, ev.round, self.parts))

    @step
    async def draft(self, ev: Ready) -> Drafted:
        return Drafted(case=ev.case, round=await steps.draft(ev.case, ev.round, self.parts))

    @step
    async def verify(self, ev: Drafted) -> Verified:
        return Verified(case=ev.case, round=await steps.verify(ev.case, ev.round, self.parts))

    @step
    async def criticise(self, ev: Verified) -> Judged:
        return Judged(case=ev.case, round=await steps.criticise(ev.case, ev.round, self.parts))

    @step
    async def decide(self, ev: Judged) -> Missing | Unsure | Settled:
        move, now = await steps.decide(ev.case, ev.round, self.parts)
        if move == "settle":
            return Settled(case=ev.case, round=now)
        return (Missing if move == "repair" else Unsure)(case=ev.case, round=now)

    @step
    async def cite(self, ev: Settled) -> Answered:
        return Answered(outcome=Outcome(answer=await steps.close(ev.case, ev.round, self.parts)))
