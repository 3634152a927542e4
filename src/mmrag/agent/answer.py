"""The agent: one workflow whose steps each call one stage, from a question to a cited answer or an honest refusal."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal
from itertools import count

import anyio.to_thread
from workflows import Workflow, step
from workflows.errors import WorkflowTimeoutError
from workflows.handler import WorkflowHandler

from mmrag.agent import cascade, trace
from mmrag.agent.billing import position, spent
from mmrag.agent.case import AgentParts, Case, Outcome, Round, Standing, open_case
from mmrag.agent.cite import cite
from mmrag.agent.claims import split_claims
from mmrag.agent.closing import close, failure_of, timed_out, unread, unsafe
from mmrag.agent.critique import criticise, critique_json, notes_of
from mmrag.agent.critique_rules import Reviewed
from mmrag.agent.events import Answered, Asked, Drafted, Found, Planned, Ready, Settled, Verified
from mmrag.agent.gather import gather
from mmrag.agent.plan import make_plan
from mmrag.agent.presenting import hit_json, to_json
from mmrag.agent.select import eligible, margin, select
from mmrag.agent.starting import needs_of, starting_tier
from mmrag.agent.telling import DraftTeller, tell_verdicts
from mmrag.agent.tiers import Job, skills
from mmrag.agent.verify import verify
from mmrag.domain.answers import Answer
from mmrag.domain.calibration import Group
from mmrag.domain.costs import Bill
from mmrag.domain.events import CostSoFar, EvidenceFound, OnEvent, PlanMade
from mmrag.errors import ModelError

__all__ = ["Agent", "AgentParts", "AskFlow", "hit_json", "to_json"]


class AskFlow(Workflow):
    """plan → gather → select → draft → verify → decide → cite. Repairs and escalations go back to select."""

    def __init__(self, parts: AgentParts) -> None:
        super().__init__(timeout=parts.settings.ask.timeout_s)
        self.parts = parts

    @step
    async def plan(self, ev: Asked) -> Planned:
        with ev.case.timed("plan"):
            plan = make_plan(ev.case.question, document=ev.case.document)
        ev.case.trace.add("plan", trace.plan_json(plan))
        await ev.case.tell(PlanMade(plan=plan))
        return Planned(case=ev.case, plan=plan)

    @step
    async def gather(self, ev: Planned) -> Found | Settled:
        ask = self.parts.settings.ask
        with ev.case.timed("gather"):
            gathered = await gather(ev.plan, self.parts.search, k=ask.hits)
        ev.case.trace.add("gather", trace.gathered_json(gathered))
        await ev.case.tell(EvidenceFound(hits=gathered.hits))
        now = Round(plan=ev.plan, gathered=gathered, pages=ask.pages)
        refusal = cascade.out_of_reach(ev.plan, gathered)
        return Settled(case=ev.case, round=now, refusal=refusal) if refusal else Found(case=ev.case, round=now)

    @step
    async def select(self, ev: Found) -> Ready:
        now = ev.round
        with ev.case.timed("gather"):
            readings = await select(now.plan, now.gathered, self.parts.search.catalog, pages=now.pages)
        ev.case.trace.add("select", trace.readings_json(readings))
        now = replace(now, readings=readings)
        return Ready(case=ev.case, round=now if now.order else self._started(ev.case, now))

    def _started(self, case: Case, now: Round) -> Round:
        """The round with the tiers that are worth asking."""
        needs = needs_of(now.plan, now.readings, margin=margin(eligible(now.plan, now.gathered)))
        start = starting_tier(needs, skills(case.tiers))
        order = tuple(case.tiers[n] for n in start.order)
        if len(case.tiers) > 1:
            case.trace.add("start", trace.start_json(start, [tier.name for tier in order]))
        return replace(now, order=order)

    @step
    async def draft(self, ev: Ready) -> Drafted:
        case, tier = ev.case, ev.round.order[ev.round.tier]
        tried = tuple(dict.fromkeys((*ev.round.tried, tier.name)))
        now = replace(ev.round, draft=None, failure=None, tried=tried, attempt=ev.round.attempt + 1)
        teller = DraftTeller(case.on_event, tier=tier.name, attempt=now.attempt) if case.on_event else None
        job = Job(
            question_id=case.id,
            max_usd=case.budget,
            on_delta=teller.piece if teller else None,
            on_event=case.on_event,
        )
        with case.timed("draft"):
            try:
                draft = await tier.drafter(job).draft(now.plan, now.readings)
                now = replace(now, draft=draft, failure=unread(draft))
                if teller:
                    await teller.whole(draft)
            except ModelError as error:
                failure = failure_of(error)
                now = replace(now, failure=failure, notes=(*now.notes, f"{tier.name}: {failure.abstention.detail}"))
        case.trace.add("draft", trace.draft_json(tier.name, now.draft, now.failure))
        return Drafted(case=case, round=now)

    @step
    async def verify(self, ev: Drafted) -> Verified:
        now = ev.round
        with ev.case.timed("verify"):
            claims = split_claims(now.plan, now.draft) if now.draft else ()
            verdicts = await anyio.to_thread.run_sync(verify, now.plan, claims, now.readings)
        ev.case.trace.add("verify", trace.verdicts_json(verdicts))
        if ev.case.on_event:
            await tell_verdicts(ev.case.on_event, verdicts, tier=now.order[now.tier].name, attempt=now.attempt)
        return Verified(case=ev.case, round=await self._criticised(ev.case, replace(now, verdicts=verdicts)))

    async def _criticised(self, case: Case, now: Round) -> Round:
        """The round held to the constitution: a draft that may not be given is a failure of its tier."""
        if now.draft is None or now.draft.answer is None:
            return now
        with case.timed("critique"):
            reviewed = Reviewed(plan=now.plan, draft=now.draft, verdicts=now.verdicts, readings=now.readings)
            critique = await criticise(reviewed, self.parts.principles)
        case.trace.add("critique", critique_json(critique))
        return replace(now, failure=now.failure or unsafe(critique), notes=(*now.notes, *notes_of(critique)))

    @step
    async def decide(self, ev: Verified) -> Found | Settled:
        case, now = ev.case, ev.round
        with case.timed("verify"):
            drafted = cascade.drafted_score(now.draft) if now.draft else 0.0
            score = cascade.answer_confidence(drafted, now.verdicts)
            thresholds, confidence = self._judged(now, score)
            entries = await spent(case, now.tried, self.parts.ledger)
            await case.tell(CostSoFar(bill=Bill.of(entries)))
            decision = cascade.decide(
                now.verdicts,
                confidence,
                thresholds,
                position(case, now, self.parts.prices, known_pages=len(eligible(now.plan, now.gathered))),
                sum((entry.usd or Decimal(0) for entry in entries), Decimal(0)),
                case.budget,
                failure=now.failure,
                best=now.best.confidence if now.best else None,
            )
        case.trace.add("decide", trace.decision_json(decision, score, confidence, thresholds))
        _, sure = self._judged(now, drafted)
        stopped = sure >= thresholds.min_confidence and cascade.is_refuted(now.verdicts)
        return self._next(case, replace(now, flipped=now.flipped or stopped), decision, confidence, thresholds)

    def _judged(self, now: Round, score: float) -> tuple[cascade.Thresholds, float]:
        """The thresholds for this tier and question, and the probability that its answer is right."""
        group, ask, tier = Group.of(now.plan), self.parts.settings.ask, now.order[now.tier]
        calibration = self.parts.calibration.of(tier.name, tier.model)
        told = ask.min_confidence_open if group is Group.OPEN else ask.min_confidence
        least = self.parts.calibration.floors[group] if told is None else told
        thresholds = cascade.Thresholds(min_confidence=least, accept=max(least, calibration.accept))
        return thresholds, 0.0 if score == 0 else round(calibration.probability(score, group), 4)

    def _next(
        self, case: Case, now: Round, decision: cascade.Decision, confidence: float, thresholds: cascade.Thresholds
    ) -> Found | Settled:
        if isinstance(decision, cascade.Accept):
            return Settled(case=case, round=now, confidence=confidence)
        if isinstance(decision, cascade.Keep) and now.best is not None:
            best = now.best
            kept = replace(best.round, tried=now.tried, notes=now.notes, repairs=now.repairs, flipped=now.flipped)
            return Settled(case=case, round=kept, confidence=best.confidence, tier=best.tier)
        if isinstance(decision, cascade.Repair):
            return Found(case=case, round=replace(now, pages=2 * now.pages, repairs=now.repairs + 1, repaired=True))
        if isinstance(decision, cascade.Abstain):
            return Settled(case=case, round=now, confidence=confidence, refusal=decision.abstention)
        stands = bool(now.verdicts) and not now.failure and not cascade.is_refuted(now.verdicts)
        if stands and confidence >= max(thresholds.min_confidence, now.best.confidence if now.best else 0.0):
            best = Standing(round=now, confidence=confidence, tier=now.order[now.tier].name)
            case.kept.append(best)
            now = replace(now, best=best)
        return Found(case=case, round=replace(now, tier=now.tier + 1, pages=self.parts.settings.ask.pages, repaired=False))

    @step
    async def cite(self, ev: Settled) -> Answered:
        with ev.case.timed("verify"):
            claims = () if ev.refusal else cite(ev.round.verdicts, ev.round.readings)
        answer = await close(
            ev.case,
            ev.round,
            self.parts,
            claims=claims,
            confidence=ev.confidence,
            refusal=ev.refusal,
            tier=ev.tier,
        )
        return Answered(outcome=Outcome(answer=answer))


async def _result_of(running: WorkflowHandler) -> object:
    """What the workflow ends with. Cancelled, it takes the workflow with it.

    A cancellation must not reach the handler's own task: the runtime would drop the run, and its steps would go on alone.
    """
    result = asyncio.ensure_future(running.stop_event_result())
    try:
        return await asyncio.shield(result)
    except asyncio.CancelledError:
        await running.cancel_run()
        await asyncio.wait([result])
        if not result.cancelled():
            result.exception()  # that the run was cancelled is known
        raise


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
        ``tier`` to one tier; ``max_usd`` replaces the budget of the settings; ``on_event`` hears
        what happens, but not the answer itself.

        Raises ``UsageError`` for an empty question or an unknown tier, and what the store raises.
        """
        number, settings = next(self._asked), self._parts.settings
        case = open_case(self._parts, question, number, document=document, tier=tier, max_usd=max_usd, on_event=on_event)
        try:
            ended = await _result_of(self._flow.run(start_event=Asked(case=case)))
        except WorkflowTimeoutError:
            return await timed_out(case, settings.ask.timeout_s, self._parts)
        if not isinstance(ended, Answered):
            raise TypeError(f"the workflow ended with {type(ended).__name__}")
        return ended.outcome.answer
