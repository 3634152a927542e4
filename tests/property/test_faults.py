"""Whatever goes wrong and whoever gives up: the books agree with the provider's, and nothing is left behind.

A provider that counts what it bills fails in any order; callers come, wait, listen and are cancelled at any time: in the
cache, in the queue, in a pause, while the ledger writes. Time is virtual.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from hypothesis import example, given, settings
from hypothesis import strategies as st
from virtual_time import run_virtually

from mmrag.domain.costs import Claim, LedgerEntry, Limits, Overrun, Usage
from mmrag.domain.messages import ChatRequest, Delta, Message, Reply, Role, StopReason
from mmrag.errors import ModelError, ModelRefusedError, ModelRequestError, ModelUnavailableError
from mmrag.middleware.budgeted import Budgets
from mmrag.middleware.circuit import Rule
from mmrag.middleware.limited import Gate, Rates
from mmrag.middleware.prices import price_list
from mmrag.middleware.wrapping import wrapped
from mmrag.ports import ChatModel, OnDelta
from mmrag.testing import FrozenClock, MemoryLedger, MemoryReplies

OPUS = "anthropic:claude-opus-5.5"
DEADLINE_S = 30.0
TEXT = "word " * 600  # 1000 tokens as estimated, so 0.004 USD, and 0.002 for 100 tokens out


@dataclass(frozen=True, kw_only=True)
class Act:
    """What the provider does with one request. ``tokens`` out of those asked for are billed."""

    what: str
    seconds: float
    tokens: int = 1000
    retry_after_s: float | None = None


@dataclass(frozen=True, kw_only=True)
class Caller:
    """``key`` says which of several requests it makes, ``question`` on whose account."""

    at: float
    key: int
    question: int
    streams: bool
    cancelled_after: tuple[float, ...] = ()


@dataclass(eq=False)
class Billed:
    """A request that the provider took: by whom and when, and what it billed. ``told``: the caller could know. One that was
    cut off before it was turned away counts too, with nothing: nobody can tell it from one that was billed."""

    caller: int
    at: float
    usage: Usage
    told: bool = False


@dataclass
class Provider:
    acts: Sequence[Act]
    identity: str = OPUS
    billed: list[Billed] = field(default_factory=list)
    asked: int = 0
    running: int = 0
    most: int = 0

    async def reply(self, request: ChatRequest, on_delta: OnDelta | None = None) -> Reply:
        act = self.acts[self.asked % len(self.acts)]
        self.asked += 1
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            return await self._do(act, request, on_delta)
        finally:
            self.running -= 1

    async def _do(self, act: Act, request: ChatRequest, on_delta: OnDelta | None) -> Reply:
        if act.what == "busy":
            cut_off = Billed(caller=int(request.stage), at=asyncio.get_running_loop().time(), usage=Usage())
            self.billed.append(cut_off)
            await asyncio.sleep(act.seconds)
            self.billed.remove(cut_off)
            raise ModelUnavailableError("busy", retry_after_s=act.retry_after_s)
        if act.what == "not taken":
            raise ModelRequestError("no such parameter")
        usage = Usage(input_tokens=act.tokens, output_tokens=act.tokens // 10)
        bill = Billed(caller=int(request.stage), at=asyncio.get_running_loop().time(), usage=usage)
        self.billed.append(bill)
        whole = f"whole reply to {request.messages[0].parts[0]}"
        for n, word in enumerate(whole.split(" ")):
            await asyncio.sleep(act.seconds / 20)
            if act.what == "breaks off" and n == 5:
                raise ModelUnavailableError("broke off", usage=Usage(unreported_calls=1))
            if act.what == "bug" and n == 5:
                raise RuntimeError("of the adapter")
            if on_delta is not None:
                await on_delta(Delta(text=word if n == 0 else f" {word}"))
        if act.what == "garbled":
            raise ModelUnavailableError("cannot be read", usage=Usage(unreported_calls=1))
        bill.told = True
        if act.what == "refuses":
            raise ModelRefusedError("no", usage=usage)
        if act.what == "told failure":
            raise ModelUnavailableError("failed, but said what it took", usage=usage)
        stop = StopReason.LENGTH if act.what == "cut off" else StopReason.END
        text = whole[:9] if act.what == "cut off" else whole
        return Reply(text=text, usage=usage, model=self.identity, stop=stop)


class SlowLedger(MemoryLedger):
    """Takes its time, so that others come in between."""

    async def reserve(self, claim: Claim, limits: Limits, at: datetime) -> Overrun | None:
        await asyncio.sleep(0.01)
        return await super().reserve(claim, limits, at)

    async def settle(self, claim_id: str, entries: Sequence[LedgerEntry], at: datetime) -> None:
        await asyncio.sleep(0.01)
        await super().settle(claim_id, entries, at)


class SlowReplies(MemoryReplies):
    async def get(self, key: str) -> Reply | None:
        await asyncio.sleep(0.01)
        return await super().get(key)

    async def put(self, key: str, reply: Reply) -> None:
        await asyncio.sleep(0.01)
        await super().put(key, reply)


@dataclass
class Told:
    """What one caller heard and got, and when it was over."""

    outcome: object = None
    heard: str = ""
    over: float = 0.0


@dataclass
class World:
    provider: Provider
    ledger: MemoryLedger
    replies: MemoryReplies
    told: list[Told]


def request_of(number: int, caller: Caller) -> ChatRequest:
    return ChatRequest(
        messages=(Message.text(Role.USER, f"{TEXT[: 2990 - caller.key]}"),),
        max_output_tokens=100,
        stage=str(number),
        question_id=f"q-{caller.question}",
    )


async def call(model: ChatModel, number: int, caller: Caller, told: Told) -> None:
    await asyncio.sleep(caller.at)

    async def hear(delta: Delta) -> None:
        told.heard += delta.text

    try:
        told.outcome = await model.reply(request_of(number, caller), hear if caller.streams else None)
    except (ModelError, RuntimeError, asyncio.CancelledError) as error:
        told.outcome = error
    told.over = asyncio.get_running_loop().time()


async def giving_up(task: asyncio.Task[None], caller: Caller) -> None:
    await asyncio.sleep(caller.at)
    for seconds in caller.cancelled_after:
        await asyncio.sleep(seconds)
        task.cancel()


async def play(acts: Sequence[Act], callers: Sequence[Caller], *, question_usd: str, day_usd: str, cached: bool) -> World:
    clock, world = FrozenClock(), World(Provider(acts), SlowLedger(), SlowReplies(), [Told() for _ in callers])
    gate = Gate("p", rates=Rates(concurrency=2, rule=Rule(failures=3, pause_s=5, longest_pause_s=10)), clock=clock)
    model = wrapped(
        world.provider,
        tier="t",
        ledger=world.ledger,
        clock=clock,
        replies=world.replies if cached else None,
        budgets=Budgets(ledger=world.ledger, max_usd=Decimal(question_usd), max_usd_per_day=Decimal(day_usd)),
        gate=gate,
        deadline_s=DEADLINE_S,
    )
    tasks = [asyncio.create_task(call(model, n, c, t)) for n, (c, t) in enumerate(zip(callers, world.told, strict=True))]
    await asyncio.gather(*(giving_up(task, caller) for task, caller in zip(tasks, callers, strict=True)))
    await asyncio.wait(tasks)
    return world


def usd(usages: Sequence[Usage]) -> Decimal:
    price = price_list().price_of(OPUS, on=FrozenClock().now().date())
    assert price is not None
    return sum((price.of(usage) for usage in usages), Decimal(0))


async def check(world: World, callers: Sequence[Caller], *, question_usd: str, day_usd: str) -> None:
    billed, entries = world.provider.billed, await world.ledger.entries()
    paid = [e for e in entries if not e.cache_hit]
    # The ledger is what the provider counted: calls of known cost one by one, the others by number, on the right account.
    account = [f"q-{callers[b.caller].question}" for b in billed]
    known = Counter((q, b.usage) for q, b in zip(account, billed, strict=True) if b.told)
    untold = Counter(q for q, b in zip(account, billed, strict=True) if not b.told)
    assert Counter((e.question_id, e.usage) for e in paid if e.usd is not None) == known
    assert Counter(e.question_id for e in paid if e.usd is None) == untold
    # Never more than the budget, even by what nobody told.
    assert usd([b.usage for b in billed]) <= Decimal(day_usd)
    for question in set(account):
        own = [b.usage for q, b in zip(account, billed, strict=True) if q == question]
        assert usd(own) <= Decimal(question_usd)
    assert world.ledger.claims == {}
    # No call after the deadline, no caller that waits longer, never more calls at once than allowed.
    for bill in billed:
        assert bill.at <= callers[bill.caller].at + DEADLINE_S
    for caller, told in zip(callers, world.told, strict=True):
        assert told.outcome is not None
        assert told.over <= caller.at + DEADLINE_S + 1
    assert world.provider.most <= 2
    assert world.provider.running == 0
    # No partial reply in the cache, and none that was heard.
    for reply in world.replies._replies.values():
        assert (reply.stop, reply.text[:14]) == (StopReason.END, "whole reply to")
        assert reply.usage.input_tokens <= 1000
    for told in world.told:
        if isinstance(told.outcome, Reply) and told.heard:
            assert told.heard == told.outcome.text or told.outcome.stop is StopReason.LENGTH


WHATS = ["answers", "busy", "not taken", "breaks off", "garbled", "refuses", "told failure", "cut off", "bug"]
SECONDS = st.sampled_from([0.0, 0.02, 0.5, 3.0, 40.0])
ACTS = st.lists(
    st.builds(
        Act,
        what=st.sampled_from(WHATS),
        seconds=SECONDS,
        tokens=st.sampled_from([1, 500, 900]),
        retry_after_s=st.sampled_from([None, 0.0, 2.0, 100.0]),
    ),
    min_size=1,
    max_size=8,
)
MOMENTS = st.sampled_from([0.0, 0.005, 0.01, 0.015, 0.02, 0.025, 0.03, 0.04, 0.1, 0.5, 2.0, 6.0, 20.0])
CALLERS = st.lists(
    st.builds(
        Caller,
        at=MOMENTS,
        key=st.integers(0, 2),
        question=st.integers(0, 2),
        streams=st.booleans(),
        cancelled_after=st.lists(MOMENTS, max_size=2).map(tuple),
    ),
    min_size=1,
    max_size=8,
)


@settings(max_examples=300, deadline=None)
@given(
    acts=ACTS,
    callers=CALLERS,
    question_usd=st.sampled_from(["0.005", "0.0065", "0.013", "0.05"]),
    day_usd=st.sampled_from(["0.007", "0.02", "1"]),
    cached=st.booleans(),
)
@example(  # a further attempt costs again
    acts=[Act(what="breaks off", seconds=0.5, tokens=900)],
    callers=[Caller(at=0, key=0, question=0, streams=False)],
    question_usd="0.0065",
    day_usd="1",
    cached=False,
)
@example(  # cancelled after one attempt that was paid for
    acts=[Act(what="told failure", seconds=0.5), Act(what="answers", seconds=3.0)],
    callers=[Caller(at=0, key=0, question=0, streams=False, cancelled_after=(2.0,))],
    question_usd="0.05",
    day_usd="1",
    cached=True,
)
def test_whatever_happens_the_books_are_right_and_nothing_is_left_behind(
    acts: list[Act], callers: list[Caller], question_usd: str, day_usd: str, cached: bool
) -> None:
    async def run() -> None:
        world = await play(acts, callers, question_usd=question_usd, day_usd=day_usd, cached=cached)
        await check(world, callers, question_usd=question_usd, day_usd=day_usd)

    run_virtually(run())
