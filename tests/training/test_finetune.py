"""Adapting a model to one's own images: what is frozen stays, the held-out images stay out, and the table tells both."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from PIL import Image

from training import blip, clip, models
from training.data import DrawnSet
from training.finetune import How, Kind, Pair, Plan, adapt, opened, read_pairs, split


@pytest.fixture
def folders(drawn_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """Untrained models of two layers, and ten pictures with captions."""
    monkeypatch.setattr(models, "LAYERS", 2)
    monkeypatch.setattr(models, "TEXT_LAYERS", 1)
    torch.manual_seed(0)
    drawn = DrawnSet(drawn_folder)
    words = clip.clip_tokenizer(drawn.captions())
    models.save_clip(models.new_clip(words), words, tmp_path / "clip")
    pieces = blip.blip_tokenizer(drawn.captions())
    models.save_blip(models.new_blip(pieces), pieces, tmp_path / "captioner")
    lines = []
    for index in range(10):
        Image.fromarray(drawn.pictures([index])[0][0]).save(tmp_path / f"{index}.png")
        lines.append(json.dumps({"image": f"{index}.png", "caption": drawn.items[index].texts[-1].text}))
    (tmp_path / "own.jsonl").write_text("\n".join(lines))
    return {"clip": tmp_path / "clip", "captioner": tmp_path / "captioner", "data": tmp_path / "own.jsonl"}


@pytest.mark.parametrize("kind", ["clip", "captioner"])
@pytest.mark.parametrize("how", ["frozen", "lora"])
def test_adapting_changes_only_what_is_open(folders: dict[str, Path], tmp_path: Path, kind: Kind, how: How) -> None:
    if how == "lora":
        pytest.importorskip("peft")
    plan = Plan(how=how, steps=2, batch=4)
    rows = adapt(kind, str(folders[kind]), read_pairs(folders["data"]), plan, "cpu", tmp_path / "out")
    assert rows
    assert all(before >= 0 and after >= 0 for _, before, after in rows)
    old, new = (dict(opened(kind, str(folder))[0].named_parameters()) for folder in (folders[kind], tmp_path / "out"))
    changed = {name for name in old if not torch.equal(old[name], new[name])}
    assert changed
    marks = {
        ("clip", "frozen"): ("projection", "logit_scale"),
        ("clip", "lora"): ("q_proj", "v_proj"),
        ("captioner", "frozen"): ("text_decoder",),
        ("captioner", "lora"): ("query", "value"),
    }
    assert all(any(mark in name for mark in marks[kind, how]) for name in changed)


def test_a_captioner_fitted_to_few_pictures_learns_their_captions(folders: dict[str, Path], tmp_path: Path) -> None:
    plan = Plan(how="full", steps=25, batch=8, rate=2e-3)
    rows = {name: (before, after) for name, before, after in adapt(
        "captioner", str(folders["captioner"]), read_pairs(folders["data"]), plan, "cpu", tmp_path / "out"
    )}  # fmt: skip
    before, after = rows["loss"]
    assert after < 0.8 * before


def test_an_image_with_several_captions_is_held_out_with_all_of_them() -> None:
    pairs = [Pair(image=Path(f"{index // 3}.png"), caption=str(index)) for index in range(30)]
    learned, held = split(pairs, 0.3, 1)
    assert len(held) == 9
    assert not {pair.image for pair in learned} & {pair.image for pair in held}


def test_a_line_without_a_caption_is_named(tmp_path: Path) -> None:
    file = tmp_path / "own.jsonl"
    file.write_text('{"image": "a.png", "caption": "x"}\n{"image": "b.png"}\n')
    with pytest.raises(ValueError, match="line 2"):
        read_pairs(file)
    file.write_text('{"image": "a.png", "caption": "x"}\n')
    with pytest.raises(ValueError, match="at least 4"):
        read_pairs(file)
