"""Guarded: one attempt at the provider. It is made when the circuit, the rates and the budget allow it, and noted."""

from __future__ import annotations

from contextlib import nullcontext

from mmrag.domain.costs import Usage
from mmrag.domain.messages import ChatRequest, Reply
from mmrag.middleware.budgeted import tokens_at_most
from mmrag.middleware.limited import Gate
from mmrag.middleware.prices import PriceList, price_list
from mmrag.middleware.tab import current_tab
from mmrag.ports import ChatModel, Clock, OnDelta


class Guarded:
    """Next to the adapter: whatever is sent passes here, a second attempt like the first."""

    def __init__(self, model: ChatModel, *, gate: Gate | None, clock: Clock, prices: PriceList | None = None) -> None:
        self._model = model
        self._gate = gate
        self._clock = clock
        self._prices = prices or price_list()

    @property
    def identity(self) -> str:
        return self._model.identity

    async def reply(self, request: ChatRequest, on_delta: OnDelta | None = None) -> Reply:
        """Raises ``CircuitOpenError``, ``BudgetExceededError``, and what the model raises."""
        tab = current_tab()
        if tab.usage != Usage():  # the budget was asked for one attempt, and one may have been paid for
            await tab.afford()
        if self._gate is not None:
            self._gate.breaker.check()
            await self._gate.turn(self._tokens(request) if self._gate.rates.tokens_per_minute else 0)
        async with nullcontext() if self._gate is None else self._gate.breaker.call():
            return await tab.send(self._model, request, on_delta)

    def _tokens(self, request: ChatRequest) -> int:
        """The most that the request may take, 0 when that is not known."""
        most = tokens_at_most(self.identity, request, self._prices, self._clock.now().date())
        return 0 if most is None else most.input_tokens + most.output_tokens
