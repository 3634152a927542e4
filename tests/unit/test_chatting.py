"""Conversations: follow-up questions made whole by rules and by a model, kept, gone on with, and the command."""

from __future__ import annotations

import asyncio
import io
import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cli_support import answer_citing, fill, out_json

from mmrag.adapters.conversations import SqliteConversations
from mmrag.agent.asking import Agent
from mmrag.agent.chatting import open_chat
from mmrag.agent.following import follow
from mmrag.api import open_session
from mmrag.cli.main import run
from mmrag.domain.answers import Abstention, AbstentionReason, Answer
from mmrag.domain.conversations import Followed, Turn
from mmrag.errors import UsageError
from mmrag.testing import FrozenClock, ScriptedModel

RECEIPT = "What is the total amount on the receipt from LIGHTROOM GALLERY dated 20/11/2017?"
SUM = "What is the total of all receipts from BEMED in April?"
REPORT = "What was the revenue in 2013?"


def turn(question: str, *documents: str, document: str | None = None, answer: str | None = "1") -> Turn:
    at = datetime(2026, 11, 1, tzinfo=UTC)
    return Turn(asked=question, understood=question, at=at, documents=documents, document=document, answer=answer)


AFTER_RECEIPT = (turn(RECEIPT, "r1.jpg"),)
AFTER_SUM = (turn(SUM, "a.jpg", "b.jpg"),)
AFTER_REPORT = (turn(REPORT, "report.pdf", document="report.pdf"),)
AFTER_REFUSAL = (turn(RECEIPT, answer=None),)


@pytest.mark.parametrize(
    ("turns", "question", "whole", "document", "sure"),
    [
        (AFTER_RECEIPT, "And the date?", "What is the date?", "r1.jpg", True),
        (AFTER_RECEIPT, "its address", "What is the address?", "r1.jpg", True),
        (AFTER_RECEIPT, "When?", "What is the date?", "r1.jpg", True),
        (AFTER_RECEIPT, "Was it paid in cash?", "Was it paid in cash?", "r1.jpg", True),
        (AFTER_RECEIPT, "Who was the cashier?", "Who was the cashier?", "r1.jpg", False),
        (AFTER_RECEIPT, "And how much change was given?", "How much change was given?", "r1.jpg", True),
        (AFTER_RECEIPT, "What does that receipt say about GST?", "What does that receipt say about GST?", "r1.jpg", True),
        (AFTER_RECEIPT, "What about MIZU MENTAI?", "What is the total amount on the receipt from MIZU MENTAI?", None, True),
        (AFTER_RECEIPT, "and the one dated 20/12/2017?", RECEIPT.replace("20/11/2017", "20/12/2017"), None, True),
        (AFTER_RECEIPT, "What is the total on the receipt from ESJAY FUEL?", None, None, True),
        (AFTER_RECEIPT, "How many receipts are there?", None, None, True),
        (AFTER_SUM, "What about March?", SUM.replace("April", "March"), None, True),
        (AFTER_SUM, "What about June 2017?", SUM.replace("April", "June 2017"), None, True),
        (AFTER_SUM, "And the average?", SUM.replace("total", "average"), None, True),
        (AFTER_SUM, "And LIGHTROOM GALLERY?", SUM.replace("BEMED", "LIGHTROOM GALLERY"), None, True),
        (AFTER_REPORT, "and in 2014?", "What was the revenue in 2014?", "report.pdf", True),
        (
            AFTER_REFUSAL,
            "And the date of it?",
            "What is the date on the receipt from LIGHTROOM GALLERY dated 20/11/2017?",
            None,
            True,
        ),
        ((), "And the date?", None, None, True),
    ],
)
def test_a_follow_up_takes_over_what_it_leaves_out(
    turns: tuple[Turn, ...], question: str, whole: str | None, document: str | None, sure: bool
) -> None:
    assert follow(question, turns) == Followed(question=whole or question, document=document, sure=sure)


def given(question: str, document: str = "r1.jpg") -> Answer:
    answer = answer_citing(document, 3)
    return replace(answer, question=question)


def refused(question: str) -> Answer:
    abstention = Abstention(reason=AbstentionReason.NO_EVIDENCE, detail="nothing is there")
    return replace(answer_citing("r1.jpg", 3), question=question, answer=None, claims=(), abstention=abstention)


@dataclass
class Asked:
    """Answers from ``r1.jpg`` alone; ``silent`` documents answer nothing."""

    silent: frozenset[str] = frozenset()
    calls: list[tuple[str, str | None]] = field(default_factory=list)

    async def __call__(self, question: str, *, document: str | None, told: object = ()) -> Answer:
        self.calls.append((question, document))
        return refused(question) if document in self.silent else given(question)


async def test_a_conversation_is_kept_and_gone_on_with(tmp_path: Path) -> None:
    kept, asks = SqliteConversations(tmp_path / "c.sqlite"), Asked()
    try:
        first = await open_chat(None, asks, kept, FrozenClock())
        await first.ask(RECEIPT)
        again = await open_chat(first.id, asks, SqliteConversations(tmp_path / "c.sqlite"), FrozenClock())
        exchange = await again.ask("and the date?")
        other = await open_chat("other", asks, kept, FrozenClock())
        await other.ask("Who signed?")
        assert (exchange.document, exchange.answer.question, exchange.was_completed) == ("r1.jpg", "What is the date?", True)
        assert [t.asked for t in (await kept.get(first.id) or first.conversation).turns] == [RECEIPT, "and the date?"]
        assert [c.id for c in await kept.latest(5)] == ["other", first.id]
        assert await kept.get("nobody") is None
        assert asks.calls[2] == ("Who signed?", None)
    finally:
        await kept.close()


async def test_what_the_document_at_hand_does_not_answer_is_asked_of_all(tmp_path: Path) -> None:
    asks = Asked(silent=frozenset({"r1.jpg"}))
    kept = SqliteConversations(tmp_path / "c.sqlite")
    chat = await open_chat("a", asks, kept, FrozenClock())
    await chat.ask(RECEIPT)
    exchange = await chat.ask("Who was the cashier?")
    await kept.close()
    assert asks.calls[1:] == [("Who was the cashier?", "r1.jpg"), ("Who was the cashier?", None)]
    assert exchange.document is None


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ('{"question": "Who was the cashier on the receipt from LIGHTROOM GALLERY?"}', None),
        ('{"question": "Who was the cashier on the receipt from SOMEBODY ELSE LTD?"}', "r1.jpg"),
        ("no json", "r1.jpg"),
    ],
)
async def test_a_model_makes_whole_what_rules_are_not_sure_of(tmp_path: Path, said: str, asked: str | None) -> None:
    asks, model = Asked(), ScriptedModel([said])
    kept = SqliteConversations(tmp_path / "c.sqlite")
    chat = await open_chat("a", asks, kept, FrozenClock(), model=model)
    await chat.ask(RECEIPT)
    await chat.ask("Who was the cashier?")
    await kept.close()
    question = json.loads(said)["question"] if asked is None else "Who was the cashier?"
    assert asks.calls[1] == (question, asked)


@pytest.mark.parametrize("name", ["", "../x", "a" * 65, "a b"])
async def test_an_id_is_letters_digits_and_dashes(tmp_path: Path, name: str) -> None:
    kept = SqliteConversations(tmp_path / "c.sqlite")
    if name:
        with pytest.raises(UsageError, match="id of a conversation"):
            await open_chat(name, Asked(), kept, FrozenClock())
    chat = await open_chat("a", Asked(), kept, FrozenClock())
    with pytest.raises(UsageError, match="empty"):
        await chat.ask("  ")
    await kept.close()


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "store"
    asyncio.run(fill(path, ["receipts/r-1.jpg"]))

    async def ask(_self: Agent, question: str, **_: object) -> Answer:
        return given(question, "receipts/r-1.jpg")

    monkeypatch.setattr(Agent, "ask", ask)
    return path


def test_the_command_asks_lists_and_goes_on(
    store: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{RECEIPT}\nand the date?\n\nnever asked\n"))
    assert run(["chat", "--store", str(store)]) == 0
    told = capsys.readouterr()
    assert "understood as: What is the date? (in receipts/r-1.jpg)" in told.err
    assert "never asked" not in told.err
    assert run(["chat", "--list", "--json", "--store", str(store)]) == 0
    (listed,) = out_json(capsys)["conversations"]
    assert (listed["questions"], listed["title"]) == (2, RECEIPT)
    assert run(["chat", "and the address?", "--resume", "last", "--json", "--store", str(store)]) == 0
    exchange = out_json(capsys)
    assert exchange["conversation"] == listed["id"]
    assert exchange["answer"]["question"] == "What is the address?"
    assert run(["chat", "--resume", "nobody", "--store", str(store)]) == 2


async def test_a_session_asks_within_a_conversation(store: Path) -> None:
    async with open_session(store) as session:
        await session.ask(RECEIPT, conversation="mine")
        answer = await session.ask("and the date?", conversation="mine")
        assert answer.question == "What is the date?"
        assert len((await session.chat("mine")).turns) == 2


COMPARED = (turn("Which is higher, the total of invoice A-1 or of invoice A-2?", "two.pdf", "one.pdf", answer="A-2"),)
ONE_BY_ONE = (
    turn("What is the total on the receipt from ALPHA?", "a.jpg"),
    turn("What is the total on the receipt from BETA?", "b.jpg"),
)
OF_A_CHART = (turn("How many bikes were hired in March?", "c.png"), turn("How many bikes were hired in April?", "c.png"))
LISTED = (turn("Which receipts are from April?", "a.jpg", "b.jpg"),)
DATED = (turn("When is the hearing?", "l.pdf", answer="19 June 2024"),)
RANKED = (turn("Which receipt is the oldest?", "a.jpg", "b.jpg"),)
INVOICE = (turn("What is the total of invoice 4711?", "i.pdf"),)


@pytest.mark.parametrize(
    ("turns", "question", "whole", "document"),
    [
        (
            COMPARED,
            "How much more is that?",
            "What is the difference between the total amount of two.pdf and of one.pdf?",
            None,
        ),
        (
            COMPARED,
            "And what do they come to together?",
            "What is the sum of the total amounts of two.pdf and one.pdf?",
            None,
        ),
        (COMPARED, "Which of the two is older?", "Which is older, two.pdf or one.pdf?", None),
        (COMPARED, "Who is the customer of the larger one?", "Who is the customer?", "two.pdf"),
        (COMPARED, "And the customer of the smaller one?", "What is the customer?", "one.pdf"),
        (COMPARED, "What is its date?", "What is the date?", "two.pdf"),
        (ONE_BY_ONE, "Which of the two is higher?", "Which is higher, the total amount of a.jpg or of b.jpg?", None),
        (ONE_BY_ONE, "By how much?", "What is the difference between the total amount of a.jpg and of b.jpg?", None),
        (ONE_BY_ONE, "And their sum?", "What is the sum of the total amounts of a.jpg and b.jpg?", None),
        (OF_A_CHART, "Which of the two is higher?", "How many bikes were hired: which is higher, March or April?", "c.png"),
        (OF_A_CHART, "And the total of the two?", "How many bikes were hired in March and April combined?", "c.png"),
        (LISTED, "How many are there?", "How many receipts are from April?", None),
        (LISTED, "What do they come to?", "What is the sum of the total amounts of a.jpg and b.jpg?", None),
        (DATED, "Is that before July 2024?", "Is the hearing before July 2024?", "l.pdf"),
        (INVOICE, "And invoice 4712?", "What is the total of invoice 4712?", None),
        (INVOICE, "And the number?", "What is the invoice number?", "i.pdf"),
        (INVOICE, "Is that one older than invoice 4712?", "Is i.pdf older than invoice 4712?", None),
        (RANKED, "And the newest?", "Which receipt is the newest?", None),
        (RANKED, "How much was it?", "What is the total amount?", "a.jpg"),
        (INVOICE, "Which is older, this letter or invoice 9?", "Which is older, i.pdf or invoice 9?", None),
        (INVOICE, "By how much?", "By how much?", None),
        (INVOICE, "Which of the two is higher?", "Which of the two is higher?", None),
    ],
)
def test_a_follow_up_about_two_names_them(turns: tuple[Turn, ...], question: str, whole: str, document: str | None) -> None:
    followed = follow(question, turns)
    assert (followed.question, followed.document) == (whole, document)
