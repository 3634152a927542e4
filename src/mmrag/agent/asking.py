"""The agent: asks the workflow, and stops it with all its cost when nobody waits for the answer any more."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import Any

from workflows.decorators import StepFunction
from workflows.errors import WorkflowTimeoutError
from workflows.handler import WorkflowHandler

from mmrag.agent.answer import AskFlow
from mmrag.agent.case import AgentParts, open_case
from mmrag.agent.events import Answered, Asked
from mmrag.agent.steps.closing import timed_out
from mmrag.domain.answers import Answer
from mmrag.domain.documents import PageRef
from mmrag.domain.events import OnEvent

__all__ = ["Agent", "AgentParts"]


class _Flow(AskFlow):
    """The workflow, with its steps looked up once. The runtime asks for them ten times a question and finds them by going
    through all members of the object, which takes longer than any step of its own."""

    def __init__(self, parts: AgentParts) -> None:
        self._found: dict[str, StepFunction[Any, Any]] | None = None
        super().__init__(parts)

    def _get_steps(self) -> dict[str, StepFunction[Any, Any]]:
        if self._found is None:
            self._found = super()._get_steps()
        return self._found


class Agent:
    """Answers questions over one store. Keep one: its tiers remember pages. Questions may run at the same time."""

    def __init__(self, parts: AgentParts) -> None:
        self._parts = parts
        self._flow = _Flow(parts)
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
        try:
            ended = await _result_of(self._flow.run(start_event=Asked(case=case)))
        except WorkflowTimeoutError:
            return await timed_out(case, settings.ask.timeout_s, self._parts)
        if not isinstance(ended, Answered):
            raise TypeError(f"the workflow ended with {type(ended).__name__}")
        return ended.outcome.answer


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
