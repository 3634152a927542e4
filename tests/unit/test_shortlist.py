"""Which elements a model is shown, and which regions of pages as pictures."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from agent_pages import plan, reading
from PIL import Image

from mmrag.agent.draft import ModelDrafter
from mmrag.agent.pictures import MOST, Look, Task, looks, taken
from mmrag.agent.shortlist import Offered, shortlist, tokens_in
from mmrag.domain.capabilities import NOTHING_KNOWN, Capabilities
from mmrag.domain.documents import ElementKind
from mmrag.domain.geometry import BBox
from mmrag.domain.messages import Detail, ImagePart
from mmrag.domain.plans import AnswerType, Reading
from mmrag.testing import MemoryBlobs, ScriptedModel

SEEING = Capabilities(images=True)
LINES = ["ACME HARDWARE", "12 Main Street", *(f"item {n} of many things" for n in range(60)), "Grand total", "RM 39.80"]


def texts(offered: tuple[Offered, ...]) -> list[str]:
    return [o.element.text for o in offered]


def with_image(page: Reading, digest: str | None = "0" * 64) -> Reading:
    return replace(page, page=replace(page.page, image=digest))


def test_what_the_question_is_about_comes_before_what_merely_stands_there() -> None:
    offered = shortlist(plan(target="total", question="What is the total?"), [reading(LINES)], tokens=90)
    assert {"Grand total", "RM 39.80", "ACME HARDWARE"} <= set(texts(offered))
    assert len(offered) < 20
    assert [o.key for o in offered] == [f"E{n}" for n in range(1, len(offered) + 1)]
    assert [o.element.ordinal for o in offered] == sorted(o.element.ordinal for o in offered)


@pytest.mark.parametrize("tokens", [20, 60, 200, 4000])
def test_no_more_is_shown_than_fits(tokens: int) -> None:
    offered = shortlist(plan(), [reading(LINES), reading(LINES, name="other.jpg")], tokens=tokens)
    assert sum(tokens_in(text) for text in texts(offered)) <= tokens
    assert offered


def test_words_are_shown_once_though_two_elements_have_them() -> None:
    page = reading(["Total RM39.80", "Cash 50.00"])
    pair = replace(page.page.elements[0], ordinal=2, id="el-pair", kind=ElementKind.KEY_VALUE)
    doubled = replace(page, page=replace(page.page, elements=(*page.page.elements, pair)))
    assert texts(shortlist(plan(), [doubled], tokens=500)).count("Total RM39.80") == 1


def test_a_page_that_fits_the_question_better_gives_more() -> None:
    far = replace(reading(LINES, name="far.jpg"), relevance=0.1, match=0.2)
    offered = shortlist(plan(), [reading(LINES), far], tokens=120)
    assert offered[0].page_key == "P1"
    assert {o.reading.document.name for o in offered if o.element.text == "RM 39.80"} == {"receipt.jpg"}


def chosen(page: Reading, can: Capabilities = SEEING) -> tuple[Look, ...]:
    page = with_image(page)
    return looks(shortlist(plan(), [page], tokens=500), [page], can)


def test_a_look_up_shows_the_region_and_not_the_page() -> None:
    (look,) = chosen(reading(LINES))
    assert look.task is Task.LOOKUP
    assert look.region.area < 0.6
    assert look.label.startswith("P1, the part with E")


@pytest.mark.parametrize(
    ("page", "task"),
    [
        (reading(["Total 5"]), Task.PHOTO),
        (reading(LINES, confidence=0.4), Task.OCR),
        (reading(LINES, kind=ElementKind.CHART), Task.CHART),
        (reading(LINES, kind=ElementKind.TABLE), Task.TABLE),
        (reading(LINES, kind=ElementKind.UNREADABLE), Task.OCR),
    ],
    ids=lambda value: value.value if isinstance(value, Task) else "",
)
def test_the_page_is_shown_where_its_layout_or_its_print_matters(page: Reading, task: Task) -> None:
    look = chosen(page)[-1]
    assert look.task is task
    assert look.region.area > 0.8 * BBox.around(e.bbox for e in page.page.elements).area
    assert look.label.startswith("P1, the ")


def test_no_pictures_for_a_model_without_eyes_and_never_many() -> None:
    pages = [with_image(reading(["5"], name=f"{n}.jpg")) for n in range(9)]
    offered = shortlist(plan(), pages, tokens=500)
    assert looks(offered, pages, Capabilities(images=False)) == ()
    assert len(looks(offered, pages, SEEING)) == MOST
    assert len(looks(offered, pages, Capabilities(max_images=2))) == 2
    assert looks(offered, [with_image(page, None) for page in pages], SEEING) == ()


async def drawn(width: int, height: int) -> tuple[MemoryBlobs, str]:
    blobs, out = MemoryBlobs(), io.BytesIO()
    Image.new("RGB", (width, height), "white").save(out, "PNG")
    return blobs, await blobs.put(out.getvalue())


@pytest.mark.parametrize(
    ("task", "side", "detail", "can"),
    [
        (Task.LOOKUP, 768, Detail.MEDIUM, SEEING),
        (Task.CHART, 1280, Detail.HIGH, SEEING),
        (Task.PHOTO, 1024, Detail.MEDIUM, SEEING),
        (Task.TABLE, 800, Detail.HIGH, Capabilities(max_image_side=800)),
    ],
)
async def test_a_picture_is_scaled_to_its_task_and_to_the_model(
    task: Task, side: int, detail: Detail, can: Capabilities
) -> None:
    blobs, digest = await drawn(2000, 3000)
    page = replace(reading(LINES).page, image=digest, width=2000, height=3000)
    (part,), notes = await taken([Look(page=page, region=BBox(0, 0, 1, 1), task=task, label="P1")], blobs, can)
    assert (part.height, part.width, part.detail, part.media_type) == (side, round(side * 2 / 3), detail, "image/jpeg")
    assert notes == ()
    assert Image.open(io.BytesIO(part.data)).size == (part.width, part.height)


async def test_a_region_is_cut_out_as_it_is_when_it_is_small() -> None:
    blobs, digest = await drawn(1000, 1000)
    page = replace(reading(LINES).page, image=digest, width=1000, height=1000)
    look = Look(page=page, region=BBox(0.1, 0.2, 0.4, 0.3), task=Task.LOOKUP, label="P1")
    (part,), _ = await taken([look], blobs, SEEING)
    assert (part.width, part.height) == (300, 100)


async def test_the_drafter_sends_labelled_pictures_and_says_what_it_reckoned() -> None:
    blobs, digest = await drawn(1000, 1400)
    page = with_image(reading(LINES), digest)
    model = ScriptedModel(['{"answer": null}'], identity="anthropic:claude-opus-5-5")
    draft = await ModelDrafter(model, tier="flagship", can=SEEING, blobs=blobs).draft(plan(), [page])
    images = [p for p in model.requests[0].messages[1].parts if isinstance(p, ImagePart)]
    assert images
    assert draft.prompted is not None
    assert [label.split(" (")[0] for label in draft.prompted.images] == [image.label for image in images]
    assert draft.prompted.estimated_tokens is not None
    of_images = sum(-(-i.width // 28) * -(-i.height // 28) for i in images)
    assert draft.prompted.estimated_tokens > of_images > 0


async def test_a_missing_page_picture_is_a_note_and_not_the_end() -> None:
    model = ScriptedModel(['{"answer": null}'])
    page = with_image(reading(LINES), "1" * 64)
    draft = await ModelDrafter(model, tier="t", can=NOTHING_KNOWN, blobs=MemoryBlobs()).draft(plan(), [page])
    assert draft.prompted is not None
    assert draft.prompted.images == ()
    assert "is not shown" in draft.prompted.notes[0]


def test_the_letterhead_is_shown_though_it_shares_no_word_with_the_question() -> None:
    asked = plan(AnswerType.NAME, target="company", question="Which company issued this receipt?")
    assert "ACME HARDWARE" in texts(shortlist(asked, [reading(LINES)], tokens=60))
