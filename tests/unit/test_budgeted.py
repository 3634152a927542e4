"""No call is made that could cost more than its question, the day or the store may."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from mmrag.domain.costs import Usage
from mmrag.domain.messages import ChatRequest, Message, Reply, Role
from mmrag.errors import BudgetExceededError, ModelUnavailableError
from mmrag.middleware.budgeted import Budgets, tokens_of_texts
from mmrag.middleware.wrapping import wrapped
from mmrag.ports import ChatModel
from mmrag.testing import FrozenClock, MemoryLedger, ScriptedModel
from mmrag.testing.models import Line

OPUS = "anthropic:claude-opus-5.5"  # 4 USD in, 20 USD out
REQUEST = ChatRequest(messages=(Message.text(Role.USER, "x" * 3000),), max_output_tokens=100, question_id="q-1")
COST = Reply(text="yes", usage=Usage(input_tokens=500, output_tokens=50), model=OPUS)  # estimated 0.006, costs 0.003
LOST = ModelUnavailableError("cut", usage=Usage(unreported_calls=1))


class Purse:
    """Models that spend from one ledger."""

    def __init__(self, *, question: str | None = None, day: str | None = None, store: str | None = None) -> None:
        self.ledger, self.clock = MemoryLedger(), FrozenClock()
        q, d, s = (None if v is None else Decimal(v) for v in (question, day, store))
        self.budgets = Budgets(ledger=self.ledger, max_usd=q, max_usd_per_day=d, max_usd_per_store=s)

    def model(self, lines: list[Line], *, identity: str = OPUS) -> tuple[ChatModel, ScriptedModel]:
        scripted = ScriptedModel(lines, identity=identity)
        asked = wrapped(scripted, tier="t", ledger=self.ledger, clock=self.clock, budgets=self.budgets, pause_s=0)
        return asked, scripted


async def test_a_call_over_the_budget_is_not_made_and_other_questions_have_their_own() -> None:
    purse = Purse(question="0.01")
    asked, model = purse.model([COST, COST, COST])
    await asked.reply(REQUEST)
    await asked.reply(REQUEST)
    refused = r"could cost \$0.0060; \$0.0060 of the \$0.0100 that this question may cost \(cascade.max_usd or --max-usd\)"
    with pytest.raises(BudgetExceededError, match=refused):
        await asked.reply(REQUEST)
    await asked.reply(replace(REQUEST, question_id="q-2"))
    assert len(model.requests) == 3
    assert purse.ledger.claims == {}


async def test_the_limit_of_the_request_goes_before_that_of_the_settings() -> None:
    asked, model = Purse(question="1").model([COST])
    with pytest.raises(BudgetExceededError):
        await asked.reply(replace(REQUEST, max_usd=Decimal(0)))
    await asked.reply(replace(REQUEST, max_usd=Decimal("0.006")))
    assert len(model.requests) == 1


@pytest.mark.parametrize(
    ("purse", "said", "later"),
    [(Purse(day="0.008"), "this day may cost in UTC", True), (Purse(store="0.008"), "this store may cost in all", False)],
)
async def test_the_day_and_the_store_have_budgets_over_all_questions(purse: Purse, said: str, later: bool) -> None:
    asked, model = purse.model([COST, COST])
    await asked.reply(REQUEST)
    other = replace(REQUEST, question_id="q-2")
    with pytest.raises(BudgetExceededError, match=rf"\$0.0030 of the \$0.0080 that {said}"):
        await asked.reply(other)
    purse.clock.advance(timedelta(days=1).total_seconds())
    if later:
        await asked.reply(other)
    assert len(model.requests) == 1 + later


async def test_a_failure_gives_back_what_was_set_aside_unless_nobody_told_its_cost() -> None:
    purse = Purse(question="0.01", day="0.01")
    asked, model = purse.model([ModelUnavailableError("busy"), ModelUnavailableError("busy"), ModelUnavailableError("busy")])
    with pytest.raises(ModelUnavailableError, match="busy"):
        await asked.reply(REQUEST)
    assert (len(model.requests), purse.ledger.claims, await purse.ledger.entries()) == (3, {}, ())
    lost, _ = purse.model([LOST])
    with pytest.raises(BudgetExceededError, match=r"could cost \$0.0120; \$0.0000 of the \$0.0100"):
        await lost.reply(REQUEST)
    (entry,) = await purse.ledger.entries()
    assert (entry.usd, entry.held_usd) == (None, Decimal("0.006"))


async def test_a_further_attempt_is_made_only_when_there_is_money_for_it_too() -> None:
    rich = Purse(question="0.012")
    asked, model = rich.model([LOST, COST])
    assert (await asked.reply(REQUEST)).text == "yes"
    assert [e.usd for e in await rich.ledger.entries()] == [None, Decimal("0.003")]
    poor = Purse(question="0.0119")
    asked, model = poor.model([LOST, COST])
    with pytest.raises(BudgetExceededError):
        await asked.reply(REQUEST)
    assert len(model.requests) == 1
    assert poor.ledger.claims == {}


async def test_an_unknown_price_is_no_reason_against_a_call() -> None:
    purse = Purse(question="0", day="0.0001")
    asked, model = purse.model(["yes"], identity="openai:mystery")
    await asked.reply(REQUEST)
    assert len(model.requests) == 1
    assert [(e.usd, e.held_usd) for e in await purse.ledger.entries()] == [(None, None)]


def test_scripts_without_an_alphabet_take_more_tokens() -> None:
    assert tokens_of_texts(["a" * 30]) == 10
    assert tokens_of_texts(["合計金額", "aaa"]) == 7
