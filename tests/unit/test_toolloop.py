"""The loop of a model with tools: bounded, repeated calls noticed, errors told as text, citations from results only."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import anyio
import pytest

from mmrag.agent.toolloop import Bounds, Stop, run_tools
from mmrag.agent.tools.base import Arguments, Tool, Toolbox
from mmrag.domain.costs import Usage
from mmrag.domain.events import AnswerEvent, ToolFinished
from mmrag.domain.hashing import Json
from mmrag.domain.messages import ImagePart, Message, Reply, Role, ToolCall
from mmrag.domain.messages import ToolResult as ResultPart
from mmrag.errors import BudgetExceededError, StoreDamagedError, UsageError
from mmrag.ports import PageRef
from mmrag.testing import ScriptedModel


class Look(Arguments):
    what: str = "here"


@dataclass(frozen=True)
class Shown:
    what: str
    element_ids: tuple[str, ...] = ()
    shows: tuple[PageRef, ...] = ()
    pictures: tuple[ImagePart, ...] = ()

    def to_json(self) -> Json:
        return {"shown": self.what}


def tool(name: str, run: Callable[[Look], Awaitable[Shown]]) -> Toolbox:
    return {name: Tool(name=name, description=name, arguments=Look, run=run)}


async def shows(arguments: Look) -> Shown:
    return Shown(what=arguments.what, element_ids=(f"el-{arguments.what}",))


def calls(*names_and_arguments: tuple[str, str], text: str = "") -> Reply:
    made = tuple(ToolCall(id=f"c{n}", name=name, arguments=given) for n, (name, given) in enumerate(names_and_arguments))
    return Reply(text=text, usage=Usage(), model="scripted", tool_calls=made)


QUESTION = (Message.text(Role.USER, "What is the total?"),)


def results(model: ScriptedModel, request: int) -> list[str]:
    return [p.text for p in model.requests[request].messages[-1].parts if isinstance(p, ResultPart)]


async def test_the_model_calls_reads_and_answers() -> None:
    model = ScriptedModel([calls(("look", '{"what": "a"}')), "39.80"])
    run = await run_tools(model, tool("look", shows), QUESTION, Bounds(), question_id="q1")
    assert (run.text, run.stop, run.steps) == ("39.80", Stop.ANSWERED, 2)
    assert run.element_ids == {"el-a"}
    assert results(model, 1) == ['{"shown":"a"}']
    assert model.requests[0].question_id == "q1"
    assert [spec.name for spec in model.requests[0].tools] == ["look"]


async def test_calls_of_one_reply_run_at_once() -> None:
    waiting = 0
    together = anyio.Event()

    async def meets(arguments: Look) -> Shown:
        nonlocal waiting
        waiting += 1
        if waiting == 3:
            together.set()
        await together.wait()
        return await shows(arguments)

    asked = calls(*(("look", json.dumps({"what": w})) for w in "abc"))
    model = ScriptedModel([asked, "done"])
    run = await run_tools(model, tool("look", meets), QUESTION, Bounds(seconds=5))
    assert [call.text for call in run.calls] == ['{"shown":"a"}', '{"shown":"b"}', '{"shown":"c"}']


@pytest.mark.parametrize("again", ['{"what":"a"}', '{ "what" : "a" }'])
async def test_a_repeated_call_is_noticed_and_not_run(again: str) -> None:
    ran: list[str] = []

    async def counted(arguments: Look) -> Shown:
        ran.append(arguments.what)
        return await shows(arguments)

    model = ScriptedModel([calls(("look", '{"what": "a"}')), calls(("look", again)), "done"])
    run = await run_tools(model, tool("look", counted), QUESTION, Bounds())
    assert ran == ["a"]
    assert run.calls[1].repeated
    assert "made before" in results(model, 2)[0]


async def test_a_model_that_goes_in_circles_is_stopped() -> None:
    model = ScriptedModel([calls(("look", "{}")) for _ in range(5)])
    run = await run_tools(model, tool("look", shows), QUESTION, Bounds(steps=9))
    assert (run.stop, run.steps) == (Stop.REPEATS, 3)


async def test_the_last_step_has_to_answer() -> None:
    model = ScriptedModel([calls(("look", json.dumps({"what": str(n)}))) for n in range(9)])
    run = await run_tools(model, tool("look", shows), QUESTION, Bounds(steps=3))
    assert (run.stop, run.steps, len(run.calls)) == (Stop.STEPS, 3, 2)
    assert "Answer now" in str(model.requests[2].messages[-1])


async def test_no_more_calls_than_allowed_are_run() -> None:
    many = calls(*(("look", json.dumps({"what": str(n)})) for n in range(30)))
    run = await run_tools(ScriptedModel([many, "done"]), tool("look", shows), QUESTION, Bounds(calls=4))
    assert len(run.calls) == 4


@pytest.mark.parametrize(
    ("name", "arguments", "word"),
    [
        ("look", '{"wrong": 1}', "wrong"),
        ("look", "no json", "look"),
        ("delete_everything", "{}", "There is no tool"),
    ],
)
async def test_a_wrong_call_is_told_as_text(name: str, arguments: str, word: str) -> None:
    model = ScriptedModel([calls((name, arguments)), "sorry"])
    run = await run_tools(model, tool("look", shows), QUESTION, Bounds())
    assert run.calls[0].failed
    assert word in results(model, 1)[0]
    assert run.element_ids == frozenset()


@pytest.mark.parametrize("error", [UsageError("no such page"), StoreDamagedError("the picture is gone")])
async def test_a_tool_that_fails_is_told_as_text(error: Exception) -> None:
    async def fails(_arguments: Look) -> Shown:
        raise error

    model = ScriptedModel([calls(("look", "{}")), "sorry"])
    run = await run_tools(model, tool("look", fails), QUESTION, Bounds())
    assert results(model, 1) == [str(error)]
    assert run.stop is Stop.ANSWERED


async def test_a_slow_tool_is_cut_off_and_the_model_told() -> None:
    async def sleeps(_arguments: Look) -> Shown:
        await anyio.sleep(60)
        return Shown(what="late")

    model = ScriptedModel([calls(("look", "{}")), "sorry"])
    await run_tools(model, tool("look", sleeps), QUESTION, Bounds(call_seconds=0.02))
    assert "took longer" in results(model, 1)[0]


async def test_time_that_has_run_out_ends_the_loop_with_what_there_is() -> None:
    async def sleeps(_arguments: Look) -> Shown:
        await anyio.sleep(60)
        return Shown(what="late")

    run = await run_tools(ScriptedModel([calls(("look", "{}"))]), tool("look", sleeps), QUESTION, Bounds(seconds=0.05))
    assert (run.stop, run.text) == (Stop.TIME, "")


async def test_money_that_has_run_out_ends_the_loop_with_what_there_is() -> None:
    model = ScriptedModel([calls(("look", "{}")), BudgetExceededError("over the limit")])
    run = await run_tools(model, tool("look", shows), QUESTION, Bounds())
    assert (run.stop, run.element_ids) == (Stop.MONEY, {"el-here"})


async def test_pictures_go_to_the_model_as_pictures() -> None:
    async def draws(_arguments: Look) -> Shown:
        return Shown(what="x", pictures=(ImagePart(label="x", media_type="image/png", data=b"png"),))

    model = ScriptedModel([calls(("look", "{}")), "done"])
    await run_tools(model, tool("look", draws), QUESTION, Bounds())
    assert [p.label for p in model.requests[1].messages[-1].parts if isinstance(p, ImagePart)] == ["x"]


async def test_each_call_is_heard_of() -> None:
    heard: list[AnswerEvent] = []

    async def hear(event: AnswerEvent) -> None:
        heard.append(event)

    model = ScriptedModel([calls(("look", "{}")), "done"])
    await run_tools(model, tool("look", shows), QUESTION, Bounds(), on_event=hear)
    assert [event.type for event in heard] == ["tool_started", "tool_finished"]
    assert isinstance(heard[1], ToolFinished)
    assert (heard[1].name, heard[1].element_ids) == ("look", ("el-here",))
