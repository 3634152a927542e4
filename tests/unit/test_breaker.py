"""The circuit breaker: what opens it, what does not, and how it closes. Time is virtual."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from virtual_time import run_virtually

from mmrag.domain.costs import Usage
from mmrag.domain.messages import ChatRequest, Message, Reply, Role, StopReason
from mmrag.errors import (
    CircuitOpenError,
    ModelError,
    ModelMissingError,
    ModelRefusedError,
    ModelRequestError,
    ModelUnavailableError,
)
from mmrag.middleware.circuit import Admission, Circuit, Rule, admit, answered, failed, gave_up
from mmrag.middleware.limited import Gate, Rates
from mmrag.middleware.wrapping import wrapped
from mmrag.ports import ChatModel, OnDelta
from mmrag.testing import FrozenClock, MemoryLedger

RULE = Rule(failures=3, pause_s=10, longest_pause_s=35)
REQUEST = ChatRequest(messages=(Message.text(Role.USER, "hi"),))
FINE = Reply(text="yes", usage=Usage(input_tokens=1), model="openai:m")
DOWN = ModelUnavailableError("openai:m is busy (HTTP 503).")


class Server:
    """Does what ``mood`` says, after ``seconds``."""

    identity = "openai:m"

    def __init__(self) -> None:
        self.mood: Reply | Exception = FINE
        self.seconds = 1.0
        self.calls = 0

    async def reply(self, request: ChatRequest, on_delta: OnDelta | None = None) -> Reply:
        self.calls += 1
        mood = self.mood
        await asyncio.sleep(self.seconds)
        if isinstance(mood, Exception):
            raise mood
        return mood


def asked(server: ChatModel) -> ChatModel:
    gate = Gate("openai", rates=Rates(concurrency=50, rule=RULE), clock=FrozenClock())
    return wrapped(server, tier="t", ledger=MemoryLedger(), clock=FrozenClock(), gate=gate, pause_s=0)


async def outcome(model: ChatModel) -> Reply | ModelError:
    try:
        return await model.reply(REQUEST)
    except ModelError as error:
        return error


def test_a_provider_in_trouble_is_left_alone_and_then_tried_with_one_call() -> None:
    async def run() -> None:
        server = Server()
        model, loop = asked(server), asyncio.get_running_loop()
        server.mood = DOWN
        assert isinstance(await outcome(model), ModelUnavailableError)
        assert server.calls == 3  # the attempts of one call are enough
        began = loop.time()
        refused = await outcome(model)
        assert isinstance(refused, CircuitOpenError)
        assert (server.calls, loop.time()) == (3, pytest.approx(began))  # at once, and nothing is sent
        assert str(refused) == (
            "openai is left alone after 3 failures in a row; it is tried again in 10 s, at 03:04:15 UTC. "
            "The last one: openai:m is busy (HTTP 503)."
        )
        await asyncio.sleep(10)
        crowd = await asyncio.gather(*(outcome(model) for _ in range(20)))
        assert server.calls == 4  # one probe, for which the others waited
        assert all(isinstance(o, CircuitOpenError) for o in crowd)
        assert "in 20 s" in str(crowd[1])  # twice as long
        await asyncio.sleep(20)
        server.mood = FINE
        crowd = await asyncio.gather(*(outcome(model) for _ in range(20)))
        assert all(o == FINE for o in crowd)
        assert server.calls == 24

    run_virtually(run())


@pytest.mark.parametrize(
    "mood",
    [
        ModelRefusedError("no"),
        ModelRequestError("no such parameter"),
        ModelMissingError("no key"),
        replace(FINE, stop=StopReason.LENGTH),
        replace(FINE, stop=StopReason.REFUSAL),
        replace(FINE, text="not the JSON that was asked for"),
    ],
)
def test_answers_that_are_bad_do_not_open_it(mood: Reply | Exception) -> None:
    async def run() -> None:
        server = Server()
        model = asked(server)
        server.mood = mood
        for _ in range(20):
            assert not isinstance(await outcome(model), CircuitOpenError)
        assert server.calls == 20

    run_virtually(run())


def test_it_stays_open_as_long_as_the_provider_asks() -> None:
    async def run() -> None:
        server = Server()
        model = asked(server)
        server.mood = ModelUnavailableError("busy (HTTP 429)", retry_after_s=3)
        await outcome(model)
        refused = await outcome(model)
        assert isinstance(refused, CircuitOpenError)
        assert refused.retry_after_s == pytest.approx(3)

    run_virtually(run())


def test_a_probe_that_is_cancelled_makes_way_for_the_next() -> None:
    async def run() -> None:
        server = Server()
        model = asked(server)
        server.mood = DOWN
        await outcome(model)
        server.mood, server.seconds = FINE, 5
        await asyncio.sleep(10)
        probe, waiting = (asyncio.create_task(outcome(model)) for _ in range(2))
        await asyncio.sleep(1)
        assert server.calls == 4
        probe.cancel()
        assert await waiting == FINE
        assert server.calls == 5

    run_virtually(run())


def test_a_moment_of_trouble_between_answers_does_not_add_up() -> None:
    async def run() -> None:
        server = Server()
        model = asked(server)
        for _ in range(20):
            server.mood = ModelUnavailableError("busy", retry_after_s=10_000)  # too long to be tried again
            assert not isinstance(await outcome(model), CircuitOpenError)
            server.mood = FINE
            assert await outcome(model) == FINE

    run_virtually(run())


EVENTS = st.lists(st.tuples(st.sampled_from(["answered", "failed", "gave_up", "nothing"]), st.floats(0, 60)), max_size=40)


@given(EVENTS)
def test_there_is_never_more_than_one_probe_and_it_always_opens_again(events: list[tuple[str, float]]) -> None:
    circuit, now, probing = Circuit(), 0.0, False
    for what, seconds in events:
        now += seconds
        circuit, admission = admit(circuit, now)
        assert not (probing and admission is Admission.PROBE)
        probing = probing or admission is Admission.PROBE
        if what == "answered":
            circuit, probing = answered(circuit), False
        elif what == "failed":
            circuit = failed(circuit, RULE, now, probe=probing)
            probing = False
        elif what == "gave_up" and probing:
            circuit, probing = gave_up(circuit), False
        assert circuit.open_until is None or circuit.open_until <= now + RULE.longest_pause_s
        if circuit.open_until is None:
            assert circuit.failures < RULE.failures
    later, admission = admit(circuit, now + RULE.longest_pause_s)
    assert admission in ({Admission.WAIT} if probing else {Admission.PASS, Admission.PROBE})
    assert answered(later) == Circuit()
