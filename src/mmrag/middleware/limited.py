"""Limited: no more calls at once, and no more in a minute, than a provider takes; and none that waits for ever."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from aiolimiter import AsyncLimiter

from mmrag.domain.messages import ChatRequest, Reply
from mmrag.errors import ModelUnavailableError
from mmrag.middleware.breaker import Breaker
from mmrag.middleware.circuit import Rule
from mmrag.middleware.tab import current_tab
from mmrag.ports import ChatModel, Clock, OnDelta

_BURST = 0.1
"""The part of a minute's requests that may go out at once; the rest is spread, so that no minute has more than all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """What one provider takes at one address. 0: no limit per minute."""

    concurrency: int = 8
    requests_per_minute: int = 0
    tokens_per_minute: int = 0
    rule: Rule = field(default_factory=Rule)


class Gate:
    """The way to one provider at one address, shared by its tiers. First come, first served."""

    def __init__(self, provider: str, *, rates: Rates, clock: Clock) -> None:
        self.provider = provider
        self.rates = rates
        self.breaker = Breaker(provider, rule=rates.rule, clock=clock)
        self.places = asyncio.Semaphore(rates.concurrency)
        self._line = asyncio.Lock()
        self._requests = _requests_limiter(rates.requests_per_minute)
        self._tokens = AsyncLimiter(rates.tokens_per_minute) if rates.tokens_per_minute else None

    async def turn(self, tokens: int) -> None:
        """Wait until the rates allow a request of about so many tokens, behind those that came before."""
        if self._requests is None and self._tokens is None:
            return
        async with self._line:  # the limiters serve small amounts first: they are given one at a time
            if self._requests is not None:
                await self._requests.acquire()
            if self._tokens is not None:
                await self._tokens.acquire(min(tokens, self._tokens.max_rate))


class Limited:
    """Gives a call its place among those of its provider, and ``deadline_s`` seconds from when it was made for everything:
    waiting, attempts and the pauses between them. After that whatever is on its way is cancelled.
    """

    def __init__(self, model: ChatModel, *, gate: Gate | None, deadline_s: float) -> None:
        self._model = model
        self._gate = gate
        self._deadline_s = deadline_s

    @property
    def identity(self) -> str:
        return self._model.identity

    async def reply(self, request: ChatRequest, on_delta: OnDelta | None = None) -> Reply:
        """Raises ``CircuitOpenError`` at once while the provider is left alone, ``ModelUnavailableError`` at the deadline,
        and what the model raises."""
        tab, waiting = current_tab(), True
        tab.deadline = tab.began + self._deadline_s
        if self._gate is not None:
            self._gate.breaker.check()
        try:
            async with asyncio.timeout_at(tab.deadline) as limit:
                if self._gate is None:
                    return await self._model.reply(request, on_delta)
                async with self._gate.places:
                    waiting = False
                    return await self._model.reply(request, on_delta)
        except TimeoutError as error:
            if not limit.expired():
                raise
            raise ModelUnavailableError(self._too_late(waiting), usage=tab.usage) from error

    def _too_late(self, waiting: bool) -> str:
        if waiting and self._gate is not None:
            return (
                f"{self.identity} had no free place for {self._deadline_s:g} seconds: it takes "
                f"{self._gate.rates.concurrency} calls at once (limits.concurrency)."
            )
        return f"{self.identity} gave no answer within {self._deadline_s:g} seconds."


def _requests_limiter(per_minute: int) -> AsyncLimiter | None:
    """At most ``per_minute`` in any 60 seconds (from 2 on): what goes out at once and what follows in a minute together."""
    if per_minute <= 0:
        return None
    burst = max(1.0, per_minute * _BURST)
    steady = max(per_minute - burst, per_minute / 2)
    return AsyncLimiter(burst, 60 * burst / steady)
