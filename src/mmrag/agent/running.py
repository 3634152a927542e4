"""Running the steps of the workflow in this process, one after the other.

The steps, the events between them and the check that they fit are those of ``AskFlow``; only who calls them is another. A
question goes through ten steps in a row, and the runtime of the library, which is made for steps that run side by side, on
several machines or again after a crash, costs more processor time than the steps themselves.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from llama_index_instrumentation import root_manager
from llama_index_instrumentation.event_handlers import NullEventHandler
from llama_index_instrumentation.span_handlers import NullSpanHandler
from workflows import Workflow
from workflows.errors import WorkflowTimeoutError
from workflows.events import Event, StartEvent, StopEvent

Step = Callable[[Event], Awaitable[Event]]


class StepsInTurn:
    """Runs the steps of one workflow, of which each takes one event and gives one.

    Where somebody listens to the instrumentation of llama-index, the library's runtime runs them, so that every span and
    event is told.
    """

    def __init__(self, flow: Workflow) -> None:
        """Raises ``WorkflowValidationError`` when an event has no step, or a step gives an event that nobody takes."""
        flow.validate()
        self._flow = flow
        self._steps = _steps_by_event(flow)

    async def run(self, start: StartEvent, *, timeout_s: float) -> StopEvent | None:
        """The event that the workflow ends with; None where it was cut off after ``timeout_s`` seconds.

        Cancelled, it takes the step that is under way with it. Raises what a step raises.
        """
        try:
            async with asyncio.timeout(timeout_s) as scope:
                return await (self._watched(start) if _is_watched() else self._in_turn(start))
        except (TimeoutError, WorkflowTimeoutError) as error:
            if isinstance(error, TimeoutError) and not scope.expired():
                raise  # a step's own
            return None

    async def _in_turn(self, start: StartEvent) -> StopEvent:
        event: Event = start
        while not isinstance(event, StopEvent):
            event = await self._steps[type(event)](event)
        return event

    async def _watched(self, start: StartEvent) -> StopEvent:
        """The same by the library's runtime.

        A cancellation must not reach the handler's own task: the runtime would drop the run, and its steps would go on
        alone.
        """
        running = self._flow.run(start_event=start)
        result = asyncio.ensure_future(running.stop_event_result())
        try:
            return await asyncio.shield(result)
        except asyncio.CancelledError:
            await running.cancel_run()
            await asyncio.wait([result])
            if not result.cancelled():
                result.exception()  # that the run was cancelled is known
            raise


def _steps_by_event(flow: Workflow) -> Mapping[type[Event], Step]:
    found: dict[type[Event], Step] = {}
    for name, function in flow._get_steps().items():
        for event in function._step_config.accepted_events:
            found[event] = getattr(flow, name)
    return found


def _is_watched() -> bool:
    """Whether somebody listens to the spans or events of llama-index."""
    dispatchers = root_manager.dispatchers.values()
    return any(
        not isinstance(handler, NullEventHandler | NullSpanHandler)
        for dispatcher in dispatchers
        for handler in (*dispatcher.event_handlers, *dispatcher.span_handlers)
    )
