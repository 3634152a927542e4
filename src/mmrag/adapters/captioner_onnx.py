"""Captions by a BLIP model on onnxruntime, word by word, the likeliest each time."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

import anyio
import anyio.to_thread

from mmrag.adapters import blip_graph
from mmrag.adapters.onnx_graph import WEIGHTS_FILE, read_weights
from mmrag.adapters.picture_size import PictureSize, read_picture_size
from mmrag.adapters.prepared import Prepared, weights_digest
from mmrag.domain.pictures import Caption

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from onnx import ModelProto
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

    from mmrag.ports import Pixels

BATCH: Final = 8
MOST_WORDS: Final = 40
"""Tokens of a caption at most."""


class OnnxCaptioner:
    """``Captioner`` with the BLIP model in ``folder``. Loads on first use, in a worker thread. See ``OnnxClip``.

    With a ``detail_prefix`` every free caption has a detailed form as well: one that begins so. A free caption whose words
    were less probable than ``least`` on average comes back empty.
    """

    def __init__(
        self,
        folder: Path,
        cache: Path,
        *,
        name: str = "blip",
        detail_prefix: str | None = None,
        least: float = 0.0,
        threads: int = 0,
        int8: bool = False,
    ) -> None:
        self._detail_prefix = detail_prefix
        self._least = least
        self.folder = folder
        self._cache = cache
        self._name = name
        self._threads = threads or min(4, os.cpu_count() or 1)
        self._int8 = int8
        self._limiter = anyio.CapacityLimiter(1)

    @cached_property
    def identity(self) -> str:
        detail = f"/{self._detail_prefix}" if self._detail_prefix else ""
        least = f"/{self._least:g}" if self._least else ""
        return f"{self._name}@{self._digest[:16]}{detail}{least}{'/int8' if self._int8 else ''}"

    async def caption(self, images: Sequence[Pixels], *, prefix: str | None = None) -> tuple[Caption, ...]:
        """See ``Captioner``."""
        return await anyio.to_thread.run_sync(self._captions, tuple(images), prefix, limiter=self._limiter)

    def _captions(self, images: tuple[Pixels, ...], prefix: str | None) -> tuple[Caption, ...]:
        found: list[Caption] = []
        for start in range(0, len(images), BATCH):
            cross = self.look(images[start : start + BATCH])
            said = self.words(cross, prefix)
            more = self.words(cross, self._detail_prefix) if self._detail_prefix and not prefix else [None] * len(said)
            least = 0.0 if prefix else self._least
            found += [
                self._said(ids, probability, other, least) for (ids, probability), other in zip(said, more, strict=True)
            ]
        return tuple(found)

    def look(self, images: Sequence[Pixels]) -> NDArray[np.float32]:
        """What the decoder attends to; see ``blip_graph``."""
        (cross,) = self._vision.run(None, {"pixels": self._size.batch(images)})
        result: NDArray[np.float32] = cross
        return result

    def words(self, cross: NDArray[np.float32], prefix: str | None) -> list[tuple[list[int], float]]:
        """The token ids of each caption, those of ``prefix`` first, and the mean probability of the others."""
        import numpy as np

        config = self._config.text_config
        count = cross.shape[1]
        forced = [config.bos_token_id, *(self._tokenizer.encode(prefix, add_special_tokens=False).ids if prefix else [])]
        ids = [list(forced[1:]) for _ in range(count)]
        probabilities: list[list[float]] = [[] for _ in range(count)]
        past = np.zeros((2 * config.num_hidden_layers, count, config.num_attention_heads, 0, config.head_size), np.float32)
        last = np.full((count, 1), forced[0], np.int64)
        over = np.zeros(count, np.bool_)
        for position in range(min(config.max_position_embeddings, len(forced) + MOST_WORDS)):
            logits, past = self._step.run(None, {"ids": last, "past": past, "cross": cross})
            if position + 1 < len(forced):
                last = np.full((count, 1), forced[position + 1], np.int64)
                continue
            shares = _softmax(logits[:, -1, :])
            best = shares.argmax(axis=-1)
            over |= best == config.sep_token_id
            if over.all():
                break
            for row in np.flatnonzero(~over):
                ids[row].append(int(best[row]))
                probabilities[row].append(float(shares[row, best[row]]))
            last = best[:, None].astype(np.int64)
        return [(row, sum(p) / len(p) if p else 0.0) for row, p in zip(ids, probabilities, strict=True)]

    def _said(self, ids: list[int], probability: float, more: tuple[list[int], float] | None, least: float) -> Caption:
        confidence = round(probability, 4)
        if confidence < least:
            return Caption(short="", confidence=confidence)
        short = self._tokenizer.decode(ids).strip()
        detailed = self._tokenizer.decode(more[0]).strip() if more is not None else None
        return Caption(short=short, detailed=detailed, confidence=confidence)

    @cached_property
    def _digest(self) -> str:
        return weights_digest(self.folder, WEIGHTS_FILE)

    @cached_property
    def _config(self) -> blip_graph.BlipConfig:
        return blip_graph.read_blip_config(self.folder)

    @cached_property
    def _size(self) -> PictureSize:
        return read_picture_size(self.folder)

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        from tokenizers import Tokenizer

        return Tokenizer.from_file(str(self.folder / "tokenizer.json"))

    @cached_property
    def _vision(self) -> InferenceSession:
        return self._prepared("vision").session()

    @cached_property
    def _step(self) -> InferenceSession:
        return self._prepared("step").session()

    def _build(self, part: str) -> ModelProto:
        weights = read_weights(self.folder)
        if part == "step":
            return blip_graph.step_graph(weights, self._config)
        return blip_graph.vision_graph(weights, self._config, self._size)

    def _prepared(self, part: str) -> Prepared:
        return Prepared(
            cache=self._cache,
            name=f"blip-{part}-{self._digest[:12]}-{blip_graph.GRAPH_VERSION}",
            build=lambda: self._build(part),
            threads=self._threads,
            int8=self._int8,
        )


def _softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    import numpy as np

    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    result: NDArray[np.float32] = shifted / shifted.sum(axis=-1, keepdims=True)
    return result
