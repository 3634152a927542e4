"""The model files of installed packages: found, weighed, and their bytes compared."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mmrag.cli import inventory
from mmrag.cli.inventory import DigestState, model_files
from mmrag.cli.main import run


def test_what_is_installed_has_the_right_bytes() -> None:
    files = model_files()
    assert [(file.role, file.state) for file in files] == [
        ("text vectors", DigestState.VERIFIED),
        ("text detection", DigestState.VERIFIED),
        ("text recognition", DigestState.VERIFIED),
        ("text direction", DigestState.VERIFIED),
    ]
    assert all(file.size > 500_000 and Path(file.file).is_file() for file in files)


def expected(package: str, suffix: str, sha256: str | None = None) -> inventory._Expected:
    return inventory._Expected(model="m", role="r", package=package, suffix=suffix, sha256=sha256)


@pytest.mark.parametrize(
    ("wanted", "state"),
    [
        (expected("no-such-package", ".onnx"), DigestState.MISSING),
        (expected("rapidocr", "no_such_file.onnx"), DigestState.MISSING),
        (expected("rapidocr", "_cls_mobile.onnx", "0" * 64), DigestState.CHANGED),
    ],
)
def test_what_is_wrong_is_said_and_ends_with_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], wanted: inventory._Expected, state: DigestState
) -> None:
    monkeypatch.setattr(inventory, "_EXPECTED", (wanted,))
    assert run(["models", "list", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["models"][0]["state"] == state.value


def test_the_list_for_a_person(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:2] == ["model", "used"]
    assert any("all-MiniLM-L6-v2" in line and "90.9 MB" in line and "verified" in line for line in lines)
