"""The reply cache: its key, what it keeps, and that one call at a time is made."""

from __future__ import annotations

import asyncio
import multiprocessing
import sqlite3
import time
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmrag.adapters.replies import SqliteReplies
from mmrag.domain.costs import Usage
from mmrag.domain.messages import (
    ChatRequest,
    Detail,
    ImagePart,
    Message,
    Reply,
    Role,
    StopReason,
    TextPart,
    TokenLogprob,
    ToolCall,
    ToolSpec,
)
from mmrag.errors import ModelUnavailableError
from mmrag.middleware.cached import Cached, cache_key
from mmrag.middleware.streaming import stream
from mmrag.ports import OnDelta
from mmrag.testing import MemoryReplies, ScriptedModel

PICTURE = ImagePart(label="page 1", media_type="image/png", data=b"a")
REQUEST = ChatRequest(messages=(Message(role=Role.USER, parts=(TextPart(text="Total?"), PICTURE)),))


def picture(**changes: object) -> ChatRequest:
    parts = (TextPart(text="Total?"), replace(PICTURE, **changes))  # type: ignore[arg-type]  # fields by name
    return replace(REQUEST, messages=(Message(role=Role.USER, parts=parts),))


MATTERS = [
    replace(REQUEST, max_output_tokens=511),
    replace(REQUEST, json_schema="{}"),
    replace(REQUEST, tools=(ToolSpec(name="zoom", description="", parameters="{}"),)),
    replace(REQUEST, temperature=0.0),
    replace(REQUEST, logprobs=True),
    replace(REQUEST, messages=(*REQUEST.messages, *REQUEST.messages)),
    replace(REQUEST, messages=(replace(REQUEST.messages[0], role=Role.ASSISTANT),)),
    picture(label="page 2"),
    picture(media_type="image/jpeg"),
    picture(data=b"b"),
    picture(detail=Detail.LOW),
]
DOES_NOT = [
    replace(REQUEST, stage="critique"),
    replace(REQUEST, question_id="q-9"),
    replace(REQUEST, max_usd=Decimal(1)),
    picture(width=10, height=20),
]


def test_each_field_that_matters_changes_the_key_and_no_other_does() -> None:
    keys = [cache_key("m", REQUEST), cache_key("n", REQUEST), *(cache_key("m", r) for r in MATTERS)]
    assert len(set(keys)) == len(keys)
    assert {cache_key("m", r) for r in DOES_NOT} == {keys[0]}


@given(st.lists(st.text(), min_size=1, max_size=3), st.lists(st.text(), min_size=1, max_size=3))
def test_texts_that_differ_never_share_a_key(one: list[str], other: list[str]) -> None:
    a, b = (
        ChatRequest(messages=(Message(role=Role.USER, parts=tuple(TextPart(text=t) for t in texts)),))
        for texts in (one, other)
    )
    from unicodedata import normalize

    same = [normalize("NFC", t) for t in one] == [normalize("NFC", t) for t in other]
    assert (cache_key("m", a) == cache_key("m", b)) is same


async def test_the_second_time_is_a_hit_streamed_too() -> None:
    model = ScriptedModel(["forty"])
    cached = Cached(model, MemoryReplies())
    first = await cached.reply(REQUEST)
    second = await cached.reply(replace(REQUEST, question_id="other"))
    assert (first.cached, second.cached, second.text, len(model.requests)) == (False, True, "forty", 1)
    *pieces, last = [item async for item in stream(cached, REQUEST)]
    assert isinstance(last, Reply)
    assert "".join(getattr(piece, "text", "") for piece in pieces) == last.text == "forty"


@pytest.mark.parametrize("stop", [StopReason.LENGTH, StopReason.REFUSAL])
async def test_refusals_and_cut_off_replies_are_not_kept(stop: StopReason) -> None:
    replies = MemoryReplies()
    model = ScriptedModel([Reply(text="for", usage=Usage(), model="m", stop=stop)])
    await Cached(model, replies).reply(REQUEST)
    assert await replies.get(cache_key(model.identity, REQUEST)) is None


@pytest.mark.parametrize(
    ("text", "kept"), [('{"answer": 1}', True), ('so: {"answer": 1} ', True), ('{"answer"', False), ("", False)]
)
async def test_what_is_no_json_where_json_was_asked_for_is_not_kept(text: str, kept: bool) -> None:
    cached = Cached(ScriptedModel([text, text]), MemoryReplies())
    request = replace(REQUEST, json_schema="{}")
    await cached.reply(request)
    assert (await cached.reply(request)).cached is kept


async def test_an_error_is_not_kept() -> None:
    model = ScriptedModel([ModelUnavailableError("busy"), "yes"])
    cached = Cached(model, MemoryReplies())
    with pytest.raises(ModelUnavailableError):
        await cached.reply(REQUEST)
    assert not (await cached.reply(REQUEST)).cached


class Slow:
    identity = "slow"

    def __init__(self) -> None:
        self.calls = 0

    async def reply(self, request: ChatRequest, on_delta: OnDelta | None = None) -> Reply:
        self.calls += 1
        await asyncio.sleep(0.02)
        return Reply(text="yes", usage=Usage(input_tokens=1), model="slow")


async def test_the_same_call_made_at_once_is_made_once_even_when_the_first_is_cancelled() -> None:
    model = Slow()
    cached = Cached(model, MemoryReplies())
    replies = await asyncio.gather(*(cached.reply(REQUEST) for _ in range(20)))
    assert (model.calls, sum(r.cached for r in replies)) == (1, 19)
    other = replace(REQUEST, temperature=1.0)
    first, second = (asyncio.create_task(cached.reply(other)) for _ in range(2))
    await asyncio.sleep(0.005)
    first.cancel()
    assert (await second).cached
    assert model.calls == 2
    assert len(cached._flights) == 0


async def test_replies_come_back_from_the_disk_as_they_were(tmp_path: Path) -> None:
    reply = Reply(
        text="39.80 é",
        usage=Usage(input_tokens=3, output_tokens=2, images=1),
        model="m",
        stop=StopReason.TOOLS,
        tool_calls=(ToolCall(id="t", name="zoom", arguments="{}", signature="s"),),
        logprobs=(TokenLogprob(token="39", logprob=-0.5),),  # noqa: S106  # a piece of text, no secret
    )
    one, two = (SqliteReplies(tmp_path / "r.sqlite", max_bytes=10_000) for _ in range(2))
    await one.put("k", reply)
    assert await two.get("k") == reply
    assert await two.get("other") is None
    assert (await two.size())[0] == 1
    assert await one.clear() == 1
    assert await two.size() == (0, 0)
    await one.close()
    await two.close()


async def test_over_its_size_those_longest_unused_go(tmp_path: Path) -> None:
    replies = SqliteReplies(tmp_path / "r.sqlite", max_bytes=20_000)
    for n in range(60):
        await replies.put(f"k{n}", Reply(text="x" * 500, usage=Usage(), model="m"))
        assert await replies.get("k0") is not None
        assert (await replies.size())[1] <= 20_000
    assert await replies.get("k1") is None
    assert await replies.get("k59") is not None
    await replies.put("huge", Reply(text="x" * 30_000, usage=Usage(), model="m"))
    assert await replies.get("huge") is None
    await replies.close()


def _fill(path: str, start: int) -> None:
    async def run() -> None:
        replies = SqliteReplies(Path(path), max_bytes=30_000)
        for n in range(start, start + 100):
            await replies.put(f"k{n % 120}", Reply(text="x" * 300, usage=Usage(), model="m"))
            await replies.get(f"k{n % 7}")
        await replies.close()

    asyncio.run(run())


async def test_two_processes_at_once_keep_the_size_and_the_count_true(tmp_path: Path) -> None:
    path = tmp_path / "r.sqlite"
    spawn = multiprocessing.get_context("spawn")
    workers = [spawn.Process(target=_fill, args=(str(path), start)) for start in (0, 50)]
    for worker in workers:
        worker.start()
    for worker in workers:
        await asyncio.to_thread(worker.join)
    assert [w.exitcode for w in workers] == [0, 0]
    replies = SqliteReplies(path, max_bytes=30_000)
    count, size = await replies.size()
    await replies.close()
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT count(*), sum(size) FROM reply").fetchone() == (count, size)
    assert 0 < size <= 30_000


async def test_a_lookup_writes_nothing_and_counts_as_a_use_all_the_same(tmp_path: Path) -> None:
    path, room = tmp_path / "r.sqlite", 40_000
    replies = SqliteReplies(path, max_bytes=room)
    for n in range(20):
        await replies.put(f"k{n}", Reply(text="x" * 500, usage=Usage(), model="m"))
    with sqlite3.connect(path) as other:
        before = other.execute("PRAGMA data_version").fetchone()
        assert await replies.get("k0") is not None
        assert other.execute("PRAGMA data_version").fetchone() == before
    await replies.close()
    again = SqliteReplies(path, max_bytes=room)
    for n in range(20, 35):
        await again.put(f"k{n}", Reply(text="x" * 500, usage=Usage(), model="m"))
    assert await again.get("k0") is not None  # used last of the first twenty, by a process that has ended
    assert await again.get("k1") is None
    await again.close()


async def test_thousands_of_replies_stay_within_their_size_and_are_found_at_once(tmp_path: Path) -> None:
    replies = SqliteReplies(tmp_path / "r.sqlite", max_bytes=1_000_000)
    for n in range(4000):
        await replies.put(f"{n:064x}", Reply(text="x" * 300, usage=Usage(), model="m"))
    count, size = await replies.size()
    assert 900_000 < size <= 1_000_000
    assert [await replies.get(f"{n:064x}") is not None for n in (3999, 4000 - count, 3999 - count)] == [True, True, False]
    seconds = []
    for n in range(500):
        began = time.perf_counter()
        await replies.get(f"{4000 - count + n:064x}")
        seconds.append(time.perf_counter() - began)
    await replies.close()
    assert sorted(seconds)[250] < 0.002
