"""The compact models that come with mmrag, for real, on the sample documents."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mmrag.adapters.picture_files import read_picture
from mmrag.adapters.sight import WEIGHTS, Sight, find_sight
from mmrag.retrieval.kinds import own_sorter, page_sorter, sure_kind
from mmrag.settings import ModelSettings

SAMPLES = Path(__file__).parents[2] / "examples" / "samples"
pytestmark = pytest.mark.skipif(
    not all((WEIGHTS / part / "model.safetensors").is_file() for part in ("clip", "captioner")),
    reason="the weights of the compact models are not here",
)


@pytest.fixture(scope="module")
def sight(tmp_path_factory: pytest.TempPathFactory) -> Sight:
    found = find_sight(ModelSettings(cache_dir=tmp_path_factory.mktemp("models")))
    assert found.missing == ()
    return found


async def test_plain_pages_are_told_apart(sight: Sight) -> None:
    assert sight.embedder is not None
    plain = {
        "chart-electricity.png": "chart",
        "letter-rotated.jpg": "letter",
        "receipt-cafe-april.jpg": "receipt",
        "slide-cargo-bikes.png": "presentation",
    }
    vectors = await sight.embedder.embed_images([read_picture(SAMPLES / name, max_pixels=10**8) for name in plain])
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-4)
    guesses = await page_sorter(sight.embedder).guesses(vectors)
    assert [row[0].label for row in guesses] == list(plain.values())
    # A form of fields in a table looks like an invoice too: what is not sure is not stored.
    form = await sight.embedder.embed_images([read_picture(SAMPLES / "membership-form.jpg", max_pixels=10**8)])
    (unsure,) = await page_sorter(sight.embedder).guesses(form)
    assert {guess.label for guess in unsure[:2]} == {"form", "invoice"}
    assert sure_kind(unsure) is None or unsure[0].label == "form"
    own = await own_sorter(sight.embedder, ["a line chart", "a letter"]).guesses(vectors)
    assert own[0][0].label == "a line chart"


async def test_a_caption_is_a_line_of_words_and_can_be_begun(sight: Sight) -> None:
    assert sight.captioner is not None
    chart = read_picture(SAMPLES / "chart-visitors.png", max_pixels=10**8)
    (free,) = await sight.captioner.caption([chart])
    (begun,) = await sight.captioner.caption([chart], prefix="a picture of")
    assert "bar chart" in free.short
    assert (free.detailed or "").startswith("it shows a bar chart")
    assert "\n" not in free.short
    assert 0 < free.confidence <= 1
    assert begun.short.startswith("a picture of")
