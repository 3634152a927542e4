"""Lists under a heading: every item with its own words, no more and no fewer; and counts of them."""

from __future__ import annotations

import pytest
from test_reader import Row, ask, page_of, reading

from mmrag.agent.claims import split_claims
from mmrag.agent.gather import looked_for
from mmrag.agent.plan import make_plan
from mmrag.agent.reader import ReaderDrafter
from mmrag.agent.reading.listed import list_asked
from mmrag.agent.verify import verify
from mmrag.domain.answers import VerdictKind
from mmrag.domain.documents import Page

BULLETS = page_of(
    [(0.3, "Aims of the Harbour Plan")],
    [],
    [(0.1, "• Mend the sea wall before")],
    [(0.121, "the winter storms")],
    [(0.1, "• Paint the crane")],
    [(0.121, "Count the gulls")],
    [],
    [],
    [(0.1, "Printed on paper")],
)
NUMBERED = page_of(
    [(0.1, "MEASURES FOR THE QUAY")],
    [(0.1, "The steps taken are :")],
    [(0.1, "1."), (0.16, "New ropes for each boat of the northern quay and of the")],
    [(0.16, "southern one.")],
    [(0.1, "2."), (0.16, "A bell at the gate.")],
    [(0.1, "3."), (0.16, "Lamps along the pier.")],
)
PLAIN = page_of(
    [(0.1, "Appendix B")],
    [(0.1, "Strengths")],
    [(0.1, "Deep water")],
    [(0.1, "Loyal crews (north side)")],
    [(0.1, "Short way to the market")],
    [],
    [],
    [(0.1, "Weaknesses")],
    [(0.1, "Old cranes")],
    [(0.1, "Narrow gate")],
)
COLUMNS = page_of(
    [(0.1, "Jobs in port")],
    [],
    [(0.1, "Deck"), (0.5, "Office and")],
    [(0.5, "Stores")],
    [(0.1, "• Ropes"), (0.5, "• Letters")],
    [(0.1, "• Paint"), (0.5, "• Payroll")],
    [(0.1, "• Sails"), (0.5, "• Tar")],
)
GRID = page_of(
    [(0.3, "Kinds of Cargo")],
    [],
    [(0.1, "Timber"), (0.4, "Wool"), (0.7, "Salt")],
    [],
    [],
    [(0.1, "Grain"), (0.4, "Glass"), (0.7, "Iron")],
)


@pytest.mark.parametrize(
    ("question", "page", "items"),
    [
        (
            "What are the aims of the harbour plan?",
            BULLETS,
            ["Mend the sea wall before the winter storms", "Paint the crane", "Count the gulls"],
        ),
        (
            "Which steps were taken as measures for the quay?",
            NUMBERED,
            [
                "New ropes for each boat of the northern quay and of the southern one",
                "A bell at the gate",
                "Lamps along the pier",
            ],
        ),
        (
            "Which strengths are listed in Appendix B?",
            PLAIN,
            ["Deep water", "Loyal crews (north side)", "Short way to the market"],
        ),
        ('Which jobs are listed under "Deck"?', COLUMNS, ["Ropes", "Paint", "Sails"]),
        ('Which jobs are listed under "Office and Stores"?', COLUMNS, ["Letters", "Payroll", "Tar"]),
        ("What kinds of cargo are shown?", GRID, ["Timber", "Wool", "Salt", "Grain", "Glass", "Iron"]),
    ],
)
async def test_a_list_is_given_whole_and_each_item_is_checked_at_its_place(
    question: str, page: Page, items: list[str]
) -> None:
    plan, here = make_plan(question), reading(page)
    draft = await ReaderDrafter(None).draft(plan, [here])
    claims = split_claims(plan, draft)
    assert [claim.text for claim in claims] == items
    assert draft.answer == "\n".join(items)
    verdicts = verify(plan, claims, [here])
    assert all(v.kind is VerdictKind.SUPPORTED for v in verdicts)
    cited = [index for claim in claims for span in claim.spans for index in span.words]
    assert len(cited) == len(set(cited)), "no word is cited for two items"


@pytest.mark.parametrize(
    ("question", "page", "count"),
    [
        ("How many aims of the harbour plan are listed?", BULLETS, "3"),
        ("How many strengths are listed in Appendix B?", PLAIN, "3"),
        ("How many kinds of cargo are there?", GRID, "6"),
    ],
)
async def test_what_is_listed_is_counted_by_its_items(question: str, page: Page, count: str) -> None:
    plan, here = make_plan(question), reading(page)
    draft = await ReaderDrafter(None).draft(plan, [here])
    assert draft.answer == count
    claims = split_claims(plan, draft)
    assert len(claims) == int(count) + 1
    assert all(v.kind is VerdictKind.SUPPORTED for v in verify(plan, claims, [here]))


async def test_chapters_are_counted_in_the_table_of_contents_where_none_is_missing() -> None:
    rows: list[Row] = [
        [(0.1, "Table of Contents")],
        [(0.1, "Chapter 1: The bay")],
        [(0.1, "Tides 4")],
        [(0.1, "Chapter 2: The town")],
    ]
    whole = page_of(*rows, [(0.1, "Chapter 3: The sea")])
    assert (await ask("How many chapters are listed in the table of contents?", whole)).answer == "3"
    torn = page_of(*rows, [(0.1, "Chapter 4: The sea")])
    assert (await ask("How many chapters are listed in the table of contents?", torn)).answer != "3"


@pytest.mark.parametrize(
    "question",
    [
        "What are the aims of the lighthouse fund?",
        "Which aims are not listed in the harbour plan?",
        'Which jobs are listed under "Engine"?',
    ],
)
async def test_a_list_under_another_heading_is_not_taken(question: str) -> None:
    for page in (BULLETS, COLUMNS):
        draft = await ask(question, page)
        assert not draft.items


async def test_a_list_of_another_length_than_the_question_says_is_less_sure() -> None:
    named = await ask("What are the three aims of the harbour plan?", BULLETS)
    other = await ask("What are the five aims of the harbour plan?", BULLETS)
    assert len(named.items) == len(other.items) == 3
    assert other.confidence < 0.6 < named.confidence


@pytest.mark.parametrize(
    "question",
    [
        "What is the total amount?",
        "What is the status of the plan?",
        "Who is the director?",
        "How many tons of salt were shipped in 2019?",
        "What was the gross profit?",
    ],
)
def test_other_questions_ask_for_no_list(question: str) -> None:
    assert list_asked(question) is None


async def test_the_number_of_one_chapter_counts_no_chapters() -> None:
    page = page_of([(0.1, "Chapter 1")], [(0.1, "The bay is deep")])
    draft = await ask("How many chapters are there?", page)
    assert draft.answer is None or draft.confidence < 0.3


async def test_one_date_is_half_an_answer_where_two_are_asked_for() -> None:
    page = page_of([(0.1, "Order date:"), (0.4, "03/05/2018")], [(0.1, "Keeper:"), (0.4, "Ada Brook")])
    one = await ask("What is the order date?", page)
    two = await ask("What are the order and delivery dates?", page)
    assert one.answer == "03/05/2018"
    assert two.confidence < 0.5 < one.confidence


async def test_the_table_of_contents_is_looked_for_where_chapters_are_counted() -> None:
    plan = looked_for(make_plan("How many chapters does the report have?"))
    assert plan.target.endswith("table of contents")
    assert looked_for(make_plan("How many boats are there?")).target == make_plan("How many boats are there?").target
