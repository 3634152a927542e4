"""Check boxes: found in the picture and in the text, with their state, their option and the question they answer."""

from __future__ import annotations

import numpy as np
import pytest
from layout_support import HEIGHT, WIDTH, Text, raw_page
from mmrag_ingest.elements import understand
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from mmrag.agent.plan import make_plan
from mmrag.agent.reader import ReaderDrafter
from mmrag.agent.verify import verify
from mmrag.domain.answers import Claim, VerdictKind
from mmrag.domain.documents import Document, DocumentStatus, Element, ElementKind, Page
from mmrag.domain.plans import Reading

QUESTION = Text(text="3 Check the box for your tax classification:", x=100, y=300)
OPTIONS = [Text(text=t, x=140, y=350 + 40 * n) for n, t in enumerate(("Sole proprietor", "Corporation", "Trust or estate"))]
DOCUMENT = Document(
    id="d", name="d", location="d", sha256="0", media_type="x", size=1, pages=1, status=DocumentStatus.READY, recipe="r"
)


def form(ticked: int | None, *, shape: str = "square", mark: str = "x") -> NDArray[np.uint8]:
    """A picture with an empty box before each option, and a mark in one of them."""
    image = Image.new("RGB", (WIDTH, HEIGHT), "white")
    pen = ImageDraw.Draw(image)
    for n, option in enumerate(OPTIONS):
        box = (105, option.y - 11, 127, option.y + 11)
        if shape == "square":
            pen.rectangle(box, outline="black", width=2)
        else:
            pen.ellipse(box, outline="black", width=2)
        if n == ticked and shape == "circle":
            pen.ellipse((box[0] + 6, box[1] + 6, box[2] - 6, box[3] - 6), fill="black")
        elif n == ticked and mark == "x":
            pen.line((box[0] + 3, box[1] + 3, box[2] - 3, box[3] - 3), fill="black", width=3)
            pen.line((box[0] + 3, box[3] - 3, box[2] - 3, box[1] + 3), fill="black", width=3)
        elif n == ticked:  # drawn by hand, over the edge
            pen.line((box[0] + 5, option.y, box[0] + 10, box[3] - 4, box[2] + 2, box[1] - 6), fill="black", width=3)
    return np.asarray(image)


def page_of(picture: NDArray[np.uint8], *more: Text) -> Page:
    return understand(raw_page([QUESTION, *OPTIONS, *more]), picture, document_id="d", number=1, image=None)


def boxes(page: Page) -> list[Element]:
    return [e for e in page.elements if e.kind is ElementKind.CHECKBOX]


@pytest.mark.parametrize(("shape", "mark"), [("square", "x"), ("square", "tick"), ("circle", "dot")])
def test_boxes_have_their_state_option_and_question(shape: str, mark: str) -> None:
    page = page_of(form(1, shape=shape, mark=mark))
    found = boxes(page)
    assert [(e.label, e.value) for e in found] == [
        ("Sole proprietor", "unticked"),
        ("Corporation", "ticked"),
        ("Trust or estate", "unticked"),
    ]
    assert found[1].text == "[x] Corporation"
    assert {e.section for e in found} == {(QUESTION.text,)}
    assert all(e.bbox.x0 < 110 / WIDTH and e.bbox.x1 > 200 / WIDTH for e in found)


@pytest.mark.parametrize("degrees", [-7.0, 7.0])
def test_the_whole_name_of_an_option_on_a_tilted_page(degrees: float) -> None:
    above = [Text(text=f"Line {n} of what the form is about", x=100, y=100 + 40 * n) for n in range(4)]
    picture = np.asarray(Image.fromarray(form(1)).rotate(-degrees, fillcolor="white", resample=Image.Resampling.BICUBIC))
    raw = raw_page([*above, QUESTION, *OPTIONS], degrees=degrees)
    found = boxes(understand(raw, picture, document_id="d", number=1, image=None))
    assert [(e.label, e.value) for e in found] == [
        ("Sole proprietor", "unticked"),
        ("Corporation", "ticked"),
        ("Trust or estate", "unticked"),
    ]
    assert {e.section for e in found} == {(QUESTION.text,)}


def test_options_under_one_another_are_no_pair() -> None:
    picture = Image.new("RGB", (WIDTH, HEIGHT), "white")
    pen = ImageDraw.Draw(picture)
    texts = [Text(text="Name: Edwina Larkspur", x=100, y=200), Text(text="Payment method", x=100, y=260)]
    for n, label in enumerate(("Cash", "Card", "Bank transfer")):
        y = 310 + 40 * n
        pen.rectangle((105, y - 11, 127, y + 11), outline="black", width=2)
        texts.append(Text(text=label, x=140, y=y))
    page = understand(raw_page(texts), np.asarray(picture), document_id="d", number=1, image=None)
    assert [e.label for e in boxes(page)] == ["Cash", "Card", "Bank transfer"]
    assert [(e.label, e.value) for e in page.elements if e.kind is ElementKind.KEY_VALUE] == [("Name", "Edwina Larkspur")]
    assert [e.ordinal for e in page.elements] == list(range(len(page.elements)))


def test_brackets_in_the_text_are_boxes_too() -> None:
    texts = [
        Text(text="[x] Paid in cash", x=100, y=300),
        Text(text="[ ] Paid by card", x=100, y=330),
        Text(text="☐ Unpaid", x=100, y=360),
    ]
    page = understand(
        raw_page(texts), np.full((HEIGHT, WIDTH, 3), 255, dtype=np.uint8), document_id="d", number=1, image=None
    )
    assert ("Paid in cash", "ticked") in [(e.label, e.value) for e in boxes(page)]
    assert ("Unpaid", "unticked") in [(e.label, e.value) for e in boxes(page)]


def test_letters_legends_and_combs_are_no_boxes() -> None:
    image = Image.fromarray(np.full((HEIGHT, WIDTH, 3), 255, dtype=np.uint8))
    pen = ImageDraw.Draw(image)
    for k in range(9):  # a comb for nine digits
        pen.rectangle((400 + 24 * k, 600, 424 + 24 * k, 624), outline="black", width=2)
    pen.rectangle((105, 700, 127, 722), fill="navy")  # the legend of a chart
    pen.arc((105, 800, 127, 822), 0, 360, fill="black", width=2)  # one circle alone: a letter
    texts = [Text(text="Number", x=440, y=660), Text(text="Exports", x=140, y=711), Text(text="rders", x=140, y=811)]
    page = understand(raw_page(texts), np.asarray(image), document_id="d", number=1, image=None)
    assert boxes(page) == []


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Is the box for Corporation ticked?", "Yes"),
        ("Is Trust or estate checked?", "No"),
        ("Which tax classification is checked?", "Corporation"),
        ("Which option is selected for the tax classification?", "Corporation"),
    ],
)
async def test_the_reader_says_what_is_ticked_and_the_verifier_looks_at_the_box(question: str, answer: str) -> None:
    plan = make_plan(question, document="d")
    readings = [Reading(document=DOCUMENT, page=page_of(form(1)), match=1.0, relevance=1.0)]
    draft = await ReaderDrafter(None).draft(plan, readings)
    assert draft.answer == answer
    (verdict,) = verify(plan, [Claim(text=answer, spans=draft.spans)], readings)
    assert verdict.kind is VerdictKind.SUPPORTED


async def test_a_yes_about_an_empty_box_is_contradicted() -> None:
    plan = make_plan("Is Trust or estate checked?", document="d")
    readings = [Reading(document=DOCUMENT, page=page_of(form(1)), match=1.0, relevance=1.0)]
    draft = await ReaderDrafter(None).draft(plan, readings)
    (verdict,) = verify(plan, [Claim(text="Yes", spans=draft.spans)], readings)
    assert verdict.kind is VerdictKind.CONTRADICTED
