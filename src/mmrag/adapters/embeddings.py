"""Text vectors by onnxruntime: a query loads neither torch nor transformers."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import anyio
import anyio.to_thread

from mmrag.adapters import minilm
from mmrag.errors import ModelError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

    from mmrag.ports import Vectors

_MAX_TOKENS: Final = 256
_BATCH_TOKENS: Final = 1024
"""Tokens in a batch, padding included: more is no faster on a CPU, and the session keeps memory for its largest batch."""
_log = logging.getLogger(__name__)


class MiniLmEmbedder:
    """``TextEmbedder`` with all-MiniLM-L6-v2. Loads on first use (about 0.2 s), in a worker thread.

    ``cache`` is the folder of the ONNX file; ``threads`` is how many cores one batch may use.
    """

    identity: Final = f"all-MiniLM-L6-v2@{minilm.WEIGHTS_SHA256[:16]}/mean-{_MAX_TOKENS}"
    dimension: Final = minilm.DIMENSION

    def __init__(self, cache: Path, *, threads: int = 0) -> None:
        self._cache = cache
        self._threads = threads or min(4, os.cpu_count() or 1)
        self._limiter = anyio.CapacityLimiter(1)
        self._loaded: tuple[InferenceSession, Tokenizer] | None = None

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """See ``TextEmbedder``. Text after the first 256 tokens is not read; an empty text gets the vector of nothing."""
        return await anyio.to_thread.run_sync(self._embed, tuple(texts), limiter=self._limiter)

    def _embed(self, texts: tuple[str, ...]) -> Vectors:
        import numpy as np

        result = np.zeros((len(texts), self.dimension), np.float32)
        if not texts:
            return result
        session, tokenizer = self._load()
        # One by one: the tokenizer's batch call starts threads of its own, which do not survive a fork.
        tokens = [tokenizer.encode(text.encode("utf-8", "replace").decode("utf-8")).ids for text in texts]
        # Texts of like length share a batch, so that little is spent on padding.
        order = sorted(range(len(tokens)), key=lambda i: len(tokens[i]))
        for chosen in _batches(order, [len(row) for row in tokens]):
            width = len(tokens[chosen[-1]])
            ids = np.zeros((len(chosen), width), np.int64)
            mask = np.zeros((len(chosen), width), np.int64)
            for row, i in enumerate(chosen):
                ids[row, : len(tokens[i])] = tokens[i]
                mask[row, : len(tokens[i])] = 1
            (vectors,) = session.run(None, {"input_ids": ids, "attention_mask": mask})
            result[chosen] = vectors
        return result

    def _load(self) -> tuple[InferenceSession, Tokenizer]:
        if self._loaded is None:
            from tokenizers import Tokenizer

            session = self._session(minilm.onnx_file(self._cache))
            tokenizer = Tokenizer.from_file(str(minilm.model_folder() / "tokenizer.json"))
            tokenizer.enable_truncation(_MAX_TOKENS)
            tokenizer.no_padding()
            self._loaded = (session, tokenizer)
        return self._loaded

    def _session(self, path: Path) -> InferenceSession:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # Idle threads sleep at once instead of spinning: the other core is busy with OCR.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        for attempt in (1, 2):
            try:
                return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
            except Exception as error:  # onnxruntime's errors have no base of their own
                if attempt == 2:
                    raise ModelError(f"The text model does not load ({error}): delete {path} and try again.") from error
                _log.warning("The prepared text model %s is damaged and is made anew.", path)
                path.unlink(missing_ok=True)
                path = minilm.onnx_file(self._cache)
        raise AssertionError("unreachable")


def _batches(order: Sequence[int], lengths: Sequence[int]) -> Iterator[list[int]]:
    """``order``, from short to long, cut so that no batch has more than ``_BATCH_TOKENS`` when it is padded."""
    batch: list[int] = []
    for index in order:
        if batch and lengths[index] * (len(batch) + 1) > _BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch
