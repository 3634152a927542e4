"""The wrappers over the wire: a loopback server that counts, OpenAI's own package as the client, SQLite ledger and cache."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest
from click.testing import CliRunner
from dialects import DIALECTS, Dialect, whole
from provider_server import Answer, Server, of_json, serving
from store_support import make_document, make_page

import mmrag
from mmrag.adapters.catalog.ledger import SqliteLedger
from mmrag.adapters.chat.openai_chat import OpenAIChat
from mmrag.adapters.chat.provider import Endpoint
from mmrag.adapters.clock import SystemClock
from mmrag.adapters.replies import SqliteReplies
from mmrag.app import open_app
from mmrag.cli.ask import ask
from mmrag.domain.costs import Bill, Usage
from mmrag.domain.messages import ChatRequest, Delta, Message, Reply, Role, StopReason
from mmrag.errors import CircuitOpenError, ModelError, ModelUnavailableError
from mmrag.middleware.budgeted import Budgets
from mmrag.middleware.cached import cache_key
from mmrag.middleware.circuit import Rule
from mmrag.middleware.limited import Gate, Rates
from mmrag.middleware.models_file import ModelsFile, PriceRow
from mmrag.middleware.prices import PriceList
from mmrag.middleware.wrapping import wrapped
from mmrag.ports import ChatModel
from mmrag.settings import load_settings

CHAT: Dialect = next(d for d in DIALECTS if d.name == "openai-chat")
TOLD = Usage(input_tokens=11, output_tokens=5, cached_input_tokens=3)
DEADLINE_S = 30.0
BUSY = of_json({"error": {"message": "busy"}}, status=503)


@dataclass
class Moody(Server):
    """Answers each request as the next of ``moods`` says; counts those that it billed."""

    moods: list[str] = field(default_factory=list)
    billed: Counter[str] = field(default_factory=Counter)
    at: list[float] = field(default_factory=list)

    async def _send(self, answer: Answer, writer: asyncio.StreamWriter) -> None:
        mood = self.moods[len(self.at) % len(self.moods)]
        self.at.append(asyncio.get_running_loop().time())
        streamed = bool(self.received[-1].body.get("stream"))
        if mood != "busy":
            self.billed["told" if mood in {"answers", "slow"} else "untold"] += 1
        if mood == "busy":
            answer = BUSY
        elif mood == "reset":
            answer = Answer(cut=True)
        elif mood == "garbled":
            answer = Answer(chunks=(b"{",))
        elif streamed:
            answer = CHAT.streamed(("RM ", "9", ".00"), cut=mood == "breaks off", pause_s=0.05 if mood == "slow" else 0)
        else:
            answer = whole(CHAT, "RM 9.00") if mood != "breaks off" else Answer(chunks=(b'{"id"',), cut=True)
        await super()._send(answer, writer)


@pytest.fixture
async def server() -> AsyncIterator[Moody]:
    moody = Moody(answers=[whole(CHAT)])
    listener = await asyncio.start_server(moody.handle, "127.0.0.1", 0)
    moody.port = listener.sockets[0].getsockname()[1]
    async with listener:
        yield moody


@dataclass
class Wired:
    """A model over the wire with all its wrappers, and the files behind them."""

    folder: Path
    server: Moody
    rates: Rates = field(default_factory=lambda: Rates(concurrency=4, rule=Rule(failures=100)))
    day_usd: str = "1"

    async def __aenter__(self) -> ChatModel:
        self.ledger = SqliteLedger(self.folder / "ledger.sqlite")
        self.replies = SqliteReplies(self.folder / "replies.sqlite", max_bytes=1_000_000)
        endpoint = Endpoint(provider="openai", model="m-1", key="sk", base_url=f"{self.server.url}/v1", timeout_s=DEADLINE_S)
        self.adapter, clock = OpenAIChat(endpoint), SystemClock()
        budgets = Budgets(ledger=self.ledger, max_usd=Decimal(1), max_usd_per_day=Decimal(self.day_usd))
        gate = Gate("openai", rates=self.rates, clock=clock)
        price = PriceRow(model=f"m-1@{self.server.url}/v1", input=Decimal(2), output=Decimal(10), source="test")
        return wrapped(
            self.adapter,
            tier="t",
            ledger=self.ledger,
            clock=clock,
            replies=self.replies,
            budgets=budgets,
            gate=gate,
            pause_s=0.01,
            deadline_s=DEADLINE_S,
            prices=PriceList(file=ModelsFile(price=(price,))),
        )

    async def __aexit__(self, *_: object) -> None:
        await self.adapter.close()
        await self.ledger.close()
        await self.replies.close()


def request(n: int) -> ChatRequest:
    return ChatRequest(messages=(Message.text(Role.USER, f"Total {n}?"),), max_output_tokens=20, question_id=f"q-{n}")


async def nothing(_delta: Delta) -> None:
    return None


@pytest.mark.parametrize("seed", range(4))
async def test_the_ledger_is_what_the_server_counted(server: Moody, tmp_path: Path, seed: int) -> None:
    """Failures and cancellations in any order. A request that was cancelled may not have reached the server."""
    random = Random(seed)
    server.moods = random.choices(["answers", "slow", "busy", "reset", "garbled", "breaks off"], k=17)
    wired = Wired(tmp_path, server)

    async def caller(model: ChatModel, n: int) -> Reply | BaseException:
        task = asyncio.create_task(model.reply(request(n % 12), nothing if n % 3 == 0 else None))
        if n % 5 == 0:
            await asyncio.sleep(random.random() * 0.1)
            task.cancel()
        return (await asyncio.gather(task, return_exceptions=True))[0]

    async with wired as model:
        outcomes = await asyncio.gather(*(caller(model, n) for n in range(40)))
        entries = [e for e in await wired.ledger.entries() if not e.cache_hit]
        kept = [reply for n in range(12) if (reply := await stored(wired, model, n)) is not None]
    assert all(isinstance(o, Reply | ModelError | asyncio.CancelledError) for o in outcomes), outcomes
    told = sum(e.usd is not None for e in entries)
    sent = server.billed
    assert told <= sent["told"] <= sent["told"] + sent["untold"] <= len(entries) + 2  # two may be billed and turned away
    cancelled = sum(isinstance(o, asyncio.CancelledError) for o in outcomes)
    assert len(entries) - (sent["told"] + sent["untold"]) <= cancelled
    assert all(e.usage == TOLD for e in entries if e.usd is not None)
    assert all((r.text, r.stop) == ("RM 9.00", StopReason.END) for r in kept)
    assert [t for t in asyncio.all_tasks() if "reply" in repr(t.get_coro())] == []


async def stored(wired: Wired, model: ChatModel, n: int) -> Reply | None:
    return await wired.replies.get(cache_key(model.identity, request(n)))


async def test_without_cancellations_it_is_so_to_the_last_call(server: Moody, tmp_path: Path) -> None:
    server.moods = ["answers", "busy", "reset", "answers", "garbled", "slow", "breaks off"]
    wired = Wired(tmp_path, server)
    async with wired as model:
        asked = [model.reply(request(n), nothing if n % 2 else None) for n in range(30)]
        outcomes = await asyncio.gather(*asked, return_exceptions=True)
        entries = await wired.ledger.entries()
    assert all(isinstance(o, Reply | ModelUnavailableError) for o in outcomes), outcomes
    assert sum(e.usd is not None for e in entries) == server.billed["told"]
    assert sum(e.usd is None for e in entries) == server.billed["untold"]
    assert Bill.of(entries).usage.input_tokens == 11 * server.billed["told"]


async def test_a_budget_of_the_day_holds_for_calls_at_once(server: Moody, tmp_path: Path) -> None:
    server.moods = ["slow"]
    estimate = Decimal("0.000206")  # 3 tokens in, 20 out; 0.000056 is what a call costs
    wired = Wired(tmp_path, server, day_usd=str(estimate * 3))
    async with wired as model:
        outcomes = await asyncio.gather(*(model.reply(request(n)) for n in range(20)), return_exceptions=True)
        spent = Bill.of(await wired.ledger.entries()).cost.usd
    assert 3 <= sum(isinstance(o, Reply) for o in outcomes) < 20
    assert spent <= estimate * 3


async def test_a_server_that_is_down_is_left_alone_by_all(server: Moody, tmp_path: Path) -> None:
    server.moods = ["busy"]
    wired = Wired(tmp_path, server, rates=Rates(concurrency=2, rule=Rule(failures=4, pause_s=60)))
    async with wired as model:
        outcomes = await asyncio.gather(*(model.reply(request(n)) for n in range(30)), return_exceptions=True)
        assert await wired.ledger.entries() == ()
    assert len(server.at) <= 5
    assert sum(isinstance(o, CircuitOpenError) for o in outcomes) >= 28


async def test_a_stream_that_is_cancelled_is_in_the_ledger(server: Moody, tmp_path: Path) -> None:
    server.moods, begun = ["slow"], asyncio.Event()
    wired = Wired(tmp_path, server)

    async def hear(_delta: Delta) -> None:
        begun.set()

    async with wired as model:
        task = asyncio.create_task(model.reply(request(1), hear))
        await begun.wait()
        task.cancel()
        await asyncio.wait([task])
        (entry,) = await wired.ledger.entries()
    assert (entry.usd, entry.usage, entry.question_id) == (None, Usage(), "q-1")
    assert entry.held_usd == Decimal("0.000206")


async def fill(folder: Path) -> None:
    async with open_app(load_settings(store=folder / "store", environ={}, cwd=folder), write=True) as app:
        assert app.writer is not None
        await app.writer.stage_page(
            make_page("d1", 1, "ACME HARDWARE", "TOTAL RM 39.80"), recipe="r1", vectors=[], values=[]
        )
        await app.writer.publish(make_document("d1", pages=1))


async def test_max_usd_of_the_command_line_refuses_a_call_that_could_cost_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the flag to the refusal: a priced model, with nothing sent; and with enough money, an answer and its bill."""
    drafted = {"answer": "39.80", "citations": [{"element": "E2", "quote": "39.80"}], "confidence": 0.9}
    await fill(tmp_path)
    async with serving() as server:
        server.answers = [whole(CHAT, json.dumps(drafted))]
        price = f'[[price]]\nmodel = "m-1@{server.url}/v1"\ninput = "2"\noutput = "10"\nsource = "test"\n'
        (tmp_path / "prices.toml").write_text(price)
        tier = f'[[cascade.tiers]]\nname = "cheap"\nmodel = "openai:m-1"\nbase_url = "{server.url}/v1"\n'
        (tmp_path / "mmrag.toml").write_text(f'[models]\nfile = "{tmp_path}/prices.toml"\n{tier}')
        monkeypatch.setenv("MMRAG_CONFIG", str(tmp_path / "mmrag.toml"))
        question = ["What is the total of ACME HARDWARE?", "--store", str(tmp_path / "store"), "--json", "--max-usd"]
        poor, rich = [await asyncio.to_thread(CliRunner().invoke, ask, [*question, usd]) for usd in ("0.000001", "0.05")]
        refused, answered = json.loads(poor.stdout), json.loads(rich.stdout)
    assert (refused["status"], refused["abstention"]["reason"]) == ("abstained", "over_budget")
    said = "$0.0000 of the $0.0000010 that this question may cost (cascade.max_usd or --max-usd)"
    assert said in refused["abstention"]["detail"]
    assert (refused["cost"]["calls"], refused["cost"]["usd"]) == (0, "0.000000")
    assert (answered["status"], answered["answer"], answered["cost"]["calls"]) == ("answered", "39.80", 1)
    assert answered["cost"]["usd"] == "0.000072"  # 11 in at 2, 5 out at 10
    assert len(server.received) == 1


async def test_the_same_question_again_is_answered_from_memory_until_the_store_changes(tmp_path: Path) -> None:
    drafted = {"answer": "39.80", "citations": [{"element": "E2", "quote": "39.80"}], "confidence": 0.9}
    await fill(tmp_path)
    question = "What is the total of ACME HARDWARE?"
    async with serving() as server:
        server.answers = [whole(CHAT, json.dumps(drafted))]
        tier = f'[[cascade.tiers]]\nname = "cheap"\nmodel = "openai:m-1"\nbase_url = "{server.url}/v1"\n'
        (tmp_path / "mmrag.toml").write_text(tier)
        settings = load_settings(store=tmp_path / "store", environ={}, cwd=tmp_path)
        async with mmrag.open(settings=settings) as session:
            first, again = await session.ask(question), await session.ask(f" {question} ")
            ledger = (await session.app()).ledger
            assert (again.answer, again.claims, again.trace) == (first.answer, first.claims, first.trace)
            assert (again.bill.calls, again.bill.cache_hits, again.bill.cost.unpriced_calls) == (0, 1, 0)
            assert set(again.timings_ms) == set(first.timings_ms)
            assert [e.cache_hit for e in await ledger.entries()] == [False, True]
            await session.ask(question, tier="cheap")  # not the same question: it goes through everything
            assert len(await ledger.entries()) == 3
            async with open_app(settings, write=True) as app:
                assert app.writer is not None
                page = make_page("d2", 1, "ACME HARDWARE", "TOTAL RM 12.00")
                await app.writer.stage_page(page, recipe="r1", vectors=[], values=[])
                await app.writer.publish(make_document("d2", pages=1))
            await session.ask(question)
            assert len(server.received) == 2  # the pages shown are others now
