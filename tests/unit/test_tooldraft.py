"""Drafting with tools: what is cited has been shown, what was opened is verified, and bounds end in an honest failure."""

from __future__ import annotations

import json
from dataclasses import dataclass

import anyio
import pytest
from agent_pages import reading
from agent_world import World

from mmrag.agent.cite import cite
from mmrag.agent.claims import split_claims
from mmrag.agent.reader import ReaderDrafter
from mmrag.agent.tooldraft import ToolDrafter, with_opened
from mmrag.agent.toolloop import Bounds
from mmrag.agent.tools import Toolbox, ToolParts, build_tools
from mmrag.agent.verify import verify
from mmrag.domain.answers import Draft, VerdictKind
from mmrag.domain.costs import Usage
from mmrag.domain.messages import ChatRequest, Reply, ToolCall
from mmrag.domain.plans import AnswerType, Plan
from mmrag.errors import BudgetExceededError, ModelUnavailableError
from mmrag.ports import Catalog
from mmrag.testing import MemoryBlobs, ScriptedModel

A = reading(["ALPHA TRADING SDN BHD", "Total: 39.80"], name="a.jpg")
B = reading(["BETA CAFE", "Total: 12.40"], name="b.jpg")
PLAN = Plan(question="What is the total at BETA CAFE?", answer_type=AnswerType.AMOUNT, target="total")


@dataclass(frozen=True)
class Shop:
    tools: Toolbox
    catalog: Catalog

    def drafter(self, model: ScriptedModel, bounds: Bounds | None = None) -> ToolDrafter:
        return ToolDrafter(model, self.tools, self.catalog, tier="t", bounds=bounds, question_id="q")


@pytest.fixture
async def shop() -> Shop:
    world = World([A, B])
    world.drafts(lambda _plan, _readings: Draft(answer=None, spans=(), confidence=0.0, tier="none"))
    search = (await world.agent())._parts.search
    return Shop(build_tools(ToolParts(search=search, blobs=MemoryBlobs(), reader=ReaderDrafter(None))), search.catalog)


def call(name: str, **arguments: object) -> Reply:
    made = ToolCall(id="1", name=name, arguments=json.dumps(arguments))
    return Reply(text="", usage=Usage(), model="scripted", tool_calls=(made,))


def says(answer: str | None, element: str, quote: str) -> str:
    return json.dumps({"answer": answer, "citations": [{"element": element, "quote": quote}], "confidence": 0.9})


TOTAL_OF_B = B.page.elements[1].id


async def test_a_page_that_a_tool_opened_can_be_cited_and_is_verified(shop: Shop) -> None:
    model = ScriptedModel([call("open_page", document="b.jpg"), says("12.40", TOTAL_OF_B, "12.40")])
    draft = await shop.drafter(model).draft(PLAN, [A])
    assert (draft.answer, draft.opened) == ("12.40", ((B.document.id, 1),))
    readings = await with_opened([A], draft, shop.catalog)
    verdicts = verify(PLAN, split_claims(PLAN, draft), readings)
    assert [v.kind for v in verdicts] == [VerdictKind.SUPPORTED]
    assert [c.document for claim in cite(verdicts, readings) for c in claim.citations] == ["b.jpg"]


async def test_an_element_that_nothing_has_shown_cannot_be_cited(shop: Shop) -> None:
    draft = await shop.drafter(ScriptedModel([says("12.40", TOTAL_OF_B, "12.40")])).draft(PLAN, [A])
    assert draft.spans == ()
    assert verify(PLAN, split_claims(PLAN, draft), [A])[0].kind is VerdictKind.UNSUPPORTED


async def test_what_was_given_can_be_cited_without_a_tool(shop: Shop) -> None:
    draft = await shop.drafter(ScriptedModel([says("12.40", TOTAL_OF_B, "12.40")])).draft(PLAN, [B])
    assert [s.element_id for s in draft.spans] == [TOTAL_OF_B]
    assert draft.opened == ()


async def test_the_calls_go_into_the_books_of_the_question(shop: Shop) -> None:
    model = ScriptedModel([call("list_documents"), says(None, "", "")])
    await shop.drafter(model).draft(PLAN, [A])
    assert {(r.question_id, r.stage) for r in model.requests} == {("q", "tools")}


@pytest.mark.parametrize(
    ("line", "error"),
    [(BudgetExceededError("over"), BudgetExceededError), ("I do not know.", ModelUnavailableError)],
)
async def test_no_answer_within_bounds_is_a_failure(shop: Shop, line: Exception | str, error: type[Exception]) -> None:
    with pytest.raises(error):
        await shop.drafter(ScriptedModel([line, line])).draft(PLAN, [A])


async def test_time_that_has_run_out_is_a_failure(shop: Shop) -> None:
    class Slow(ScriptedModel):
        async def reply(self, request: ChatRequest, on_delta: object = None) -> Reply:
            await anyio.sleep(60)
            raise AssertionError

    with pytest.raises(ModelUnavailableError, match="seconds"):
        await shop.drafter(Slow([]), Bounds(seconds=0.05)).draft(PLAN, [A])
