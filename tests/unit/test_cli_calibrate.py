"""``mmrag calibrate`` on a small real store: what it fits, writes, prints and refuses, and that eval says the same."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

import pytest
from agent_pages import reading
from cli_support import out_json

from mmrag.adapters.calibrations import CALIBRATION_FILE, FileCalibrations, shipped_calibration
from mmrag.app import open_app
from mmrag.cli.main import run
from mmrag.domain.calibration import Calibration, Curve, Group, Origin, TierCalibration
from mmrag.domain.documents import Element, ElementKind
from mmrag.domain.plans import Reading
from mmrag.domain.values import FoundValue, Value
from mmrag.errors import StoreDamagedError
from mmrag.settings import load_settings
from mmrag.values import find_values

NAMES = [f"{first} {second}" for first in ("GOLDEN", "SILVER", "COPPER", "MARBLE", "WALNUT", "CEDAR", "AMBER", "VELVET")
         for second in ("BAKERY", "PHARMACY", "HARDWARE", "BOOKSHOP", "FLORIST", "GROCER")]  # fmt: skip


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("calibrate") / "store"
    asyncio.run(_fill(path))
    return path


async def _fill(path: Path) -> None:
    """Receipts whose print is ever harder to read, so that scores differ."""
    async with open_app(load_settings(store=path, environ={}), write=True) as app:
        assert app.writer is not None
        for n, name in enumerate(NAMES):
            lines = [name, f"Date: {1 + n % 28:02d}/03/2021", f"Total Amount: RM{100 + n}.80"]
            page = reading(lines, name=f"r-{n}.jpg", confidence=0.98 - 0.009 * n, kind=ElementKind.KEY_VALUE)
            values = [_found(page, e, v) for e in page.page.elements for v in find_values(e.text)]
            await app.writer.stage_page(page.page, recipe="test", vectors=[], values=values)
            await app.writer.publish(page.document)


def _found(page: Reading, element: Element, value: Value) -> FoundValue:
    return FoundValue(
        document_id=page.document.id,
        page=1,
        element_id=element.id,
        kind=value.kind,
        normals=value.normals,
        text=value.text,
        words=element.words,
    )


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every third true answer of the hardly readable half is another than the printed one."""
    rows = [
        {"id": f"q{n}", "file": f"r-{n}.jpg", "page": 1, "kind": "receipt", "question": "What is the total?", "bbox": None,
         "answers": ["7.77" if n > 24 and n % 3 == 0 else f"{100 + n}.80"],
         "corpus_question": f"What is the total amount on the receipt from {name}?"}
        for n, name in enumerate(NAMES)
    ]  # fmt: skip
    rows.append({"id": "none", "file": None, "page": None, "kind": "receipt", "question": "?", "answers": [], "bbox": None,
                 "corpus_question": "What is the total amount on the receipt from ZEBRA LAUNDRY?"})  # fmt: skip
    file = tmp_path_factory.mktemp("data") / "questions.jsonl"
    file.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return file


def test_a_store_is_calibrated_and_eval_reports_the_same_error(
    store: Path, dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ["--store", str(store)]
    assert run(["calibrate", str(dataset), *where, "--json", "--dry-run"]) == 0
    tried = out_json(capsys)
    assert not (store / CALIBRATION_FILE).exists()

    assert run(["calibrate", str(dataset), *where, "--json", "--report", str(tmp_path / "r")]) == 0
    found = out_json(capsys)
    assert {k: v for k, v in found.items() if k != "made"} == {k: v for k, v in tried.items() if k != "made"}
    (tier,) = found["tiers"]
    assert (tier["tier"], tier["answers"], tier["fitted"]) == ("reader", 48, ["lookup"])
    assert tier["after"]["ece"] < tier["before"]["ece"]
    assert found["questions"] == 49
    assert (tmp_path / "r" / "calibration.png").read_bytes().startswith(b"\x89PNG")
    assert json.loads((tmp_path / "r" / "calibration.json").read_text(encoding="utf-8")) == found

    assert run(["eval", str(dataset), *where, "--json"]) == 0
    measured = out_json(capsys)["overall"]
    assert measured["calibration"]["ece"] == found["in_use"]["ece"]
    assert measured["calibration"]["brier"] == found["in_use"]["brier"]
    assert measured["calibration"]["n"] == found["in_use"]["n"] == measured["counts"]["answered"]

    run(["doctor", "--json", *where])
    checks = out_json(capsys)["checks"]
    assert isinstance(checks, list)
    (told,) = [check["detail"] for check in checks if check["name"] == "calibration"]
    assert f"to 49 questions of {dataset.name}" in told or "to 49 questions of" in told
    assert found["digest"][:12] in told


def test_tables_for_a_person_end_with_what_was_chosen(
    store: Path, dataset: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["calibrate", str(dataset), "--store", str(store), "--dry-run", "--target-risk", "0.5"]) == 0
    out, err = capsys.readouterr()
    assert "ECE before  ECE after" in out
    assert out.splitlines()[-1].startswith("With these thresholds 98% of the questions are answered")
    assert "The store is left as it is." in err


def test_too_few_questions_are_one_line_and_change_nothing(
    store: Path, dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    few = tmp_path / "few.jsonl"
    few.write_text("\n".join(dataset.read_text(encoding="utf-8").splitlines()[:10]), encoding="utf-8")
    before = (store / CALIBRATION_FILE).read_bytes() if (store / CALIBRATION_FILE).exists() else b""
    assert run(["calibrate", str(few), "--store", str(store)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "There are too few answers to calibrate: 10 from the tier that has most, and 30" in err.splitlines()[-1]
    assert ((store / CALIBRATION_FILE).read_bytes() if (store / CALIBRATION_FILE).exists() else b"") == before


async def test_a_calibration_comes_back_as_it_was_written_and_a_damaged_one_is_told(tmp_path: Path) -> None:
    files = FileCalibrations(tmp_path)
    assert await files.read() == shipped_calibration()
    assert await files.digest() is None
    curves = MappingProxyType({Group.LOOKUP: Curve(points=((0.1, 0.2), (0.9, 0.95)))})
    tier = TierCalibration(name="reader", model="reader", curves=curves, accept=0.7, answers=40)
    origin = Origin(made=datetime(2026, 11, 21, tzinfo=UTC), dataset="d", digest="f" * 64, questions=41, target_risk=0.05)
    shipped = shipped_calibration()
    written = Calibration(
        tiers=MappingProxyType({"reader": tier}),
        floors=MappingProxyType(dict.fromkeys(Group, 0.6)),
        readers=shipped.readers,
        models=shipped.models,
        origin=origin,
    )
    await files.write(written)
    assert await files.read() == written
    assert await files.digest() is not None
    assert written.of("reader", None) == tier
    assert written.of("reader", "openai:m") == shipped.models  # the name is the same, what is asked is not
    for damaged in ("{", '{"format": 2}', files.path.read_text(encoding="utf-8").replace("0.95", "0.05")):
        files.path.write_text(damaged, encoding="utf-8")
        with pytest.raises(StoreDamagedError, match="mmrag calibrate"):
            await files.read()


def test_what_ships_is_monotone_and_careful() -> None:
    shipped = shipped_calibration()
    assert shipped.origin is None
    for tier in (shipped.readers, shipped.models):
        for group in Group:
            values = [tier.probability(score / 20, group) for score in range(21)]
            assert values == sorted(values)
    assert shipped.models.probability(1.0, Group.LOOKUP) <= 0.8
    assert shipped.readers.probability(1.0, Group.LOOKUP) < 1.0
