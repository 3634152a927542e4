"""A tier in the settings is enough: it is asked, its answer is verified on the page, and its calls are in the ledger."""

from __future__ import annotations

import json
from pathlib import Path

import anyio.to_thread
import pytest
from click.testing import CliRunner
from dialects import DIALECTS, whole
from provider_server import Server, of_json, serving
from store_support import make_document, make_page

import mmrag
from mmrag.adapters.chat.openai_chat import OpenAIChat
from mmrag.adapters.chat.openai_responses import OpenAIResponses
from mmrag.adapters.chat.provider import ProviderModel
from mmrag.adapters.chat.registry import chat_model
from mmrag.api import without_cache
from mmrag.app import open_app
from mmrag.cli.cache import cache
from mmrag.domain.answers import AbstentionReason, Answer
from mmrag.domain.costs import LedgerEntry
from mmrag.errors import ModelMissingError, SettingsError
from mmrag.middleware.streaming import stream
from mmrag.settings import Settings, TierSettings, load_settings

CHAT = next(d for d in DIALECTS if d.name == "openai-chat")


def configured(folder: Path, *tiers: str) -> Settings:
    """Settings read from an ``mmrag.toml`` with these tiers."""
    (folder / "mmrag.toml").write_text("\n".join(f"[[cascade.tiers]]\n{tier}" for tier in tiers))
    return load_settings(store=folder / "store", environ={}, cwd=folder)


async def ask(settings: Settings, question: str) -> tuple[Answer, tuple[LedgerEntry, ...]]:
    async with open_app(settings, write=True) as app:
        assert app.writer is not None
        page = make_page("d1", 1, "ACME HARDWARE", "TOTAL RM 39.80")
        await app.writer.stage_page(page, recipe="r1", vectors=[], values=[])
        await app.writer.publish(make_document("d1", pages=1))
    async with mmrag.open(settings=settings) as session:
        answer = await session.ask(question)
        return answer, await (await session.app()).ledger.entries()


def local(server: Server) -> str:
    return f'name = "local"\nmodel = "openai:small"\nbase_url = "{server.url}/v1"'


async def test_a_tier_of_the_settings_answers_with_a_box_and_a_line_in_the_ledger(tmp_path: Path) -> None:
    drafted = {"answer": "39.80", "citations": [{"element": "E2", "quote": "39.80"}], "confidence": 0.9}
    async with serving() as server:
        server.answers = [whole(CHAT, json.dumps(drafted))]
        answer, entries = await ask(configured(tmp_path, local(server)), "What is the total of ACME HARDWARE?")
        assert "TOTAL RM 39.80" in json.dumps(server.received[0].body)
        assert server.received[0].headers["authorization"] == "Bearer none"
    assert (answer.answer, answer.tier) == ("39.80", "local")
    assert answer.claims[0].citations[0].quote == "39.80"
    (entry,) = entries
    assert (entry.tier, entry.model, entry.usd) == ("local", f"openai:small@{server.url}/v1", None)
    assert (entry.usage.input_tokens, entry.usage.output_tokens, entry.usage.cached_input_tokens) == (11, 5, 3)
    assert (answer.bill.calls, answer.bill.cost.unpriced_calls) == (1, 1)


async def test_the_same_question_again_costs_nothing_until_the_cache_is_cleared(tmp_path: Path) -> None:
    drafted = {"answer": "39.80", "citations": [{"element": "E2", "quote": "39.80"}], "confidence": 0.9}
    question = "What is the total of ACME HARDWARE?"
    async with serving() as server:
        server.answers = [whole(CHAT, json.dumps(drafted))]
        settings = configured(tmp_path, local(server))
        first, _ = await ask(settings, question)
        async with mmrag.open(settings=settings) as session:
            again = await session.ask(question)
        assert len(server.received) == 1
        assert (again.answer, again.claims) == (first.answer, first.claims)
        assert (again.bill.calls, again.bill.cache_hits, again.bill.cost.unpriced_calls) == (0, 1, 0)
        async with mmrag.open(settings=without_cache(settings)) as session:
            await session.ask(question)
        assert len(server.received) == 2

    store = ["--store", str(settings.store.path)]
    ran = [
        await anyio.to_thread.run_sync(CliRunner().invoke, cache, args)
        for args in (["stats", "--json", *store], ["clear", *store], ["stats", *store])
    ]
    stats, cleared, empty = ran
    assert json.loads(stats.output) | {"bytes": 0} == {
        "replies": 1, "bytes": 0, "max_bytes": 200_000_000, "calls": 3, "cache_hits": 1
    }  # fmt: skip
    assert cleared.output == "Dropped 1 replies.\n"
    assert empty.output.startswith("0 replies, 0 of")


async def test_a_tier_that_fails_falls_to_the_next_and_one_without_its_key_says_which(tmp_path: Path) -> None:
    async with serving() as server:
        server.answers = [of_json({"error": {"message": "no such parameter"}}, status=400)]
        settings = configured(
            tmp_path, local(server), 'name = "cheap"\nmodel = "anthropic:claude-haiku-5.5"\napi_key_env = "MMRAG_NO_KEY"'
        )
        answer, entries = await ask(settings, "What is the total of ACME HARDWARE?")
        assert len(server.received) == 1
    assert answer.tiers_tried == ("local", "cheap")
    assert answer.abstention is not None
    assert answer.abstention.reason is AbstentionReason.MODEL_UNAVAILABLE
    assert "set MMRAG_NO_KEY" in answer.abstention.detail
    assert entries == ()


def made(model: str, *, environ: dict[str, str], **tier: str) -> ProviderModel:
    return chat_model(TierSettings(name="t", model=model, **tier), timeout_s=5, environ=environ)


def test_keys_come_from_the_providers_variables_and_never_go_to_another_address() -> None:
    environ = {"OPENAI_API_KEY": "sk-1", "GOOGLE_API_KEY": "g-1", "MINE": "m-1"}
    assert made("openai:gpt-6-luna", environ=environ).endpoint.key == "sk-1"
    assert made("gemini:gemini-3.1-pro", environ=environ).endpoint.key == "g-1"
    assert made("anthropic:claude-haiku-5.5", environ=environ).endpoint.key is None
    assert made("openai:x", environ=environ, base_url="http://h/v1").endpoint.key == ""
    assert made("openai:x", environ=environ, base_url="http://h/v1", api_key_env="MINE").endpoint.key == "m-1"
    assert "sk-1" not in repr(made("openai:gpt-6-luna", environ=environ).endpoint)


def test_the_protocol_follows_the_address_and_what_is_rejected_follows_the_family() -> None:
    environ = {"OPENAI_API_KEY": "sk-1", "ANTHROPIC_API_KEY": "a-1"}
    assert isinstance(made("openai:gpt-6-luna", environ=environ), OpenAIResponses)
    assert isinstance(made("openai:gpt-6-luna", environ=environ, base_url="http://h/v1"), OpenAIChat)
    assert not made("anthropic:claude-sonnet-5.5", environ=environ).endpoint.takes("temperature")
    assert made("openai:qwen2.5:3b", environ=environ, base_url="http://h/v1").endpoint.model == "qwen2.5:3b"
    assert made("openai:qwen", environ=environ, base_url="http://h/v1").endpoint.takes("temperature")


@pytest.mark.parametrize("model", ["mystery:m", "openai", "transformers"])
def test_a_provider_that_there_is_none_of_is_a_settings_error(model: str) -> None:
    with pytest.raises(SettingsError, match="Tier t: nothing here can run"):
        made(model, environ={})


@pytest.mark.parametrize(
    ("model", "package", "extra"),
    [
        ("openai:m", "openai", "openai"),
        ("anthropic:m", "anthropic", "anthropic"),
        ("gemini:m", "google", "gemini"),
    ],
)
async def test_a_missing_package_is_named_with_the_line_that_installs_it(
    model: str, package: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mmrag.domain.messages import ChatRequest, Message, Role

    monkeypatch.setitem(__import__("sys").modules, package, None)
    asked = made(model, environ={"K": "k"}, api_key_env="K")
    with pytest.raises(ModelMissingError, match=rf'pip install "mmrag\[{extra}\]"'):
        await anext(stream(asked, ChatRequest(messages=(Message.text(Role.USER, "hi"),))))
