"""Questions taken apart: what is asked, of which kind, and what is said of the document."""

from __future__ import annotations

import pytest

from mmrag.agent.plan import make_plan
from mmrag.domain.plans import AnswerType, ConstraintKind, Plan


def said(plan: Plan, kind: ConstraintKind) -> list[str]:
    return [c.text for c in plan.constraints if c.kind is kind]


@pytest.mark.parametrize(
    ("question", "kind", "target", "names"),
    [
        (
            "What is the total amount on the receipt from HARBOUR LIGHT CAFE dated 12/03/2024?",
            AnswerType.AMOUNT,
            "total amount",
            ["HARBOUR LIGHT CAFE"],
        ),
        ("Which company issued the receipt dated 12/03/2024 with a total of 33.05?", AnswerType.NAME, "company issued", []),
        (
            "What is the registration number of Foley & Hart, LLP?",
            AnswerType.IDENTIFIER,
            "registration number",
            ["Foley & Hart, LLP"],
        ),
        ("Who is the tenant on the contract number TR-9/2022?", AnswerType.NAME, "tenant", []),
        ("How much net debt does the annual report state?", AnswerType.AMOUNT, "much net debt", []),
        ("Which state does the parcel go to?", AnswerType.FREE, "state parcel go", []),
        (
            "On what date does the run of order 33176-1 (Mill Lane Press) end?",
            AnswerType.DATE,
            "date run end",
            ["Mill Lane Press"],
        ),
        ("What street address is on the form of Alex Hellmann?", AnswerType.ADDRESS, "street address", ["Alex Hellmann"]),
        (
            'In the report "Water for Norrland": How many bursts were repaired?',
            AnswerType.NUMBER,
            "many bursts repaired",
            ["Water for Norrland"],
        ),
        (
            "Is the box for urgent ticked on the fax from Calder Boatyard?",
            AnswerType.YES_NO,
            "box urgent ticked",
            ["Calder Boatyard"],
        ),
        (
            "What was the cashier on the receipt from lightroom gallery dated 20/11/2017?",
            AnswerType.NAME,
            "cashier",
            ["lightroom gallery"],
        ),
    ],
)
def test_questions_are_taken_apart(question: str, kind: AnswerType, target: str, names: list[str]) -> None:
    plan = make_plan(question)
    assert plan.answer_type is kind
    assert plan.target == target
    assert said(plan, ConstraintKind.NAME) == names


def test_values_become_constraints_with_their_roles() -> None:
    plan = make_plan("On what date was the receipt from Mill Lane Press with a total of £39.80 issued?")
    (amount,) = [c for c in plan.constraints if c.kind is ConstraintKind.AMOUNT]
    assert amount.normals == ("39.80",)
    assert amount.role == "total"


def test_one_month_first_date_settles_how_the_others_are_written() -> None:
    plan = make_plan("What is the order number of the contract of Mill Lane Press for the flight 05/04/20 to 05/18/20?")
    first, second = (c.normals[0] for c in plan.constraints if c.kind is ConstraintKind.DATE)
    assert (first, second) == ("2020-05-04", "2020-05-18")


def test_a_quoted_description_is_no_name() -> None:
    plan = make_plan('Which photo matches this description: "Two dogs leap into a pool to fetch a yellow toy ."')
    assert said(plan, ConstraintKind.NAME) == []


def test_a_year_is_part_of_what_is_asked() -> None:
    plan = make_plan("How many bursts were repaired in 2021 according to the report from Norrland Water?")
    assert said(plan, ConstraintKind.IDENTIFIER) == []
    assert "2021" in plan.target


def test_a_lead_that_names_the_document_is_no_part_of_what_is_asked() -> None:
    plan = make_plan("In the chart titled 'Boats Sold in Vigo / 2019': What were the sales of Canoes on 3/31/2016?")
    assert plan.lead == "In the chart titled 'Boats Sold in Vigo / 2019':"
    assert plan.asked == "What were the sales of Canoes on 3/31/2016?"
    assert [(c.kind, c.text) for c in plan.constraints if c.kind is not ConstraintKind.GENRE] == [
        (ConstraintKind.NAME, "Boats Sold in Vigo")
    ]


def test_a_question_without_a_lead_is_asked_as_it_stands() -> None:
    question = "What is the total on the receipt from Alder Foods?"
    assert make_plan(question).asked == question


def test_capitals_that_are_asked_for_name_no_document() -> None:
    for role in ("Investigator In Charge (IIC)", "investigator in charge (IIC)"):
        asked = make_plan(f"Who was the {role} of NTSB accident NYC08CA055?")
        assert [c.text for c in asked.constraints if c.kind is ConstraintKind.NAME] == []
    told = make_plan("What was the total on the receipt from Alpha Trading?")
    assert [c.text for c in told.constraints if c.kind is ConstraintKind.NAME] == ["Alpha Trading"]


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("What proportion of cell phone owners send messages?", AnswerType.PERCENT),
        ("Which percentage of mobile users pay by e-mail?", AnswerType.PERCENT),
        ("What is the phone number of the shop?", AnswerType.PHONE),
    ],
)
def test_a_share_of_those_who_have_a_phone_is_no_number_to_call(question: str, kind: AnswerType) -> None:
    assert make_plan(question).answer_type is kind


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("How many ferries a day left for Oslo in 2021?", ["Oslo"]),
        ("What were the receivables of Ferrowell Foundry in 2022?", ["Ferrowell Foundry"]),
        ("Who spoke at Expo 2020?", ["Expo 2020"]),
    ],
)
def test_a_place_and_a_year_are_not_one_name(question: str, names: list[str]) -> None:
    assert [c.text for c in make_plan(question).constraints if c.kind is ConstraintKind.NAME] == names


def test_a_bound_of_what_is_counted_stands_on_no_document() -> None:
    assert not make_plan("How many parts cost more than 1,250.00?").constraints


def test_what_bears_a_code_is_asked_for_and_not_the_code() -> None:
    plan = make_plan("Which product has the SKU KB-4005?")
    assert plan.answer_type is AnswerType.FREE
    assert [c.text for c in plan.constraints] == ["KB-4005"]
