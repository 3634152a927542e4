"""The extractive reader where several values stand in one row, or inside a sentence: which of them is meant."""

from __future__ import annotations

import pytest
from test_reader import page_of, reading

from mmrag.agent.plan import make_plan
from mmrag.agent.reader import ReaderDrafter
from mmrag.agent.reading.lexicon import lexicon
from mmrag.agent.reading.target import understand
from mmrag.agent.reading.text import stem
from mmrag.domain.answers import Draft
from mmrag.domain.documents import Page
from mmrag.domain.plans import AnswerType

YEARS = page_of(
    [(0.5, "2017"), (0.65, "2018"), (0.8, "2019")],
    [(0.05, "Trees planted"), (0.5, "310"), (0.65, "275"), (0.8, "402")],
    [(0.05, "Benches mended"), (0.5, "41"), (0.65, "58"), (0.8, "36")],
)
SENTENCES = page_of(
    [(0.05, "The lease starts on 3 May 2018 and ends after two winters.")],
    [(0.05, "The lodger pays a deposit of €900.00 before moving in.")],
    [(0.05, "In 2018 the house sheltered 37 lodgers in the Green Room.")],
)
FORM = page_of(
    [(0.05, "Berth request"), (0.75, "rev. 11/2019")],
    [],
    [(0.05, "Skipper"), (0.5, "Home port")],
    [(0.05, "Ines Duarte"), (0.5, "Vigo")],
)


async def ask(question: str, page: Page) -> Draft:
    return await ReaderDrafter(None).draft(make_plan(question), [reading(page)])


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("How many trees were planted in 2017?", "310"),
        ("How many trees were planted in 2018?", "275"),
        ("How many benches were mended in 2019?", "36"),
    ],
)
async def test_the_header_that_the_question_names_decides(question: str, answer: str) -> None:
    assert (await ask(question, YEARS)).answer == answer


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("When does the lease start?", "3 May 2018"),
        ("How much is the deposit of the lodger?", "€900.00"),
        ("How many lodgers were sheltered?", "37"),
    ],
)
async def test_a_value_inside_a_sentence(question: str, answer: str) -> None:
    assert (await ask(question, SENTENCES)).answer == answer


async def test_the_name_that_ends_in_what_is_asked() -> None:
    assert (await ask("In which room were the lodgers sheltered?", SENTENCES)).answer == "Green Room"


async def test_a_forms_own_edition_is_no_entry() -> None:
    assert (await ask("What is the home port?", FORM)).answer == "Vigo"
    assert (await ask("What is the berth number?", FORM)).confidence < 0.35


async def test_the_year_asked_for() -> None:
    plot = page_of([(0.3, "Rye overtakes oats")], [(0.3, "in 1994")], [], [(0.1, "1990"), (0.5, "2000")])
    assert (await ask("In which year did rye overtake oats?", plot)).answer == "1994"


async def test_the_time_beside_the_date() -> None:
    slip = page_of([(0.1, "Date 05/06/2019"), (0.7, "17:42")], [(0.1, "Open 8:00 to 18:30")])
    assert (await ask("At what time was the ticket issued?", slip)).answer == "17:42"


def test_a_kind_of_document_names_no_field() -> None:
    asked = understand(make_plan("What promotion code was used on the invoice from Ostrava Tools?"), lexicon())
    assert all(concept.id != "invoice_number" for concept, _ in asked.concepts)
    asked = understand(make_plan("What is the date of the delivery note from Ostrava Tools?"), lexicon())
    assert asked.concept is not None
    assert asked.concept.id == "date"


def test_a_fax_is_asked_of_and_a_fax_number_asked_for() -> None:
    assert make_plan("What is the order total in the fax from Ostrava Tools?").answer_type is AnswerType.AMOUNT
    assert make_plan("What is the fax number of Ostrava Tools?").answer_type is AnswerType.PHONE


@pytest.mark.parametrize(
    ("a", "b"), [("insures", "insure"), ("july", "jul"), ("monthly", "month"), ("replacing", "replace")]
)
def test_forms_of_one_word_meet(a: str, b: str) -> None:
    assert stem(a) == stem(b)
