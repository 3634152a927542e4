"""ONNX files that are made once from a model's weights, kept for each user, and opened as sessions."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from mmrag.errors import ModelError, ModelMissingError

if TYPE_CHECKING:
    from onnx import ModelProto
    from onnxruntime import InferenceSession

Quantize = Literal["none", "int8", "4bit"]
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """One graph of a model. ``name`` tells it from every other, its weights' digest and version included.

    ``int8`` stores the weights of matrix products in 8 bits: a quarter of the memory, and slightly other numbers.
    """

    cache: Path
    name: str
    build: Callable[[], ModelProto]
    threads: int
    int8: bool = False

    @property
    def path(self) -> Path:
        return self.cache / f"{self.name}{'-int8' if self.int8 else ''}.onnx"

    def session(self) -> InferenceSession:
        """Blocks. Raises ``ModelMissingError`` when the weights are missing or the file cannot be written, else
        ``ModelError``."""
        for attempt in (1, 2):
            if not self.path.is_file():
                self._make()
            try:
                return self._open()
            except Exception as error:  # onnxruntime's errors have no base of their own
                if attempt == 2:
                    raise ModelError(f"{self.path} does not load ({error}): delete it and try again.") from error
                _log.warning("The prepared model %s is damaged and is made anew.", self.path)
                self.path.unlink(missing_ok=True)
        raise AssertionError("unreachable")

    def _open(self) -> InferenceSession:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self.threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # These models are small: what an arena would keep for later is more than all of their weights.
        options.enable_cpu_mem_arena = False
        # Idle threads sleep at once instead of spinning: the other core is busy with OCR.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        return onnxruntime.InferenceSession(str(self.path), options, providers=["CPUExecutionProvider"])

    def _make(self) -> None:
        started = time.perf_counter()
        _log.info("Preparing %s, once.", self.path)
        fresh = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        try:
            self.cache.mkdir(parents=True, exist_ok=True)
            model = self.build()
            fresh.write_bytes(model.SerializeToString(deterministic=True))
            if self.int8:
                _quantize(fresh)
            fresh.replace(self.path)
        except OSError as error:
            raise ModelMissingError(
                f"The image model cannot be written to {self.cache} ({error.strerror}): free some space, or set"
                " models.cache_dir."
            ) from error
        finally:
            with contextlib.suppress(OSError):
                fresh.unlink()
        _log.info("%s is ready after %.1f s.", self.path.name, time.perf_counter() - started)


def weights_digest(folder: Path, file: str) -> str:
    """The SHA-256 of ``file`` in ``folder``. Raises ``ModelMissingError`` when it is not there."""
    try:
        with (folder / file).open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise ModelMissingError(f"There are no weights in {folder} ({error.strerror}).") from error


def _quantize(path: Path) -> None:
    from onnxruntime.quantization import QuantType, quantize_dynamic

    quantize_dynamic(str(path), str(path), weight_type=QuantType.QInt8, op_types_to_quantize=["MatMul"])
