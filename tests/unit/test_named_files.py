"""A file that the question names is the only one meant."""

from __future__ import annotations

import pytest
from agent_pages import reading
from agent_world import World

from mmrag.agent.plan import make_plan
from mmrag.agent.reader import ReaderDrafter
from mmrag.agent.tiers import reader_tier
from mmrag.domain.answers import Answer
from mmrag.domain.plans import ConstraintKind

BILL = ["Marrow Lane Bakery", "Invoice no. ML-7731", "Date: 4 May 2024", "Total due £18.20"]
NOTE = ["Marrow Lane Bakery", "Delivery note", "Date: 6 May 2024", "Two crates of rolls"]


async def ask(question: str) -> Answer:
    world = World([reading(BILL, name="scans/bill-may.png"), reading(NOTE, name="note (2).jpg")])
    world.tiers.append(reader_tier("reader", ReaderDrafter(None)))
    return await (await world.agent()).ask(question)


@pytest.mark.parametrize(
    ("question", "file", "target"),
    [
        ("What is the invoice number in bill-may.png?", "bill-may.png", "invoice number"),
        ("What is the total on Scans/Bill-May.PNG?", "Scans/Bill-May.PNG", "total"),
        ("According to 'note (2).jpg', what is the date?", "note (2).jpg", "date"),
    ],
)
def test_a_file_is_taken_from_the_question_by_its_whole_name(question: str, file: str, target: str) -> None:
    plan = make_plan(question)
    assert [c.text for c in plan.constraints if c.kind is ConstraintKind.FILE] == [file]
    assert plan.target == target


@pytest.mark.parametrize(
    "question", ["What is the price of the A4.5 paper?", "Is example.com on the letter?", "What did the D.I.Y. shop sell?"]
)
def test_other_words_with_a_dot_are_no_files(question: str) -> None:
    assert not [c for c in make_plan(question).constraints if c.kind is ConstraintKind.FILE]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What is the date in bill-may.png?", "4 May 2024"),
        ("What is the date on scans/BILL-MAY.png?", "4 May 2024"),
        ("What is the date in 'note (2).jpg'?", "6 May 2024"),
        ("What is the invoice number in bill-may.png?", "ML-7731"),
    ],
)
async def test_an_answer_is_read_from_the_file_named(question: str, answer: str) -> None:
    assert (await ask(question)).answer == answer


async def test_what_is_not_in_the_file_is_not_taken_from_another() -> None:
    answer = await ask("What is the invoice number in 'note (2).jpg'?")
    assert answer.answer is None
    assert {hit.document for hit in answer.evidence} == {"note (2).jpg"}


async def test_a_file_that_is_not_there_is_said_to_be_missing() -> None:
    answer = await ask("What is the invoice number in bill-june.png?")
    assert answer.abstention is not None
    assert "called “bill-june.png”" in answer.abstention.detail


def test_two_files_are_the_parts_of_a_comparison() -> None:
    aggregate = make_plan("How many days lie between the dates of bill-may.png and 'note (2).jpg'?").aggregate
    assert aggregate is not None
    assert [part.name for part in aggregate.parts] == ["bill-may.png", "note (2).jpg"]
    assert not any(part.several for part in aggregate.parts)
