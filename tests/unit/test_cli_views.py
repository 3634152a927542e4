"""What a person sees of an answer: in a pipe, on a terminal, and of hostile text."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from types import MappingProxyType

import pytest
from rich.console import Console

from mmrag.cli import terminal
from mmrag.cli.answer_rich import print_answer
from mmrag.cli.answer_view import cost_line, plain_lines
from mmrag.domain.answers import (
    Abstention,
    AbstentionReason,
    Answer,
    Citation,
    CitedClaim,
    VerdictKind,
    VerifyMethod,
)
from mmrag.domain.costs import Bill, Cost
from mmrag.domain.documents import Element, ElementKind
from mmrag.domain.evidence import Hit, Leg
from mmrag.domain.geometry import BBox

CITATION = Citation(
    document="receipts/r-12.jpg",
    sha256="a" * 64,
    page=1,
    bbox=BBox(0.61, 0.72, 0.80, 0.74),
    element="el-1",
    quote="46.65",
    ocr_confidence=0.984,
)
CLAIM = CitedClaim(text="46.65", verdict=VerdictKind.SUPPORTED, method=VerifyMethod.VALUE, citations=(CITATION,))
HIT = Hit(
    element=Element(
        id="el-1",
        document_id="doc-1",
        page=1,
        ordinal=0,
        kind=ElementKind.KEY_VALUE,
        bbox=BBox(0.1, 0.7, 0.9, 0.75),
        text="TOTAL  46.65",
    ),
    document="receipts/r-12.jpg",
    sha256="a" * 64,
    score=0.71,
    legs=MappingProxyType({Leg.LEXICAL: 1}),
)
ANSWER = Answer(
    question="total?",
    answer="46.65",
    abstention=None,
    confidence=0.93,
    claims=(CLAIM,),
    evidence=(HIT,),
    tier="reader",
    tiers_tried=("reader",),
    trace="t-1",
    timings_ms=MappingProxyType({"plan": 1.2, "total": 60.4}),
)
REFUSAL = replace(
    ANSWER,
    answer=None,
    abstention=Abstention(reason=AbstentionReason.NO_EVIDENCE, detail="No page names that shop."),
    claims=(),
)
EVIL = "\x1b]0;owned\x07[red]boo[/red]\u202e\n<b>x</b>"


def on_terminal(answer: Answer, width: int = 100, colour: bool = False) -> str:
    out = io.StringIO()
    print_answer(
        answer,
        Console(
            file=out,
            width=width,
            force_terminal=colour,
            color_system="standard" if colour else None,
            highlight=False,
            markup=False,
            emoji=False,
        ),
    )
    return out.getvalue()


def test_a_pipe_gets_the_answer_first_and_columns_that_line_up() -> None:
    lines = list(plain_lines(ANSWER))
    assert lines[0] == "46.65"
    head, row = next((a, b) for a, b in pairwise(lines) if a.startswith("verdict"))
    assert row.split() == ["supported", "receipts/r-12.jpg", "1", "46.65", "0.98", "0.610,0.720,0.800,0.740"]
    assert [head.index(word) for word in ("document", "page", "quote")] == [
        row.index("receipts/"),
        row.index(" 1 ") + 1,
        row.index("46.65"),
    ]


def test_a_claim_that_says_more_than_its_quote_has_a_column() -> None:
    longer = replace(ANSWER, claims=(replace(CLAIM, text="The total is 46.65"),))
    assert any(line.startswith("claim") for line in plain_lines(longer))
    assert "The total is 46.65" in on_terminal(longer, width=140)
    assert not any(line.startswith("claim") for line in plain_lines(ANSWER))


def test_a_refusal_shows_its_reason_and_the_nearest_evidence() -> None:
    text = "\n".join(plain_lines(REFUSAL))
    assert "No answer (no_evidence): No page names that shop." in text
    assert "receipts/r-12.jpg  page 1  TOTAL 46.65" in text
    seen = on_terminal(REFUSAL)
    assert all(
        part in seen for part in ("no answer: no evidence", "No page names that shop.", "nearest evidence", "TOTAL 46.65")
    )


def test_a_terminal_shows_everything_that_matters() -> None:
    seen = on_terminal(ANSWER)
    parts = (
        "46.65",
        "confidence 0.93",
        "reader",
        "supported",
        "receipts/r-12.jpg",
        "0.98",
        "0.610,0.720,0.800,0.740",
        "$0.00",
    )
    assert all(part in seen for part in parts)
    assert "\x1b[" not in seen


def test_verdicts_are_coloured_where_colours_are() -> None:
    assert "\x1b[32msupported" in on_terminal(ANSWER, colour=True)
    doubted = replace(ANSWER, claims=(replace(CLAIM, verdict=VerdictKind.CONTRADICTED),))
    assert "\x1b[1;31mcontradicted" in on_terminal(doubted, colour=True)


def test_text_of_documents_is_never_a_command_to_the_terminal_nor_markup() -> None:
    evil = replace(
        ANSWER,
        answer=EVIL,
        claims=(replace(CLAIM, text=EVIL, citations=(replace(CITATION, document=EVIL, quote=EVIL),)),),
        evidence=(replace(HIT, document=EVIL),),
    )
    refused = replace(evil, answer=None, abstention=Abstention(reason=AbstentionReason.UNSUPPORTED, detail=EVIL))
    for answer in (evil, refused):
        for seen in (on_terminal(answer, width=200), "\n".join(plain_lines(answer))):
            assert not any(c in seen for c in "\x1b\x07\u202e")
            assert "[red]boo[/red]" in seen


def test_the_answer_keeps_its_lines() -> None:
    assert next(plain_lines(replace(ANSWER, answer="one\ntwo"))) == "one\ntwo"


@pytest.mark.parametrize(
    ("bill", "line"),
    [
        (Bill(), "$0.00 · 0 model calls"),
        (
            Bill(if_all_flagship_usd=Decimal("0.0431")),
            "$0.00 · 0 model calls · all-flagship would have cost ~$0.0431",
        ),
        (
            Bill(cost=Cost(usd=Decimal("0.0123"), unpriced_calls=1), calls=1, cache_hits=2),
            "$0.0123 · 1 model call · 1 of unknown price · 2 from the cache",
        ),
        (Bill(cost=Cost(usd=Decimal("0.000004")), calls=2), "$0.000004 · 2 model calls"),
    ],
)
def test_the_cost_line_tells_unknown_from_free(bill: Bill, line: str) -> None:
    assert cost_line(bill) == line


def test_json_is_one_document_even_with_names_that_are_not_unicode(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    terminal.emit_json({"document": "bad-\udcff.pdf", "quote": "é"})
    assert json.loads(capfdbinary.readouterr().out) == {"document": "bad-\udcff.pdf", "quote": "é"}
    terminal.emit_json({"quote": "é"})
    assert "é".encode() in capfdbinary.readouterr().out
