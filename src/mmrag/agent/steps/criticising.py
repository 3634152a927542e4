"""criticise: the draft is held to the constitution, and revised only where that makes it better."""

from __future__ import annotations

from dataclasses import replace

from mmrag.agent.cascade import is_refuted
from mmrag.agent.case import AgentParts, Case, Round
from mmrag.agent.critique import Check, Look, critique_json, improve, notes_of, says_only_what_is_printed
from mmrag.agent.critique_model import ModelCritic, ModelReviser
from mmrag.agent.critique_rules import Reviewed
from mmrag.agent.failures import unsafe
from mmrag.agent.pictures import looks, taken
from mmrag.agent.steps.verifying import judge_of, verdicts_on
from mmrag.domain.answers import Draft, Verdict
from mmrag.domain.capabilities import NOTHING_KNOWN
from mmrag.domain.critique import in_force
from mmrag.domain.messages import ImagePart
from mmrag.middleware.staying import kept_back


async def criticise(case: Case, now: Round, parts: AgentParts) -> Round:
    """A draft that may not be given is a failure of its tier; doubts that it does not own up to are told beside it."""
    if now.draft is None or now.draft.answer is None or parts.settings.evaluation.leaves_out("critique"):
        return now
    reviewed = Reviewed(plan=now.plan, draft=now.draft, verdicts=now.verdicts, readings=now.readings)
    critic, reviser = await _models(case, now, reviewed, parts)
    look = await _look(case, now, reviewed, parts) if critic is not None else None
    with case.timed("critique"):
        improved = await improve(
            reviewed,
            in_force(parts.principles, now.shown),
            critic=critic,
            reviser=reviser,
            check=_check(case, now, parts),
            look=look,
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


async def _models(
    case: Case, now: Round, reviewed: Reviewed, parts: AgentParts
) -> tuple[ModelCritic | None, ModelReviser | None]:
    """The model that judges and the one that revises; none where only rules do.

    A draft that says nothing but what is printed, word for word, leaves a model nothing to judge: the verifier has decided
    it, and the rules have looked for what may not be said. Nor is a draft judged that the verifier refutes: nobody gives it.
    """
    how, judge = parts.settings.ask.critique, await judge_of(case, now)
    if how == "rules" or judge is None or judge.chat is None or now.asked.chat is None:
        return None, None
    if is_refuted(now.verdicts) or (how == "auto" and says_only_what_is_printed(reviewed)):
        return None, None
    sight = await judge_of(case, now, sees=True)
    critic = ModelCritic(judge.chat, sight=None if sight is None else sight.chat, question_id=case.id, max_usd=case.budget)
    return critic, ModelReviser(now.asked.chat, tier=now.asked.name, question_id=case.id, max_usd=case.budget)


async def _look(case: Case, now: Round, reviewed: Reviewed, parts: AgentParts) -> Look | None:
    """Cuts out the pictures of the pages that the draft cites, once for all rounds; None where no model sees.

    It is called only for principles that cannot be judged by the text alone: the others never pay for a picture. Where the
    only model that sees may not be shown the pages, the text has to do.
    """
    sight, blobs = await judge_of(case, now, sees=True), parts.blobs
    if sight is None or sight.chat is None or blobs is None or await kept_back(sight.chat, reviewed.pages):
        return None
    cited = {span.element_id for span in reviewed.draft.spans}
    leant_on = [r for r in now.readings if any(e.id in cited for e in r.page.elements)] or list(now.readings[:1])
    had: list[tuple[ImagePart, ...]] = []

    async def look() -> tuple[ImagePart, ...]:
        if not had:
            pictures, _ = await taken(looks((), leant_on, NOTHING_KNOWN), blobs, NOTHING_KNOWN)
            had.append(pictures)
        return had[0]

    return look


def _check(case: Case, now: Round, parts: AgentParts) -> Check:
    async def check(draft: Draft) -> tuple[Verdict, ...]:
        verdicts, _ = await verdicts_on(draft, case, now, parts)
        return verdicts

    return check
