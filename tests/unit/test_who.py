"""Questions for somebody are answered by a name, and by the one who did it."""

from __future__ import annotations

import pytest
from agent_pages import reading
from agent_world import World

from mmrag.agent.plan import make_plan
from mmrag.agent.premises import broken_premise
from mmrag.agent.reader import ReaderDrafter
from mmrag.agent.tiers import reader_tier
from mmrag.domain.answers import Answer, Claim
from mmrag.domain.plans import AnswerType

FAX = [
    "Wherry Boatyard Ltd",
    "Fax",
    "To: Tamar Chandlers Ltd",
    "Attention: Mr Paul Obi",
    "From: Nell Wherry",
    "Date: 14 March 2019",
]
FORM = ["Allotment renewal", "Name: Edwin Larch", "I agree to the rent of 45.00 pounds.", "Signature:"]


async def ask(question: str, lines: list[str]) -> Answer:
    world = World([reading(lines)])
    world.tiers.append(reader_tier("reader", ReaderDrafter(None)))
    return await (await world.agent()).ask(question)


@pytest.mark.parametrize("question", ["Who issued this fax?", "Which company issued the fax?"])
async def test_the_one_who_gets_a_paper_did_not_issue_it(question: str) -> None:
    assert (await ask(question, FAX)).answer in ("Wherry Boatyard Ltd", "Nell Wherry")


@pytest.mark.parametrize("question", ["Who signed the form?", "For whom is the rent waived?", "To whom is the rent paid?"])
async def test_who_is_not_answered_by_an_amount_or_by_another_field(question: str) -> None:
    assert (await ask(question, FORM)).answer is None


@pytest.mark.parametrize(
    "question", ["Who pays?", "For whom is the fee waived?", "Whose number is it?", "To whom was it sold?"]
)
def test_a_question_for_somebody_asks_for_a_name(question: str) -> None:
    assert make_plan(question).answer_type is AnswerType.NAME


@pytest.mark.parametrize(
    ("said", "names"),
    [
        ("45.00", False),
        ("14 March 2019", False),
        ("19-238, delivery before 2 December", False),
        ("Edwin Larch", True),
        ("7-Eleven", True),
        ("the mayor", True),
        ("members over seventy", True),
    ],
)
def test_what_names_nobody_is_told(said: str, *, names: bool) -> None:
    told = broken_premise(make_plan("Who is it?"), Claim(text=said, spans=()), [reading(FORM).page])
    assert (told is None) is names
