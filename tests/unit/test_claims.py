"""Drafts taken apart."""

from __future__ import annotations

import pytest
from agent_pages import plan

from mmrag.agent.claims import split_claims
from mmrag.domain.answers import Draft, Span
from mmrag.domain.plans import AnswerType


def spans(*quotes: str) -> tuple[Span, ...]:
    return tuple(Span(element_id=f"el-{n}", words=(n,), quote=quote) for n, quote in enumerate(quotes))


def draft(answer: str | None, *quotes: str) -> Draft:
    return Draft(answer=answer, spans=spans(*quotes), confidence=0.9, tier="test")


def split(answer_type: AnswerType, answer: str | None, *quotes: str) -> list[tuple[str, list[str]]]:
    claims = split_claims(plan(answer_type), draft(answer, *quotes))
    return [(claim.text, [s.quote for s in claim.spans]) for claim in claims]


def test_no_answer_has_no_claims() -> None:
    assert split(AnswerType.AMOUNT, None) == []
    assert split(AnswerType.AMOUNT, "  ") == []


@pytest.mark.parametrize("answer_type", [AnswerType.AMOUNT, AnswerType.ADDRESS, AnswerType.NAME, AnswerType.YES_NO])
def test_a_look_up_is_one_claim(answer_type: AnswerType) -> None:
    answer = "12 Main St. Springfield; 62701"
    assert split(answer_type, answer, "12 Main St.", "Springfield; 62701") == [
        (answer, ["12 Main St.", "Springfield; 62701"])
    ]


@pytest.mark.parametrize("answer", ["Tea; Coffee", "Tea\nCoffee", "- Tea\n- Coffee", "Tea, Coffee", "• Tea • Coffee"])
def test_a_list_is_one_claim_an_item(answer: str) -> None:
    assert split(AnswerType.LIST, answer, "Tea", "Coffee") == [("Tea", ["Tea"]), ("Coffee", ["Coffee"])]


def test_commas_part_items_only_where_the_spans_say_so() -> None:
    assert split(AnswerType.LIST, "Lee, Kim and Partners", "Lee, Kim and Partners") == [
        ("Lee, Kim and Partners", ["Lee, Kim and Partners"])
    ]


def test_a_free_answer_is_one_claim_a_statement() -> None:
    answer = "The engine failed after 3.5 hours. Mr. Lee of Acme Sdn. Bhd. reported it. No one was hurt!"
    got = split(AnswerType.FREE, answer, "engine failed", "reported by Lee", "no injuries")
    assert [text for text, _ in got] == [
        "The engine failed after 3.5 hours.",
        "Mr. Lee of Acme Sdn. Bhd. reported it.",
        "No one was hurt!",
    ]
    assert got[0][1] == ["engine failed"]
    assert got[1][1] == ["reported by Lee"]


def test_a_statement_that_shares_no_word_leans_on_all_spans() -> None:
    got = split(AnswerType.FREE, "Alpha beta. Gamma delta.", "alpha beta", "something else")
    assert got[1] == ("Gamma delta.", ["alpha beta", "something else"])
