"""Photographs are gathered from packages: whole ones, ones inside resource files, and things cut out of their ground."""

from __future__ import annotations

import io
import random
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from training.drawing import photos, pictures
from training.photographs import gather


def _noise(seed: int, mode: str) -> Image.Image:
    channels = 4 if mode == "RGBA" else 3
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (150, 200, channels), np.uint8), mode)


def _packed(folder: Path) -> None:
    """A photograph twice, one inside a resource file, a thing, and what is no picture."""
    folder.mkdir()
    _noise(1, "RGB").save(folder / "one.jpg")
    (folder / "again.jpg").write_bytes((folder / "one.jpg").read_bytes())
    inside = io.BytesIO()
    _noise(2, "RGB").save(inside, "WEBP", lossless=True)
    (folder / "game.rcc").write_bytes(b"qres and other bytes" + inside.getvalue() + b"RIFF....WEBP no picture")
    _noise(3, "RGBA").save(folder / "thing.png")
    (folder / "broken.png").write_bytes(b"nothing")


def test_each_picture_is_gathered_once(tmp_path: Path) -> None:
    _packed(tmp_path / "in")
    assert gather(tmp_path / "in", tmp_path / "out") == (2, 1)
    again = sorted(path.name for path in (tmp_path / "out").rglob("*.*"))
    assert gather(tmp_path / "in", tmp_path / "out2") == (2, 1)
    assert sorted(path.name for path in (tmp_path / "out2").rglob("*.*")) == again


def test_gathered_photographs_are_drawn_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _packed(tmp_path / "in")
    gather(tmp_path / "in", tmp_path / "out")
    shape = (64, 48)
    pictures._files.cache_clear()
    monkeypatch.delenv("MMRAG_TRAINING_PHOTOS", raising=False)
    assert pictures.photograph(random.Random(0), shape) is None
    pictures._files.cache_clear()
    monkeypatch.setenv("MMRAG_TRAINING_PHOTOS", str(tmp_path / "out"))
    try:
        assert len(pictures.names()) == 3
        taken = pictures.photograph(random.Random(0), shape)
        assert taken is not None
        assert taken.size == shape
        assert pictures.cut_out(random.Random(0), 40) is not None
        assert {photos.photo(random.Random(seed)).kind for seed in range(3)} == {"photograph"}
    finally:
        pictures._files.cache_clear()
