"""Summaries: printed sentences that lead to their page, found by broad questions, and never in the way of others."""

from __future__ import annotations

from dataclasses import replace

import pytest
from mmrag_ingest.summaries import document_summary, sentences_of, with_summary
from mmrag_ingest.vectors import vectors_of
from store_support import make_document, make_page

from mmrag.agent.claims import split_claims
from mmrag.agent.evidence_words import Places
from mmrag.agent.plan import make_plan
from mmrag.agent.reading.overview import tell_overview
from mmrag.agent.verify import verify
from mmrag.domain.answers import Span, VerdictKind
from mmrag.domain.documents import ElementKind, Page
from mmrag.domain.plans import Constraint, ConstraintKind, Reading
from mmrag.retrieval.broad import is_broad, is_overview
from mmrag.testing import HashEmbedder

LINES = (
    "The survey of the old harbour wall was made in March.",
    "The harbour wall has cracks where the tide reaches the old stones.",
    "Lunch was taken at noon by all.",
    "Repairs of the harbour wall begin in June and end in autumn.",
)


def summarised() -> Page:
    return with_summary(make_page("doc-a", 1, *LINES))


def reading_of(page: Page) -> Reading:
    return Reading(document=make_document("doc-a", pages=1), page=page, match=1.0, relevance=1.0)


def test_a_summary_quotes_printed_sentences_with_their_words() -> None:
    page = summarised()
    summary = page.elements[-1]
    assert summary.kind is ElementKind.SUMMARY
    assert summary.author == "extract-1"
    assert summary.words == ()
    assert [c.text for c in summary.cells] == [LINES[0], LINES[1], LINES[3]]
    for cell in summary.cells:
        assert " ".join(page.words[i].text for i in cell.words) == cell.text
        assert cell.column == 1


def test_summarising_again_changes_nothing() -> None:
    assert with_summary(summarised()) == summarised()


def test_a_page_without_sentences_is_told_by_its_first_lines() -> None:
    page = with_summary(make_page("doc-a", 1, "CORNER SHOP", "12/03/2024", "Total 4.20", "Cash 5.00"))
    assert [c.text for c in page.elements[-1].cells] == ["CORNER SHOP", "12/03/2024", "Total 4.20"]
    empty = make_page("doc-a", 1)
    assert with_summary(empty) == empty


def test_labels_and_broken_sentences_speak_for_nothing() -> None:
    page = with_summary(make_page("doc-a", 1, "FOR MEDIA INQUIRIES ASK:", "Corner Shop", "and so on to the end of it."))
    assert [c.text for c in page.elements[-1].cells] == ["Corner Shop", "and so on to the end of it."]
    lines = ("which the wall in its middle has.", LINES[0], "The wall was then")
    assert [c.text for c in with_summary(make_page("doc-a", 1, *lines)).elements[-1].cells] == [LINES[0]]


def test_what_every_page_repeats_is_in_no_summary_of_the_document() -> None:
    pages = [with_summary(make_page("doc-a", n, "Seagulls sleep in their nests at night.", LINES[n])) for n in (1, 3)]
    summary = document_summary("doc-a", 9, [c for page in pages for c in sentences_of(page)])
    assert summary is not None
    assert [c.text for c in summary.cells] == [LINES[1], LINES[3]]


def test_a_document_is_summarised_from_its_pages() -> None:
    pages = [with_summary(make_page("doc-a", n, *LINES[n - 1 : n + 1])) for n in (1, 2)]
    summary = document_summary("doc-a", 9, [c for page in pages for c in sentences_of(page)])
    assert summary is not None
    assert summary.is_of_document
    assert {c.column for c in summary.cells} == {1, 2}
    assert document_summary("doc-a", 9, []) is None


async def test_a_summary_has_a_vector_and_changes_no_other() -> None:
    embedder = HashEmbedder()
    page = summarised()
    plain = await vectors_of(replace(page, elements=page.elements[:-1]), embedder)
    every = await vectors_of(page, embedder)
    assert every[:-1] == plain
    assert every[-1].element_id == page.elements[-1].id


def test_a_summary_is_no_evidence_but_its_sentences_are() -> None:
    page = summarised()
    reading = reading_of(page)
    cited = Places([reading]).cited(Span(element_id=page.elements[-1].id, words=(0,), quote="The"))
    assert cited == "it cites generated text, which is no evidence"
    draft = tell_overview([reading])
    assert draft is not None
    plan = make_plan("What is this document about?")
    verdicts = verify(plan, split_claims(plan, draft), [reading])
    assert len(verdicts) == 3
    assert {v.kind for v in verdicts} == {VerdictKind.SUPPORTED}
    assert tell_overview([reading_of(make_page("doc-a", 1, *LINES))]) is None


def test_a_summary_that_does_not_show_the_subject_is_no_answer() -> None:
    plan = make_plan("What is the report on the wall in Antarctica about?")
    assert (plan.constraints, plan.subjects) == ((Constraint(kind=ConstraintKind.GENRE, text="report"),), ("Antarctica",))
    assert tell_overview([reading_of(summarised())], plan.subjects) is None
    assert tell_overview([reading_of(summarised())], ("Harbour-Wall",)) is not None


@pytest.mark.parametrize(
    ("question", "broad", "overview"),
    [
        ("What is this report about?", True, True),
        ("Summarise the annual report of the Wren Trust", True, True),
        ("Which document deals with flood insurance?", True, False),
        ("What is the total amount on the receipt from Corner Shop?", False, False),
        ("Which page explains how the pump is cleaned?", True, False),
        ("Which company issued the invoice?", False, False),
        ("What does the chart show for 2020?", False, False),
    ],
)
def test_which_questions_are_broad(question: str, broad: bool, overview: bool) -> None:
    assert (is_broad(question), is_overview(question)) == (broad, overview)
