"""What the flags of one question change, and how the session finds what ingests."""

from __future__ import annotations

from pathlib import Path

import pytest

import mmrag
from mmrag import Settings
from mmrag.api import offline, open_session
from mmrag.errors import SettingsError, UsageError
from mmrag.ingester import find_ingester

THREE = Settings.model_validate(
    {
        "cascade": {
            "tiers": [
                {"name": "reader", "model": "reader"},
                {"name": "local", "model": "openai:qwen", "base_url": "http://127.0.0.1:8080/v1"},
                {"name": "cheap", "model": "anthropic:claude"},
            ]
        }
    }
)


def names(settings: Settings) -> list[str]:
    return [tier.name for tier in settings.cascade.tiers]


def test_offline_keeps_this_machine_only() -> None:
    assert names(offline(THREE)) == ["reader", "local"]
    hosted = THREE.model_copy(update={"cascade": THREE.cascade.model_copy(update={"tiers": THREE.cascade.tiers[2:]})})
    with pytest.raises(UsageError, match="leaves no tier to ask"):
        offline(hosted)


@pytest.mark.parametrize(
    ("vectors", "allowed"),
    [
        ("embedded", True),
        ("http://localhost:8000", True),
        ("http://[::1]:8000", True),
        ("http://chroma.example:8000", False),
    ],
)
def test_offline_and_where_the_vectors_are(vectors: str, allowed: bool) -> None:
    settings = Settings.model_validate({"store": {"vectors": vectors}})
    if allowed:
        assert offline(settings).store.vectors == vectors
    else:
        with pytest.raises(UsageError, match="which --offline rules out"):
            offline(settings)


async def test_a_session_opens_nothing_before_it_is_used(tmp_path: Path) -> None:
    async with mmrag.open(tmp_path / "store") as session:
        assert session.settings.store.path == tmp_path / "store"
    assert not (tmp_path / "store").exists()


async def test_given_settings_keep_all_but_the_store(tmp_path: Path) -> None:
    async with open_session(tmp_path / "other", settings=THREE) as session:
        assert names(session.settings) == names(THREE)
        assert session.settings.store.path == tmp_path / "other"


def test_the_ingester_is_found_where_it_is_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    from mmrag_ingest.pipeline import ingest

    assert find_ingester() is ingest
    monkeypatch.setattr("mmrag.ingester.entry_points", lambda group: [])
    with pytest.raises(SettingsError, match="Nothing here can ingest files"):
        find_ingester()
