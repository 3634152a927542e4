"""Budgeted: a call that could cost more than its question may is not made."""

from __future__ import annotations

import math
from collections import OrderedDict
from datetime import date
from decimal import Decimal

from mmrag.domain.costs import Usage
from mmrag.domain.messages import ChatRequest, ImagePart, Reply, TextPart, ToolCall, ToolResult
from mmrag.errors import BudgetExceededError, ModelError
from mmrag.middleware.prices import PriceList, price_list
from mmrag.ports import ChatModel, Clock, OnDelta

_CHARACTERS_PER_TOKEN = 3
"""Fewer than in ordinary text, so that an estimate errs on the dear side."""
_QUESTIONS = 10_000
"""Questions whose spending is remembered; older ones are long over."""


class Spending:
    """What each question has spent or set aside, in USD. Shared by all tiers."""

    def __init__(self) -> None:
        self._usd: OrderedDict[str, Decimal] = OrderedDict()

    def of(self, question_id: str) -> Decimal:
        return self._usd.get(question_id, Decimal(0))

    def add(self, question_id: str, usd: Decimal) -> None:
        self._usd[question_id] = self.of(question_id) + usd
        self._usd.move_to_end(question_id)
        while len(self._usd) > _QUESTIONS:
            self._usd.popitem(last=False)


class Budgeted:
    """Sets aside what a call may cost at most before it is made, and afterwards counts what it did cost.

    ``max_usd`` is for a question whose request names no limit of its own. A model without a known price is let through:
    its calls are counted as unpriced. A call that nobody told the cost of keeps what was set aside for it.
    """

    def __init__(
        self, model: ChatModel, *, spending: Spending, max_usd: Decimal, clock: Clock, prices: PriceList | None = None
    ) -> None:
        self._model = model
        self._spending = spending
        self._max_usd = max_usd
        self._clock = clock
        self._prices = prices or price_list()

    @property
    def identity(self) -> str:
        return self._model.identity

    async def reply(self, request: ChatRequest, on_delta: OnDelta | None = None) -> Reply:
        """Raises ``BudgetExceededError`` before anything is sent, and what the model raises."""
        limit = self._max_usd if request.max_usd is None else request.max_usd
        estimate = self._price(_at_most(self.identity, request, self._prices, self._clock.now().date()))
        if estimate is None:
            return await self._model.reply(request, on_delta)
        spent = self._spending.of(request.question_id)
        if spent + estimate > limit:
            raise BudgetExceededError(
                f"A call to {self.identity} could cost ${estimate:.4f}; ${spent:.4f} of the ${limit:.4f} allowed are spent."
            )
        self._spending.add(request.question_id, estimate)
        try:
            reply = await self._model.reply(request, on_delta)
        except ModelError as error:
            self._settle(request, estimate, error.usage)
            raise
        self._settle(request, estimate, reply.usage)
        return reply

    def _settle(self, request: ChatRequest, estimate: Decimal, usage: Usage) -> None:
        if not usage.unreported_calls:
            self._spending.add(request.question_id, (self._price(usage) or Decimal(0)) - estimate)

    def _price(self, usage: Usage | None) -> Decimal | None:
        if usage is None:
            return None
        today = self._clock.now().date()
        price = self._prices.price_of(self.identity, prompt_tokens=usage.input_tokens, on=today)
        return None if price is None else price.of(usage)


def _at_most(model: str, request: ChatRequest, prices: PriceList, on: date) -> Usage | None:
    """The tokens that the call may use, None when its pictures cannot be estimated for this model."""
    characters, tokens = len(request.json_schema or ""), 0
    for part in (part for message in request.messages for part in message.parts):
        if isinstance(part, ImagePart):
            of_image = prices.image_tokens(model, part.width or 4000, part.height or 4000, on=on, detail=part.detail)
            if of_image is None:
                return None
            tokens += of_image
        elif isinstance(part, TextPart | ToolResult):
            characters += len(part.text)
        elif isinstance(part, ToolCall):
            characters += len(part.arguments)
    characters += sum(len(tool.description) + len(tool.parameters) for tool in request.tools)
    tokens += math.ceil(characters / _CHARACTERS_PER_TOKEN)
    return Usage(input_tokens=tokens, output_tokens=request.max_output_tokens)
