"""A run replayed from its trace: no store, no model, no network, and every byte as it was."""

from __future__ import annotations

import inspect
import json
import shutil
from pathlib import Path

import anyio.to_thread
import pytest
from click.testing import CliRunner
from dialects import DIALECTS, whole
from provider_server import Answer as Wire
from provider_server import of_json, serving
from test_ask_stream import filled
from test_model_tiers import configured, local

import mmrag
from mmrag import assembly
from mmrag.agent.presenting import to_json
from mmrag.agent.tape import RECORDED
from mmrag.cli.replay import replay
from mmrag.domain.answers import Answer
from mmrag.errors import TraceError, UsageError
from mmrag.ports import Catalog, LexicalIndex, SummaryIndex

CHAT = next(d for d in DIALECTS if d.name == "openai-chat")
QUESTION = "What is the total of ACME HARDWARE?"
RIGHT = json.dumps({"answer": "39.80", "citations": [{"element": "E2", "quote": "39.80"}], "confidence": 0.9})
WRONG = json.dumps({"answer": "93.80", "citations": [{"element": "E2", "quote": "39.80"}], "confidence": 0.9})


async def traced(folder: Path, reply: Wire) -> tuple[Path, Answer]:
    """A question asked of a model on the wire with a trace; afterwards neither the model nor the store is there."""
    async with serving() as server:
        server.answers = [reply]
        settings = await filled(configured(folder, 'name = "reader"\nmodel = "reader"', local(server)))
        async with mmrag.open(settings=settings) as session:
            answer = await session.ask(QUESTION, trace=folder / "trace.json")
        assert server.received
    shutil.rmtree(settings.store.path)
    return folder / "trace.json", answer


@pytest.mark.parametrize(
    "reply",
    [whole(CHAT, RIGHT), whole(CHAT, WRONG), whole(CHAT, "no JSON"), of_json({"error": {"message": "no"}}, status=400)],
    ids=["answered", "refuted", "garbled", "rejected"],
)
async def test_a_run_comes_about_again_byte_for_byte(tmp_path: Path, reply: Wire) -> None:
    file, answer = await traced(tmp_path, reply)
    again = await assembly.replay(file)
    assert again.same
    assert to_json(again.answer) == to_json(answer)
    assert json.loads(file.read_bytes())["answer"] == to_json(answer)


def test_the_command_prints_what_ask_printed_and_says_when_it_differs(tmp_path: Path) -> None:
    import asyncio

    file, answer = asyncio.run(traced(tmp_path, whole(CHAT, RIGHT)))
    done = CliRunner().invoke(replay, [str(file), "--json"], standalone_mode=False)
    assert (done.return_value, json.loads(done.stdout)) == (0, to_json(answer))
    file.write_bytes(file.read_bytes().replace(b'"decision":"accept"', b'"decision":"keep"'))
    done = CliRunner().invoke(replay, [str(file)], standalone_mode=False)
    assert done.return_value == 1
    assert "differs" in done.stderr


async def test_what_is_no_trace_says_so(tmp_path: Path) -> None:
    file, _ = await traced(tmp_path, whole(CHAT, RIGHT))
    whole_trace = json.loads(file.read_bytes())
    for broken in (b"{}", b"not json", json.dumps({**whole_trace, "recording": {}}).encode()):
        file.write_bytes(broken)
        with pytest.raises(TraceError, match="mmrag ask --trace"):
            await assembly.replay(file)
    with pytest.raises(UsageError, match="cannot be read"):
        await assembly.replay(tmp_path / "nowhere.json")


async def test_what_is_missing_on_a_trace_is_said_and_not_looked_up(tmp_path: Path) -> None:
    file, _ = await traced(tmp_path, whole(CHAT, RIGHT))
    data = file.read_bytes()
    trace, _, recording = data.partition(b',"recording":')
    told = json.loads(recording[:-1])
    told["calls"] = {key: gave for key, gave in told["calls"].items() if not key.startswith("model:")}
    file.write_bytes(trace + b',"recording":' + json.dumps(told).encode() + b"}")
    with pytest.raises(TraceError, match="another version"):
        await assembly.replay(file)


async def test_what_a_local_judge_said_is_on_the_trace(tmp_path: Path) -> None:
    """The draft says more than is printed, which values and words leave open: the local judge is asked, and in the replay
    the tape."""
    from vision_models import judge_folder

    folder = await anyio.to_thread.run_sync(judge_folder, tmp_path / "judge", ("contradiction", "neutral", "entailment"))
    open_draft = json.dumps(
        {"answer": "a hammer and some nails", "citations": [{"element": "E2", "quote": "39.80"}], "confidence": 0.9}
    )
    async with serving() as server:
        server.answers = [whole(CHAT, open_draft)]
        settings = await filled(configured(tmp_path, local(server)))
        models = settings.models.model_copy(update={"entailment": str(folder)})
        settings = settings.model_copy(update={"models": models})
        async with mmrag.open(settings=settings) as session:
            answer = await session.ask(QUESTION, trace=tmp_path / "trace.json")
    shutil.rmtree(settings.store.path)
    shutil.rmtree(folder)
    calls = json.loads((tmp_path / "trace.json").read_bytes())["recording"]["calls"]
    assert [key for key in calls if key.startswith("entailment.judge")]
    again = await assembly.replay(tmp_path / "trace.json")
    assert again.same
    assert to_json(again.answer) == to_json(answer)


@pytest.mark.parametrize(("name", "port"), [("catalog", Catalog), ("lexical", LexicalIndex), ("summaries", SummaryIndex)])
def test_whatever_a_question_may_read_is_recorded(name: str, port: type) -> None:
    reads = {method for method, of_port in vars(port).items() if inspect.iscoroutinefunction(of_port)}
    assert {f"{name}.{method}" for method in reads - {"counts"}} <= set(RECORDED)
