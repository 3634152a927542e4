"""Replies as streams, calls that are cut off, and what stays in the ledger of them."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from mmrag.domain.costs import Usage
from mmrag.domain.messages import ChatRequest, Delta, Message, Reply, Role
from mmrag.errors import ModelError, ModelRequestError, ModelUnavailableError
from mmrag.middleware.retrying import Retrying
from mmrag.middleware.streaming import stream
from mmrag.middleware.wrapping import wrapped
from mmrag.ports import OnDelta
from mmrag.testing import FrozenClock, MemoryLedger, ScriptedModel

REQUEST = ChatRequest(messages=(Message.text(Role.USER, "hi"),), question_id="q-1")


class Hanging:
    """Says one word and is never heard of again."""

    identity = "anthropic:claude-opus-5.5"

    def __init__(self) -> None:
        self.running = 0

    async def reply(self, request: ChatRequest, on_delta: OnDelta | None = None) -> Reply:
        self.running += 1
        try:
            if on_delta is not None:
                await on_delta(Delta(text="well "))
            await asyncio.Event().wait()
            raise AssertionError
        finally:
            self.running -= 1


class Breaking:
    """Says one word, then breaks off; ``calls`` counts."""

    identity = "m"

    def __init__(self) -> None:
        self.calls = 0

    async def reply(self, request: ChatRequest, on_delta: OnDelta | None = None) -> Reply:
        self.calls += 1
        if on_delta is not None:
            await on_delta(Delta(text="well "))
        raise ModelUnavailableError("the stream broke off", usage=Usage(input_tokens=5, unreported_calls=1))


async def no_pause(_seconds: float) -> None:
    return None


async def test_a_stream_is_the_pieces_and_then_the_reply() -> None:
    seen = [item async for item in stream(ScriptedModel(["one two  three"]), REQUEST)]
    assert isinstance(seen[-1], Reply)
    assert [d.text for d in seen[:-1] if isinstance(d, Delta)] == ["one ", "two  ", "three"]
    assert seen[-1].text == "one two  three"


async def test_a_stream_raises_what_the_model_raises_after_the_pieces() -> None:
    seen: list[Delta | Reply] = []

    async def collect() -> None:
        async for item in stream(Breaking(), REQUEST):
            seen.append(item)  # noqa: PERF401  # a comprehension would lose the pieces that came before the error

    with pytest.raises(ModelUnavailableError):
        await collect()
    assert seen == [Delta(text="well ")]


async def test_a_stream_that_is_closed_cancels_its_call_which_is_counted_as_unpriced() -> None:
    ledger, model = MemoryLedger(), Hanging()
    whole = wrapped(model, tier="t", ledger=ledger, clock=FrozenClock())
    async with aclosing(stream(whole, REQUEST)) as pieces:
        async for _ in pieces:
            break
    assert model.running == 0
    assert [(e.usd, e.usage, e.question_id) for e in await ledger.entries()] == [(None, Usage(), "q-1")]
    assert len(asyncio.all_tasks()) == 1


async def test_a_stream_is_not_begun_again_once_a_piece_of_it_was_passed_on() -> None:
    streamed, whole = Breaking(), Breaking()
    with pytest.raises(ModelUnavailableError):
        _ = [piece async for piece in stream(Retrying(streamed, sleep=no_pause), REQUEST)]
    with pytest.raises(ModelUnavailableError):
        await Retrying(whole, sleep=no_pause).reply(REQUEST)
    assert (streamed.calls, whole.calls) == (1, 3)


async def test_what_nobody_told_is_unpriced_beside_what_was_told() -> None:
    ledger = MemoryLedger()
    failing = ScriptedModel([ModelUnavailableError("x", usage=Usage(input_tokens=5, unreported_calls=2)), ModelError("y")])
    with pytest.raises(ModelError, match="y"):
        await wrapped(failing, tier="t", ledger=ledger, clock=FrozenClock(), pause_s=0).reply(REQUEST)
    assert [(e.usage.input_tokens, e.usd) for e in await ledger.entries()] == [(5, None), (0, None), (0, None)]


async def test_the_provider_says_how_long_to_wait_and_the_deadline_is_kept() -> None:
    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    model = ScriptedModel([ModelUnavailableError("busy", retry_after_s=20), "yes"])
    assert (await Retrying(model, sleep=pause).reply(REQUEST)).text == "yes"
    assert pauses[0] >= 20
    late = ScriptedModel([ModelUnavailableError("busy", retry_after_s=120), "yes"])
    with pytest.raises(ModelUnavailableError):
        await Retrying(late, sleep=pause, deadline_s=60).reply(REQUEST)
    assert (len(pauses), len(late.requests)) == (1, 1)


async def test_a_call_that_the_provider_does_not_take_is_not_repeated() -> None:
    model = ScriptedModel([ModelRequestError("no such parameter"), "yes"])
    with pytest.raises(ModelRequestError):
        await Retrying(model, sleep=no_pause).reply(REQUEST)
    assert len(model.requests) == 1
