"""Metered: every call to a model becomes a line in the ledger before its reply is used."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import anyio

from mmrag.domain.costs import LedgerEntry, Usage
from mmrag.domain.messages import ChatRequest, Reply
from mmrag.errors import ModelError
from mmrag.middleware.prices import PriceList, price_list
from mmrag.middleware.sent import on_the_way
from mmrag.ports import ChatModel, Clock, Ledger, OnDelta


class Metered:
    """Writes what ``model`` consumed and what that cost. A model without a known price is written as unpriced.

    A call that fails after tokens were used is written too; one that used none is not.
    """

    def __init__(
        self, model: ChatModel, *, tier: str, ledger: Ledger, clock: Clock, prices: PriceList | None = None
    ) -> None:
        self._model = model
        self._tier = tier
        self._ledger = ledger
        self._clock = clock
        self._prices = prices or price_list()

    @property
    def identity(self) -> str:
        return self._model.identity

    async def reply(self, request: ChatRequest, on_delta: OnDelta | None = None) -> Reply:
        """Raises what the model raises, after writing the usage that the error carries.

        Calls whose usage nobody told are lines of their own, without a price. So is one that is cancelled on its way.
        """
        with on_the_way() as sent:
            try:
                reply = await self._model.reply(request, on_delta)
            except ModelError as error:
                await self._write(request, self._model.identity, error.usage, cached=False)
                raise
            except asyncio.CancelledError:
                with anyio.CancelScope(shield=True):
                    await self._write(request, self._model.identity, Usage(unreported_calls=sent.calls), cached=False)
                raise
        await self._write(request, reply.model, reply.usage, cached=reply.cached)
        return reply

    async def _write(self, request: ChatRequest, model: str, usage: Usage, *, cached: bool) -> None:
        told = replace(usage, unreported_calls=0)
        if cached or told != Usage():
            await self._line(request, model, told, cached=cached)
        for _ in range(usage.unreported_calls):
            await self._line(request, model, None, cached=False)

    async def _line(self, request: ChatRequest, model: str, usage: Usage | None, *, cached: bool) -> None:
        now = self._clock.now()
        price = self._prices.price_of(model, prompt_tokens=usage.input_tokens, on=now.date()) if usage else None
        entry = LedgerEntry(
            question_id=request.question_id,
            stage=request.stage,
            tier=self._tier,
            model=model,
            usage=usage or Usage(),
            usd=None if price is None or usage is None else price.of(usage),
            cache_hit=cached,
        )
        await self._ledger.write(entry, now)
