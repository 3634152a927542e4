"""What ``ask.keep_local`` keeps on this machine: no request to a hosted model holds it, whichever stage makes it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import pytest
from agent_pages import reading
from cli_support import answer_citing

from mmrag.agent.chatting import Chat
from mmrag.domain.answers import Answer
from mmrag.domain.conversations import Conversation, Turn
from mmrag.domain.documents import Page, PageRef
from mmrag.domain.messages import ChatRequest, Message, Role
from mmrag.errors import ModelUnavailableError, PageStaysError
from mmrag.middleware.capabilities import capabilities_of, is_own_address
from mmrag.middleware.staying import Keeper, StaysHere
from mmrag.settings import AskSettings, Settings, TierSettings
from mmrag.testing import FrozenClock, MemoryCatalog, ScriptedModel


class Marks:
    """``Topics`` for which the documents named show something medical, and nobody can tell of those in ``unseen``."""

    def __init__(self, *documents: str, unseen: tuple[str, ...] = ()) -> None:
        self._documents = documents
        self._unseen = unseen

    async def shown_on(self, pages: Sequence[Page]) -> tuple[frozenset[str] | None, ...]:
        return tuple(self._of(page.document_id) for page in pages)

    def _of(self, document: str) -> frozenset[str] | None:
        if document in self._unseen:
            return None
        return frozenset({"medical"}) if document in self._documents else frozenset()


# The guard itself


class Catalog(MemoryCatalog):
    async def page(self, ref: PageRef) -> Page | None:
        return replace(reading(["x"]).page, document_id=ref.document_id, number=ref.page)


def page(document: str) -> PageRef:
    return PageRef(document_id=document, page=1)


def request(*pages: str, said: bool = True) -> ChatRequest:
    return ChatRequest(
        messages=(Message.text(Role.USER, "?"),), pages=tuple(map(page, pages)) if said else None, stage="any"
    )


@pytest.mark.parametrize(
    ("pages", "why"),
    [
        (("plain",), ""),
        ((), ""),
        (("plain", "marked"), "shows medical"),
        (("unseen",), "nothing here can tell"),
    ],
)
async def test_a_request_says_which_pages_are_in_it_and_goes_no_further_than_they_may(
    pages: tuple[str, ...], why: str
) -> None:
    model = ScriptedModel(["yes"])
    keeper = Keeper(keep=frozenset({"medical"}), topics=Marks("marked", unseen=("unseen",)), catalog=Catalog())
    guarded = StaysHere(model, tier="far", keeper=keeper)
    if not why:
        assert (await guarded.reply(request(*pages))).text == "yes"
        return
    with pytest.raises(PageStaysError, match=f"not sent to far: .*{why}.*ask.keep_local"):
        await guarded.reply(request(*pages))
    assert model.requests == []


async def test_a_caller_that_does_not_say_which_pages_it_shows_is_refused_and_one_without_the_setting_is_not() -> None:
    model = ScriptedModel(["yes"])
    keeper = Keeper(keep=frozenset({"medical"}), topics=Marks(), catalog=Catalog())
    with pytest.raises(PageStaysError, match="nobody has said"):
        await StaysHere(model, tier="far", keeper=keeper).reply(request(said=False))
    nobody = Keeper(keep=frozenset(), topics=None, catalog=Catalog())
    assert (await StaysHere(model, tier="far", keeper=nobody).reply(request(said=False))).text == "yes"


async def test_without_anybody_who_can_tell_every_page_stays_and_a_request_of_none_goes() -> None:
    keeper = Keeper(keep=frozenset({"people"}), topics=None, catalog=Catalog())
    guarded = StaysHere(ScriptedModel(["yes"]), tier="far", keeper=keeper)
    with pytest.raises(PageStaysError):
        await guarded.reply(request("plain"))
    assert (await guarded.reply(request())).text == "yes"


async def test_pages_that_a_question_was_put_together_from_are_in_each_of_its_requests() -> None:
    keeper = Keeper(keep=frozenset({"medical"}), topics=Marks("marked"), catalog=Catalog())
    for told in ((page("marked"),), None):
        with pytest.raises(PageStaysError):
            await StaysHere(ScriptedModel([]), tier="far", keeper=keeper, told=told).reply(request("plain"))


@pytest.mark.parametrize(
    ("url", "own"),
    [
        ("http://127.0.0.1:8080/v1", True),
        ("http://localhost/v1", True),
        ("http://[::1]:80", True),
        ("http://192.168.1.7:8000", True),
        ("http://llm:8000/v1", True),
        ("http://gpu.lan/v1", True),
        ("https://api.example.com/v1", False),
        ("http://8.8.8.8/v1", False),
        ("https://localhost.example.com", False),
        ("nonsense", False),
    ],
)
def test_a_compatible_server_is_one_s_own_only_at_an_address_of_one_s_own(url: str, own: bool) -> None:
    assert is_own_address(url) is own
    assert capabilities_of(TierSettings(name="t", model="openai:some-model", base_url=url)).is_hosted is not own


def test_a_tier_can_say_itself_whether_it_is_hosted() -> None:
    far = TierSettings(name="t", model="openai:m", base_url="https://llm.example.com/v1", hosted=False)
    near = TierSettings(name="t", model="openai:m", base_url="http://127.0.0.1/v1", hosted=True)
    assert (capabilities_of(far).is_hosted, capabilities_of(near).is_hosted) == (False, True)


# Conversations


class Kept:
    """``Conversations`` that remember nothing."""

    async def add(self, conversation_id: str, turn: Turn) -> None: ...

    async def get(self, conversation_id: str) -> Conversation | None: ...

    async def latest(self, limit: int) -> tuple[Conversation, ...]:
        return ()


def given(answer: str, *pages: PageRef) -> Answer:
    return replace(answer_citing("r1.jpg", 3), answer=answer, read=pages)


async def test_a_follow_up_is_not_made_whole_by_a_hosted_model_that_would_read_an_answer_from_a_kept_page() -> None:
    keeper = Keeper(keep=frozenset({"medical"}), topics=Marks("marked"), catalog=Catalog())
    for document, asked in (("marked", 0), ("plain", 1)):
        model = ScriptedModel([json.dumps({"question": "What is the address of Jane Doe?"})])

        async def asks(question: str, *, document: str | None, told: object, of: str = document) -> Answer:
            return given("Jane Doe", page(of))

        guarded = StaysHere(model, tier="far", keeper=keeper)
        chat = Chat(Conversation(id="c"), asks, Kept(), FrozenClock(), model=guarded)
        await chat.ask("Who is the patient on the form from CLINIC?")
        await chat.ask("Who was the doctor?")
        assert len(model.requests) == asked


async def test_a_question_that_a_model_made_from_an_answer_goes_no_further_than_that_answer() -> None:
    """Made whole by a local model, it holds words of the answer: its pages go with it, and with the questions after it."""
    told_of: list[tuple[str, tuple[PageRef, ...] | None]] = []

    async def asks(question: str, *, document: str | None, told: tuple[PageRef, ...] | None) -> Answer:
        told_of.append((question, told))
        return given("Jane Doe", page("marked"))

    model = ScriptedModel([json.dumps({"question": "Who was the doctor of Jane Doe?"})])
    chat = Chat(Conversation(id="c"), asks, Kept(), FrozenClock(), model=model)
    await chat.ask("Who is the patient on the form from CLINIC?")
    await chat.ask("Who was the doctor?")
    await chat.ask("And the date?")
    assert told_of[0] == ("Who is the patient on the form from CLINIC?", ())
    assert told_of[1] == ("Who was the doctor of Jane Doe?", (page("marked"),))
    assert told_of[2][1] == (page("marked"),)


async def test_the_pages_of_a_turn_are_kept_and_a_file_of_before_says_that_they_are_not_known(tmp_path: object) -> None:
    import sqlite3
    from datetime import UTC, datetime
    from pathlib import Path

    from mmrag.adapters.conversations import SqliteConversations

    file = Path(str(tmp_path)) / "c.sqlite"
    with sqlite3.connect(file) as old:
        old.execute(
            "CREATE TABLE turn (key INTEGER PRIMARY KEY, conversation TEXT NOT NULL, at TEXT NOT NULL, asked TEXT NOT NULL,"
            " understood TEXT NOT NULL, document TEXT, answer TEXT, reason TEXT, documents TEXT NOT NULL,"
            " trace TEXT NOT NULL) STRICT"
        )
        old.execute("INSERT INTO turn VALUES (1, 'c', '2026-11-01T00:00:00+00:00', 'a', 'a', NULL, '1', NULL, '[]', '')")
    kept = SqliteConversations(file)
    turn = Turn(asked="b", understood="b", at=datetime(2026, 11, 2, tzinfo=UTC), told=(page("x"),), read=(page("y"),))
    await kept.add("c", turn)
    found = await kept.get("c")
    await kept.close()
    assert found is not None
    assert [(t.told, t.read) for t in found.turns] == [(None, None), ((page("x"),), (page("y"),))]


# Models outside of questions


async def test_models_of_the_settings_are_guarded_where_nobody_else_guards_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """The judge of an evaluation does not say which pages an answer is from: with the setting, no hosted one is sent it."""
    from mmrag.app import chat_models
    from mmrag.settings import CacheSettings, CascadeSettings
    from mmrag.testing import MemoryLedger

    monkeypatch.setenv("SOME_KEY", "k")
    told = {"model": "openai:m", "base_url": "http://127.0.0.1:9/v1", "api_key_env": "SOME_KEY"}
    tiers = (TierSettings(name="far", hosted=True, **told), TierSettings(name="near", **told))
    settings = Settings(
        cascade=CascadeSettings(tiers=tiers), cache=CacheSettings(enabled=False), ask=AskSettings(timeout_s=2)
    )
    keeper = Keeper(keep=frozenset({"people"}), topics=None, catalog=Catalog())
    async with chat_models(settings, MemoryLedger(), FrozenClock(), keeper=keeper) as models:
        with pytest.raises(PageStaysError):
            await models["far"].reply(request(said=False))
        with pytest.raises(ModelUnavailableError):  # it was sent: nobody listens there
            await models["near"].reply(request(said=False))
