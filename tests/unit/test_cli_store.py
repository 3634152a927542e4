"""Commands on a small real store: what they print, what they write, what they end with."""

from __future__ import annotations

import asyncio
import importlib.metadata
import json
from pathlib import Path

import pytest
from cli_support import answer_citing, fill, out_json
from filelock import FileLock
from PIL import Image

from mmrag.agent.presenting import to_json
from mmrag.cli.main import run
from mmrag.domain.documents import (
    ElementKind,
)
from mmrag.drawing import CITED, KIND_COLOURS


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("cli") / "store"
    asyncio.run(fill(path, ["receipts/r-1.jpg", "receipts/r-2.jpg", "forms/x1.jpg"]))
    return path


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    "args",
    [["ask", "x?"], ["search", "x"], ["show", "x"], ["index", "verify"], ["costs"], ["ask", "x?", "--json"]],
)
def test_an_empty_store_is_2_and_says_what_to_do(capsys: pytest.CaptureFixture[str], args: list[str]) -> None:
    assert run([*args, "--store", "nowhere"]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert "mmrag ingest" in err
    assert not Path("nowhere").exists()


def test_show_writes_the_page_and_says_what_is_on_it(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["show", "receipts/r-1", "--boxes", "--store", str(store)]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out == [
        "wrote r-1.jpg-page-1.png",
        "receipts/r-1.jpg, page 1 of 1",
        "1 words (ocr, test, mean confidence 0.90)",
        "elements: 1 text",
    ]
    picture = Image.open("r-1.jpg-page-1.png")
    assert picture.width == 300
    assert KIND_COLOURS[ElementKind.TEXT] in {colour for _, colour in picture.getcolors(10**6) or []}


def test_show_draws_a_cited_box_where_it_is_asked_to(store: Path) -> None:
    assert run(["show", "r-1.jpg", "--box", "[0.2, 0.4, 0.6, 0.5]", "-o", "here.png", "--store", str(store)]) == 0
    picture = Image.open("here.png").convert("RGB")
    assert picture.size == (300, 400)
    reds = [(x, y) for x in range(300) for y in range(400) if picture.getpixel((x, y)) == CITED]
    assert 45 <= min(x for x, _ in reds) < 60
    assert 200 < max(y for _, y in reds) <= 215


@pytest.mark.parametrize("saved_as", ["answer", "trace"])
def test_show_draws_what_a_saved_answer_cites(store: Path, saved_as: str) -> None:
    answer = to_json(answer_citing("receipts/r-1.jpg", 0))
    Path("a.json").write_text(json.dumps(answer if saved_as == "answer" else {"id": "t", "stages": [], "answer": answer}))
    assert run(["show", "r-1.jpg", "--question-trace", "a.json", "-o", "here.png", "--store", str(store)]) == 0
    assert Image.open("here.png").convert("RGB").getpixel((60 - 5, 180)) == CITED


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "a.json cannot be read: No such file"),
        ("[1]", "is neither what 'ask --json' prints nor what 'ask --trace' writes"),
        ('{"claims": []}', "a.json cites nothing, and nothing of 'receipts/r-1.jpg' as it is stored."),
    ],
)
def test_show_says_what_is_wrong_with_a_saved_answer(
    store: Path, capsys: pytest.CaptureFixture[str], content: str | None, says: str
) -> None:
    if content is not None:
        Path("a.json").write_text(content)
    assert run(["show", "r-1.jpg", "--question-trace", "a.json", "--store", str(store)]) == 2
    assert says in capsys.readouterr().err


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["receipts"], "2 documents fit 'receipts' ('receipts/r-1.jpg', 'receipts/r-2.jpg'): give more of the name."),
        (["recepts/r-1.jpg"], "did you mean 'receipts/r-1.jpg'"),
        (["zzz"], "No document is called 'zzz'"),
        (["broken"], "'broken.pdf' is in quarantine: It is encrypted."),
        (["r-1.jpg", "--page", "2"], "'receipts/r-1.jpg' has 1 pages; there is no page 2."),
        (["x1.jpg"], "Page 1 has no picture"),
        (["r-1.jpg", "-o", "no/such/folder.png"], "cannot be written: No such file or directory"),
    ],
)
def test_show_says_what_is_wrong(store: Path, capsys: pytest.CaptureFixture[str], args: list[str], says: str) -> None:
    assert run(["show", *args, "--store", str(store)]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert says in err


def test_index_verify_and_rebuild(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["index", "verify", "--store", str(store), "--json"]) == 0
    assert out_json(capsys) == {"in_step": True, "vectors": 3, "missing": 0, "surplus": 0}
    assert run(["index", "rebuild", "--store", str(store)]) == 0
    assert capsys.readouterr().out == "The index has been rebuilt: 3 vectors.\n"


def test_costs_tells_unpriced_calls_from_free_ones(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    total = {
        "usd": "0.012300",
        "unpriced_calls": 1,
        "calls": 2,
        "cache_hits": 0,
        "input_tokens": 200,
        "output_tokens": 10,
        "images": 0,
    }
    assert run(["costs", "--store", str(store), "--json"]) == 0
    found = out_json(capsys)
    assert (found["questions"], found["total"], found["cache_hit_rate"]) == (1, total, "0.0000")
    assert found["models"] == [{"tier": "cheap", "model": "m-1", **total}]
    assert found["by_tier"] == [{"tier": "cheap", **total}]
    assert found["by_model"] == [{"model": "m-1", **total}]
    assert [day["calls"] for day in found["by_day"]] == [2]
    assert found["saved"]["against_all_flagship"]["questions"] == 0
    assert run(["costs", "--by", "tier", "--store", str(store)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "# By tier"
    assert lines[2].split() == ["cheap", "2", "0", "200", "10", "0", "0.012300", "1"]
    assert "# By day" not in lines


def test_search_tells_rank_place_and_legs(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["search", "total 19.80", "-k", "2", "--store", str(store), "--json"]) == 0
    found = out_json(capsys)
    assert found["query"] == "total 19.80"
    hits = found["hits"]
    assert isinstance(hits, list)
    assert [hit["rank"] for hit in hits] == [1, 2]
    first = hits[0]
    assert (first["document"], first["page"], first["bbox"]) == ("receipts/r-2.jpg", 1, [0.2, 0.4, 0.6, 0.5])
    assert first["legs"]["lexical"] == 1
    assert run(["search", "total 19.80", "--store", str(store)]) == 0
    assert capsys.readouterr().out.splitlines()[1].split()[:3] == ["1", "receipts/r-2.jpg", "1"]


def test_doctor_is_content_with_a_good_store(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor", "--store", str(store), "--json"]) == 0
    found = out_json(capsys)
    checks = found["checks"]
    assert found["healthy"] is True
    assert isinstance(checks, list)
    by_name = {check["name"]: check for check in checks}
    assert {"python", "packages", "parts", "sqlite", "model: text vectors", "disk", "memory", "cores", "keys"} <= set(
        by_name
    )
    assert "3 documents, 3 pages, 3 elements, 1 in quarantine" in by_name["store"]["detail"]
    assert by_name["index"]["state"] == "ok"
    assert by_name["lock"]["state"] == "ok"


@pytest.mark.parametrize(
    ("group", "without"),
    [
        ("mmrag.commands", "no 'mmrag ingest'"),
        ("mmrag.ingesters", "no file can be ingested"),
        ("mmrag.originals", "nothing is read again"),
    ],
)
@pytest.mark.parametrize("how", ["missing", "cannot be loaded"])
def test_doctor_notices_a_part_that_the_installation_does_not_have(
    how: str, group: str, without: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in an editable installation that is older than the part: the code is there, and nobody finds it."""
    real = importlib.metadata.entry_points
    broken = [] if how == "missing" else [importlib.metadata.EntryPoint(name="default", value="no_such:x", group=group)]
    monkeypatch.setattr(
        importlib.metadata, "entry_points", lambda **named: broken if named["group"] == group else real(**named)
    )
    assert run(["doctor", "--json"]) == 1
    checks = out_json(capsys)["checks"]
    assert isinstance(checks, list)
    (parts,) = (check for check in checks if check["name"] == "parts")
    assert (parts["state"], parts["required"]) == ("failed", True)
    assert f"{group} {'is missing' if how == 'missing' else how}" in parts["detail"]
    assert without in parts["detail"]
    assert "pip install" in parts["fix"]


def test_doctor_sees_that_someone_is_writing(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with FileLock(store / "write.lock"):
        assert run(["doctor", "--store", str(store)]) == 0
    assert "held: another process is writing" in capsys.readouterr().out


def test_doctor_without_a_store_says_how_to_begin(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor"]) == 0
    assert "Run 'mmrag ingest FOLDER'." in capsys.readouterr().out


def test_doctor_shows_names_of_keys_and_never_values(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-very-secret")
    for args in (["doctor"], ["doctor", "--json"]):
        assert run(args) == 0
        out = capsys.readouterr().out
        assert "ANTHROPIC_API_KEY" in out
        assert "sk-very-secret" not in out


def test_doctor_fails_on_a_damaged_store_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    Path("bad").mkdir()
    Path("bad/catalog.sqlite").write_bytes(b"this is no database" * 100)
    assert run(["doctor", "--store", "bad", "--json"]) == 1
    found = out_json(capsys)
    assert found["healthy"] is False
