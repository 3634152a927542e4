"""Places, rates and deadlines: how many calls go out, in what order, and how long one waits. Time is virtual."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from virtual_time import run_virtually

from mmrag.domain.costs import Usage
from mmrag.domain.messages import ChatRequest, Message, Reply, Role
from mmrag.errors import ModelUnavailableError
from mmrag.middleware.limited import Gate, Rates
from mmrag.middleware.wrapping import wrapped
from mmrag.ports import ChatModel, OnDelta
from mmrag.testing import FrozenClock, MemoryLedger


def request(n: int, characters: int = 3) -> ChatRequest:
    return ChatRequest(messages=(Message.text(Role.USER, "x" * characters),), max_output_tokens=100, question_id=str(n))


class Server:
    """Takes ``seconds`` for a call; notes when each began and how many ran at once."""

    identity = "openai:m"

    def __init__(self, seconds: float = 1.0) -> None:
        self._seconds = seconds
        self.began: list[tuple[float, str]] = []
        self.running = self.most = 0

    async def reply(self, request: ChatRequest, on_delta: OnDelta | None = None) -> Reply:
        self.began.append((asyncio.get_running_loop().time(), request.question_id))
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            await asyncio.sleep(self._seconds)
        finally:
            self.running -= 1
        return Reply(text="yes", usage=Usage(input_tokens=1, output_tokens=1), model=self.identity)


def gate(**rates: int) -> Gate:
    return Gate("openai", rates=Rates(**rates), clock=FrozenClock())


def asked(server: ChatModel, way: Gate, *, deadline_s: float = 1000) -> ChatModel:
    return wrapped(server, tier="t", ledger=MemoryLedger(), clock=FrozenClock(), gate=way, deadline_s=deadline_s)


def test_two_tiers_of_a_provider_share_its_places_first_come_first_served() -> None:
    async def run() -> None:
        server, way = Server(), gate(concurrency=4)
        tiers = [asked(server, way), asked(server, way)]
        await asyncio.gather(*(tiers[n % 2].reply(request(n)) for n in range(20)))
        assert server.most == 4
        assert [who for _, who in server.began] == [str(n) for n in range(20)]
        assert asyncio.get_running_loop().time() == pytest.approx(5)

    run_virtually(run())


def windows(times: list[float], width: float) -> Iterator[int]:
    for start in times:
        yield sum(start <= t < start + width for t in times)


@settings(max_examples=25, deadline=None)
@given(per_minute=st.integers(2, 300), calls=st.integers(1, 150))
def test_no_minute_has_more_calls_than_allowed_and_they_are_not_held_up_for_nothing(per_minute: int, calls: int) -> None:
    async def run() -> list[float]:
        server = Server(0.0)
        model = asked(server, gate(concurrency=1000, requests_per_minute=per_minute), deadline_s=1e6)
        await asyncio.gather(*(model.reply(request(n)) for n in range(calls)))
        assert [who for _, who in server.began] == [str(n) for n in range(calls)]
        return [at for at, _ in server.began]

    times = run_virtually(run())
    assert max(windows(times, 60 - 1e-6)) <= per_minute
    assert times[-1] <= 60 * 2 * calls / per_minute + 60


def test_tokens_a_minute_are_kept_and_a_call_greater_than_all_of_them_still_goes_out() -> None:
    async def run() -> None:
        server = Server(0.0)
        model = asked(server, gate(concurrency=100, tokens_per_minute=1100), deadline_s=1e6)
        small, large = (request(n, 300) for n in range(20)), request(99, 300_000)
        await asyncio.gather(*(model.reply(r) for r in small), model.reply(large))
        times = [at for at, _ in server.began]
        assert times[4] < 0.01  # five calls of 200 tokens fit at once
        assert times[19] == pytest.approx((20 * 200 - 1100) / 1100 * 60, abs=1)
        assert server.began[-1][1] == "99"

    run_virtually(run())


def test_one_who_waits_too_long_is_told_and_sends_nothing() -> None:
    async def run() -> None:
        server = Server(60)
        model = asked(server, gate(concurrency=1), deadline_s=30)
        outcomes = await asyncio.gather(*(model.reply(request(n)) for n in range(2)), return_exceptions=True)
        assert asyncio.get_running_loop().time() == pytest.approx(30)
        assert [isinstance(o, ModelUnavailableError) for o in outcomes] == [True, True]
        assert "gave no answer within 30 seconds" in str(outcomes[0])
        assert "no free place for 30 seconds: it takes 1 calls at once (limits.concurrency)" in str(outcomes[1])
        assert (len(server.began), server.running) == (1, 0)

    run_virtually(run())


def test_one_who_leaves_the_line_lets_the_next_one_go() -> None:
    async def run() -> None:
        server = Server(10)
        model = asked(server, gate(concurrency=1, requests_per_minute=600))
        tasks = [asyncio.create_task(model.reply(request(n))) for n in range(4)]
        await asyncio.sleep(1)
        tasks[1].cancel()
        tasks[0].cancel()
        await asyncio.wait(tasks)
        assert [who for _, who in server.began] == ["0", "2", "3"]
        assert asyncio.get_running_loop().time() == pytest.approx(21, abs=0.3)

    run_virtually(run())
