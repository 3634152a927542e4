"""``mmrag eval`` on a small real store: what it prints, keeps, writes and refuses."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from cli_support import BOX, fill, out_json

from mmrag.cli.main import run

PIXELS = [round(v) for v in BOX.to_pixels(300, 400)]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("eval") / "store"
    asyncio.run(fill(path, ["receipts/r-0.jpg", "receipts/r-1.jpg"]))
    return path


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rows = [
        {"id": f"q{n}", "file": f"receipts/r-{n}.jpg", "page": 1, "question": "What is the total?", "answers": [f"{n}9.80"],
         "corpus_question": f"Which receipt has a total of {n}9.80?", "bbox": PIXELS,
         "page_size": [300, 400], "kind": "receipt"}
        for n in (0, 1, 7)
    ]  # fmt: skip
    rows.append({"id": "none", "file": None, "page": None, "question": "Who is the king?", "answers": [], "kind": "other",
                 "corpus_question": "Who is the king of the moon?", "bbox": None})  # fmt: skip
    file = tmp_path_factory.mktemp("data") / "questions.jsonl"
    file.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return file


def test_a_run_is_printed_kept_and_written(
    store: Path, dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    args = ["eval", str(dataset), "--store", str(store), "--json", "--report", str(tmp_path / "a")]
    assert run([*args, "--fresh"]) == 0
    first = out_json(capsys)
    assert first["overall"]["counts"]["questions"] == 4
    assert first["by_kind"]["other"]["refusal"]["recall"] == 1.0
    assert set(first["overall"]) == {
        "counts", "retrieval", "answers", "numbers", "lists", "vqa", "consistency", "attribution", "refusal", "calibration",
        "verifier", "cost", "latency_ms", "errors", "rates",
    }  # fmt: skip
    assert "1 files of the data set are not in the store" in first["warnings"][0]
    assert json.loads((tmp_path / "a" / "report.json").read_text(encoding="utf-8")) == first
    assert (tmp_path / "a" / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert run(args) == 0
    captured = capsys.readouterr()
    assert "4 questions, 4 of them kept" in captured.err
    assert json.loads(captured.out)["overall"]["latency_ms"] == first["overall"]["latency_ms"]


def test_tables_for_a_person_and_a_comparison(
    store: Path, dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert (
        run(["eval", "run", str(dataset), "--store", str(store), "--report", str(tmp_path / "b"), "--kinds", "receipt"]) == 0
    )
    out = capsys.readouterr().out
    assert "# Finding the document and the page" in out
    assert "strict attributed" in out
    assert run(["eval", "compare", str(tmp_path / "b"), str(tmp_path / "b" / "report.json"), "--json"]) == 0
    compared = out_json(capsys)
    assert (compared["questions"], compared["changed"]) == (3, [])
    assert not any(d["clear"] for d in compared["differences"])


def test_each_question_of_its_own_document(store: Path, dataset: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["eval", str(dataset), "--store", str(store), "--file-mode", "--json"]) == 0
    data = out_json(capsys)
    assert [q["asked"] for q in data["questions"]] == ["What is the total?"] * 2
    assert data["overall"]["retrieval"]["document"]["n"] == 0


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["DATA", "--kinds", "chart"], "The data set has no kind 'chart'; it has other, receipt."),
        (["DATA", "--layout", "x"], "There is no layout 'x'"),
        (["nowhere.jsonl"], "nowhere.jsonl"),
        (["compare", "DATA", "DATA"], "is not a report"),
    ],
)
def test_what_cannot_be_measured_is_one_line_and_2(
    store: Path, dataset: Path, capsys: pytest.CaptureFixture[str], args: list[str], says: str
) -> None:
    given = [str(dataset) if a == "DATA" else a for a in args]
    assert run(["eval", *given, *([] if args[0] == "compare" else ["--store", str(store)])]) == 2
    captured = capsys.readouterr()
    assert says in captured.err
    assert captured.err.count("\n") == 1


def test_the_help_of_the_group_names_both_uses(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["eval", "--help"]) == 0
    assert "Usage: mmrag eval DATASET [OPTIONS] | compare A B" in capsys.readouterr().out
