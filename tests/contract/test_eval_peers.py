"""The table of peers: mmrag with a local server over the wire, parsers that are not there, and samples by kind."""

from __future__ import annotations

import json
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from dialects import DIALECTS, whole
from provider_server import serving
from store_support import make_document, make_page

from mmrag.api import open_session
from mmrag.app import open_app
from mmrag.evaluation.questions import Dataset, LabelledQuestion
from mmrag.settings import TierSettings, load_settings

CHAT = next(d for d in DIALECTS if d.name == "openai-chat")


@pytest.fixture(autouse=True)
def _benchmarks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The benchmarks are scripts in a folder, not a package."""
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "benchmarks"))
    monkeypatch.delenv("MMRAG_CONFIG", raising=False)


def question(ident: str, asked: str, answer: str, kind: str, file: str) -> LabelledQuestion:
    return LabelledQuestion(
        id=ident, question=asked, corpus_question=asked, file=file, answers=(answer,), kind=kind, pages=(1,), group=ident
    )


async def test_mmrag_with_a_local_server_is_a_row_beside_the_keyless_one_over_the_same_questions(tmp_path: Path) -> None:
    import peers

    store = tmp_path / "store"
    document = make_document("d1", pages=1)
    async with open_app(load_settings(store=store, environ={}, cwd=tmp_path), write=True) as app:
        assert app.writer is not None
        page = make_page("d1", 1, "ACME HARDWARE", "opened by the mayor in spring")
        await app.writer.stage_page(page, recipe="r1", vectors=[], values=[])
        await app.writer.publish(document)
    asked = "Who opened ACME HARDWARE in spring?"
    dataset = Dataset(
        name="two", folder=str(tmp_path),
        questions=tuple(question(f"q{n}", asked + "?" * n, "the mayor", "form", document.name) for n in range(2)),
    )  # fmt: skip
    drafted = {"answer": "the mayor", "citations": [{"element": "E2", "quote": "the mayor"}], "confidence": 0.9}
    async with serving() as server:
        server.answers = [whole(CHAT, json.dumps(drafted))]
        local = TierSettings(name="local", model="openai:small", base_url=f"{server.url}/v1")
        async with open_session(settings=peers.settings_of(store, local, 30.0)) as session:
            comparison = peers.Comparison(dataset=dataset, app=await session.app(), keep=tmp_path / "kept")
            await peers.add_mmrag(comparison, session, local, 1)
            calls = len(server.received)
            again = peers.Comparison(dataset=dataset, app=await session.app(), keep=tmp_path / "kept")
            await peers.add_mmrag(again, session, local, 1)
        assert len(server.received) == calls >= 1
    rows = {(row[0], row[1]): dict(zip(peers.HEAD, row, strict=True)) for row in comparison.rows}
    assert rows["mmrag keyless", "all"]["n"] == "2"
    assert [rows[name, "all"]["n"] for name in ("mmrag keyless, sample", "mmrag + local")] == ["1", "1"]
    assert rows["mmrag + local", "form"]["right"] == "1.000"
    assert rows["mmrag keyless, sample", "form"]["right"] == "0.000"
    assert "answered: 1 by local; 0 failed; 11 tokens in, 5 out, 1 calls" in comparison.notes[0]
    assert again.rows == comparison.rows


def test_keyless_is_the_reader_alone_whatever_tiers_the_user_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import peers

    toml = tmp_path / "mmrag.toml"
    toml.write_text('[[cascade.tiers]]\nname = "flagship"\nmodel = "anthropic:m"\n[ask]\ntimeout_s = 7', encoding="utf-8")
    monkeypatch.setenv("MMRAG_CONFIG", str(toml))
    settings = peers.settings_of(tmp_path, None, 30.0)
    assert [t.name for t in settings.cascade.tiers] == ["reader"]
    assert settings.ask.timeout_s == 7


@pytest.mark.parametrize("parser", ["docling", "unstructured"])
def test_a_parser_that_is_not_installed_is_named_in_one_line(parser: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import _parsing

    if find_spec(parser) is not None:
        pytest.skip(f"{parser} is installed here")
    monkeypatch.setattr(_parsing, "model_folder", lambda: Path("model"))
    with pytest.raises(_parsing.LeftOut, match=rf"^{parser}: left out, \S+ is not installed$"):
        _parsing.parsed_by(parser, {("a.pdf", 1): "text"}, {}, python=Path(sys.executable))
    with pytest.raises(_parsing.LeftOut, match=rf"^{parser}: left out, FileNotFoundError"):
        _parsing.parsed_by(parser, {}, {}, python=Path("no-such-python"))


def test_a_sample_has_as_many_of_each_kind_spread_evenly() -> None:
    from _measuring import asked_by_kind

    questions = [question(f"{kind}{n}", "?", "x", kind, "a") for kind, count in (("a", 9), ("b", 2)) for n in range(count)]
    assert [q.id for q in asked_by_kind(questions, 3)] == ["a0", "a3", "a6", "b0", "b1"]
    assert asked_by_kind(questions, None) == tuple(questions)


def test_a_parser_s_chunks_come_from_its_own_interpreter_and_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import _parsing
    from _systems import Chunk

    monkeypatch.setattr(_parsing, "model_folder", lambda: Path("model"))
    said = {"version": "docling 9", "how": "as text", "chunks": [["a.pdf", 2, "part"]]}
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\ncat > {tmp_path}/asked\necho chatter\necho '{json.dumps(said)}'\n", encoding="utf-8")
    python.chmod(0o755)
    for interpreter in (python, Path("no-such-python")):
        parsed = _parsing.parsed_by("docling", {("a.pdf", 2): "a part"}, {}, python=interpreter, keep=tmp_path / "kept")
        assert parsed == _parsing.Parsed(
            version="docling 9", how="as text", chunks=(Chunk(document="a.pdf", page=2, text="part"),)
        )
    assert json.loads((tmp_path / "asked").read_text(encoding="utf-8"))["pages"] == [["a.pdf", 2, "a part"]]
    with pytest.raises(_parsing.LeftOut, match="no-such-python"):
        _parsing.parsed_by(
            "docling", {("a.pdf", 2): "other text"}, {}, python=Path("no-such-python"), keep=tmp_path / "kept"
        )
