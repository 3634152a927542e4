"""Retrying: a model that is not there for a moment is asked again, with growing pauses."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt, wait_random_exponential
from tenacity.stop import stop_any, stop_base

from mmrag.domain.costs import Usage
from mmrag.domain.messages import ChatRequest, Delta, Reply
from mmrag.errors import CircuitOpenError, ModelError, ModelUnavailableError
from mmrag.middleware.tab import current_tab
from mmrag.ports import ChatModel, OnDelta

Sleep = Callable[[float], Awaitable[None]]


def _loop_time() -> float:
    return asyncio.get_running_loop().time()


class Retrying:
    """Asks ``model`` up to ``attempts`` times while it raises ``ModelUnavailableError``; other errors pass at once.

    Pauses are random and grow from at most ``first_pause`` to at most ``longest_pause`` seconds (exponential backoff with
    full jitter), and are at least as long as the provider asked for. ``deadline_s`` seconds after the first attempt began,
    or after the deadline of the tab, no other one begins. A provider that is left alone is not asked again. A stream of
    which a piece was passed on is not begun again. Tokens that failed attempts consumed are added to the usage of the reply,
    or of the last error.
    """

    def __init__(
        self,
        model: ChatModel,
        *,
        attempts: int = 3,
        first_pause: float = 0.5,
        longest_pause: float = 8.0,
        deadline_s: float = 60.0,
        sleep: Sleep = asyncio.sleep,
        monotonic: Callable[[], float] = _loop_time,
    ) -> None:
        self._model = model
        self._attempts = attempts
        self._jitter = wait_random_exponential(multiplier=first_pause, max=longest_pause)
        self._deadline_s = deadline_s
        self._sleep = sleep
        self._monotonic = monotonic

    @property
    def identity(self) -> str:
        return self._model.identity

    async def reply(self, request: ChatRequest, on_delta: OnDelta | None = None) -> Reply:
        """Raises ``ModelUnavailableError`` after the last attempt, and any other ``ModelError`` of the model."""
        wasted, begun, streamed = Usage(), self._monotonic(), False

        async def passed_on(delta: Delta) -> None:
            nonlocal streamed
            streamed = True
            if on_delta is not None:
                await on_delta(delta)

        def again(error: BaseException) -> bool:
            transient = isinstance(error, ModelUnavailableError) and not isinstance(error, CircuitOpenError)
            return transient and not streamed

        deadline = min(begun + self._deadline_s, current_tab().deadline)
        attempts = AsyncRetrying(
            retry=retry_if_exception(again),
            stop=stop_any(stop_after_attempt(self._attempts), _TooLate(deadline, self._monotonic)),
            wait=self._wait,
            sleep=self._sleep,
            reraise=True,
        )
        async for attempt in attempts:
            with attempt:
                try:
                    reply = await self._model.reply(request, passed_on if on_delta is not None else None)
                except ModelError as error:
                    wasted = wasted + error.usage
                    error.usage = wasted
                    raise
                return replace(reply, usage=wasted + reply.usage)
        raise ModelUnavailableError(f"{self.identity} was not asked: the number of attempts is {self._attempts}.")

    def _wait(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome is not None else None
        asked = error.retry_after_s if isinstance(error, ModelUnavailableError) else None
        return max(self._jitter(state), asked or 0.0)


class _TooLate(stop_base):
    """Stops when the next attempt would begin at ``deadline`` or later."""

    def __init__(self, deadline: float, monotonic: Callable[[], float]) -> None:
        self._deadline = deadline
        self._monotonic = monotonic

    def __call__(self, retry_state: RetryCallState) -> bool:
        return self._monotonic() + retry_state.upcoming_sleep >= self._deadline
