"""Single flight: who hears what, who pays, and that nobody who leaves takes the call with him."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest

from mmrag.domain.costs import Usage
from mmrag.domain.messages import ChatRequest, Delta, Message, Reply, Role, StopReason
from mmrag.errors import BudgetExceededError, ModelRefusedError, StoreFullError
from mmrag.middleware.budgeted import Budgets
from mmrag.middleware.wrapping import wrapped
from mmrag.ports import ChatModel, OnDelta
from mmrag.testing import FrozenClock, MemoryLedger, MemoryReplies

REQUEST = ChatRequest(messages=(Message.text(Role.USER, "Total?"),), question_id="first")
SECOND = replace(REQUEST, question_id="second")
PAID = Usage(input_tokens=1000, output_tokens=10)


class Stepwise:
    """Says three words, each when it is let; then ends as told."""

    identity = "anthropic:claude-opus-5.5"

    def __init__(self, ending: Exception | StopReason = StopReason.END) -> None:
        self.calls = self.running = 0
        self.step = asyncio.Semaphore(0)
        self._ending = ending

    async def reply(self, request: ChatRequest, on_delta: OnDelta | None = None) -> Reply:
        self.calls += 1
        self.running += 1
        try:
            for word in ("one ", "two ", "three"):
                await self.step.acquire()
                if on_delta is not None:
                    await on_delta(Delta(text=word))
            if isinstance(self._ending, Exception):
                raise self._ending
            return Reply(text="one two three", usage=PAID, model=self.identity, stop=self._ending)
        finally:
            self.running -= 1

    def go_on(self, steps: int = 3) -> None:
        for _ in range(steps):
            self.step.release()


class Ear:
    def __init__(self) -> None:
        self.heard: list[str] = []

    async def __call__(self, delta: Delta) -> None:
        self.heard.append(delta.text)


def metered(model: ChatModel, ledger: MemoryLedger, *, usd: str = "1") -> ChatModel:
    budgets = Budgets(ledger=ledger, max_usd=Decimal(usd))
    return wrapped(model, tier="t", ledger=ledger, clock=FrozenClock(), replies=MemoryReplies(), budgets=budgets)


async def a_moment() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def lines(ledger: MemoryLedger) -> list[tuple[str, int, bool]]:
    return [(e.question_id, e.usage.input_tokens, e.cache_hit) for e in await ledger.entries()]


async def test_one_who_joins_a_stream_hears_it_from_the_first_piece_on() -> None:
    model, ledger, ears = Stepwise(), MemoryLedger(), (Ear(), Ear())
    asked = metered(model, ledger)
    first = asyncio.create_task(asked.reply(REQUEST, ears[0]))
    await a_moment()
    model.go_on(2)
    await a_moment()
    second = asyncio.create_task(asked.reply(SECOND, ears[1]))
    silent = asyncio.create_task(asked.reply(replace(REQUEST, question_id="third")))
    await a_moment()
    assert [ear.heard for ear in ears] == [["one ", "two "]] * 2
    model.go_on(1)
    replies = await asyncio.gather(first, second, silent)
    assert [ear.heard for ear in ears] == [["one ", "two ", "three"]] * 2
    assert [(r.text, r.cached) for r in replies] == [
        ("one two three", False),
        ("one two three", True),
        ("one two three", True),
    ]
    assert model.calls == 1
    assert sorted(await lines(ledger)) == [("first", 1000, False), ("second", 1000, True), ("third", 1000, True)]


async def test_the_one_who_began_pays_even_when_he_has_left() -> None:
    model, ledger, ear = Stepwise(), MemoryLedger(), Ear()
    asked = metered(model, ledger)
    first = asyncio.create_task(asked.reply(REQUEST, ear))
    await a_moment()
    second = asyncio.create_task(asked.reply(SECOND, ear))
    await a_moment()
    first.cancel()
    await a_moment()
    assert (first.cancelled(), model.running, await lines(ledger)) == (True, 1, [])
    model.go_on()
    assert (await second).cached
    assert await lines(ledger) == [("first", 1000, False), ("second", 1000, True)]
    assert ledger.claims == {}


async def test_when_all_have_left_the_call_is_cancelled_and_of_unknown_cost() -> None:
    model, ledger = Stepwise(), MemoryLedger()
    asked = metered(model, ledger)
    tasks = [asyncio.create_task(asked.reply(r)) for r in (REQUEST, SECOND)]
    await a_moment()
    for task in tasks:
        task.cancel()
        await a_moment()
    assert [task.cancelled() for task in tasks] == [True, True]
    assert (model.running, await lines(ledger), ledger.claims) == (0, [("first", 0, False)], {})
    (entry,) = await ledger.entries()
    assert entry.usd is None
    assert entry.held_usd is not None
    assert len(asyncio.all_tasks()) == 1
    again = asyncio.create_task(asked.reply(REQUEST))
    model.go_on()
    assert not (await again).cached


async def test_a_refusal_is_shared_and_paid_once() -> None:
    model, ledger = Stepwise(ModelRefusedError("no", usage=PAID)), MemoryLedger()
    asked = metered(model, ledger)
    model.go_on()
    outcomes = await asyncio.gather(*(asked.reply(r) for r in (REQUEST, SECOND)), return_exceptions=True)
    assert [type(o) for o in outcomes] == [ModelRefusedError, ModelRefusedError]
    assert (model.calls, await lines(ledger)) == (1, [("first", 1000, False)])


async def test_a_reply_that_is_not_kept_is_shared_too() -> None:
    model, ledger = Stepwise(StopReason.LENGTH), MemoryLedger()
    asked = metered(model, ledger)
    model.go_on(6)
    replies = await asyncio.gather(*(asked.reply(r) for r in (REQUEST, SECOND)))
    assert [(r.stop, r.cached) for r in replies] == [(StopReason.LENGTH, False), (StopReason.LENGTH, True)]
    assert model.calls == 1
    await asked.reply(REQUEST)
    assert model.calls == 2


async def test_the_budget_of_one_is_not_that_of_another() -> None:
    model, ledger = Stepwise(), MemoryLedger()
    asked = metered(model, ledger)
    model.go_on()
    poor = replace(REQUEST, max_usd=Decimal(0))
    outcomes = await asyncio.gather(asked.reply(poor), asked.reply(SECOND), return_exceptions=True)
    assert isinstance(outcomes[0], BudgetExceededError)
    assert isinstance(outcomes[1], Reply)
    assert (model.calls, await lines(ledger)) == (1, [("second", 1000, False)])


async def test_one_whose_ear_fails_does_not_hurt_the_others() -> None:
    model, ledger, ear = Stepwise(), MemoryLedger(), Ear()
    asked = metered(model, ledger)

    async def breaks(_delta: Delta) -> None:
        raise RuntimeError("gone")

    first, second = asyncio.create_task(asked.reply(REQUEST, breaks)), asyncio.create_task(asked.reply(SECOND, ear))
    await a_moment()
    model.go_on()
    with pytest.raises(RuntimeError, match="gone"):
        await first
    assert (await second).text == "one two three"
    assert ear.heard == ["one ", "two ", "three"]
    assert await lines(ledger) == [("first", 1000, False), ("second", 1000, True)]


class FullDisk(MemoryReplies):
    async def put(self, key: str, reply: Reply) -> None:
        raise StoreFullError("full")


async def test_what_was_paid_is_in_the_ledger_when_the_cache_fails() -> None:
    model, ledger = Stepwise(), MemoryLedger()
    asked = wrapped(model, tier="t", ledger=ledger, clock=FrozenClock(), replies=FullDisk())
    model.go_on()
    with pytest.raises(StoreFullError):
        await asked.reply(REQUEST)
    assert await lines(ledger) == [("first", 1000, False)]
