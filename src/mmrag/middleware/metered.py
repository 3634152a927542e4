"""Metered: every call to a model becomes a line in the ledger before its reply is used."""

from __future__ import annotations

from mmrag.domain.costs import LedgerEntry, Usage
from mmrag.domain.messages import ChatRequest, Reply
from mmrag.errors import ModelError
from mmrag.middleware.prices import price_list
from mmrag.ports import ChatModel, Clock, Ledger


class Metered:
    """Writes what ``model`` consumed and what that cost. A model without a known price is written as unpriced.

    A call that fails after tokens were used is written too; one that used none is not.
    """

    def __init__(self, model: ChatModel, *, tier: str, ledger: Ledger, clock: Clock) -> None:
        self._model = model
        self._tier = tier
        self._ledger = ledger
        self._clock = clock

    @property
    def identity(self) -> str:
        return self._model.identity

    async def reply(self, request: ChatRequest) -> Reply:
        """Raises what the model raises, after writing the usage that the error carries."""
        try:
            reply = await self._model.reply(request)
        except ModelError as error:
            if error.usage != Usage():
                await self._write(request, self._model.identity, error.usage, cached=False)
            raise
        await self._write(request, reply.model, reply.usage, cached=reply.cached)
        return reply

    async def _write(self, request: ChatRequest, model: str, usage: Usage, *, cached: bool) -> None:
        now = self._clock.now()
        price = price_list().price_of(model, prompt_tokens=usage.input_tokens, on=now.date())
        entry = LedgerEntry(
            question_id=request.question_id,
            stage=request.stage,
            tier=self._tier,
            model=model,
            usage=usage,
            usd=None if price is None else price.of(usage),
            cache_hit=cached,
        )
        await self._ledger.write(entry, now)
