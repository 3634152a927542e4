"""Budgeted: a call that could cost more than its question, the day or the store may is not made."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from mmrag.domain.costs import Claim, Limits, Overrun, Usage
from mmrag.domain.messages import ChatRequest, ImagePart, Reply, TextPart, ToolCall, ToolResult
from mmrag.errors import BudgetExceededError
from mmrag.middleware.prices import PriceList, price_list
from mmrag.middleware.tab import Tab, current_tab
from mmrag.ports import ChatModel, Clock, Ledger, OnDelta

_CHARACTERS_PER_TOKEN = 3
"""Fewer than in ordinary text, so that an estimate errs on the dear side."""
_TOKENS_PER_FOREIGN_CHARACTER = 1.5
"""Of characters beyond ASCII: scripts without an alphabet take about one token a character."""
_NAMES = {
    "question": "that this question may cost (cascade.max_usd or --max-usd)",
    "day": "that this day may cost in UTC (cascade.max_usd_per_day)",
    "store": "that this store may cost in all (cascade.max_usd_per_store)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Budgets:
    """The most that may be spent, in USD, and the ledger that knows what is. None: any amount.

    ``max_usd`` is for a question whose request names no limit of its own. A claim is given up ``claim_s`` seconds after it
    was made: longer than any call takes.
    """

    ledger: Ledger
    max_usd: Decimal | None
    max_usd_per_day: Decimal | None = None
    max_usd_per_store: Decimal | None = None
    claim_s: float = 300.0


class Budgeted:
    """Has the ledger set aside what a call may cost at most before it is made; ``Metered`` around it settles that.

    An attempt after one that may have been paid for is a further cost, and is only made when there is money for it too. A
    model without a known price, or with pictures whose tokens are not known, cannot be checked: its calls are let through
    and counted as unpriced. What nobody told the cost of goes on to count with what was set aside for it.
    """

    def __init__(self, model: ChatModel, *, budgets: Budgets, clock: Clock, prices: PriceList | None = None) -> None:
        self._model = model
        self._budgets = budgets
        self._clock = clock
        self._prices = prices or price_list()

    @property
    def identity(self) -> str:
        return self._model.identity

    async def reply(self, request: ChatRequest, on_delta: OnDelta | None = None) -> Reply:
        """Raises ``BudgetExceededError`` before anything is sent, and what the model raises."""
        most = tokens_at_most(self.identity, request, self._prices, self._clock.now().date())
        estimate = None if most is None else self._price(most)
        if estimate is not None:
            tab, usd = current_tab(), estimate
            tab.held_usd = usd
            tab.afford = lambda: self._set_aside(request, tab, usd)
            await tab.afford()
        return await self._model.reply(request, on_delta)

    async def _set_aside(self, request: ChatRequest, tab: Tab, estimate: Decimal) -> None:
        budgets, now = self._budgets, self._clock.now()
        claim = Claim(
            id=tab.id,
            question_id=request.question_id,
            stage=request.stage,
            tier=tab.tier,
            model=self.identity,
            usd=estimate + sum((self._may_have_cost(usage, estimate) for usage in tab.attempts), Decimal(0)),
            expires=now + timedelta(seconds=budgets.claim_s),
        )
        limits = Limits(
            question=budgets.max_usd if request.max_usd is None else request.max_usd,
            day=budgets.max_usd_per_day,
            store=budgets.max_usd_per_store,
        )
        tab.claimed = True
        over = await budgets.ledger.reserve(claim, limits, now)
        if over is not None:
            tab.claimed = bool(tab.attempts)  # a first claim that does not fit was not made
            raise BudgetExceededError(_refusal(self.identity, claim.usd, over))

    def _may_have_cost(self, usage: Usage, estimate: Decimal) -> Decimal:
        return (self._price(usage) or Decimal(0)) + usage.unreported_calls * estimate

    def _price(self, usage: Usage) -> Decimal | None:
        today = self._clock.now().date()
        price = self._prices.price_of(self.identity, prompt_tokens=usage.input_tokens, on=today)
        return None if price is None else price.of(usage)


def tokens_at_most(model: str, request: ChatRequest, prices: PriceList, on: date) -> Usage | None:
    """The tokens that the call may use, None when its pictures cannot be estimated for this model."""
    texts, tokens = [request.json_schema or ""], 0
    for part in (part for message in request.messages for part in message.parts):
        if isinstance(part, ImagePart):
            of_image = prices.image_tokens(model, part.width or 4000, part.height or 4000, on=on, detail=part.detail)
            if of_image is None:
                return None
            tokens += of_image
        elif isinstance(part, TextPart | ToolResult):
            texts.append(part.text)
        elif isinstance(part, ToolCall):
            texts.append(part.arguments)
    texts += [text for tool in request.tools for text in (tool.description, tool.parameters)]
    return Usage(input_tokens=tokens + tokens_of_texts(texts), output_tokens=request.max_output_tokens)


def tokens_of_texts(texts: list[str]) -> int:
    """About as many tokens as ``texts`` have at most. Estimated: no provider's way to cut them is public."""
    characters = sum(len(text) for text in texts)
    ascii_only = sum(len(text.encode("ascii", "ignore")) for text in texts)
    return math.ceil(ascii_only / _CHARACTERS_PER_TOKEN + (characters - ascii_only) * _TOKENS_PER_FOREIGN_CHARACTER)


def _refusal(model: str, usd: Decimal, over: Overrun) -> str:
    return (
        f"A call to {model} could cost {_in_usd(usd)}; {_in_usd(over.spent)} of the {_in_usd(over.limit)} "
        f"{_NAMES[over.budget]} are spent or set aside."
    )


def _in_usd(usd: Decimal) -> str:
    """Four decimals, more where those would hide what there is."""
    return f"${usd:.4f}" if usd == 0 or usd >= Decimal("0.001") else f"${usd:.7f}"
