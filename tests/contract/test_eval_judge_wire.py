"""``mmrag eval --judge`` over the wire: the judge is asked once, its calls are in the ledger, and the second run is free."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from pathlib import Path

import anyio.to_thread
import pytest
from dialects import DIALECTS, at, whole
from provider_server import serving
from store_support import make_document, make_page

from mmrag.adapters.catalog.ledger import LEDGER_FILE
from mmrag.app import open_app
from mmrag.cli.main import run
from mmrag.domain.documents import ElementKind
from mmrag.settings import load_settings

CHAT = next(d for d in DIALECTS if d.name == "openai-chat")


async def fill(store: Path) -> str:
    """A store with one receipt; its name."""
    document = make_document("d1", pages=1)
    async with open_app(load_settings(store=store, environ={}), write=True) as app:
        assert app.writer is not None
        page = make_page("d1", 1, "ACME HARDWARE", "TOTAL 39.80")
        pair = replace(page.elements[1], kind=ElementKind.KEY_VALUE, label="TOTAL", value="39.80")
        page = replace(page, elements=(page.elements[0], pair))
        await app.writer.stage_page(page, recipe="r1", vectors=[], values=[])
        await app.writer.publish(document)
    return document.name


async def test_a_tier_judges_what_the_reader_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    store = tmp_path / "store"
    asked = "What is the total of ACME HARDWARE?"
    row = {"id": "q", "file": await fill(store), "page": 1, "bbox": None, "kind": "receipt", "question": asked,
           "corpus_question": asked, "answers": ["39.80"]}  # fmt: skip
    (tmp_path / "q.jsonl").write_text(json.dumps(row), encoding="utf-8")
    async with serving() as server:
        server.answers = [whole(CHAT, json.dumps({"why": "the year differs", "right": False}))]
        tiers = (
            'name = "reader"\nmodel = "reader"',
            f'name = "local"\nmodel = "openai:small"\nbase_url = "{server.url}/v1"',
        )
        (tmp_path / "mmrag.toml").write_text("\n".join(f"[[cascade.tiers]]\n{tier}" for tier in tiers))
        monkeypatch.setenv("MMRAG_CONFIG", str(tmp_path / "mmrag.toml"))
        args = ["eval", str(tmp_path / "q.jsonl"), "--store", str(store), "--tier", "reader", "--judge", "local", "--json"]
        reports = []
        for _ in range(2):
            assert await anyio.to_thread.run_sync(run, args) == 0
            reports.append(json.loads(capsys.readouterr().out))
        assert len(server.received) == 1
        sent = json.dumps(server.received[0].body)
    first, second = (at(r, "judge") for r in reports)
    assert "<accepted>\\n- 39.80\\n</accepted>" in sent
    assert at(first, "overall") == {
        "n": 1, "agreement": 0.0, "kappa": 0.0, "metric_right": 1, "judge_right": 0, "judge_only_right": 0,
        "metric_only_right": 1,
    }  # fmt: skip
    assert at(first, "disagreements", 0, "why") == "the year differs"
    assert (at(first, "cost", "calls"), at(first, "cost", "unpriced_calls"), at(first, "cost", "input_tokens")) == (1, 1, 11)
    assert (at(second, "cost", "calls"), at(second, "cost", "cache_hits")) == (0, 1)
    assert at(reports[0], "overall", "answers", "right") == 1.0
    assert at(reports[0], "overall", "cost", "calls") == 0
    with sqlite3.connect(store / LEDGER_FILE) as books:
        assert "\n".join(books.iterdump()).count("'judge-") == 2
