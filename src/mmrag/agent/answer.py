"""The agent: one workflow whose steps each call one stage, from a question to a cited answer or an honest refusal."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

import anyio.to_thread
from workflows import Workflow, step
from workflows.errors import WorkflowTimeoutError

from mmrag.agent import cascade, trace
from mmrag.agent.billing import position, spent_usd
from mmrag.agent.case import AgentParts, OnEvent, Outcome, Round, open_case
from mmrag.agent.cite import cite
from mmrag.agent.claims import split_claims
from mmrag.agent.closing import close, refusal_for, timed_out
from mmrag.agent.events import Answered, Asked, Drafted, Found, Planned, Ready, Settled, Verified
from mmrag.agent.gather import gather
from mmrag.agent.plan import make_plan
from mmrag.agent.presenting import hit_json, to_json
from mmrag.agent.select import page_scores, select
from mmrag.agent.verify import verify
from mmrag.domain.answers import Answer
from mmrag.errors import ModelError

__all__ = ["Agent", "AgentParts", "AskFlow", "hit_json", "to_json"]


class AskFlow(Workflow):
    """plan → gather → select → draft → verify → decide → cite. Repairs go back to select, escalations back to draft."""

    def __init__(self, parts: AgentParts) -> None:
        super().__init__(timeout=parts.settings.ask.timeout_s)
        self.parts = parts

    @step
    async def plan(self, ev: Asked) -> Planned:
        with ev.case.timed("plan"):
            plan = make_plan(ev.case.question, document=ev.case.document)
        ev.case.trace.add("plan", trace.plan_json(plan))
        return Planned(case=ev.case, plan=plan)

    @step
    async def gather(self, ev: Planned) -> Found | Settled:
        ask = self.parts.settings.ask
        with ev.case.timed("gather"):
            gathered = await gather(ev.plan, self.parts.search, k=ask.hits)
        ev.case.trace.add("gather", trace.gathered_json(gathered))
        now = Round(plan=ev.plan, gathered=gathered, pages=ask.pages)
        refusal = cascade.out_of_reach(ev.plan, gathered)
        return Settled(case=ev.case, round=now, refusal=refusal) if refusal else Found(case=ev.case, round=now)

    @step
    async def select(self, ev: Found) -> Ready:
        now = ev.round
        with ev.case.timed("gather"):
            readings = await select(now.plan, now.gathered, self.parts.search.catalog, pages=now.pages)
        ev.case.trace.add("select", trace.readings_json(readings))
        return Ready(case=ev.case, round=replace(now, readings=readings))

    @step
    async def draft(self, ev: Ready) -> Drafted:
        case, tier = ev.case, ev.case.tiers[ev.round.tier]
        now = replace(ev.round, draft=None, failure=None, tried=tuple(dict.fromkeys((*ev.round.tried, tier.name))))
        with case.timed("draft"):
            try:
                now = replace(now, draft=await tier.drafter(case.id, case.budget).draft(now.plan, now.readings))
            except ModelError as error:
                now = replace(now, failure=refusal_for(error))
        case.trace.add("draft", trace.draft_json(tier.name, now.draft, now.failure))
        return Drafted(case=case, round=now)

    @step
    async def verify(self, ev: Drafted) -> Verified:
        now = ev.round
        with ev.case.timed("verify"):
            claims = split_claims(now.plan, now.draft) if now.draft else ()
            verdicts = await anyio.to_thread.run_sync(verify, now.plan, claims, now.readings)
        ev.case.trace.add("verify", trace.verdicts_json(verdicts))
        return Verified(case=ev.case, round=replace(now, verdicts=verdicts))

    @step
    async def decide(self, ev: Verified) -> Found | Ready | Settled:
        case, now, ask = ev.case, ev.round, self.parts.settings.ask
        least = ask.min_confidence_open if now.plan.answer_type.is_open else ask.min_confidence
        with case.timed("verify"):
            drafted = now.draft.confidence if now.draft else 0.0
            confidence = cascade.answer_confidence(drafted, now.verdicts)
            decision = cascade.decide(
                now.verdicts,
                confidence,
                cascade.Thresholds(min_confidence=least),
                position(case, now, known_pages=len(page_scores(now.gathered))),
                await spent_usd(case, now.tried, self.parts.ledger),
                case.budget,
                failure=now.failure,
            )
        case.trace.add("decide", trace.decision_json(decision, confidence))
        if isinstance(decision, cascade.Accept):
            return Settled(case=case, round=now, confidence=confidence)
        stopped = drafted >= least and cascade.is_refuted(now.verdicts)
        now = replace(now, flipped=now.flipped or stopped)
        if isinstance(decision, cascade.Repair):
            return Found(case=case, round=replace(now, pages=2 * now.pages, repairs=now.repairs + 1))
        if isinstance(decision, cascade.Escalate):
            return Ready(case=case, round=replace(now, tier=now.tier + 1))
        return Settled(case=case, round=now, confidence=confidence, refusal=decision.abstention)

    @step
    async def cite(self, ev: Settled) -> Answered:
        with ev.case.timed("verify"):
            claims = () if ev.refusal else cite(ev.round.verdicts, ev.round.readings)
        answer = await close(ev.case, ev.round, self.parts, claims=claims, confidence=ev.confidence, refusal=ev.refusal)
        return Answered(outcome=Outcome(answer=answer))


class Agent:
    """Answers questions over one store. Keep one: its tiers remember pages. Questions may run at the same time."""

    def __init__(self, parts: AgentParts) -> None:
        self._parts = parts
        self._flow = AskFlow(parts)
        self._asked = count(1)

    async def ask(
        self,
        question: str,
        *,
        document: str | None = None,
        tier: str | None = None,
        max_usd: float | None = None,
        on_event: OnEvent | None = None,
    ) -> Answer:
        """Answer ``question`` or refuse with a reason. ``document`` restricts it to one document, by its name as ingested;
        ``tier`` to one tier; ``max_usd`` replaces the budget of the settings; ``on_event`` hears when a stage is done.

        Raises ``UsageError`` for an empty question or an unknown tier, and what the store raises.
        """
        number, settings = next(self._asked), self._parts.settings
        case = open_case(self._parts, question, number, document=document, tier=tier, max_usd=max_usd, on_event=on_event)
        try:
            ended: object = await self._flow.run(start_event=Asked(case=case))
        except WorkflowTimeoutError:
            return timed_out(case, settings.ask.timeout_s)
        if not isinstance(ended, Answered):
            raise TypeError(f"the workflow ended with {type(ended).__name__}")
        return ended.outcome.answer
