"""criticise: the draft is held to the constitution, and revised only where that makes it better."""

from __future__ import annotations

from dataclasses import replace

from mmrag.agent.cascade import is_refuted
from mmrag.agent.case import AgentParts, Case, Round
from mmrag.agent.critique import Check, critique_json, improve, notes_of, says_only_what_is_printed
from mmrag.agent.critique_model import ModelCritic, ModelReviser
from mmrag.agent.critique_rules import Reviewed
from mmrag.agent.failures import unsafe
from mmrag.agent.steps.verifying import judge_of, verdicts_on
from mmrag.domain.answers import Draft, Verdict
from mmrag.domain.critique import in_force


async def criticise(case: Case, now: Round, parts: AgentParts) -> Round:
    """A draft that may not be given is a failure of its tier; doubts that it does not own up to are told beside it."""
    if now.draft is None or now.draft.answer is None or parts.settings.evaluation.leaves_out("critique"):
        return now
    reviewed = Reviewed(plan=now.plan, draft=now.draft, verdicts=now.verdicts, readings=now.readings)
    critic, reviser = _models(case, now, reviewed, parts)
    with case.timed("critique"):
        improved = await improve(
            reviewed,
            in_force(parts.principles, now.shown),
            critic=critic,
            reviser=reviser,
            check=_check(case, now, parts),
            rounds=parts.settings.ask.revisions,
        )
    case.trace.add("critique", critique_json(improved))
    notes = notes_of(improved.critique)
    if improved.critique.failed:
        notes = (*notes, f"No model could hold the answer to the constitution: {improved.critique.failed}")
    return replace(
        now,
        draft=improved.draft,
        verdicts=improved.reviewed.verdicts,
        revised=now.revised + improved.kept,
        failure=now.failure or unsafe(improved.critique),
        notes=tuple(dict.fromkeys((*now.notes, *notes))),
    )


def _models(case: Case, now: Round, reviewed: Reviewed, parts: AgentParts) -> tuple[ModelCritic | None, ModelReviser | None]:
    """The model that judges and the one that revises; none where only rules do.

    A draft that says nothing but what is printed, word for word, leaves a model nothing to judge: the verifier has decided
    it, and the rules have looked for what may not be said. Nor is a draft judged that the verifier refutes: nobody gives it.
    """
    how, judge = parts.settings.ask.critique, judge_of(case, now)
    if how == "rules" or judge is None or judge.chat is None or now.asked.chat is None:
        return None, None
    if is_refuted(now.verdicts) or (how == "auto" and says_only_what_is_printed(reviewed)):
        return None, None
    critic = ModelCritic(judge.chat, question_id=case.id, max_usd=case.budget)
    return critic, ModelReviser(now.asked.chat, tier=now.asked.name, question_id=case.id, max_usd=case.budget)


def _check(case: Case, now: Round, parts: AgentParts) -> Check:
    async def check(draft: Draft) -> tuple[Verdict, ...]:
        verdicts, _ = await verdicts_on(draft, case, now, parts)
        return verdicts

    return check
