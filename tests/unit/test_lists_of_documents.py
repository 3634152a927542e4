"""All documents of a kind or a year, a field of each, several told by their numbers, and two told by their months."""

from __future__ import annotations

import pytest
from agent_pages import reading
from test_answer_aggregate import cited, keyless

from mmrag.agent.plan import make_plan
from mmrag.domain.aggregates import Field, Giving
from mmrag.domain.plans import ConstraintKind

PAPERS = (
    reading(
        ["ALPHA", "Invoice number: A-1", "Invoice date: 12 March 2024", "Customer: Nordlicht GmbH", "Total: 310.25"],
        name="invoices/a.pdf",
    ),
    reading(
        ["ALPHA", "Invoice number: A-2", "Invoice date: 3 November 2023", "Customer: Heron Marine", "Total: 980.00"],
        name="invoices/b.pdf",
    ),
    reading(["CORNER DELI", "RECEIPT", "Date: 14/03/2018", "Total: 18.40", "Paid by: Visa"], name="receipts/c.jpg"),
    reading(["CORNER DELI", "RECEIPT", "Date: 11/04/2018", "Total: 22.10", "Paid by: Mastercard"], name="receipts/d.jpg"),
    reading(["Harwick Council", "8 May 2024", "The hearing is postponed."], name="letter.pdf"),
    reading(["Price list", "Soup 6.40", "Cake 4.75"], name="menu.pdf"),
)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (
            "List all documents from 2024",
            "invoices/a.pdf (2024-03-12); letter.pdf (2024-05-08)",
        ),
        ("How many documents are dated 2018?", "2"),
        ("Who are the customers of all invoices?", "Nordlicht GmbH; Heron Marine"),
        ("What are the numbers of all invoices?", "A-1; A-2"),
        ("Who is the customer of the latest invoice?", "Nordlicht GmbH"),
        ("Which customer has the highest invoice?", "Heron Marine"),
        ("What do invoices A-1 and A-2 sum to?", "1290.25"),
        ("Invoices A-1 and A-2: which is larger, and what do they sum to?", "A-2; 1290.25"),
        ("Invoices A-1 and A-2: which is smaller, and what is the difference between them?", "A-1; 669.75"),
        ("Which is higher, the receipt of March or of April?", "April"),
        ("Which is lower, the Corner Deli receipt of March 2018 or that of April 2018?", "March 2018"),
        ("What payment method was used at Corner Deli in March?", "Visa"),
        ("How was the receipt from Corner Deli in April paid?", "Mastercard"),
        ("Which receipts were paid by card?", "receipts/c.jpg (Visa); receipts/d.jpg (Mastercard)"),
        ("How many receipts were paid by Visa?", "1"),
        ("What's the sum of both Corner Deli receipts?", "40.50"),
        ("What is the difference between the two Corner Deli receipts?", "3.70"),
        ("Which invoice was issued first?", "invoices/b.pdf (2023-11-03)"),
        ("List the totals of all invoices", "invoices/a.pdf (310.25); invoices/b.pdf (980.00)"),
        ("Was the latest invoice issued in March 2024?", "Yes"),
        ("Is the total of all invoices more than 2,000?", "No"),
    ],
)
async def test_what_is_worked_out_has_a_box_for_every_part(question: str, answer: str) -> None:
    given = await (await keyless(*PAPERS)).ask(question)
    assert given.answer == answer, given.abstention
    assert cited(given)
    assert all(claim.citations for claim in given.claims)


@pytest.mark.parametrize(
    "question",
    [
        "Which receipts were paid in cash?",
        "Which invoices were returned?",
        "Which is higher, the receipt of May or of June?",
        "List all documents from 1999",
        "Are the totals of invoices A-1 and A-2 equal?",
    ],
)
async def test_one_value_is_no_list(question: str) -> None:
    assert (await (await keyless(*PAPERS)).ask(question)).answer is None


def test_a_field_of_the_first_is_planned() -> None:
    plan = make_plan("Which customer has the highest invoice?")
    assert plan.aggregate is not None
    assert (plan.aggregate.giving, plan.aggregate.field) == (Giving.FIELD, Field.CUSTOMER)


@pytest.mark.parametrize(
    "question",
    [
        "What documents must be handed in to the Office?",
        "How many documents must the applicant bring?",
        "What is the order number of the contract of Mill Lane Press?",
        "What is the number of the invoice from Quarry & Sons?",
    ],
)
def test_what_a_page_says_of_documents_is_looked_up(question: str) -> None:
    assert make_plan(question).aggregate is None


def test_short_numbers_of_documents_are_numbers() -> None:
    told = make_plan("What is the total of invoice INV-2?").constraints
    assert ("INV-2", ConstraintKind.IDENTIFIER) in [(c.text, c.kind) for c in told]
    assert not any(c.kind is ConstraintKind.IDENTIFIER for c in make_plan("What is COVID-19?").constraints)


def test_months_name_no_document() -> None:
    plan = make_plan("How many bikes were hired in total from January to March?")
    assert not any(c.kind is ConstraintKind.NAME for c in plan.constraints)
    told = [c for c in make_plan("How much was paid at Corner Deli in March?").constraints if c.month is None]
    assert [c.text for c in told] == ["Corner Deli"]
