"""The model files of installed packages: found, weighed, and their bytes compared."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from mmrag.cli import inventory
from mmrag.cli.inventory import DigestState, image_models, model_files
from mmrag.cli.main import run
from mmrag.settings import ModelSettings


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


def test_the_compact_image_models_may_be_missing_and_are_held_to_their_digests(tmp_path: Path) -> None:
    settings = ModelSettings(cache_dir=tmp_path / "cache")
    missing = image_models(settings, weights=tmp_path)
    assert [(file.role, file.state, file.optional) for file in missing] == [
        ("image vectors", DigestState.MISSING, True),
        ("captions", DigestState.MISSING, True),
    ]
    for part in ("clip", "captioner"):
        (tmp_path / part).mkdir()
        (tmp_path / part / "model.safetensors").write_bytes(part.encode())
    assert {file.state for file in image_models(settings, weights=tmp_path)} == {DigestState.UNKNOWN}
    right = hashlib.sha256(b"clip").hexdigest()
    (tmp_path / "SHA256SUMS").write_text(f"{right}  clip/model.safetensors\n{right}  captioner/model.safetensors\n")
    assert [file.state for file in image_models(settings, weights=tmp_path)] == [DigestState.VERIFIED, DigestState.CHANGED]
    named = image_models(settings.model_copy(update={"profile": "hub"}), weights=tmp_path)
    assert {(file.package, file.state) for file in named} == {("hub", DigestState.MISSING)}
