"""Filled-in forms: each value an element of its own with the name that is printed for it, each box with its state."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from file_makers import task
from mmrag_ingest import elements
from mmrag_ingest.engines.rapidocr import RapidOcrEngine
from mmrag_ingest.marks import with_marks
from mmrag_ingest.pages import render
from mmrag_ingest.words import find_words
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from mmrag.domain.documents import Element, ElementKind, Page

Draw = Callable[[Canvas], None]


def read(path: Path, draw: Draw) -> Page:
    """The page that ``draw`` makes, as a worker reads it."""
    canvas = Canvas(str(path), pagesize=A4)
    draw(canvas)
    canvas.save()
    rendered = render(task(path))
    raw = find_words(rendered, RapidOcrEngine())
    page = elements.understand(raw, rendered.picture, document_id="d", number=1, image=None)
    return with_marks(page, rendered.marks)


def pairs(page: Page) -> dict[str | None, str | None]:
    return {e.label: e.value for e in page.elements if e.kind is ElementKind.KEY_VALUE}


def boxes(page: Page) -> dict[str | None, Element]:
    return {e.label: e for e in page.elements if e.kind is ElementKind.CHECKBOX}


def permit(c: Canvas) -> None:
    c.drawString(72, 780, "Parking permit application")
    for y, label, name, value in (
        (745, "Applicant name:", "applicant", "Tobias Quill"),
        (705, "Vehicle plate:", "plate", "QX 71 LMN"),
        (665, "Expires on:", "until", ""),
    ):
        c.drawString(72, y, label)
        c.acroForm.textfield(name=name, value=value, x=200, y=y - 7, width=200, height=22)
    for y, label, ticked in ((625, "Resident", True), (595, "Business", False)):
        c.drawString(72, y, label)
        c.acroForm.checkbox(name=label.lower(), checked=ticked, x=200, y=y - 5, size=16)
    c.drawString(72, 560, "Zone:")
    c.acroForm.choice(
        name="zone",
        value="N",
        options=[("Upper town", "N"), ("Lower town", "S")],
        x=200,
        y=555,
        width=100,
        height=20,
    )


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Page:
    return read(tmp_path_factory.mktemp("form") / "permit.pdf", permit)


def test_each_value_is_a_pair_with_its_printed_name(filled: Page) -> None:
    assert pairs(filled) == {
        "Applicant name": "Tobias Quill",
        "Vehicle plate": "QX 71 LMN",
        "Expires on": "",
        "Zone": "Upper town",
    }


def test_values_of_different_fields_share_no_line(filled: Page) -> None:
    lines = {w.text: w.line for w in filled.words}
    assert lines["QX"] == lines["71"] == lines["LMN"]
    assert len({lines["Quill"], lines["QX"], lines["Upper"]}) == 3


def test_a_pair_goes_around_its_field_and_follows_its_line(filled: Page) -> None:
    at = next(n for n, e in enumerate(filled.elements) if e.label == "Vehicle plate")
    assert filled.elements[at - 1].text == "Vehicle plate: QX 71 LMN"
    x0, y0, x1, y1 = filled.elements[at].bbox.as_tuple()
    assert (x0, x1) == pytest.approx((72 / A4[0], 400 / A4[0]), abs=0.01)
    assert (y0, y1) == pytest.approx((1 - 720 / A4[1], 1 - 698 / A4[1]), abs=0.01)
    assert [e.ordinal for e in filled.elements] == list(range(len(filled.elements)))


def test_an_empty_field_is_told_where_others_are_filled(filled: Page) -> None:
    empty = next(e for e in filled.elements if e.label == "Expires on")
    assert (empty.text, [filled.words[i].text for i in empty.words]) == (
        "Expires on: (empty)",
        ["Expires", "on:"],
    )


def test_boxes_are_named_by_the_print_beside_them(filled: Page) -> None:
    found = boxes(filled)
    assert {label: e.value for label, e in found.items()} == {"Resident": "ticked", "Business": "unticked"}
    assert [filled.words[i].text for i in found["Resident"].words] == ["Resident"]


def test_a_form_that_nobody_filled_in_has_no_pairs(tmp_path: Path) -> None:
    def blank(c: Canvas) -> None:
        c.drawString(72, 745, "Applicant name:")
        c.acroForm.textfield(name="applicant", x=200, y=738, width=200, height=22)
        c.drawString(72, 705, "Vehicle plate:")
        c.acroForm.textfield(name="plate", x=200, y=698, width=200, height=22)

    assert pairs(read(tmp_path / "a.pdf", blank)) == {}


def test_a_name_over_its_field_and_lines_of_a_value(tmp_path: Path) -> None:
    def above(c: Canvas) -> None:
        c.drawString(72, 780, "Claim for expenses")
        c.drawString(72, 735, "Reason for the journey")
        c.acroForm.textfield(
            name="Text1",
            value="Fair in Lyon\nand a visit to the mill",
            x=72,
            y=670,
            width=220,
            height=60,
            fieldFlags="multiline",
        )
        c.drawString(330, 735, "Cost centre")
        c.acroForm.textfield(name="Text2", value="4471", x=330, y=708, width=100, height=22)

    assert pairs(read(tmp_path / "a.pdf", above)) == {
        "Reason for the journey": "Fair in Lyon and a visit to the mill",
        "Cost centre": "4471",
    }


def test_a_field_without_a_printed_name_is_called_what_the_file_calls_it(tmp_path: Path) -> None:
    def bare(c: Canvas) -> None:
        c.drawString(72, 780, "Claim for expenses")
        c.acroForm.textfield(name="x1", tooltip="Claimant", value="Ada Moss", x=72, y=600, width=220, height=20)

    assert pairs(read(tmp_path / "a.pdf", bare)) == {"Claimant": "Ada Moss"}


def test_radio_buttons_are_the_options_of_their_group(tmp_path: Path) -> None:
    def paying(c: Canvas) -> None:
        c.drawString(72, 780, "Membership")
        for x, value, label in ((72, "cash", "Cash"), (172, "card", "Card"), (272, "bank", "Bank transfer")):
            c.acroForm.radio(
                name="payment",
                tooltip="Payment method",
                value=value,
                selected=value == "card",
                x=x,
                y=700,
                size=14,
            )
            c.drawString(x + 20, 703, label)

    page = read(tmp_path / "a.pdf", paying)
    assert {label: e.value for label, e in boxes(page).items()} == {
        "Cash": "unticked",
        "Card": "ticked",
        "Bank transfer": "unticked",
    }
    assert pairs(page) == {}
