"""A tiny training lowers the loss, goes on where it stopped, and writes folders that open again."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModel, AutoProcessor, BlipForConditionalGeneration

from training import blip, clip, models
from training.budget import Plan, rate_at
from training.data import DrawnSet, centred, truth
from training.measure import Clip, as_tensor, caption_scores


@pytest.fixture(autouse=True)
def small_models(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two layers, and one of text."""
    monkeypatch.setattr(models, "LAYERS", 2)
    monkeypatch.setattr(models, "TEXT_LAYERS", 1)


def _losses(run: Path) -> list[float]:
    return [json.loads(line)["loss"] for line in (run / "log.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("loss", ["infonce", "sigmoid"])
def test_training_a_clip_lowers_the_loss(drawn_folder: Path, tmp_path: Path, loss: str) -> None:
    plan = Plan(steps=20, batch=12, rate=2e-3)
    clip.train(drawn_folder, tmp_path, plan, loss, "cpu")
    losses = _losses(tmp_path)
    assert np.mean(losses[-4:]) < 0.93 * np.mean(losses[:2])


def test_a_stopped_training_goes_on_to_the_same_weights(drawn_folder: Path, tmp_path: Path) -> None:
    whole = Plan(steps=5, batch=6)
    straight, _ = clip.train(drawn_folder, tmp_path / "a", whole, "infonce", "cpu")
    # The vocabulary is learned once a run, and the library that learns it breaks ties in no fixed order.
    shutil.copytree(tmp_path / "a" / "tokenizer", tmp_path / "b" / "tokenizer")
    clip.train(drawn_folder, tmp_path / "b", Plan(steps=5, batch=6, stop_after=2), "infonce", "cpu")
    resumed, _ = clip.train(drawn_folder, tmp_path / "b", whole, "infonce", "cpu")
    assert _losses(tmp_path / "a") == _losses(tmp_path / "b")
    for one, other in zip(straight.parameters(), resumed.parameters(), strict=True):
        assert torch.equal(one, other)


def test_the_next_round_begins_with_what_the_last_one_learned(drawn_folder: Path, tmp_path: Path) -> None:
    clip.train(drawn_folder, tmp_path / "first", Plan(steps=16, batch=12, rate=2e-3), "infonce", "cpu")
    # At a rate of nothing the next round stays where it begins.
    still, plan = torch.load(tmp_path / "first" / "checkpoint.pt", weights_only=True), Plan(steps=1, batch=12, rate=0.0)
    learned, _ = clip.train(drawn_folder, tmp_path / "next", plan, "infonce", "cpu", after=tmp_path / "first")
    for name, parameter in learned.named_parameters():
        assert torch.equal(parameter, still["model"][f"clip.{name}"]), name
    assert _losses(tmp_path / "next")[0] < 0.95 * _losses(tmp_path / "first")[0]
    words = [(tmp_path / run / "tokenizer" / "tokenizer.json").read_bytes() for run in ("first", "next")]
    assert words[0] == words[1]


def test_the_finished_clip_is_an_ordinary_folder(drawn_folder: Path, tmp_path: Path) -> None:
    model, tokenizer = clip.train(drawn_folder, tmp_path / "run", Plan(steps=1, batch=4), "infonce", "cpu")
    models.save_clip(model, tokenizer, tmp_path / "out")
    processor = AutoProcessor.from_pretrained(tmp_path / "out")
    opened = AutoModel.from_pretrained(tmp_path / "out", dtype=torch.float32).eval()
    drawn = DrawnSet(drawn_folder)
    picture = drawn.pictures([0])[0][0]
    inputs = processor(text=["a scan of a receipt 12", "größe"], images=picture, return_tensors="pt", padding=True)
    assert inputs["pixel_values"].shape == (1, 3, 192, 192)
    # Every text ends in one end mark: no character, seen or unseen in training, is read as the end.
    assert [row.tolist().count(opened.config.text_config.eos_token_id) for row in inputs["input_ids"]] == [1, 1]
    with torch.no_grad():
        expected = opened(**inputs).image_embeds
    ours = Clip(tmp_path / "out").images([inputs["pixel_values"]])
    assert torch.allclose(ours, expected, atol=1e-5)
    assert (tmp_path / "out" / "model.safetensors").exists()


def test_training_a_captioner_lowers_the_loss_and_it_goes_on_from_a_prefix(drawn_folder: Path, tmp_path: Path) -> None:
    model, tokenizer = clip.train(drawn_folder, tmp_path / "clip", Plan(steps=1, batch=4), "infonce", "cpu")
    models.save_clip(model, tokenizer, tmp_path / "clipout")
    plan = Plan(steps=12, batch=12, rate=2e-3)
    captioner, words = blip.train(drawn_folder, tmp_path / "run", tmp_path / "clipout", plan, "cpu")
    losses = _losses(tmp_path / "run")
    assert np.mean(losses[-3:]) < 0.9 * losses[0]
    blip.train(drawn_folder, tmp_path / "next", tmp_path / "clipout", Plan(steps=1), "cpu", after=tmp_path / "run")
    assert _losses(tmp_path / "next")[0] < 0.9 * losses[0]
    models.save_blip(captioner, words, tmp_path / "out")
    opened = BlipForConditionalGeneration.from_pretrained(tmp_path / "out", dtype=torch.float32).eval()
    processor = AutoProcessor.from_pretrained(tmp_path / "out")
    picture = DrawnSet(drawn_folder).pictures([0])[0][0]
    inputs = processor(images=picture, text="a scan of", return_tensors="pt")
    told = processor.decode(opened.generate(**inputs, max_new_tokens=4)[0], skip_special_tokens=True)
    assert told.startswith("a scan of")


def test_the_vision_tower_of_the_captioner_starts_as_that_of_the_clip(drawn_folder: Path) -> None:
    torch.manual_seed(0)
    drawn = DrawnSet(drawn_folder)
    source = models.new_clip(clip.clip_tokenizer(drawn.captions()))
    target = models.new_blip(blip.blip_tokenizer(drawn.captions()))
    models.vision_from_clip(target, source)
    source.vision_model.pre_layrnorm = torch.nn.Identity()  # the one part that BLIP lacks
    images = centred(drawn.pictures([0, 1]))
    with torch.no_grad():
        theirs = source.vision_model(pixel_values=images).pooler_output
        ours = target.vision_model(pixel_values=images).last_hidden_state[:, 0]
    assert torch.allclose(ours, theirs, atol=1e-4)


def test_matches_are_the_captions_that_are_true(drawn_folder: Path) -> None:
    drawn = DrawnSet(drawn_folder)
    texts = [item.texts[-1] for item in drawn.items[:8]]
    matches = truth(texts, drawn.items[:8])
    assert matches.diagonal().eq(1).all()
    for row, text in enumerate(texts):
        for column, item in enumerate(drawn.items[:8]):
            assert bool(matches[row, column]) == (text.facts <= item.facts)


def test_several_matches_share_the_probability() -> None:
    scores = torch.tensor([[8.0, 8.0, -8.0], [8.0, 8.0, -8.0], [-8.0, -8.0, 8.0]])
    matches = torch.tensor([[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    assert float(clip.contrastive(scores, matches)) == pytest.approx(np.log(2) * 2 / 3, abs=1e-3)
    assert float(clip.pairwise(scores, matches)) < 0.01 < float(clip.pairwise(-scores, matches))


def test_the_rate_rises_and_falls_over_the_budget() -> None:
    plan = Plan(steps=100, rate=1.0, warmup=0.1)
    rates = [rate_at(plan, share / 100) for share in range(101)]
    assert rates[10] == pytest.approx(1.0)
    assert rates[:11] == sorted(rates[:11])
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[10:75] == [1.0] * 65
    assert rates[-1] == pytest.approx(0.005)


def test_perfect_captions_score_full_marks(drawn_folder: Path) -> None:
    items = DrawnSet(drawn_folder).items
    said = [blip.speakable(item)["detailed"][0].text for item in items]
    scores = caption_scores(said, items)
    assert scores["bleu4"] == pytest.approx(100, abs=0.01)
    assert scores["kind"] == scores["chart_type"] == scores["count_within_one"] == 1.0


def test_pixels_are_what_the_processor_makes(drawn_folder: Path, tmp_path: Path) -> None:
    from PIL import Image

    drawn = DrawnSet(drawn_folder)
    models.save_clip(models.new_clip(clip.clip_tokenizer(drawn.captions())), clip.clip_tokenizer(drawn.captions()), tmp_path)
    image = Image.fromarray(drawn.pictures([2])[0][0]).resize((400, 250))
    expected = AutoProcessor.from_pretrained(tmp_path)(images=image, return_tensors="pt")["pixel_values"]
    assert torch.allclose(as_tensor(image), expected, atol=0.01)
