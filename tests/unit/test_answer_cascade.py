"""The cascade in the whole loop: what is kept, who is left out, what is said of tiers that fail, what confidence means."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from types import MappingProxyType

import pytest
from agent_pages import reading, span
from agent_world import World, settings

from mmrag.agent.tiers import Tier, reader_tier
from mmrag.cli.answer_view import plain_lines
from mmrag.domain.answers import AbstentionReason, Answer, Draft
from mmrag.domain.calibration import Calibration, Curve, Group, TierCalibration
from mmrag.domain.costs import Usage
from mmrag.domain.messages import Reply, StopReason
from mmrag.domain.plans import Plan, Reading
from mmrag.errors import ModelCutOffError, ModelRefusedError, ModelRequestError, ModelUnavailableError
from mmrag.testing import ScriptedModel

ACME = reading(["ACME HARDWARE", "Date: 20/11/2017", "Total RM39.80"], name="acme.jpg")
QUESTION = "What is the total amount on the receipt from ACME HARDWARE dated 20/11/2017?"
CURVE = Curve(points=((0.0, 0.0), (1.0, 0.8)))


def calibration(*, accept: float = 0.75, floor: float = 0.5) -> Calibration:
    """Four fifths of every score; one tier stops the cascade from ``accept`` on."""
    known = TierCalibration(name="any", curves=MappingProxyType(dict.fromkeys(Group, CURVE)), accept=accept)
    return Calibration(floors=MappingProxyType(dict.fromkeys(Group, floor)), readers=known, models=known)


def says(answer: str | None, *, confidence: float = 0.9, error: Exception | None = None):
    def make(plan: Plan, readings: Sequence[Reading]) -> Draft:
        if error is not None:
            raise error
        spans = (span(ACME, "RM39.80", quote=answer or ""),) if answer else ()
        return Draft(answer=answer, spans=spans, confidence=confidence, tier="test")

    return make


def stages(world: World, answer: Answer, name: str) -> list[dict[str, object]]:
    return [s["data"] for s in json.loads(world.traces.saved[answer.trace])["stages"] if s["stage"] == name]


async def test_confidence_is_what_calibration_makes_of_the_score() -> None:
    world = World([ACME], calibration=calibration())
    world.drafts(says("39.80", confidence=1.0))
    answer = await (await world.agent()).ask(QUESTION)
    assert answer.confidence == pytest.approx(0.8 * 0.98, abs=1e-3)
    (decided,) = stages(world, answer, "decide")
    assert (decided["decision"], decided["score"]) == ("accept", pytest.approx(0.98))
    assert (decided["min_confidence"], decided["accept"]) == (0.5, 0.75)


async def test_an_unsure_answer_is_kept_while_the_next_tier_is_asked_and_given_when_that_finds_nothing() -> None:
    world = World([ACME], calibration=calibration())
    world.drafts(says("39.80", confidence=0.8), name="first")
    second = world.drafts(says(None), name="second")
    answer = await (await world.agent()).ask(QUESTION)
    assert (answer.answer, answer.tier, answer.tiers_tried) == ("39.80", "first", ("first", "second"))
    assert answer.confidence == pytest.approx(0.8 * 0.8 * 0.98, abs=1e-3)
    assert answer.claims[0].citations[0].document == "acme.jpg"
    assert second.seen
    assert [d["decision"] for d in stages(world, answer, "decide")] == ["escalate", "keep"]


async def test_a_surer_answer_of_a_later_tier_replaces_the_one_that_was_kept() -> None:
    world = World([ACME], calibration=calibration(accept=0.79))
    world.drafts(says("RM39.80", confidence=0.8), name="first")
    world.drafts(says("39.80", confidence=0.9), name="second")
    answer = await (await world.agent()).ask(QUESTION)
    assert (answer.answer, answer.tier) == ("39.80", "second")


@pytest.mark.parametrize(
    ("error", "kind", "reason"),
    [
        (ModelUnavailableError("m is busy."), "unavailable", AbstentionReason.MODEL_UNAVAILABLE),
        (ModelRequestError("m does not take this."), "rejected", AbstentionReason.MODEL_UNAVAILABLE),
        (ModelRefusedError("m refused to answer."), "refused", AbstentionReason.UNSAFE),
        (ModelCutOffError("m stopped in the middle."), "cut_off", AbstentionReason.MODEL_UNAVAILABLE),
    ],
)
async def test_a_tier_that_fails_falls_to_the_next_and_the_answer_says_so(
    error: Exception, kind: str, reason: AbstentionReason
) -> None:
    world = World([ACME])
    world.drafts(says(None, error=error), name="broken")
    world.drafts(says("39.80"), name="sound")
    answer = await (await world.agent()).ask(QUESTION)
    assert (answer.answer, answer.tier, answer.notes) == ("39.80", "sound", (f"broken: {error}",))
    assert f"note: broken: {error}" in list(plain_lines(answer))
    failure = stages(world, answer, "draft")[0]["failure"]
    assert isinstance(failure, dict)
    assert failure["kind"] == kind

    alone = World([ACME])
    alone.drafts(says(None, error=error))
    refused = await (await alone.agent()).ask(QUESTION)
    assert refused.abstention is not None
    assert (refused.abstention.reason, refused.abstention.detail) == (reason, str(error))


async def test_a_kept_answer_outlives_the_failure_of_the_last_tier() -> None:
    world = World([ACME], calibration=calibration())
    world.drafts(says("39.80", confidence=0.8), name="first")
    world.drafts(says(None, error=ModelUnavailableError("m is busy.")), name="second")
    answer = await (await world.agent()).ask(QUESTION)
    assert (answer.answer, answer.tier, answer.notes) == ("39.80", "first", ("second: m is busy.",))


async def test_a_kept_answer_is_given_when_time_runs_out_and_what_was_spent_is_on_the_bill() -> None:
    class Slow:
        async def draft(self, plan: Plan, readings: Sequence[Reading]) -> Draft:
            await asyncio.sleep(30)
            raise ModelUnavailableError("not reached")

    world = World([ACME], settings=settings(timeout_s=0.4), calibration=calibration())
    reply = json.dumps({"answer": "39.80", "citations": [{"element": "E3", "quote": "RM39.80"}], "confidence": 0.8})
    usage = Usage(input_tokens=1000, output_tokens=50)
    world.asks(ScriptedModel([Reply(text=reply, usage=usage, model="claude-haiku-5-5")]), name="first")
    world.tiers.append(reader_tier("slow", Slow()))
    answer = await (await world.agent()).ask(QUESTION)
    assert (answer.answer, answer.tier, answer.bill.calls) == ("39.80", "first", 1)
    assert "0.4 seconds" in answer.notes[0]
    assert answer.claims[0].citations


async def test_a_reply_that_is_cut_off_is_an_outcome_of_its_own() -> None:
    world = World([ACME])
    cut = Reply(text='{"answer": "39', usage=Usage(output_tokens=9), model="m", stop=StopReason.LENGTH)
    world.asks(ScriptedModel([cut, cut, cut]), name="local")
    answer = await (await world.agent()).ask(QUESTION)
    failure = stages(world, answer, "draft")[0]["failure"]
    assert isinstance(failure, dict)
    assert failure["kind"] == "cut_off"


async def test_each_tier_may_read_more_pages_once_and_begins_with_the_first_ones() -> None:
    pages = [reading([f"Shop {n}", f"Total RM{n}.80"], name=f"{n}.jpg") for n in range(10, 15)]
    world = World(pages, settings=settings(pages=2))
    first, second = world.drafts(says(None), name="first"), world.drafts(says(None), name="second")
    answer = await (await world.agent()).ask("What is the total?")
    assert (first.seen, second.seen, answer.revisions) == ([2, 4], [2, 4], 2)


async def test_no_page_is_read_twice_when_the_question_names_its_document() -> None:
    others = [reading([f"Shop {n}", "Total RM9.80"], name=f"{n}.jpg") for n in range(8)]
    world = World([ACME, *others], settings=settings(pages=1))
    drafter = world.drafts(says(None))
    await (await world.agent()).ask(QUESTION)
    assert drafter.seen == [1]


async def test_a_tier_that_only_copies_words_is_left_out_of_a_sum_and_the_trace_says_why() -> None:
    world = World([ACME])
    first = world.drafts(says("39.80"), name="copies")
    thinker = says("39.80")

    class Thinks:
        async def draft(self, plan: Plan, readings: Sequence[Reading]) -> Draft:
            return thinker(plan, readings)

    world.tiers.append(Tier(name="thinks", drafter=lambda _job: Thinks(), reasons=True))
    agent = await world.agent()
    answer = await agent.ask("Why is the total on the receipt from ACME HARDWARE so high? Explain.")
    (start,) = stages(world, answer, "start")
    assert first.seen == []
    assert start["order"] == ["thinks"]
    assert start["skipped"] == [{"tier": "copies", "why": "it copies printed words, and the question needs free text"}]
    plain = await agent.ask(QUESTION)
    assert plain.tiers_tried == ("copies",)
