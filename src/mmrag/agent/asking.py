"""The agent: asks the workflow, and stops it with all its cost when nobody waits for the answer any more."""

from __future__ import annotations

from itertools import count

from mmrag.agent.answer import AskFlow
from mmrag.agent.case import AgentParts, open_case
from mmrag.agent.events import Answered, Asked
from mmrag.agent.running import StepsInTurn
from mmrag.agent.steps.closing import timed_out
from mmrag.domain.answers import Answer
from mmrag.domain.documents import PageRef
from mmrag.domain.events import OnEvent

__all__ = ["Agent", "AgentParts"]


class Agent:
    """Answers questions over one store. Keep one: its tiers remember pages. Questions may run at the same time."""

    def __init__(self, parts: AgentParts) -> None:
        self._parts = parts
        self._flow = StepsInTurn(AskFlow(parts))
        self._asked = count(1)

    async def ask(
        self,
        question: str,
        *,
        document: str | None = None,
        tier: str | None = None,
        max_usd: float | None = None,
        on_event: OnEvent | None = None,
        told: tuple[PageRef, ...] | None = (),
    ) -> Answer:
        """Answer ``question`` or refuse with a reason. ``document`` restricts it to one document, by its name as ingested;
        ``tier`` to one tier; ``max_usd`` replaces the budget of the settings; ``on_event`` hears what happens, but not the
        answer itself. ``told`` are pages that the question holds words of, None where that is not known: it goes no further
        than they may.

        Raises ``UsageError`` for an empty question or an unknown tier, and what the store raises.
        """
        number, settings = next(self._asked), self._parts.settings
        case = open_case(
            self._parts, question, number, document=document, tier=tier, max_usd=max_usd, on_event=on_event, told=told
        )
        ended = await self._flow.run(Asked(case=case), timeout_s=settings.ask.timeout_s)
        if ended is None:
            return await timed_out(case, settings.ask.timeout_s, self._parts)
        if not isinstance(ended, Answered):
            raise TypeError(f"the workflow ended with {type(ended).__name__}")
        return ended.outcome.answer
