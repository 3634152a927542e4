"""What a question says of how to answer is no part of what it asks."""

from __future__ import annotations

import pytest

from mmrag.agent.instructions import page_named, without_instructions
from mmrag.agent.plan import make_plan
from mmrag.domain.plans import AnswerType, ConstraintKind


@pytest.mark.parametrize(
    ("text", "asked", "told"),
    [
        ("What was the revenue? Answer in USD millions.", "What was the revenue?", "Answer in USD millions."),
        (
            "Who signed it? Please write a list. Use capitals.",
            "Who signed it?",
            "Please write a list. Use capitals.",
        ),
        ("List all the counties.", "List all the counties.", ""),
        ("What is the total? It is for the shop.", "What is the total? It is for the shop.", ""),
        ("How many went? Give the figure of the 2019 survey.", "How many went? Give the figure of the 2019 survey.", ""),
    ],
)
def test_only_sentences_that_tell_how_are_cut(text: str, asked: str, told: str) -> None:
    assert without_instructions(text) == (asked, told)


def test_quoted_examples_and_units_name_no_document() -> None:
    plan = make_plan('How many pages show an address in the "Mill Survey" report? List them like ["p1", "p2"]')
    assert [c.text for c in plan.constraints if c.kind is ConstraintKind.NAME] == ["Mill Survey"]
    assert "p1" not in plan.asked
    plan = make_plan("What is Northwind's FY2019 total revenue (in USD millions)?")
    told = [c for c in plan.constraints if c.kind is not ConstraintKind.GENRE]
    assert [(c.kind, c.text) for c in told] == [(ConstraintKind.NAME, "Northwind")]


def test_a_list_asked_for_at_the_end_is_a_list() -> None:
    assert make_plan("Which ports were called at? Enumerate them.").answer_type is AnswerType.LIST
    assert make_plan("How many ports were called at? Enumerate them.").answer_type is AnswerType.NUMBER


def test_the_kind_of_thing_that_bears_a_number_is_not_asked_for() -> None:
    assert make_plan("What was the departure time in harbour case HC08CA055?").target == "departure time"


@pytest.mark.parametrize(
    ("text", "page"),
    [
        ("What is the date on page 9?", 9),
        ("Who is named on the first page?", 1),
        ("Who signed on the last page of the document?", -1),
        ("What is the title on the cover?", 1),
        ("What is on the second page?", 2),
        ("How many signatures are on page 15 and page 16?", None),
        ("What is the total on pages 2-4?", None),
        ("What is the page number?", None),
        ("Who wrote the cover letter?", None),
    ],
)
def test_the_page_that_a_question_names(text: str, page: int | None) -> None:
    assert page_named(text) == page


def test_pages_of_a_titled_document_are_looked_for_in_its_question() -> None:
    assert make_plan('In the report "Mill Survey": Who is named on the last page?').on_page == -1
