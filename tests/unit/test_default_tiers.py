"""Who is asked when the settings name no tiers, and what is said of it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from cli_support import fill, out_json

from mmrag.agent import default_tiers
from mmrag.agent.default_tiers import left_out, with_tiers
from mmrag.api import offline
from mmrag.cli.main import run
from mmrag.middleware.prices import price_list
from mmrag.settings import CascadeSettings, LocalSettings, Settings, TierSettings

LOCAL = LocalSettings(model="openai:qwen", base_url="http://127.0.0.1:8080/v1")


def tiers(settings: Settings, **environ: str) -> list[tuple[str, str]]:
    return [(tier.name, tier.model) for tier in with_tiers(settings, environ=environ).cascade.tiers]


def test_without_any_key_only_the_reader_is_asked() -> None:
    assert tiers(Settings()) == [("reader", "reader")]


def test_reader_then_local_then_cheap_then_flagship_of_the_provider_whose_key_is_there() -> None:
    settings = Settings(cascade=CascadeSettings(local=LOCAL))
    assert tiers(settings, OPENAI_API_KEY="k") == [
        ("reader", "reader"), ("local", "openai:qwen"), ("cheap", "openai:gpt-6-luna"), ("flagship", "openai:gpt-6.2-sol"),
    ]  # fmt: skip
    assert [name for name, _ in tiers(settings)] == ["reader", "local"]
    assert tiers(Settings(), GOOGLE_API_KEY="k")[1][1].startswith("gemini:")
    assert tiers(Settings(), OPENAI_API_KEY="k", ANTHROPIC_API_KEY="k")[1][1].startswith("anthropic:")


def test_tiers_that_are_named_win_and_an_empty_key_is_none() -> None:
    named = Settings(cascade=CascadeSettings(tiers=(TierSettings(name="mine", model="reader"),), local=LOCAL))
    assert tiers(named, OPENAI_API_KEY="k") == [("mine", "reader")]
    assert tiers(Settings(), OPENAI_API_KEY="") == [("reader", "reader")]


def test_a_provider_without_its_package_is_left_out_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(default_tiers, "is_installed", lambda provider: provider != "anthropic")
    environ = {"ANTHROPIC_API_KEY": "k"}
    assert tiers(Settings(), **environ) == [("reader", "reader")]
    assert left_out(Settings(), environ=environ) == ("anthropic",)


def test_every_model_that_is_asked_by_default_has_a_price_today() -> None:
    prices = price_list()
    assert prices.file.read is not None
    for row in prices.file.provider:
        cheap, flagship = (prices.price_of(m, on=prices.file.read) for m in (row.cheap, row.flagship))
        assert cheap is not None
        assert flagship is not None
        assert cheap.input_usd < flagship.input_usd


def test_offline_keeps_only_what_runs_here_whatever_keys_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    kept = offline(Settings(cascade=CascadeSettings(local=LOCAL)))
    assert tiers(kept, OPENAI_API_KEY="k") == [("reader", "reader"), ("local", "openai:qwen")]


def test_models_list_and_doctor_say_who_would_be_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    asyncio.run(fill(tmp_path / "store", ["a.jpg"]))
    run(["models", "list", "--json"])
    found = out_json(capsys)["tiers"]
    assert isinstance(found, list)
    assert [(t["tier"], t["where"], t["usd_per_million_tokens"], t["state"]) for t in found] == [
        ("reader", "this process", "0", "ready"),
        ("cheap", "openai", "0.10/0.50", "ready"),
        ("flagship", "openai", "2/10", "ready"),
    ]
    run(["doctor", "--json", "--store", "store"])
    checks = out_json(capsys)["checks"]
    assert isinstance(checks, list)
    by_name = {check["name"]: check for check in checks}
    assert "hosted ones are sent text and pictures of pages, for at most $0.05 a question" in by_name["tiers"]["detail"]
    assert "keep_local" not in by_name["tiers"]["detail"]
    monkeypatch.setenv("MMRAG_ASK__KEEP_LOCAL", '["people"]')
    run(["doctor", "--json", "--store", "store"])
    again = {check["name"]: check for check in out_json(capsys)["checks"]}  # type: ignore[union-attr]
    assert "no page at all: the compact image models cannot tell what shows people" in again["tiers"]["detail"]
    assert by_name["calibration"]["state"] == "note"
    assert "what ships" in by_name["calibration"]["detail"]
