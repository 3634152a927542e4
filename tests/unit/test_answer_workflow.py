"""The whole loop in memory: what is answered, what is refused, what it cost, and what the trace says."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from decimal import Decimal

import pytest
from agent_pages import reading, span
from agent_world import World, settings

from mmrag.agent.asking import Agent
from mmrag.domain.answers import AbstentionReason, Answer, Draft, VerdictKind
from mmrag.domain.costs import Usage
from mmrag.domain.messages import Reply, StopReason
from mmrag.domain.plans import Plan, Reading
from mmrag.errors import ModelUnavailableError, UsageError
from mmrag.testing import ScriptedModel

ACME = reading(["ACME HARDWARE", "Date: 20/11/2017", "Total RM39.80"], name="acme.jpg")
OTHER = reading(["GREEN VALLEY MARKET", "Date: 21/11/2017", "Total RM12.00"], name="green.jpg")
QUESTION = "What is the total amount on the receipt from ACME HARDWARE dated 20/11/2017?"


def says(answer: str | None, cited: str = "RM39.80", *, page: Reading = ACME, confidence: float = 0.9):
    def make(plan: Plan, readings: Sequence[Reading]) -> Draft:
        spans = (span(page, cited, quote=answer or ""),) if answer else ()
        return Draft(answer=answer, spans=spans, confidence=confidence, tier="test")

    return make


def model_says(answer: str | None, quote: str, element: str = "E3", confidence: float = 0.9) -> str:
    return json.dumps({"answer": answer, "citations": [{"element": element, "quote": quote}], "confidence": confidence})


async def test_an_answer_with_a_box_around_its_words() -> None:
    world = World([ACME, OTHER])
    world.drafts(says("39.80"))
    answer = await (await world.agent()).ask(QUESTION)
    assert answer.answer == "39.80"
    assert answer.abstention is None
    (claim,) = answer.claims
    (citation,) = claim.citations
    word = next(w for w in ACME.page.words if w.text == "RM39.80")
    assert (claim.verdict, citation.document, citation.page) == (VerdictKind.SUPPORTED, "acme.jpg", 1)
    assert citation.bbox == word.bbox
    assert citation.quote == "39.80"
    assert answer.confidence == pytest.approx(0.9 * 0.98)
    assert answer.tiers_tried == ("reader",)
    assert answer.bill.calls == 0
    assert answer.bill.if_all_flagship_usd is not None
    assert answer.bill.if_all_cheap_usd is not None
    assert answer.bill.if_all_flagship_usd > answer.bill.if_all_cheap_usd > 0
    assert {h.document for h in answer.evidence} >= {"acme.jpg"}


async def test_a_draft_that_the_page_contradicts_is_refused_and_counted_as_flipped() -> None:
    world = World([ACME])
    world.drafts(says("93.80"))
    answer = await (await world.agent()).ask(QUESTION)
    assert answer.answer is None
    assert answer.abstention is not None
    assert answer.abstention.reason is AbstentionReason.UNSUPPORTED
    assert "93.80" in answer.abstention.detail
    assert answer.flipped
    assert answer.claims == ()
    assert answer.evidence


async def test_a_document_that_is_not_here_is_refused_before_anything_is_drafted() -> None:
    world = World([ACME, OTHER])
    drafter = world.drafts(says("39.80"))
    answer = await (await world.agent()).ask(
        "What is the total on the receipt from Zebra Kitchen Supplies dated 01/02/2019?"
    )
    assert answer.abstention is not None
    assert answer.abstention.reason is AbstentionReason.NO_EVIDENCE
    assert "Zebra" in answer.abstention.detail
    assert drafter.seen == []
    assert answer.tiers_tried == ()
    assert not answer.flipped


async def test_more_pages_are_read_once_before_giving_up() -> None:
    pages = [reading([f"Shop {n}", f"Total RM{n}.80"], name=f"{n}.jpg") for n in range(10, 15)]
    world = World(pages, settings=settings(pages=2))
    drafter = world.drafts(says(None))
    answer = await (await world.agent()).ask("What is the total?")
    assert drafter.seen == [2, 4]
    assert answer.revisions == 1
    assert answer.abstention is not None
    assert answer.abstention.reason is AbstentionReason.NO_EVIDENCE


async def test_the_next_tier_is_asked_and_its_call_is_on_the_bill() -> None:
    world = World([ACME])
    world.drafts(says(None))
    usage = Usage(input_tokens=1000, output_tokens=50)
    world.asks(
        ScriptedModel([Reply(text=model_says("39.80", "RM39.80"), usage=usage, model="claude-haiku-5.5")]), name="cheap"
    )
    answer = await (await world.agent()).ask(QUESTION)
    assert answer.answer == "39.80"
    assert answer.tier == "cheap"
    assert answer.tiers_tried == ("reader", "cheap")
    assert answer.bill.calls == 1
    assert answer.bill.cost.usd == Decimal("0.000125")
    assert answer.bill.usage == usage
    assert answer.claims[0].citations[0].document == "acme.jpg"


async def test_a_model_without_a_known_price_is_unpriced_not_free() -> None:
    world = World([ACME])
    world.asks(ScriptedModel([model_says("39.80", "RM39.80")], identity="some-local-model"), name="local")
    answer = await (await world.agent()).ask(QUESTION)
    assert answer.bill.cost.unpriced_calls == 1
    assert answer.bill.cost.usd == 0


async def test_a_tier_that_would_go_over_the_budget_is_not_asked() -> None:
    world = World([ACME], settings=settings(max_usd=0.0))
    world.drafts(says(None))
    model = ScriptedModel([], identity="claude-opus-5.5")
    world.asks(model, name="flagship")
    answer = await (await world.agent()).ask(QUESTION)
    assert answer.abstention is not None
    assert answer.abstention.reason is AbstentionReason.OVER_BUDGET
    assert model.requests == []


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (Reply(text="no", usage=Usage(), model="m", stop=StopReason.REFUSAL), AbstentionReason.UNSAFE),
        ("that is no JSON", AbstentionReason.MODEL_UNAVAILABLE),
    ],
)
async def test_a_model_that_fails_becomes_a_refusal(line: Reply | str, reason: AbstentionReason) -> None:
    world = World([ACME])
    world.asks(ScriptedModel([line, line, line]), name="local")
    answer = await (await world.agent()).ask(QUESTION)
    assert answer.abstention is not None
    assert answer.abstention.reason is reason


async def test_an_invented_element_or_quote_is_no_citation() -> None:
    for reply in (model_says("39.80", "RM39.80", element="E99"), model_says("39.80", "forty ringgit")):
        world = World([ACME])
        world.asks(ScriptedModel([reply]), name="local")
        answer = await (await world.agent()).ask(QUESTION)
        assert answer.abstention is not None
        assert answer.abstention.reason is AbstentionReason.UNSUPPORTED


async def test_one_tier_only_and_an_unknown_one() -> None:
    world = World([ACME])
    first = world.drafts(says("39.80"), name="first")
    second = world.drafts(says("39.80"), name="second")
    agent = await world.agent()
    answer = await agent.ask(QUESTION, tier="second")
    assert (first.seen, second.seen, answer.tier) == ([], [1], "second")
    with pytest.raises(UsageError, match="first, second"):
        await agent.ask(QUESTION, tier="third")
    with pytest.raises(UsageError, match="empty"):
        await agent.ask("  ")


async def test_a_question_that_takes_too_long_is_refused() -> None:
    class Slow:
        async def draft(self, plan: Plan, readings: Sequence[Reading]) -> Draft:
            await asyncio.sleep(30)
            raise ModelUnavailableError("not reached")

    from mmrag.agent.tiers import reader_tier

    world = World([ACME], settings=settings(timeout_s=0.3))
    world.tiers.append(reader_tier("slow", Slow()))
    answer = await (await world.agent()).ask(QUESTION)
    assert answer.abstention is not None
    assert answer.abstention.reason is AbstentionReason.MODEL_UNAVAILABLE
    assert "0.3 seconds" in answer.abstention.detail


async def test_an_error_that_is_no_model_error_is_not_swallowed() -> None:
    def broken(plan: Plan, readings: Sequence[Reading]) -> Draft:
        raise RuntimeError("a bug")

    world = World([ACME])
    world.drafts(broken)
    with pytest.raises(RuntimeError, match="a bug"):
        await (await world.agent()).ask(QUESTION)


async def test_stages_are_timed_and_traced() -> None:
    world = World([ACME])
    world.drafts(says("39.80"))
    answer = await (await world.agent()).ask(QUESTION)
    assert set(answer.timings_ms) == {"plan", "gather", "draft", "critique", "verify", "total"}
    data = json.loads(world.traces.saved[answer.trace])
    assert [s["stage"] for s in data["stages"]] == ["plan", "gather", "select", "draft", "verify", "critique", "decide"]
    assert data["answer"]["answer"] == "39.80"
    assert data["stages"][4]["data"][0]["verdict"] == "supported"
    assert data["question"] == QUESTION


async def test_questions_at_the_same_time_do_not_mix() -> None:
    world = World([ACME, OTHER])

    def right(plan: Plan, readings: Sequence[Reading]) -> Draft:
        page = readings[0]
        total = next(w.text for w in page.page.words if w.text.startswith("RM"))
        return Draft(answer=total, spans=(span(page, total),), confidence=0.9, tier="reader")

    world.drafts(right)
    agent: Agent = await world.agent()
    other = "What is the total amount on the receipt from GREEN VALLEY MARKET dated 21/11/2017?"
    answers: list[Answer] = await asyncio.gather(*(agent.ask(q) for q in [QUESTION, other] * 5))
    assert [a.answer for a in answers] == ["RM39.80", "RM12.00"] * 5
    assert len({a.trace for a in answers}) == 10


async def test_events_do_not_carry_the_text_of_pages_in_their_repr() -> None:
    """The runtime of the workflow takes the repr of each event several times: whole pages in it cost 40 ms a question."""
    from mmrag.agent.case import Round
    from mmrag.domain.plans import AnswerType, Gathered

    plan = Plan(question="q", answer_type=AnswerType.AMOUNT, target="total")
    assert len(repr(Round(plan=plan, gathered=Gathered(), pages=1, readings=(ACME,)))) < 200
