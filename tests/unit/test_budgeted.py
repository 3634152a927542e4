"""No call is made that could cost more than its question may."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from mmrag.domain.costs import Usage
from mmrag.domain.messages import ChatRequest, Message, Reply, Role
from mmrag.errors import BudgetExceededError, ModelUnavailableError
from mmrag.middleware.budgeted import Budgeted, Spending
from mmrag.testing import FrozenClock, ScriptedModel
from mmrag.testing.models import Line

OPUS = "anthropic:claude-opus-5.5"  # 4 USD in, 20 USD out
REQUEST = ChatRequest(messages=(Message.text(Role.USER, "x" * 3000),), max_output_tokens=100, question_id="q-1")
COST = Reply(text="yes", usage=Usage(input_tokens=500, output_tokens=50), model=OPUS)  # estimated 0.006, costs 0.003


def budgeted(lines: list[Line], *, usd: str, spending: Spending, identity: str = OPUS) -> tuple[Budgeted, ScriptedModel]:
    model = ScriptedModel(lines, identity=identity)
    return Budgeted(model, spending=spending, max_usd=Decimal(usd), clock=FrozenClock()), model


async def test_a_call_over_the_budget_is_not_made_and_other_questions_have_their_own() -> None:
    spending = Spending()
    asked, model = budgeted([COST, COST, COST], usd="0.01", spending=spending)
    await asked.reply(REQUEST)
    await asked.reply(REQUEST)
    assert spending.of("q-1") == Decimal("0.006")
    with pytest.raises(BudgetExceededError, match=r"\$0.0060 of the \$0.0100 allowed are spent"):
        await asked.reply(REQUEST)
    await asked.reply(replace(REQUEST, question_id="q-2"))
    assert len(model.requests) == 3


async def test_the_limit_of_the_request_goes_before_that_of_the_settings() -> None:
    asked, model = budgeted([COST], usd="1", spending=Spending())
    with pytest.raises(BudgetExceededError):
        await asked.reply(replace(REQUEST, max_usd=Decimal(0)))
    await asked.reply(replace(REQUEST, max_usd=Decimal("0.006")))
    assert len(model.requests) == 1


async def test_a_failure_gives_back_what_was_set_aside_unless_nobody_told_its_cost() -> None:
    spending = Spending()
    lost = ModelUnavailableError("cut", usage=Usage(unreported_calls=1))
    asked, _ = budgeted([ModelUnavailableError("busy"), lost], usd="0.01", spending=spending)
    with pytest.raises(ModelUnavailableError):
        await asked.reply(REQUEST)
    assert spending.of("q-1") == 0
    with pytest.raises(ModelUnavailableError):
        await asked.reply(REQUEST)
    assert spending.of("q-1") == Decimal("0.006")


async def test_an_unknown_price_is_no_reason_against_a_call() -> None:
    asked, model = budgeted(["yes"], usd="0", spending=Spending(), identity="openai:mystery")
    await asked.reply(REQUEST)
    assert len(model.requests) == 1
