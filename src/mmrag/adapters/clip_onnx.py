"""Image and text vectors by a CLIP model on onnxruntime: neither torch nor transformers is loaded."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

import anyio
import anyio.to_thread

from mmrag.adapters import clip_graph
from mmrag.adapters.onnx_graph import WEIGHTS_FILE, read_weights
from mmrag.adapters.picture_size import PictureSize, read_picture_size
from mmrag.adapters.prepared import Prepared, weights_digest

if TYPE_CHECKING:
    from onnx import ModelProto
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

    from mmrag.ports import Pixels, Vectors

BATCH: Final = 8
"""Pictures at once: more is no faster on a CPU, and takes memory."""
_TEXTS: Final = 32


class OnnxClip:
    """``ImageEmbedder`` with the CLIP model in ``folder``. Loads on first use, in a worker thread, each tower by itself.

    ``cache`` is the folder of the ONNX files; ``threads`` is how many cores one batch may use. Everything that reads a file
    raises ``ModelMissingError`` when it is not there.
    """

    def __init__(self, folder: Path, cache: Path, *, name: str = "clip", threads: int = 0, int8: bool = False) -> None:
        self.folder = folder
        self._cache = cache
        self._name = name
        self._threads = threads or min(4, os.cpu_count() or 1)
        self._int8 = int8
        self._limiter = anyio.CapacityLimiter(1)

    @cached_property
    def identity(self) -> str:
        """Reads the weights once to know their digest: some ten milliseconds."""
        return f"{self._name}@{self._digest[:16]}{'/int8' if self._int8 else ''}"

    @cached_property
    def dimension(self) -> int:
        return self._config.projection_dim

    @cached_property
    def logit_scale(self) -> float:
        import numpy as np
        from safetensors import safe_open

        with safe_open(self.folder / WEIGHTS_FILE, framework="numpy") as weights:
            return float(np.exp(np.float64(weights.get_tensor("logit_scale"))))

    async def embed_images(self, images: Sequence[Pixels]) -> Vectors:
        """See ``ImageEmbedder``. Batches of eight."""
        return await anyio.to_thread.run_sync(self._images, tuple(images), limiter=self._limiter)

    async def embed_texts(self, texts: Sequence[str]) -> Vectors:
        """See ``ImageEmbedder``. What is longer than the model reads is cut."""
        return await anyio.to_thread.run_sync(self._texts, tuple(texts), limiter=self._limiter)

    def _images(self, images: tuple[Pixels, ...]) -> Vectors:
        import numpy as np

        result = np.zeros((len(images), self.dimension), np.float32)
        for start in range(0, len(images), BATCH):
            pixels = self._size.batch(images[start : start + BATCH])
            (result[start : start + BATCH],) = self._vision.run(None, {"pixels": pixels})
        return result

    def _texts(self, texts: tuple[str, ...]) -> Vectors:
        import numpy as np

        result = np.zeros((len(texts), self.dimension), np.float32)
        # One by one: the tokenizer's batch call starts threads of its own, which do not survive a fork.
        tokens = [self._tokenizer.encode(text.encode("utf-8", "replace").decode("utf-8")).ids for text in texts]
        end = self._config.text_config.eos_token_id
        for start in range(0, len(texts), _TEXTS):
            rows = tokens[start : start + _TEXTS]
            # What stands behind the end of a text is not looked at; its own last id keeps the end the first of its kind.
            width = max(len(row) for row in rows)
            ids = np.array([row + [row[-1] if end != 2 else 0] * (width - len(row)) for row in rows], np.int64)
            (result[start : start + _TEXTS],) = self._text.run(None, {"ids": ids})
        return result

    @cached_property
    def _digest(self) -> str:
        return weights_digest(self.folder, WEIGHTS_FILE)

    @cached_property
    def _config(self) -> clip_graph.ClipConfig:
        return clip_graph.read_clip_config(self.folder)

    @cached_property
    def _size(self) -> PictureSize:
        return read_picture_size(self.folder)

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(self.folder / "tokenizer.json"))
        tokenizer.enable_truncation(self._config.text_config.max_position_embeddings)
        tokenizer.no_padding()
        return tokenizer

    @cached_property
    def _vision(self) -> InferenceSession:
        return self._prepared("vision").session()

    @cached_property
    def _text(self) -> InferenceSession:
        return self._prepared("text").session()

    def _build(self, tower: str) -> ModelProto:
        weights = read_weights(self.folder)
        if tower == "text":
            return clip_graph.text_graph(weights, self._config)
        return clip_graph.vision_graph(weights, self._config, self._size)

    def _prepared(self, tower: str) -> Prepared:
        return Prepared(
            cache=self._cache,
            name=f"clip-{tower}-{self._digest[:12]}-{clip_graph.GRAPH_VERSION}",
            build=lambda: self._build(tower),
            threads=self._threads,
            int8=self._int8,
        )
