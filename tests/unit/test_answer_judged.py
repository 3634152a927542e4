"""Models that judge, revise, verify and work with tools, inside the whole loop: when they are asked, what they change."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from agent_pages import reading, span
from agent_world import World, settings

from mmrag.agent.aiming import aim, joined
from mmrag.agent.expressions import check_expression
from mmrag.agent.tiers import model_tier
from mmrag.agent.trimming import trimmed
from mmrag.domain.answers import AbstentionReason, Claim, Draft, Entailed, Verdict, VerdictKind, VerifyMethod
from mmrag.domain.costs import Usage
from mmrag.domain.documents import Page
from mmrag.domain.evidence import Hit
from mmrag.domain.geometry import BBox
from mmrag.domain.messages import ChatRequest, Reply, ToolCall
from mmrag.domain.plans import AnswerType, Gathered, Plan, Reading
from mmrag.middleware.wrapping import wrapped
from mmrag.settings import AskSettings, EvaluationSettings, Settings
from mmrag.testing import MemoryBlobs, ScriptedModel

ACME = reading(["ACME HARDWARE", "Date: 20/11/2017", "Total RM39.80", "Paid in full at the counter"], name="acme.jpg")
WHY = "Why was nothing left to pay on the receipt from ACME HARDWARE? Explain."


def drafted(answer: str, quote: str, element: str = "E4", confidence: float = 0.9) -> str:
    return json.dumps({"answer": answer, "citations": [{"element": element, "quote": quote}], "confidence": confidence})


def carries(verdict: str, confidence: float = 0.95) -> str:
    return json.dumps({"why": "the words decide it", "verdict": verdict, "confidence": confidence})


def critique(*violated: str) -> str:
    rows = [{"principle": p, "verdict": "violated", "reason": "it guesses", "words": ""} for p in violated]
    kept = {"principle": "no-illegal-help", "verdict": "kept", "reason": "", "words": ""}
    return json.dumps({"findings": [*rows, kept]})


def stages(model: ScriptedModel) -> list[str]:
    return [request.stage for request in model.requests]


async def asked(model: ScriptedModel, question: str = WHY, *, told: Settings | None = None, open_ask: float = 0.3):
    world = World([ACME], settings=told or Settings(ask=AskSettings(min_confidence_open=open_ask)))
    world.asks(model, name="local")
    return await (await world.agent()).ask(question), world


async def test_a_claim_in_other_words_goes_to_entailment_and_then_to_the_critic() -> None:
    model = ScriptedModel(
        [drafted("The customer settled the whole sum.", "Paid in full at the counter"), carries("supported"), critique()]
    )
    answer, _ = await asked(model)
    assert stages(model) == ["draft", "verify", "critique"]
    assert answer.answer == "The customer settled the whole sum."
    assert (answer.claims[0].verdict, answer.claims[0].method) == (VerdictKind.SUPPORTED, VerifyMethod.ENTAILMENT)
    assert "draft" not in model.requests[1].messages[0].parts[0].text  # type: ignore[union-attr]


async def test_a_value_as_printed_is_neither_judged_nor_criticised_by_a_model() -> None:
    model = ScriptedModel([drafted("39.80", "RM39.80", "E3")])
    answer, _ = await asked(model, "What is the total amount on the receipt from ACME HARDWARE?")
    assert (answer.answer, stages(model)) == ("39.80", ["draft"])


async def test_a_claim_that_the_words_contradict_is_refused() -> None:
    model = ScriptedModel([drafted("Half was left for later.", "Paid in full at the counter"), carries("contradicted")])
    answer, _ = await asked(model)
    assert answer.abstention is not None
    assert answer.abstention.reason is AbstentionReason.UNSUPPORTED
    assert answer.flipped


async def test_an_unsure_judge_decides_nothing() -> None:
    model = ScriptedModel([drafted("Half was left.", "Paid in full at the counter"), carries("supported", 0.4)])
    answer, _ = await asked(model)
    assert answer.answer is None


async def test_a_violation_is_revised_and_the_revision_is_kept_because_it_scores_higher() -> None:
    model = ScriptedModel(
        [
            drafted("It was probably settled by the customer.", "Paid in full at the counter"),
            carries("supported"),
            critique("observation-not-inference"),
            drafted("Paid in full at the counter", "Paid in full at the counter", "E1"),
            critique(),
        ]
    )
    answer, _ = await asked(model)
    assert stages(model) == ["draft", "verify", "critique", "revise", "critique"]
    assert (answer.answer, answer.revisions) == ("Paid in full at the counter", 1)


async def test_a_revision_that_is_no_better_is_dropped() -> None:
    model = ScriptedModel(
        [
            drafted("It was settled by the customer.", "Paid in full at the counter"),
            carries("supported"),
            critique("observation-not-inference"),
            drafted("The customer must have settled it.", "Paid in full at the counter", "E1"),
            carries("supported"),
            critique("observation-not-inference"),
        ]
    )
    answer, _ = await asked(model)
    assert (answer.answer, answer.revisions) == ("It was settled by the customer.", 0)


async def test_without_critique_or_verification_nobody_judges() -> None:
    for part, expected in (("critique", ["draft", "verify"]), ("verification", ["draft"])):
        told = Settings(
            ask=AskSettings(min_confidence_open=0.3),
            evaluation=EvaluationSettings(without=(part,)),  # type: ignore[arg-type]
        )
        model = ScriptedModel(
            [drafted("The customer settled it all.", "Paid in full at the counter"), carries("supported"), critique()]
        )
        answer, _ = await asked(model, told=told)
        assert stages(model)[: len(expected)] == expected
        assert answer.answer is not None


async def test_a_constitution_of_one_s_own_is_what_models_are_told(tmp_path: Path) -> None:
    from mmrag.agent.asking import Agent
    from mmrag.prompting import constitution

    file = tmp_path / "own.toml"
    file.write_text(
        '[weights]\nhouse = 1.0\n[[principle]]\nid = "house-style"\ngroup = "house"\nseverity = "minor"\n'
        'text = "Say it in the words of our house."\nwhy = "It is our house."\n'
    )
    model = ScriptedModel([drafted("39.80", "RM39.80", "E3")])
    world = World([ACME])
    world.asks(model, name="local")

    parts = replace((await world.agent())._parts, principles=constitution(file))
    await Agent(parts).ask("What is the total amount on the receipt from ACME HARDWARE?")
    rules = model.requests[0].messages[0].parts[0].text  # type: ignore[union-attr]
    assert "the words of our house" in rules
    assert "identity papers" not in rules


class Shows:
    """``Topics`` that sees the same on every page."""

    def __init__(self, *topics: str) -> None:
        self._topics = frozenset(topics)

    async def shown_on(self, pages: Sequence[Page]) -> tuple[frozenset[str], ...]:
        return tuple(self._topics for _ in pages)


@pytest.mark.parametrize("topics", [Shows("medical"), None])
async def test_pages_that_are_to_stay_are_not_sent_to_a_hosted_model(topics: Shows | None) -> None:

    from mmrag.agent.asking import Agent

    page = replace(ACME, page=replace(ACME.page, image="d" * 64))
    model = ScriptedModel([])
    world = World([page], settings=Settings(ask=AskSettings(keep_local=("medical",))))
    world.asks(model, name="hosted")
    parts = replace((await world.agent())._parts, topics=topics)
    answer = await Agent(parts).ask("What is the total amount on the receipt from ACME HARDWARE?")
    assert model.requests == []
    assert answer.abstention is not None
    assert answer.abstention.reason is AbstentionReason.UNSAFE
    assert "ask.keep_local" in answer.abstention.detail
    assert "cascade.local" in answer.abstention.help


async def test_what_pages_show_brings_principles_into_force_before_anything_is_sent() -> None:

    from mmrag.agent.asking import Agent

    page = replace(ACME, page=replace(ACME.page, image="d" * 64))
    for topics, told in ((Shows(), False), (Shows("people"), True)):
        model = ScriptedModel([drafted("39.80", "RM39.80", "E3")])
        world = World([page])
        world.asks(model, name="hosted")
        parts = replace((await world.agent())._parts, topics=topics)
        await Agent(parts).ask("What is the total amount on the receipt from ACME HARDWARE?")
        rules = model.requests[0].messages[0].parts[0].text  # type: ignore[union-attr]
        assert ("the way they look" in rules) is told


def call(name: str, **arguments: object) -> Reply:
    made = ToolCall(id="1", name=name, arguments=json.dumps(arguments))
    return Reply(text="", usage=Usage(), model="scripted", tool_calls=(made,))


async def tooled(world: World, model: ScriptedModel) -> World:
    from mmrag.agent.reader import ReaderDrafter
    from mmrag.agent.tools import ToolParts, build_tools

    world.asks(model, name="local")
    search = (await world.agent())._parts.search
    toolbox = build_tools(ToolParts(search=search, blobs=MemoryBlobs(), reader=ReaderDrafter(None)))
    chat = wrapped(model, tier="local", ledger=world.ledger, clock=world.clock)
    world.tiers = [model_tier("local", chat, toolbox=toolbox, catalog=search.catalog)]
    return world


async def test_a_question_that_needs_arithmetic_is_worked_out_with_tools_and_by_code() -> None:
    page = reading(["ACME HARDWARE", "Deposit 100.00", "Balance 37.50"], name="acme.jpg")
    ids = [e.id for e in page.page.elements]
    said = {
        "answer": "62.50",
        "citations": [{"element": ids[1], "quote": "100.00"}, {"element": ids[2], "quote": "37.50"}],
        "worked_out": "100.00 - 37.50",
        "confidence": 0.9,
    }
    model = ScriptedModel([call("open_page", document="acme.jpg"), json.dumps(said)])
    world = await tooled(
        World([page], settings=Settings(ask=AskSettings(min_confidence=0.3, min_confidence_open=0.3))), model
    )
    question = "What is the difference between the deposit and the balance of ACME HARDWARE?"
    heard: list[str] = []

    async def hear(event: object) -> None:
        heard.append(getattr(event, "type", ""))

    answer = await (await world.agent()).ask(question, on_event=hear)
    assert answer.answer == "62.50", answer.abstention
    assert [c.text for c in answer.claims] == ["62.50", "100.00", "37.50"]
    assert all(claim.citations for claim in answer.claims[1:])
    assert heard.index("tool_started") < heard.index("tool_finished") < heard.index("verdict")


def verdict(text: str, kind: VerdictKind = VerdictKind.SUPPORTED, **claim: object) -> Verdict:
    made = Claim(text=text, spans=(), **claim)  # type: ignore[arg-type]
    return Verdict(claim=made, kind=kind, method=VerifyMethod.VALUE, confidence=0.9, detail="")


@pytest.mark.parametrize(
    ("answer", "expression", "kind"),
    [
        ("62.50", "100.00 - 37.50", VerdictKind.SUPPORTED),
        ("62.51", "100.00 - 37.50", VerdictKind.CONTRADICTED),
        ("68.75", "(100.00 + 37.50) / 2", VerdictKind.SUPPORTED),
        ("62.5", "(100.00 - 37.50) / 100.00 * 100", VerdictKind.SUPPORTED),
        ("40.00", "100.00 - 60.00", VerdictKind.UNSUPPORTED),
        ("1", "100.00 /", VerdictKind.UNSUPPORTED),
    ],
)
def test_what_a_model_worked_out_is_worked_out_again_on_numbers_of_the_pages(
    answer: str, expression: str, kind: VerdictKind
) -> None:
    claim = Claim(text=answer, spans=(), expression=expression)
    assert check_expression(claim, [verdict("100.00"), verdict("37.50")]).kind is kind


def test_a_refuted_operand_refutes_what_was_worked_out() -> None:
    claim = Claim(text="62.50", spans=(), expression="100.00 - 37.50")
    assert check_expression(claim, [verdict("100.00"), verdict("37.50", VerdictKind.UNSUPPORTED)]).kind is (
        VerdictKind.UNSUPPORTED
    )


def test_what_does_not_stand_is_left_out_of_a_list_and_said() -> None:
    plan = Plan(question="Which?", answer_type=AnswerType.LIST, target="items")
    draft = Draft(answer="tea\nrice", spans=(), confidence=0.9, tier="t")
    rest = trimmed(plan, draft, [verdict("tea"), verdict("rice", VerdictKind.UNSUPPORTED)])
    assert rest is not None
    assert rest.draft.answer == "tea"
    assert "rice" in rest.notes[0]
    assert trimmed(plan, draft, [verdict("tea"), verdict("rice")]) is None
    assert trimmed(plan, draft, [verdict("tea", VerdictKind.UNSUPPORTED)]) is None
    lookup = Plan(question="What?", answer_type=AnswerType.AMOUNT, target="total")
    assert trimmed(lookup, draft, [verdict("tea"), verdict("rice", VerdictKind.UNSUPPORTED)]) is None


def test_a_further_search_is_aimed_at_what_is_missing() -> None:
    plan = Plan(question="What is the total of ACME?", answer_type=AnswerType.AMOUNT, target="total")
    assert aim(plan, [verdict("93.80", VerdictKind.UNSUPPORTED)]).target == "total 93.80"
    by_labels = aim(plan, []).target
    assert by_labels.startswith("total ")
    assert len(by_labels.split()) > 2
    elements = ACME.page.elements
    first = Hit(element=elements[0], document="a", sha256="", score=0.4)
    second = Hit(element=elements[1], document="a", sha256="", score=0.9)
    assert [h.score for h in joined(Gathered(hits=(first,)), Gathered(hits=(second,))).hits] == [0.9, 0.4]


class Reads:
    """``Rereader`` that reads the same everywhere."""

    def __init__(self, text: str, confidence: float) -> None:
        self._said = text, confidence

    async def read(self, document: object, page: Page, place: BBox) -> tuple[str, float]:
        return self._said


@pytest.mark.parametrize(
    ("text", "confidence", "kind"),
    [
        ("Total RM39.80", 0.97, VerdictKind.SUPPORTED),
        ("Total RM89.80", 0.97, VerdictKind.CONTRADICTED),
        ("Total RM39.80", 0.5, VerdictKind.UNREADABLE),
        ("", 0.0, VerdictKind.UNREADABLE),
    ],
)
async def test_a_claim_on_badly_read_words_is_read_again_from_the_file(
    text: str, confidence: float, kind: VerdictKind
) -> None:
    from mmrag.agent.second_look import Judges, look_again
    from mmrag.agent.verify import verify

    page = reading(["ACME HARDWARE", "Total RM39.80"], weak=("RM39.80",))
    plan = Plan(question="What is the total?", answer_type=AnswerType.AMOUNT, target="total")
    claim = Claim(text="39.80", spans=(span(page, "RM39.80", quote="39.80"),))
    before = verify(plan, [claim], [page])
    assert before[0].kind is VerdictKind.UNREADABLE
    (after,), notes = await look_again(plan, before, [page], Judges(rereader=Reads(text, confidence)))
    assert (after.kind, notes) == (kind, ())


class Witnesses:
    def __init__(self, said: Entailed) -> None:
        self._said = said
        self.asked = 0

    async def judge(self, page: Page, place: BBox, statement: str) -> Entailed:
        self.asked += 1
        return self._said


async def test_a_picture_is_looked_at_last_and_only_while_nothing_is_decided() -> None:
    from mmrag.agent.second_look import Judges, look_again
    from mmrag.agent.verify import verify

    plan = Plan(question="Why?", answer_type=AnswerType.FREE, target="")
    readings: list[Reading] = [ACME]
    claims = [
        Claim(text="39.80", spans=(span(ACME, "RM39.80", quote="39.80"),)),
        Claim(text="The customer settled it.", spans=(span(ACME, "Paid in full", quote="Paid in full"),)),
        Claim(text="No place at all.", spans=()),
    ]
    witness = Witnesses(Entailed(kind=VerdictKind.SUPPORTED, confidence=0.9, why="it reads paid in full"))
    verdicts, _ = await look_again(plan, verify(plan, claims, readings), readings, Judges(witness=witness))
    assert witness.asked == 1
    assert [v.kind for v in verdicts] == [VerdictKind.SUPPORTED, VerdictKind.SUPPORTED, VerdictKind.UNSUPPORTED]
    assert verdicts[1].method is VerifyMethod.MODEL


async def test_a_tier_that_is_only_a_model_works_out_aggregates_by_the_same_plans() -> None:
    from mmrag.agent.reader import ReaderDrafter

    pages = [
        reading([name, "TAX INVOICE", f"Date: 0{n}/11/2017", f"Total: RM{n}0.00"], name=f"receipts/{n}.jpg")
        for n, name in ((1, "ALPHA TRADING SDN BHD"), (2, "BETA CAFE"))
    ]

    def never(_request: ChatRequest) -> str:
        raise AssertionError("the reader reads these")

    model = ScriptedModel([never])
    world = World(pages, settings=settings())
    world.tiers = [model_tier("local", model, reader=ReaderDrafter(None))]
    answer = await (await world.agent()).ask("What is the total of all receipts?")
    assert answer.answer is not None, answer.abstention
    assert "30.00" in answer.answer
    assert (answer.tier, model.requests) == ("local", [])
