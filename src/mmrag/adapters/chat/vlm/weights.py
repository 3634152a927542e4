"""Weights on disk: where they are, how large they are, and whether they fit. Neither torch nor transformers is needed."""

from __future__ import annotations

import json
import math
import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, RootModel, ValidationError

from mmrag.domain.hashing import canonical_bytes, sha256_hex
from mmrag.errors import ModelMissingError

_ROOM = 1.2
"""What a model takes beside its weights while it writes a reply, as a share of them."""
_BASE_BYTES = 300_000_000
_LONGEST_HEADER = 100_000_000


class _Tensor(BaseModel):
    model_config = ConfigDict(extra="ignore")

    dtype: str = ""
    shape: tuple[int, ...] = ()


class _Header(RootModel[dict[str, _Tensor]]):
    """The JSON at the head of a safetensors file; see https://github.com/huggingface/safetensors#format."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """A folder with a model. ``parameters`` is how many numbers its weights are, ``fingerprint`` changes with its files."""

    folder: Path
    parameters: int
    fingerprint: str

    def bytes_needed(self, bytes_each: int) -> int:
        """Memory to run it when each parameter takes so many bytes: an estimate."""
        return int(self.parameters * bytes_each * _ROOM) + _BASE_BYTES


def is_folder(name: str) -> bool:
    """True for a path, as opposed to the id of a model on the hub."""
    return name.startswith(("/", "./", "../", "~")) or Path(name).is_dir()


def find_weights(name: str, revision: str | None) -> Weights:
    """The weights of a folder, or of a model of the Hugging Face hub that was fetched before. Nothing is downloaded.

    Raises ``ModelMissingError`` when they are not here, not pinned, or not in safetensors.
    """
    folder = Path(name).expanduser() if is_folder(name) else _fetched(name, revision)
    if not (folder / "config.json").is_file():
        raise ModelMissingError(f"{folder} is no model: it has no config.json.")
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise ModelMissingError(f"{folder} has no safetensors weights; weights in other formats are not loaded.")
    return Weights(folder=folder, parameters=sum(map(_parameters, files)), fingerprint=fingerprint(folder))


def fingerprint(folder: Path) -> str:
    """Twelve hexadecimal digits of the names, sizes and times of a folder's files: cheap, and new when a file is."""
    files = sorted(p for p in folder.glob("*") if p.is_file()) if folder.is_dir() else []
    stats: Mapping[str, list[int]] = {p.name: [s.st_size, s.st_mtime_ns] for p in files for s in [p.stat()]}
    return sha256_hex(canonical_bytes(stats))[:12]


def check_fits(weights: Weights, *, name: str, bytes_each: int, free: int) -> None:
    """Raises ``ModelMissingError`` when the model would not fit into ``free`` bytes, before anything is loaded."""
    needed = weights.bytes_needed(bytes_each)
    if needed > free:
        billions = max(0.1, (free - _BASE_BYTES) / _ROOM / bytes_each / 1e9)
        raise ModelMissingError(
            f"{name} needs about {needed / 1e9:.1f} GB and {free / 1e9:.1f} GB are free: "
            f"choose one of at most {math.floor(billions * 10) / 10:g} billion parameters, or run it on a server (base_url)."
        )


def _fetched(name: str, revision: str | None) -> Path:
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError
    except ImportError as error:
        raise packages_missing() from error
    try:
        found = Path(snapshot_download(name, revision=revision, local_files_only=True))
    except HFValidationError as error:
        raise ModelMissingError(f"{name} is neither a folder nor the id of a model.") from error
    except LocalEntryNotFoundError as error:
        at = f" --revision {revision}" if revision else ""
        raise ModelMissingError(f"{name} is not on this machine: fetch it with: hf download {name}{at}") from error
    if revision is None:
        raise ModelMissingError(f'{name} is not pinned: set revision = "{found.name}", the one that is here.')
    return found


def packages_missing() -> ModelMissingError:
    """The error when the packages that run models are not installed."""
    return ModelMissingError("The packages torch and transformers are not installed: pip install torch transformers")


def _parameters(file: Path) -> int:
    with file.open("rb") as opened:
        head = opened.read(8)
        length = struct.unpack("<Q", head)[0] if len(head) == 8 else 0
        if not 0 < length <= min(_LONGEST_HEADER, os.stat(file).st_size):
            raise ModelMissingError(f"{file} is not a safetensors file: fetch the model again.")
        raw = opened.read(length)
    try:
        tensors = json.loads(raw)
        tensors.pop("__metadata__", None)
        header = _Header.model_validate(tensors)
    except (ValueError, AttributeError, ValidationError) as error:
        raise ModelMissingError(f"{file} is not a safetensors file: fetch the model again.") from error
    return sum(math.prod(tensor.shape) for tensor in header.root.values())
