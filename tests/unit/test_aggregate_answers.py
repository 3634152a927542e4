"""From documents to a worked-out answer: every operand is a claim with its words, and the verifier adds up again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from agent_pages import reading
from agent_world import World

from mmrag.agent.aggregate import AggregateDrafter
from mmrag.agent.aggregate_gather import gather_parts, select_parts
from mmrag.agent.claims import split_claims
from mmrag.agent.plan import make_plan
from mmrag.agent.reader import ReaderDrafter
from mmrag.agent.tiers import model_tier
from mmrag.agent.verify import verify
from mmrag.domain.answers import Claim, Draft, Verdict, VerdictKind
from mmrag.domain.calibration import Calibration, Curve, Group, TierCalibration
from mmrag.domain.plans import Plan, Reading
from mmrag.retrieval.search import SearchParts
from mmrag.testing import ScriptedModel

RECEIPTS = {
    "receipts/a.jpg": ["ALPHA TRADING SDN BHD", "Date: 03/05/2018", "Total: 39.80"],
    "receipts/b.jpg": ["BETA CAFE", "Date: 10/05/2018", "Total: 12.40"],
    "receipts/c.jpg": ["ALPHA TRADING SDN BHD", "Date: 13/06/2018", "Total: 100.00"],
}


def pages(**weak: Sequence[str]) -> list[Reading]:
    return [reading(lines, name=name, weak=weak.get(name[9], ())) for name, lines in RECEIPTS.items()]


async def drafted(question: str, readings: Sequence[Reading]) -> tuple[Plan, Draft, tuple[Reading, ...]]:
    world = World(readings)
    world.drafts(lambda _plan, _readings: Draft(answer=None, spans=(), confidence=0.0, tier="none"))
    search: SearchParts = (await world.agent())._parts.search
    plan = make_plan(question)
    gathered = await gather_parts(plan, search, k=5)
    selected = await select_parts(gathered, search.catalog)
    return plan, await AggregateDrafter(ReaderDrafter(None)).draft(plan, selected), selected


def verdicts(plan: Plan, draft: Draft, readings: Sequence[Reading]) -> tuple[Verdict, ...]:
    return verify(plan, split_claims(plan, draft), readings)


@pytest.mark.parametrize(
    ("question", "answer", "operands"),
    [
        ("What is the total of all receipts?", "152.20", ["39.80", "12.40", "100.00"]),
        ("What is the total of all receipts from ALPHA TRADING SDN BHD?", "139.80", ["39.80", "100.00"]),
        ("What is the total of all receipts dated in May 2018?", "52.20", ["39.80", "03/05/2018", "12.40", "10/05/2018"]),
        ("How many receipts are from ALPHA TRADING SDN BHD?", "2", ["ALPHA TRADING SDN BHD"] * 2),
        ("List all receipts over 50", "receipts/c.jpg (100.00)", ["100.00"]),
        (
            "How many days are there between the receipt from BETA CAFE and the one with a total of 39.80?",
            "7",
            ["10/05/2018", "03/05/2018"],
        ),
    ],
)
async def test_every_operand_is_a_supported_claim_with_words(question: str, answer: str, operands: list[str]) -> None:
    plan, draft, readings = await drafted(question, pages())
    assert draft.answer == answer
    assert [claim.text for claim in draft.operands] == operands
    found = verdicts(plan, draft, readings)
    assert {v.kind for v in found} == {VerdictKind.SUPPORTED}
    assert all(span.words for v in found for span in v.claim.spans)


async def test_which_company_issued_the_largest() -> None:
    plan, draft, readings = await drafted("Which company issued the receipt with the highest total?", pages())
    assert draft.answer == "ALPHA TRADING SDN BHD"
    assert verdicts(plan, draft, readings)[0].kind is VerdictKind.SUPPORTED


async def test_which_companies_are_named_once_each() -> None:
    plan, draft, readings = await drafted("Which companies issued receipts over 30?", pages())
    assert draft.answer == "ALPHA TRADING SDN BHD"
    assert len(draft.operands) == 4
    assert {v.kind for v in verdicts(plan, draft, readings)} == {VerdictKind.SUPPORTED}


async def test_days_between_the_two_receipts_of_one_company() -> None:
    question = "How many days passed between the two receipts from ALPHA TRADING SDN BHD?"
    plan, draft, readings = await drafted(question, pages())
    assert draft.answer == "41"
    assert verdicts(plan, draft, readings)[0].kind is VerdictKind.SUPPORTED


async def test_a_wrong_sum_of_right_operands_is_contradicted() -> None:
    plan, draft, readings = await drafted("What is the total of all receipts?", pages())
    wrong = verdicts(plan, replace(draft, answer="152.30"), readings)[0]
    assert wrong.kind is VerdictKind.CONTRADICTED
    assert "152.20" in wrong.detail


async def test_an_operand_that_its_page_does_not_print_takes_the_sum_with_it() -> None:
    plan, draft, readings = await drafted("What is the total of all receipts?", pages())
    forged = (Claim(text="49.80", spans=draft.operands[0].spans), *draft.operands[1:])
    result, operand, *_ = verdicts(plan, replace(draft, answer="162.20", operands=forged), readings)
    assert operand.kind is VerdictKind.CONTRADICTED
    assert result.kind is VerdictKind.UNSUPPORTED


async def test_a_sum_over_a_page_that_cannot_be_read_is_refused_with_its_name() -> None:
    _, draft, _ = await drafted("What is the total of all receipts?", [*pages(), reading(["~~~"], name="receipts/d.jpg")])
    assert draft.answer is None
    assert "receipts/d.jpg" in draft.why


async def test_where_no_document_shows_the_name_nothing_is_meant() -> None:
    world = World(pages())
    world.drafts(lambda _plan, _readings: Draft(answer=None, spans=(), confidence=0.0, tier="none"))
    plan = make_plan("What is the total of all receipts from OMEGA HARDWARE?")
    gathered = await gather_parts(plan, (await world.agent())._parts.search, k=5)
    assert gathered.documents == ()
    assert [c.text for c in gathered.unmatched] == ["OMEGA HARDWARE"]


async def test_other_plans_go_to_the_inner_drafter_as_they_are() -> None:
    plan = make_plan("What is the total on the receipt from BETA CAFE?")
    draft = await AggregateDrafter(ReaderDrafter(None)).draft(plan, pages()[1:2])
    assert draft == await ReaderDrafter(None).draft(plan, pages()[1:2])


async def test_what_the_reader_has_read_for_a_model_is_judged_as_the_readers() -> None:
    """The scores of a tier are mapped by its own calibration; operands that the reader read are the reader's scores."""
    world = World(
        [
            reading(["ALPHA TRADING SDN BHD", "Date: 03/05/2018", "Total: 39.80"], name="a.jpg"),
            reading(["BETA CAFE SDN BHD", "Date: 04/05/2018", "Total: 12.40"], name="b.jpg"),
        ]
    )
    model = ScriptedModel(["never asked"])
    world.tiers.append(model_tier("local", model, reader=ReaderDrafter(None)))
    sure = TierCalibration(name="reader", curves={group: Curve(points=((0.0, 0.9), (1.0, 0.9))) for group in Group})
    world.calibration = Calibration(readers=sure)
    answer = await (await world.agent()).ask(
        "What is the sum of the totals of the receipts from ALPHA TRADING SDN BHD and BETA CAFE SDN BHD?"
    )
    assert answer.answer == "52.20"
    assert answer.confidence == pytest.approx(0.9)
