"""A question that runs out of time takes its call with it: nothing goes on in the background, and the books say so."""

from __future__ import annotations

import asyncio

from agent_pages import reading
from agent_world import World

from mmrag.domain.answers import AbstentionReason
from mmrag.domain.messages import ChatRequest, Reply
from mmrag.ports import OnDelta
from mmrag.settings import AskSettings, Settings

ACME = reading(["ACME HARDWARE", "Date: 20/11/2017", "Total RM39.80"], name="acme.jpg")


class Hanging:
    identity = "anthropic:claude-opus-5.5"

    def __init__(self) -> None:
        self.calls = self.running = 0
        self.begun, self.ended = asyncio.Event(), asyncio.Event()

    async def reply(self, request: ChatRequest, on_delta: OnDelta | None = None) -> Reply:
        self.calls += 1
        self.running += 1
        self.begun.set()
        try:
            await asyncio.Event().wait()
            raise AssertionError
        finally:
            self.running -= 1
            self.ended.set()


async def test_the_call_of_a_question_that_takes_too_long_is_cancelled_and_written_down() -> None:
    model, world = Hanging(), World([ACME], settings=Settings(ask=AskSettings(timeout_s=1.5)))
    world.asks(model, name="flagship")
    agent = await world.agent()
    answer = await agent.ask("What is the total of ACME HARDWARE?")
    assert answer.abstention is not None
    assert answer.abstention.reason is AbstentionReason.MODEL_UNAVAILABLE
    await asyncio.wait_for(model.ended.wait(), 10)
    await asyncio.sleep(0.05)  # its line is written after it has ended
    assert (model.calls, model.running) == (1, 0)
    entries = await world.ledger.entries()
    assert [(e.tier, e.usd) for e in entries] == [("flagship", None)]


async def test_a_question_that_is_cancelled_takes_its_call_with_it() -> None:
    model, world = Hanging(), World([ACME])
    world.asks(model, name="flagship")
    agent = await world.agent()
    task = asyncio.create_task(agent.ask("What is the total of ACME HARDWARE?"))
    await asyncio.wait_for(model.begun.wait(), 10)
    task.cancel()
    await asyncio.wait([task])
    await asyncio.wait_for(model.ended.wait(), 10)
    await asyncio.sleep(0.05)  # its line is written after it has ended
    assert (task.cancelled(), model.running) == (True, 0)
    assert [(e.tier, e.usd) for e in await world.ledger.entries()] == [("flagship", None)]
