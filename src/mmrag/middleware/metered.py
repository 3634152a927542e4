"""Metered: every call to a model becomes a line in the ledger before its reply is used."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from mmrag.domain.costs import LedgerEntry, Usage
from mmrag.domain.messages import ChatRequest, Reply
from mmrag.errors import ModelError
from mmrag.middleware.prices import PriceList, price_list
from mmrag.middleware.tab import Tab, finished, opened_tab
from mmrag.ports import ChatModel, Clock, Ledger, OnDelta


class Metered:
    """Writes what ``model`` consumed and what that cost, a line for each attempt that consumed anything.

    A model without a known price is written as unpriced. So is an attempt whose cost nobody told, which was cancelled or
    cut off on its way. An attempt that was turned away at once is not written. A cache hit is a line that costs nothing.
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
        """Raises what the model raises, and ``StoreError`` when the ledger cannot be written."""
        with opened_tab(self._tier) as tab:
            tab.close = lambda: self._write(request, tab, self.identity, tab.attempts)
            try:
                reply = await self._model.reply(request, on_delta)
            except BaseException as error:
                if not tab.handed_over:
                    untold = [error.usage] if isinstance(error, ModelError) else []
                    await finished(self._write(request, tab, self.identity, tab.attempts or untold))
                raise
            if reply.cached:
                await finished(self._hit(request, reply))
            else:
                await finished(self._write(request, tab, reply.model, tab.attempts or [reply.usage]))
            return reply

    async def _write(self, request: ChatRequest, tab: Tab, model: str, attempts: Sequence[Usage]) -> None:
        entries = [entry for usage in attempts for entry in self._lines(request, tab, model, usage)]
        if entries or tab.claimed:
            await self._ledger.settle(tab.id if tab.claimed else "", entries, self._clock.now())

    async def _hit(self, request: ChatRequest, reply: Reply) -> None:
        entry = self._line(request, reply.model, replace(reply.usage, unreported_calls=0))
        await self._ledger.settle("", [replace(entry, cache_hit=True)], self._clock.now())

    def _lines(self, request: ChatRequest, tab: Tab, model: str, usage: Usage) -> Iterator[LedgerEntry]:
        told = replace(usage, unreported_calls=0)
        if told != Usage():
            yield self._line(request, model, told)
        for _ in range(usage.unreported_calls):
            yield replace(self._line(request, model, Usage()), usd=None, held_usd=tab.held_usd)

    def _line(self, request: ChatRequest, model: str, usage: Usage) -> LedgerEntry:
        price = self._prices.price_of(model, prompt_tokens=usage.input_tokens, on=self._clock.now().date())
        return LedgerEntry(
            question_id=request.question_id,
            stage=request.stage,
            tier=self._tier,
            model=model,
            usage=usage,
            usd=None if price is None else price.of(usage),
        )
