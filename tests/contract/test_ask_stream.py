"""The events of a question, from a store on disk and a provider on the wire: their order, and what closing them stops."""

from __future__ import annotations

import asyncio
import importlib
import json
from contextlib import aclosing
from pathlib import Path

import pytest
from dialects import DIALECTS
from provider_server import Server, serving
from store_support import make_document, make_page
from test_model_tiers import configured, local

import mmrag
from mmrag.agent.presenting import event_json
from mmrag.app import open_app
from mmrag.domain.answers import VerdictKind
from mmrag.domain.events import AnswerEvent, AnswerGiven, ClaimChecked, CostSoFar, DraftText, EvidenceFound, PlanMade
from mmrag.errors import UsageError
from mmrag.settings import Settings

# Importing these takes seconds once in a process, on whichever loop is first: not what the guard is there for.
importlib.import_module("openai")
importlib.import_module("mmrag.agent.asking")

CHAT = next(d for d in DIALECTS if d.name == "openai-chat")
QUESTION = "What is the total of ACME HARDWARE?"
DRAFTED = json.dumps({"citations": [{"element": "E2", "quote": "39.80"}], "answer": "39.80", "confidence": 0.9})
PIECES = tuple(DRAFTED[n : n + 3] for n in range(0, len(DRAFTED), 3))


async def filled(settings: Settings) -> Settings:
    async with open_app(settings, write=True) as app:
        assert app.writer is not None
        page = make_page("d1", 1, "ACME HARDWARE", "TOTAL RM 39.80")
        await app.writer.stage_page(page, recipe="r1", vectors=[], values=[])
        await app.writer.publish(make_document("d1", pages=1))
    return settings


def types(events: list[AnswerEvent]) -> list[str]:
    """The types in order, each draft's pieces as one."""
    return [e.type for before, e in zip([None, *events], events, strict=False) if before is None or before.type != e.type]


@pytest.mark.usefixtures("loop_guard")
async def test_events_come_in_order_and_the_answer_last(tmp_path: Path) -> None:
    async with serving() as server:
        server.answers = [CHAT.streamed(PIECES)]
        settings = await filled(configured(tmp_path, local(server)))
        async with mmrag.open(settings=settings) as session:
            events = [event async for event in session.stream(QUESTION)]
            again = [event async for event in session.stream(QUESTION)]
            plain = await session.ask(QUESTION)
        assert len(server.received) == 1
        assert server.received[0].body["stream"] is True
    assert types(events) == ["plan", "evidence", "draft", "verdict", "cost", "answer"]
    drafted = [e for e in events if isinstance(e, DraftText)]
    assert len(drafted) > 1
    assert ("".join(e.text for e in drafted), {e.attempt for e in drafted}) == ("39.80", {1})
    (checked,) = (e for e in events if isinstance(e, ClaimChecked))
    assert (checked.text, checked.verdict) == ("39.80", VerdictKind.SUPPORTED)
    last = events[-1]
    assert isinstance(last, AnswerGiven)
    assert (last.answer.answer, last.answer.bill.calls) == ("39.80", 1)
    assert [e.bill.calls for e in events if isinstance(e, CostSoFar)] == [1]
    assert types(again) == types(events)
    assert isinstance(again[-1], AnswerGiven)
    assert (again[-1].answer.bill.calls, again[-1].answer.bill.cache_hits) == (0, 1)
    assert (plain.answer, plain.claims) == (last.answer.answer, last.answer.claims)
    for event in events:
        assert json.loads(json.dumps(event_json(event)))["type"] == event.type


async def test_a_refusal_is_told_as_an_answer_is(tmp_path: Path) -> None:
    settings = await filled(configured(tmp_path, 'name = "reader"\nmodel = "reader"'))
    async with mmrag.open(settings=settings) as session:
        events = [event async for event in session.stream("What is the total of Zebra Kitchen Supplies?")]
    assert types(events) == ["plan", "evidence", "answer"]
    assert isinstance(events[0], PlanMade)
    assert isinstance(events[-1], AnswerGiven)
    assert events[-1].answer.abstention is not None


async def _sent(server: Server) -> None:
    """Returns once a request has come in."""
    for _ in range(2000):
        if server.received:
            return
        await asyncio.sleep(0.01)


async def slow(server: Server, folder: Path) -> Settings:
    """A tier whose replies take some ten seconds to stream, and another one after it."""
    server.answers = [CHAT.streamed(tuple(DRAFTED), pause_s=0.1)]
    after = f'name = "after"\nmodel = "openai:other"\nbase_url = "{server.url}/v1"'
    return await filled(configured(folder, local(server), after))


@pytest.mark.usefixtures("loop_guard")
@pytest.mark.parametrize("how", ["closed", "cancelled"])
async def test_whoever_stops_listening_stops_the_question_and_its_cost(tmp_path: Path, how: str) -> None:
    async with serving() as server:
        settings = await slow(server, tmp_path)
        async with mmrag.open(settings=settings) as session:
            asked = asyncio.Event()
            sent = asyncio.create_task(_sent(server))

            async def listen() -> None:
                async with aclosing(session.stream(QUESTION)) as events:
                    async for event in events:
                        if isinstance(event, EvidenceFound):
                            asked.set()
                            if how == "closed":
                                await sent
                                return

            listening = asyncio.create_task(listen())
            await asked.wait()
            await sent
            if how == "cancelled":
                listening.cancel()
            began = asyncio.get_running_loop().time()
            await asyncio.wait([listening])
            assert listening.cancelled() == (how == "cancelled")
            assert asyncio.get_running_loop().time() - began < 2
            await asyncio.sleep(0.5)
            assert len(server.received) == 1
            (entry,) = await (await session.app()).ledger.entries()
            assert (entry.tier, entry.usd, entry.cache_hit) == ("local", None, False)
            assert len([t for t in asyncio.all_tasks() if "AskFlow" in repr(t) or "asking" in repr(t)]) == 0


async def test_what_is_wrong_with_a_question_is_raised_where_it_is_listened_to(tmp_path: Path) -> None:
    settings = await filled(configured(tmp_path, 'name = "reader"\nmodel = "reader"'))
    async with mmrag.open(settings=settings) as session:
        with pytest.raises(UsageError, match="no tier 'third'"):
            _ = [event async for event in session.stream(QUESTION, tier="third")]
        with pytest.raises(UsageError, match="empty"):
            _ = [event async for event in session.stream("  ")]
