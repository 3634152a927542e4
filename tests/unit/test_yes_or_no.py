"""A yes or a no is decided by a value that is read, with its box; where none decides it, neither is said."""

from __future__ import annotations

import pytest
from agent_pages import reading
from test_answer_aggregate import cited, keyless

from mmrag.agent.check import check_held, holds
from mmrag.agent.plan import make_plan
from mmrag.domain.answers import Claim, Verdict, VerdictKind, VerifyMethod
from mmrag.domain.checks import Check
from mmrag.domain.plans import AnswerType

INVOICE = reading(
    ["ALPHA TRADING", "Invoice number: 4711", "Invoice date: 12 March 2024", "Customer: Nordlicht GmbH", "Total: 1,234.50"],
    name="invoices/a.pdf",
)
OTHER = reading(
    ["BETA TOOLS", "Invoice number: 4712", "Invoice date: 3 November 2023", "Customer: Heron Marine", "Total: 980.00"],
    name="invoices/b.pdf",
)
LEASE = reading(
    ["Garage lease", "Landlord: Petra Holm", "Monthly rent: 85.00", "Deposit: 170.00", "Paid by: Bank transfer"],
    name="lease.pdf",
)


@pytest.mark.parametrize(
    ("question", "answer", "value"),
    [
        ("Was invoice 4711 issued in 2024?", "Yes", "12 March 2024"),
        ("Was invoice 4712 issued in 2024?", "No", "3 November 2023"),
        ("Is invoice 4711 from March 2024?", "Yes", "12 March 2024"),
        ("Was invoice 4711 issued before 2024?", "No", "12 March 2024"),
        ("Was invoice 4711 issued after 11 March 2024?", "Yes", "12 March 2024"),
        ("Is the total of invoice 4711 more than 2,000?", "No", "1,234.50"),
        ("Is invoice 4712 over 500?", "Yes", "980.00"),
        ("Has invoice 4711 been issued after 1 March 2024?", "Yes", "12 March 2024"),
        ("Is the date of invoice 4711 13 March 2024?", "No", "12 March 2024"),
        ("Is Petra Holm the landlord?", "Yes", "Petra Holm"),
        ("Is the landlord Petra Holm?", "Yes", "Petra Holm"),
        ("Is the landlord Amir Desai?", "No", "Petra Holm"),
        ("Was it paid by bank transfer?", "Yes", "Bank transfer"),
        ("Was it paid in cash?", "No", "Bank transfer"),
        ("Is the deposit higher than the monthly rent?", "Yes", "170.00"),
        ("Is the monthly rent higher than the deposit?", "No", "85.00"),
        ("Was invoice 4712 issued before invoice 4711?", "Yes", "3 November 2023"),
        ("Is invoice 4711 dearer than invoice 4712?", "Yes", "1,234.50"),
    ],
)
async def test_the_value_that_decides_is_cited(question: str, answer: str, value: str) -> None:
    of_lease = any(word in question for word in ("landlord", "deposit", "paid"))
    given = await (await keyless(*((LEASE,) if of_lease else (INVOICE, OTHER)))).ask(question)
    assert given.answer == answer, given.abstention
    assert value in [text for text, _ in cited(given)]
    assert {claim.verdict for claim in given.claims} == {VerdictKind.SUPPORTED}


@pytest.mark.parametrize(
    "question",
    [
        "Does invoice 4711 have a discount?",
        "Was invoice 4999 issued in 2024?",
        "Are there any invoices from 2022?",
        "Were all invoices paid in cash?",
        "Is the customer on invoice 4711 Nordlicht Berlin?",
    ],
)
async def test_neither_is_said_where_nothing_read_decides_it(question: str) -> None:
    given = await (await keyless(INVOICE, OTHER)).ask(question)
    assert given.answer is None


@pytest.mark.parametrize(
    "question",
    ["Is the Family box ticked?", "Is there a garden?", "Was the report revised?", "When was invoice 4711 issued?"],
)
def test_other_questions_are_left_as_they_are(question: str) -> None:
    assert make_plan(question).check is None


def test_part_of_a_name_says_neither() -> None:
    check = Check(asks=make_plan("Who is the landlord?"), name="Petra Holm")
    assert holds(check, "Petra Holm") is True
    assert holds(check, "Amir Desai") is False
    assert holds(check, "Hans Holm") is None


def _verdict(text: str, kind: VerdictKind = VerdictKind.SUPPORTED) -> Verdict:
    return Verdict(claim=Claim(text=text, spans=()), kind=kind, method=VerifyMethod.VALUE, confidence=0.9)


def test_a_wrong_yes_is_contradicted_and_one_without_a_value_falls() -> None:
    check = make_plan("Was invoice 4711 issued in 2024?").check
    assert check is not None
    assert check.asks.answer_type is AnswerType.DATE
    yes = Claim(text="Yes", spans=())
    assert check_held(check, yes, [_verdict("12 March 2024")]).kind is VerdictKind.SUPPORTED
    assert check_held(check, yes, [_verdict("3 November 2023")]).kind is VerdictKind.CONTRADICTED
    assert check_held(check, yes, [_verdict("12 March 2024", VerdictKind.UNSUPPORTED)]).kind is VerdictKind.UNSUPPORTED
    assert check_held(check, yes, []).kind is VerdictKind.UNSUPPORTED
