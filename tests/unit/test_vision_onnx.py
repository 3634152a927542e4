"""The compact image models on onnxruntime give the numbers and the words that transformers gives."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from vision_models import blip_folder, clip_folder, noise

from mmrag.adapters.captioner_onnx import OnnxCaptioner
from mmrag.adapters.clip_onnx import OnnxClip
from mmrag.errors import ModelMissingError

TEXTS = ["a chart", "the receipt from a shop with two items", "unknown-words only", ""]


@pytest.mark.parametrize(
    ("activation", "end", "way"),
    [("quick_gelu", 3, "crop"), ("gelu", 3, "press"), ("gelu_new", 2, "crop"), ("gelu", 3, "fit")],
)
async def test_clip_vectors_are_those_of_transformers(tmp_path: Path, activation: str, end: int, way: str) -> None:
    import torch
    from PIL import Image
    from transformers import CLIPModel, CLIPProcessor

    folder = clip_folder(tmp_path / "clip", activation=activation, end=end, way=way)
    ours = OnnxClip(folder, tmp_path / "cache")
    pictures = noise(10)  # more than one batch
    model, processor = CLIPModel.from_pretrained(folder).eval(), CLIPProcessor.from_pretrained(folder)
    taken = processor(images=[Image.fromarray(p) for p in pictures], text=TEXTS, return_tensors="pt", padding=True)
    with torch.no_grad():
        seen = model.get_image_features(pixel_values=taken["pixel_values"]).pooler_output
        read = model.get_text_features(input_ids=taken["input_ids"], attention_mask=taken["attention_mask"]).pooler_output
    for theirs, found in ((seen, await ours.embed_images(pictures)), (read, await ours.embed_texts(TEXTS))):
        expected = (theirs / theirs.norm(dim=-1, keepdim=True)).numpy()
        assert found.shape == expected.shape
        assert np.abs(found - expected).max() < 1e-3
        assert np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
    assert ours.dimension == 24
    assert ours.logit_scale == pytest.approx(float(model.logit_scale.exp().detach()), rel=1e-4)


@pytest.mark.parametrize("tied", [True, False])
async def test_captions_are_those_of_transformers(tmp_path: Path, tied: bool) -> None:
    import torch
    from PIL import Image
    from transformers import BlipForConditionalGeneration, BlipProcessor

    folder = blip_folder(tmp_path / "blip", tied=tied)
    ours = OnnxCaptioner(folder, tmp_path / "cache")
    pictures = noise(3)
    model, processor = BlipForConditionalGeneration.from_pretrained(folder).eval(), BlipProcessor.from_pretrained(folder)
    said = []
    for prefix in (None, "a picture of"):
        taken = processor(
            images=[Image.fromarray(p) for p in pictures], text=[prefix] * 3 if prefix else None, return_tensors="pt"
        )
        with torch.no_grad():
            rows = model.generate(**taken, max_new_tokens=40, num_beams=1, do_sample=False)
        captions = await ours.caption(pictures, prefix=prefix)
        expected = [processor.decode(row, skip_special_tokens=True).split() for row in rows]
        assert [c.short.split()[: len(e)] for c, e in zip(captions, expected, strict=True)] == expected
        assert all(0 < c.confidence <= 1 for c in captions)
        said.append([c.short for c in captions])
    assert all(text.startswith("a picture of") for text in said[1])
    assert said[0] != said[1]


async def test_captions_below_a_probability_are_left_out_but_not_those_asked_for(tmp_path: Path) -> None:
    folder = blip_folder(tmp_path / "blip")
    pictures = noise(3)
    free = await OnnxCaptioner(folder, tmp_path / "cache").caption(pictures)
    middle = sorted(caption.confidence for caption in free)[1]
    strict = OnnxCaptioner(folder, tmp_path / "cache", least=middle)
    kept = await strict.caption(pictures)
    assert [bool(caption.text) for caption in kept] == [caption.confidence >= middle for caption in free]
    assert all(caption.text for caption in await strict.caption(pictures, prefix="a picture of"))
    assert strict.identity != OnnxCaptioner(folder, tmp_path / "cache").identity


async def test_eight_bits_are_nearly_the_same(tmp_path: Path) -> None:
    folder = clip_folder(tmp_path / "clip")
    full, small = OnnxClip(folder, tmp_path / "cache"), OnnxClip(folder, tmp_path / "cache", int8=True)
    pictures = noise(2)
    alike = (await full.embed_images(pictures) * await small.embed_images(pictures)).sum(axis=1)
    assert (alike > 0.98).all()
    assert small.identity != full.identity
    assert {file.suffix for file in (tmp_path / "cache").iterdir()} == {".onnx"}


async def test_a_damaged_file_is_made_anew_and_missing_weights_are_named(tmp_path: Path) -> None:
    folder = clip_folder(tmp_path / "clip")
    before = await OnnxClip(folder, tmp_path / "cache").embed_texts(["a chart"])
    (file,) = (tmp_path / "cache").iterdir()
    file.write_bytes(b"cut short")
    assert np.array_equal(await OnnxClip(folder, tmp_path / "cache").embed_texts(["a chart"]), before)
    (folder / "model.safetensors").unlink()
    with pytest.raises(ModelMissingError, match="no weights"):
        _ = OnnxClip(folder, tmp_path / "cache").identity
    (folder / "config.json").write_text("{}")
    with pytest.raises(ModelMissingError, match="holds no CLIP model"):
        _ = OnnxClip(folder, tmp_path / "cache").dimension


def test_the_embedded_models_load_neither_torch_nor_transformers(tmp_path: Path) -> None:
    clip_folder(tmp_path / "clip")
    blip_folder(tmp_path / "blip")
    code = f"""
import asyncio, sys, numpy
from pathlib import Path
from mmrag.adapters.clip_onnx import OnnxClip
from mmrag.adapters.captioner_onnx import OnnxCaptioner
place = Path({str(tmp_path)!r})
pictures = [numpy.zeros((20, 20, 3), numpy.uint8)]
async def main():
    clip = OnnxClip(place / "clip", place / "cache")
    await clip.embed_images(pictures)
    await clip.embed_texts(["x"])
    await OnnxCaptioner(place / "blip", place / "cache").caption(pictures)
    assert clip.logit_scale > 1
asyncio.run(main())
print(sorted({{"torch", "transformers"}} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
