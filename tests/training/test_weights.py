"""The weights that are shipped: ordinary folders, small, described, and better than chance by far on pictures never seen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open

from training.data import DrawnSet
from training.draw import FIRST_SEED, draw_shard
from training.drawing.captions import NAMES
from training.measure import Clip, batches, caption_all, caption_scores, drawn_kinds

WEIGHTS = Path(__file__).resolve().parents[2] / "src" / "mmrag" / "weights"
pytestmark = pytest.mark.skipif(not (WEIGHTS / "clip").is_dir(), reason="the compact models are not here")


@pytest.fixture(scope="module")
def unseen(tmp_path_factory: pytest.TempPathFactory) -> DrawnSet:
    """100 pictures of the test split."""
    folder = tmp_path_factory.mktemp("unseen")
    draw_shard((folder, FIRST_SEED["test"], 100))
    return DrawnSet(folder)


@pytest.mark.parametrize("name", ["clip", "captioner"])
def test_weights_are_half_precision_in_an_ordinary_folder_with_a_card(name: str) -> None:
    files = {path.name for path in (WEIGHTS / name).iterdir()}
    assert files >= {"config.json", "model.safetensors", "processor_config.json", "tokenizer.json", "MODEL_CARD.md"}
    assert not any(file.endswith((".bin", ".pt", ".pkl")) for file in files)
    with safe_open(WEIGHTS / name / "model.safetensors", framework="pt") as weights:
        kinds = {weights.get_tensor(key).dtype for key in weights.keys()}  # noqa: SIM118 - not a mapping
    assert torch.float16 in kinds
    assert kinds <= {torch.float16, torch.int64}


def test_the_weights_are_small() -> None:
    assert sum(path.stat().st_size for path in WEIGHTS.rglob("*") if path.is_file()) < 32 * 2**20


def test_the_clip_tells_kinds_of_drawn_pages_apart(unseen: DrawnSet) -> None:
    found = drawn_kinds(Clip(WEIGHTS / "clip"), unseen)
    assert found["kind"] > 10 / len(NAMES)
    assert found["chart_type"] > 3 / 11


def test_a_caption_is_found_by_its_words(unseen: DrawnSet) -> None:
    clip = Clip(WEIGHTS / "clip")
    images = clip.images(batches(unseen))
    chosen = [
        index for index, item in enumerate(unseen.items) if item.kind in ("photograph", "pie chart", "slide", "report page")
    ]
    texts = clip.texts([f"a picture of a {unseen.items[index].kind}" for index in chosen])
    best = (texts @ images.T).argmax(dim=1).tolist()
    right = [unseen.items[found].kind == unseen.items[index].kind for found, index in zip(best, chosen, strict=True)]
    assert np.mean(right) > 0.5


def test_the_captioner_names_kinds_of_drawn_pages(unseen: DrawnSet) -> None:
    said = caption_all(WEIGHTS / "captioner", batches(unseen))
    scores = caption_scores(said, unseen.items)
    assert scores["kind"] > 10 / len(NAMES)
    assert scores["bleu4"] > 10
    shown = caption_all(WEIGHTS / "captioner", [next(batches(unseen))[:4]], prefix="it shows")
    assert all(text.startswith("it shows a") for text in shown)
