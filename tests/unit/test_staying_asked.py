"""What ``ask.keep_local`` keeps on this machine, in whole questions: with tools, verifying, criticising."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import pytest
from agent_pages import reading
from agent_world import ScriptedDrafter, World
from PIL import Image
from test_answer_judged import WHY, call, carries, critique, drafted, stages
from test_staying import Catalog, Marks, page

from mmrag.agent.asking import Agent
from mmrag.agent.critique_model import ModelReviser
from mmrag.agent.critique_rules import Reviewed
from mmrag.agent.plan import make_plan
from mmrag.agent.reader import ReaderDrafter
from mmrag.agent.tiers import Job, Tier, model_tier
from mmrag.agent.tools import ToolParts, build_tools
from mmrag.agent.tools.base import Place
from mmrag.agent.tools.seeing import PicturesFound
from mmrag.domain.answers import Answer, Draft
from mmrag.domain.capabilities import Capabilities
from mmrag.domain.messages import ImagePart
from mmrag.domain.plans import AnswerType, Plan, Reading
from mmrag.errors import PageStaysError
from mmrag.middleware.staying import Keeper, StaysHere
from mmrag.settings import AskSettings, Settings
from mmrag.testing import MemoryBlobs, ScriptedModel

PAID = "Paid in full at the counter"
KEEP = Settings(ask=AskSettings(keep_local=("medical",), min_confidence=0.3, min_confidence_open=0.3))
LOCAL = Capabilities(is_local=True)


async def pictured(blobs: MemoryBlobs, *lines: str, name: str) -> Reading:
    data = io.BytesIO()
    Image.new("L", (600, 800), 255).save(data, "PNG")
    read = reading(list(lines), name=name)
    return replace(read, page=replace(read.page, image=await blobs.put(data.getvalue())))


def tier(name: str, model: ScriptedModel, *, hosted: bool, family: str = "", blobs: MemoryBlobs | None = None) -> Tier:
    made = model_tier(name, model, can=Capabilities(is_local=not hosted), blobs=blobs)
    return replace(made, model=family or name)


async def ask(world: World, topics: object, question: str = WHY) -> Answer:
    return await Agent(replace((await world.agent())._parts, topics=topics)).ask(question)  # type: ignore[arg-type]


def holds(model: ScriptedModel, text: str = PAID) -> list[str]:
    """The stages of the requests that hold ``text`` or any picture."""
    return [
        request.stage
        for request in model.requests
        if text in str(request.messages)
        or any(isinstance(part, ImagePart) for message in request.messages for part in message.parts)
    ]


# Drafting, with and without tools


FIRST = ("ALPHA TRADING SDN BHD", "Deposit 100.00", "Balance 37.50")
ASKED = "What is the difference between the deposit and the balance of ALPHA TRADING SDN BHD?"
NOTHING = json.dumps({"answer": None, "citations": [], "confidence": 0.1})


async def with_tools(*calls: object, hosted: bool = True) -> tuple[ScriptedModel, Answer, list[str]]:
    """What a model with tools is sent that makes ``calls``, over a plain page and one that stays."""
    blobs = MemoryBlobs()
    plain = await pictured(blobs, *FIRST, name="a.jpg")
    marked = await pictured(blobs, "PATIENT JANE DOE", PAID, name="b.jpg")
    model = ScriptedModel([*calls, NOTHING])  # type: ignore[list-item]
    settings = KEEP.model_copy(update={"ask": KEEP.ask.model_copy(update={"pages": 1})})
    world = World([plain, marked], settings=settings, blobs=blobs)
    world.drafts(lambda plan, readings: Draft(answer=None, spans=(), confidence=0.0, tier="none"))
    search = (await world.agent())._parts.search
    toolbox = build_tools(ToolParts(search=search, blobs=blobs, reader=ReaderDrafter(None)))
    can = Capabilities(is_local=not hosted)
    world.tiers = [model_tier("far", model, can=can, toolbox=toolbox, catalog=search.catalog)]
    answer = await ask(world, Marks(marked.document.id), ASKED)
    return model, answer, [str(request.messages[-1]) for request in model.requests]


@pytest.mark.parametrize(
    "made",
    [
        call("open_page", document="b.jpg"),
        call("open_page", document="b.jpg", picture=True),
        call("look_at", document="b.jpg"),
        call("compare_images", first={"document": "a.jpg"}, second={"document": "b.jpg"}),
        call("count_matches", words="counter"),
        call("extract_fields", document="b.jpg", fields=[{"name": "patient", "type": "name"}]),
    ],
    ids=lambda made: made.tool_calls[0].name,
)
async def test_what_a_tool_finds_on_a_page_that_stays_is_not_shown_to_a_hosted_model(made: object) -> None:
    model, answer, _ = await with_tools(made)
    assert len(model.requests) == 2  # the loop goes on without it
    assert holds(model) == []
    assert "JANE" not in str(model.requests)
    assert any("its tools found pages that it was not shown" in note for note in answer.notes)


async def test_pictures_found_are_left_out_one_by_one() -> None:
    plain, marked = reading(["a"], name="a.jpg"), reading(["b"], name="b.jpg")
    pictures = tuple(ImagePart(label=name, media_type="image/png", data=b"") for name in ("a", "b"))
    found = PicturesFound(
        by="image model",
        places=tuple(Place.of(r.page.elements[0], r.document.name) for r in (plain, marked)),
        scores=(0.9, 0.8),
        stored=frozenset(r.page.elements[0].id for r in (plain, marked)),
        pictures=pictures,
    )
    left = found.without(frozenset({marked.ref}))
    assert (left.shows, left.scores, left.pictures) == ((plain.ref,), (0.9,), pictures[:1])
    assert left.element_ids == (plain.page.elements[0].id,)


async def test_a_search_shows_a_hosted_model_what_may_leave_and_says_that_more_was_found() -> None:
    model, _, told = await with_tools(call("search_text", query="ALPHA TRADING counter PATIENT deposit"))
    assert holds(model) == []
    assert "Deposit 100.00" in told[1]
    assert "Left out" in told[1]


async def test_a_model_of_one_s_own_is_shown_all_of_it() -> None:
    model, answer, _ = await with_tools(call("open_page", document="b.jpg"), hosted=False)
    assert holds(model) == ["tools"]
    assert answer.notes == ()


async def test_a_model_that_may_open_any_page_is_told_the_principles_for_all_of_them() -> None:
    model, _, _ = await with_tools()
    assert "the way they look" in str(model.requests[0].messages)


async def test_what_a_sum_is_made_of_is_not_read_by_a_hosted_model_either() -> None:
    """The reader is unsure of every value, so that the model would be asked for each on its page."""
    marked = reading(["ACME", "Total 39.80"], name="receipt-1.jpg")
    unsure = ScriptedDrafter(lambda plan, readings: Draft(answer=None, spans=(), confidence=0.0, tier="reader"))
    model = ScriptedModel([])
    keeper = Keeper(keep=frozenset({"medical"}), topics=Marks(marked.document.id), catalog=Catalog())
    plan = make_plan("What is the total of all receipts from ACME?")
    assert plan.aggregate is not None
    drafter = model_tier("far", model, reader=unsure).guarded(keeper).drafter(Job())
    with pytest.raises(PageStaysError):
        await drafter.draft(plan, [marked])
    assert (len(unsure.seen), model.requests) == (1, [])


# Verifying and criticising


async def cascade(hosted: ScriptedModel, local: ScriptedModel, *, sees: bool = True) -> tuple[World, Marks]:
    """A hosted tier that is asked first, and one of one's own, on one page that stays."""
    blobs = MemoryBlobs()
    marked = await pictured(blobs, "ACME HARDWARE", "Date: 20/11/2017", "Total RM39.80", PAID, name="acme.jpg")
    world = World([marked], settings=KEEP, blobs=blobs)
    world.tiers = [
        tier("hosted", hosted, hosted=True, family="another", blobs=blobs),
        tier("local", local, hosted=False, blobs=blobs if sees else None),
    ]
    return world, Marks(marked.document.id)


async def test_another_judge_on_this_machine_takes_the_place_of_a_hosted_one() -> None:
    """Refused as drafter, the hosted model is neither asked for entailment nor as a critic; the local one judges itself."""
    hosted = ScriptedModel([])
    local = ScriptedModel(
        [
            drafted("It was probably settled by the customer.", PAID),
            carries("supported"),
            critique("observation-not-inference"),
            critique(),
            drafted(PAID, PAID, "E1"),
            critique(),
            critique(),
        ]
    )
    world, topics = await cascade(hosted, local)
    answer = await ask(world, topics)
    assert hosted.requests == []
    assert (answer.tier, answer.answer) == ("local", PAID)
    assert stages(local)[:3] == ["draft", "verify", "critique"]
    assert "revise" in stages(local)
    assert [note for note in answer.notes if "not sent to hosted" in note] != []


async def test_a_place_is_shown_to_the_local_witness_and_not_to_the_hosted_one() -> None:
    hosted = ScriptedModel([])
    local = ScriptedModel(
        [
            drafted("The customer settled the whole sum.", PAID),
            carries("supported", 0.4),  # the words do not decide it: the picture is looked at
            carries("supported"),
            critique(),
            critique(),
        ]
    )
    world, topics = await cascade(hosted, local)
    answer = await ask(world, topics)
    assert hosted.requests == []
    assert answer.answer == "The customer settled the whole sum."
    assert holds(local)[:3] == ["draft", "verify", "verify"]


async def test_a_check_that_only_a_hosted_model_could_make_is_left_undone_and_said() -> None:
    hosted = ScriptedModel([])
    local = ScriptedModel([drafted("The customer settled the sum.", PAID), carries("supported", 0.4)])
    world, topics = await cascade(hosted, local, sees=False)
    answer = await ask(world, topics)
    assert hosted.requests == []
    assert answer.answer is None
    assert any(
        n.startswith("A claim could not be checked any further: A request was not sent to hosted") for n in answer.notes
    )


async def test_a_hosted_judge_is_asked_where_nothing_has_to_stay() -> None:
    hosted = ScriptedModel([drafted("?", "?", confidence=0.0), carries("supported"), critique()])
    local = ScriptedModel([drafted("The customer settled the whole sum.", PAID)])
    world, _ = await cascade(hosted, local, sees=False)
    answer = await ask(world, Marks())
    assert answer.answer == "The customer settled the whole sum."
    assert "verify" in stages(hosted)


async def test_a_reviser_says_what_its_draft_was_read_from() -> None:
    marked = reading(["ACME", PAID], name="m.jpg")
    keeper = Keeper(keep=frozenset({"medical"}), topics=Marks("seen-by-tools"), catalog=Catalog())
    model = ScriptedModel([])
    reviser = ModelReviser(StaysHere(model, tier="far", keeper=keeper), tier="far")
    draft = Draft(answer="x", spans=(), confidence=0.9, tier="t", looked=(page("seen-by-tools"),))
    plan = Plan(question="?", answer_type=AnswerType.FREE, target="")
    with pytest.raises(PageStaysError):
        await reviser.revise(Reviewed(plan=plan, draft=draft, readings=(marked,)), ())


async def test_what_a_local_model_saw_by_tools_is_no_more_shown_to_a_hosted_judge_than_what_it_cites() -> None:
    """The draft holds words of a page that was opened and not cited."""
    blobs = MemoryBlobs()
    plain = await pictured(blobs, *FIRST, name="a.jpg")
    marked = await pictured(blobs, "PATIENT JANE DOE", name="b.jpg")
    first = plain.page.elements[1]
    said = {"answer": "Jane Doe paid it", "citations": [{"element": first.id, "quote": "Deposit"}], "confidence": 0.9}
    local = ScriptedModel([call("open_page", document="b.jpg"), json.dumps(said), *[carries("supported"), critique()] * 4])
    hosted = ScriptedModel([NOTHING] * 4)
    settings = KEEP.model_copy(update={"ask": KEEP.ask.model_copy(update={"pages": 1})})
    world = World([plain, marked], settings=settings)
    world.tiers = [tier("hosted", hosted, hosted=True, family="another")]
    search = (await world.agent())._parts.search
    toolbox = build_tools(ToolParts(search=search, blobs=blobs, reader=ReaderDrafter(None)))
    world.tiers.append(model_tier("local", local, can=LOCAL, toolbox=toolbox, catalog=search.catalog))
    await ask(world, Marks(marked.document.id), ASKED)
    assert "tools" in stages(local)
    assert "Jane" not in str(hosted.requests)
