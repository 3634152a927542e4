"""Models of the hub behind the ports: real small architectures with random weights prove loading and calling."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from vision_models import blip2_folder, blip_folder, clip_folder, llava_folder, noise, siglip_folder

from mmrag.adapters.captioner_hub import HubCaptioner, parsed
from mmrag.adapters.captioner_onnx import OnnxCaptioner
from mmrag.adapters.chat.vlm.weights import Weights
from mmrag.adapters.clip_hub import HubClip
from mmrag.adapters.clip_onnx import OnnxClip
from mmrag.adapters.fitting import Machine, form_for
from mmrag.adapters.hub import HubModel, Pin, located, pins
from mmrag.adapters.memory import in_batches
from mmrag.adapters.sight import find_sight
from mmrag.domain.pictures import Caption
from mmrag.errors import ModelError, ModelMissingError, SettingsError
from mmrag.settings import ModelSettings

TEXTS = ["a chart with red lines", "the receipt"]
LAPTOP = Machine(device="cpu", dtype="float32", free=8_000_000_000)
GPU = Machine(device="cuda", dtype="bfloat16", free=24_000_000_000)


async def test_both_profiles_give_the_same_vectors(tmp_path: Path) -> None:
    folder = clip_folder(tmp_path / "clip")
    hub, embedded = HubClip(str(folder), tmp_path), OnnxClip(folder, tmp_path / "cache")
    pictures = noise(9)
    assert np.abs(await hub.embed_images(pictures) - await embedded.embed_images(pictures)).max() < 1e-3
    assert np.abs(await hub.embed_texts(TEXTS) - await embedded.embed_texts(TEXTS)).max() < 1e-3
    assert hub.dimension == embedded.dimension
    assert hub.logit_scale == pytest.approx(embedded.logit_scale, rel=1e-4)


async def test_a_siglip_embeds_pictures_and_texts(tmp_path: Path) -> None:
    model = HubClip(str(siglip_folder(tmp_path / "siglip")), tmp_path)
    images, texts = await model.embed_images(noise(3)), await model.embed_texts(TEXTS)
    assert images.shape == (3, model.dimension)
    assert texts.shape == (2, model.dimension)
    assert np.allclose(np.linalg.norm(np.concatenate([images, texts]), axis=1), 1, atol=1e-5)
    assert not np.allclose(texts[0], texts[1])


async def test_blip_says_the_same_on_both_profiles_free_and_from_a_prefix(tmp_path: Path) -> None:
    folder = blip_folder(tmp_path / "blip")
    hub = HubCaptioner(str(folder), tmp_path)
    embedded = OnnxCaptioner(folder, tmp_path / "cache", detail_prefix="a picture of")
    for ours, theirs in zip(await embedded.caption(noise(2)), await hub.caption(noise(2)), strict=True):
        assert ours.short.split()[:10] == theirs.short.split()[:10]
        assert ours.detailed is not None
        assert theirs.detailed is not None
        assert ours.detailed.startswith("a picture of")
        assert theirs.detailed.startswith("a picture of")
    (begun,) = await hub.caption(noise(1), prefix="the receipt")
    assert begun.short.startswith("the receipt")


@pytest.mark.parametrize("make", [llava_folder, blip2_folder])
async def test_larger_architectures_load_and_answer(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    captioner = HubCaptioner(str(make(tmp_path / "model")), tmp_path)
    captions = await captioner.caption(noise(3))
    assert len(captions) == 3
    assert all(isinstance(caption, Caption) for caption in captions)
    (begun,) = await captioner.caption(noise(1), prefix="a picture of")
    assert isinstance(begun.short, str)
    assert captioner.identity.startswith("model@")


async def test_eight_bits_on_a_cpu_are_nearly_the_same(tmp_path: Path) -> None:
    folder = str(clip_folder(tmp_path / "clip"))
    full, small = HubClip(folder, tmp_path), HubClip(folder, tmp_path, quantize="int8")
    alike = (await full.embed_images(noise(3)) * await small.embed_images(noise(3))).sum(axis=1)
    assert (alike > 0.98).all()
    assert small.identity == f"{full.identity}/int8"


def test_an_answer_in_json_has_all_its_parts_and_any_other_is_taken_as_it_is() -> None:
    said = '```json\n{"short": "a bar  chart", "detailed": "It rises.", "keywords": ["bars", " "], "alt_text": ""}\n```'
    assert parsed(said) == Caption(short="a bar chart", detailed="It rises.", keywords=("bars",))
    assert parsed("A receipt from a café.\nIt has 3 items.") == Caption(
        short="A receipt from a café.", detailed="A receipt from a café. It has 3 items."
    )
    assert parsed('{"short": 7').short == '{"short": 7'
    assert parsed("").short == ""


def of_size(billions: float) -> HubModel:
    weights = Weights(folder=Path("/nowhere"), parameters=int(billions * 1e9), fingerprint="f")
    return HubModel(name="big", version="1", weights=weights)


def test_the_form_fits_the_machine() -> None:
    assert form_for(of_size(0.15), "none", LAPTOP).dtype == "float32"
    assert form_for(of_size(0.15), "none", LAPTOP).batch == 8
    assert form_for(of_size(7), "none", GPU).dtype == "bfloat16"
    assert form_for(of_size(7), "4bit", GPU).quantize == "4bit"
    assert form_for(of_size(3), "int8", LAPTOP).dtype == "bfloat16"


@pytest.mark.parametrize(
    ("billions", "quantize", "machine", "advice"),
    [
        (2.0, "none", LAPTOP, "set models.quantize to int8"),
        (7.0, "none", LAPTOP, "at most 3.2 billion parameters and set models.quantize to int8"),
        (13.0, "none", GPU, "set models.quantize to int8"),
        (24.0, "int8", GPU, "set models.quantize to 4bit"),
        (70.0, "none", replace(GPU, free=6_000_000_000), "at most 6.8 billion parameters and set models.quantize to 4bit"),
    ],
)
def test_what_does_not_fit_is_said_with_what_would(billions: float, quantize: str, machine: Machine, advice: str) -> None:
    with pytest.raises(ModelMissingError, match=advice):
        form_for(of_size(billions), quantize, machine)  # type: ignore[arg-type]  # parametrized as text


def test_four_bits_need_a_gpu() -> None:
    with pytest.raises(SettingsError, match="NVIDIA GPU"):
        form_for(of_size(1), "4bit", LAPTOP)


def test_batches_become_smaller_when_memory_runs_out() -> None:
    tried: list[int] = []

    def work(part: Sequence[int]) -> list[int]:
        tried.append(len(part))
        if len(part) > 2:
            raise RuntimeError("CUDA out of memory. Tried to allocate 2 GB")
        return [2 * n for n in part]

    assert in_batches(range(7), 8, work) == [0, 2, 4, 6, 8, 10, 12]
    assert tried == [7, 3, 1, 1, 1, 1, 1, 1, 1]

    def never(_part: Sequence[int]) -> list[int]:
        raise MemoryError

    with pytest.raises(ModelError, match="not enough memory"):
        in_batches([1], 8, never)
    with pytest.raises(RuntimeError, match="other"):
        in_batches([1], 8, lambda _: (_ for _ in ()).throw(RuntimeError("another trouble")))


def test_what_is_not_here_is_named_with_the_command_that_fetches_it(tmp_path: Path) -> None:
    models = ModelSettings(profile="hub", cache_dir=tmp_path, clip="nobody/none", captioner=str(tmp_path / "gone"))
    sight = find_sight(models)
    assert (sight.embedder, sight.captioner) == (None, None)
    assert "run 'mmrag models pull nobody/none'" in sight.missing[0]
    assert "Pictures get no captions" in sight.missing[1]
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "config.json").write_text("{}")
    (tmp_path / "bin" / "pytorch_model.bin").write_bytes(b"code")
    with pytest.raises(ModelMissingError, match="safetensors"):
        located(str(tmp_path / "bin"), tmp_path)


def test_pins_that_cannot_be_read_are_none(tmp_path: Path) -> None:
    (tmp_path / "hub.json").write_text('{"models": {"a/b": {"revision": "r1", "bytes": 5}}}')
    assert pins(tmp_path) == {"a/b": Pin(revision="r1", bytes=5)}
    (tmp_path / "hub.json").write_text("{")
    assert pins(tmp_path) == {}
