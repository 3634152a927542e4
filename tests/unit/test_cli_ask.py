"""``mmrag ask`` on a small real store: exit codes, the promised JSON, what it writes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from cli_support import answer_citing, fill, out_json
from PIL import Image

from mmrag.agent.asking import Agent
from mmrag.cli.main import run
from mmrag.domain.answers import (
    Abstention,
    AbstentionReason,
    Answer,
    VerdictKind,
    VerifyMethod,
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("cli") / "store"
    asyncio.run(fill(path, ["receipts/r-1.jpg", "receipts/r-2.jpg", "forms/x1.jpg"]))
    return path


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Callable[[Answer], None]:
    """Makes the agent give the answer that it is told to."""

    def give(answer: Answer) -> None:
        async def ask(_self: Agent, question: str, **_: object) -> Answer:
            return replace(answer, question=question)

        monkeypatch.setattr(Agent, "ask", ask)

    return give


def test_ask_answered_is_0_and_refused_is_4(
    store: Path, answering: Callable[[Answer], None], capsys: pytest.CaptureFixture[str]
) -> None:
    answer = answer_citing("receipts/r-1.jpg", 0)
    answering(answer)
    assert run(["ask", "total?", "--store", str(store)]) == 0
    assert capsys.readouterr().out.splitlines()[0] == "09.80"
    detail = Abstention(reason=AbstentionReason.UNSUPPORTED, detail="The words do not say so.")
    answering(replace(answer, answer=None, abstention=detail, claims=()))
    assert run(["ask", "total?", "--store", str(store)]) == 4
    assert "No answer (unsupported): The words do not say so." in capsys.readouterr().out


def test_ask_saves_each_cited_place_cut_out_and_on_its_page(
    store: Path, answering: Callable[[Answer], None], capsys: pytest.CaptureFixture[str]
) -> None:
    answering(answer_citing("receipts/r-1.jpg", 0))
    assert run(["ask", "total?", "--json", "--save-crops", "crops/here", "--store", str(store)]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["answer"] == "09.80"
    assert sorted(p.name for p in Path("crops/here").iterdir()) == ["1-1-r-1.jpg-page-1-crop.png", "1-1-r-1.jpg-page-1.png"]
    assert err.count("wrote ") == 2
    assert Image.open("crops/here/1-1-r-1.jpg-page-1.png").size == (300, 400)
    assert Image.open("crops/here/1-1-r-1.jpg-page-1-crop.png").size == (132, 56)


def test_ask_says_when_there_is_no_picture_to_cut_from(
    store: Path, answering: Callable[[Answer], None], capsys: pytest.CaptureFixture[str]
) -> None:
    answering(answer_citing("forms/x1.jpg", 2))
    assert run(["ask", "total?", "--save-crops", "crops", "--store", str(store)]) == 0
    assert "no picture of forms/x1.jpg page 1 is stored" in capsys.readouterr().err
    assert not Path("crops").exists()


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["--tier", "flagship"], "There is no tier 'flagship': the settings have reader."),
        (["--trace", "no/such/folder/t.json"], "cannot be written: No such file or directory"),
    ],
)
def test_ask_says_what_is_wrong(store: Path, capsys: pytest.CaptureFixture[str], args: list[str], says: str) -> None:
    assert run(["ask", "What is the total?", *args, "--store", str(store)]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert says in err


def test_ask_follows_the_contract_and_writes_its_trace(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = run(["ask", "What is the total of r-1?", "--json", "--offline", "--trace", "t.json", "--store", str(store)])
    answer = out_json(capsys)
    jsonschema.validate(answer, CONTRACT)
    assert code == (0 if answer["status"] == "answered" else 4)
    trace = json.loads(Path("t.json").read_text())
    assert trace["answer"] == answer
    assert trace["id"] == answer["trace"]


TEXT = {"type": "string"}
COUNT = {"type": "integer", "minimum": 0}
SHARE = {"type": "number", "minimum": 0, "maximum": 1}
MAYBE_USD = {"type": ["string", "null"], "pattern": r"^\d+\.\d+$"}
PLACE = {"page": {"type": "integer", "minimum": 1}, "bbox": {"type": "array", "items": SHARE, "minItems": 4, "maxItems": 4}}


def record(**properties: object) -> dict[str, object]:
    """A JSON object that must have all of these; more are allowed."""
    return {"type": "object", "properties": properties, "required": list(properties)}


CITATION = record(document=TEXT, sha256=TEXT, element=TEXT, quote=TEXT, ocr_confidence=SHARE, **PLACE)
CONTRACT = record(
    question=TEXT,
    status={"enum": ["answered", "abstained"]},
    answer={"type": ["string", "null"]},
    abstention={
        "oneOf": [{"type": "null"}, record(reason={"enum": [r.value for r in AbstentionReason]}, detail=TEXT)],
    },
    confidence=SHARE,
    claims={
        "type": "array",
        "items": record(
            text=TEXT,
            verdict={"enum": [v.value for v in VerdictKind]},
            method={"enum": [m.value for m in VerifyMethod]},
            citations={"type": "array", "items": CITATION},
        ),
    },
    evidence={
        "type": "array",
        "items": record(
            document=TEXT,
            kind=TEXT,
            score={"type": "number"},
            legs=record(text={}, lexical={}, image={}),
            text=TEXT,
            **PLACE,
        ),
    },
    tier=TEXT,
    tiers_tried={"type": "array", "items": TEXT},
    revisions=COUNT,
    flipped={"type": "boolean"},
    cost=record(
        usd={"type": "string", "pattern": r"^\d+\.\d{6}$"},
        unpriced_calls=COUNT,
        calls=COUNT,
        cache_hits=COUNT,
        input_tokens=COUNT,
        output_tokens=COUNT,
        images=COUNT,
        if_all_flagship_usd=MAYBE_USD,
        if_all_cheap_usd=MAYBE_USD,
    ),
    timings_ms=record(**{stage: {"type": "number"} for stage in ("plan", "gather", "draft", "critique", "verify", "total")}),
    trace=TEXT,
)
"""``mmrag ask --json`` as it is promised: fields may be added, none may go."""
