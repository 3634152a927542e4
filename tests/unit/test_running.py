"""The steps one after the other give what the library's runtime gives, and are cut off and cancelled as there."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import pytest
from agent_pages import reading, span
from agent_world import World
from llama_index_instrumentation import root_dispatcher
from llama_index_instrumentation.span_handlers import SimpleSpanHandler
from workflows import Workflow, step
from workflows.errors import WorkflowValidationError
from workflows.events import Event, StartEvent, StopEvent

from mmrag.agent.running import StepsInTurn
from mmrag.domain.answers import Answer, Draft
from mmrag.domain.plans import Plan, Reading

ACME = reading(["ACME HARDWARE", "Date: 20/11/2017", "Total RM39.80"], name="acme.jpg")
OTHER = reading(["GREEN VALLEY MARKET", "Date: 21/11/2017", "Total RM12.00"], name="green.jpg")
QUESTIONS = [
    "What is the total amount on the receipt from ACME HARDWARE dated 20/11/2017?",
    "What is the total on the receipt from Zebra Kitchen Supplies dated 01/02/2019?",
]


@contextmanager
def watching() -> Iterator[SimpleSpanHandler]:
    handler = SimpleSpanHandler()
    root_dispatcher.add_span_handler(handler)
    try:
        yield handler
    finally:
        root_dispatcher.span_handlers.remove(handler)


def total(plan: Plan, readings: Sequence[Reading]) -> Draft:
    page = next(r for r in readings if r.page == ACME.page)
    return Draft(answer="39.80", spans=(span(page, "RM39.80", quote="39.80"),), confidence=0.9, tier="reader")


async def answers() -> list[Answer]:
    world = World([ACME, OTHER])
    world.drafts(total)
    agent = await world.agent()
    return [replace(await agent.ask(question), timings_ms={}) for question in QUESTIONS]


async def test_who_listens_to_llama_index_is_told_every_step_and_the_answers_are_the_same() -> None:
    plain = await answers()
    with watching() as heard:
        watched = await answers()
    assert watched == plain
    names = [s.id_.split("-")[0] for s in heard.completed_spans]
    for name in ("plan", "gather", "select", "draft", "verify", "criticise", "decide", "cite"):
        assert any(f".{name}" in n for n in names), names
    assert [a.answered for a in plain] == [True, False]


class Begun(StartEvent):
    pass


class Halfway(Event):
    pass


class Ended(StopEvent):
    pass


class Slow(Workflow):
    """Two steps; the second waits, and ``log`` says what became of it."""

    def __init__(self, log: list[str], seconds: float = 30.0) -> None:
        super().__init__(timeout=0.3)
        self.log = log
        self.seconds = seconds

    @step
    async def one(self, ev: Begun) -> Halfway:
        self.log.append("one")
        return Halfway()

    @step
    async def two(self, ev: Halfway) -> Ended:
        try:
            await asyncio.sleep(self.seconds)
        except asyncio.CancelledError:
            self.log.append("two was cancelled")
            raise
        self.log.append("two")
        return Ended()


@pytest.mark.parametrize("watched", [False, True])
async def test_out_of_time_gives_nothing_and_stops_the_step(watched: bool) -> None:
    log: list[str] = []
    with watching() if watched else _nobody():
        assert await StepsInTurn(Slow(log)).run(Begun(), timeout_s=0.2) is None
    assert log == ["one", "two was cancelled"]


@pytest.mark.parametrize("watched", [False, True])
async def test_cancelled_it_takes_the_step_with_it(watched: bool) -> None:
    log: list[str] = []
    with watching() if watched else _nobody():
        running = asyncio.ensure_future(StepsInTurn(Slow(log)).run(Begun(), timeout_s=20.0))
        await asyncio.sleep(0.1)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
    assert log == ["one", "two was cancelled"]


async def test_a_timeout_of_a_step_is_no_end_of_time() -> None:
    class Broken(Slow):
        @step
        async def two(self, ev: Halfway) -> Ended:
            raise TimeoutError("a bug")

    with pytest.raises(TimeoutError, match="a bug"):
        await StepsInTurn(Broken([])).run(Begun(), timeout_s=20.0)


async def test_what_does_not_fit_is_found_before_anything_runs() -> None:
    class Parted(Workflow):
        @step
        async def one(self, ev: Begun) -> Halfway:
            return Halfway()

        @step
        async def two(self, ev: Begun) -> Ended:
            return Ended()

    with pytest.raises(WorkflowValidationError):
        StepsInTurn(Parted())


@contextmanager
def _nobody() -> Iterator[None]:
    yield
