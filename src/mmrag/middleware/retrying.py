"""Retrying: a model that is not there for a moment is asked again, with growing pauses."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from mmrag.domain.costs import Usage
from mmrag.domain.messages import ChatRequest, Reply
from mmrag.errors import ModelUnavailableError
from mmrag.ports import ChatModel

Sleep = Callable[[float], Awaitable[None]]


class Retrying:
    """Asks ``model`` up to ``attempts`` times while it raises ``ModelUnavailableError``; other errors pass at once.

    Pauses are random and grow from at most ``first_pause`` to at most ``longest_pause`` seconds (exponential backoff with
    full jitter). Tokens that failed attempts consumed are added to the usage of the reply, or of the last error.
    """

    def __init__(
        self,
        model: ChatModel,
        *,
        attempts: int = 3,
        first_pause: float = 0.5,
        longest_pause: float = 8.0,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._model = model
        self._attempts = attempts
        self._wait = wait_random_exponential(multiplier=first_pause, max=longest_pause)
        self._sleep = sleep

    @property
    def identity(self) -> str:
        return self._model.identity

    async def reply(self, request: ChatRequest) -> Reply:
        """Raises ``ModelUnavailableError`` after the last attempt, and any other ``ModelError`` of the model."""
        wasted = Usage()
        attempts = AsyncRetrying(
            retry=retry_if_exception_type(ModelUnavailableError),
            stop=stop_after_attempt(self._attempts),
            wait=self._wait,
            sleep=self._sleep,
            reraise=True,
        )
        async for attempt in attempts:
            with attempt:
                try:
                    reply = await self._model.reply(request)
                except ModelUnavailableError as error:
                    wasted = wasted + error.usage
                    error.usage = wasted
                    raise
                return replace(reply, usage=wasted + reply.usage)
        raise ModelUnavailableError(f"{self.identity} was not asked: the number of attempts is {self._attempts}.")
