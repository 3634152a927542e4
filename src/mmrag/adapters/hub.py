"""Models of the Hugging Face hub: found where they were fetched to, pinned to one revision, fetched only when asked.

Nothing but ``pull`` and ``look_up`` talks to the network. What was pulled is written down in ``hub.json`` in the cache
folder with its revision: that revision is loaded from then on, whatever the hub has since.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from mmrag.adapters.chat.vlm.weights import Weights, find_weights, is_folder
from mmrag.errors import ModelMissingError, ModelUnavailableError

PINS_FILE: Final = "hub.json"
_WANTED: Final = ("*.safetensors", "*.json", "*.txt", "*.model", "*.jinja")
"""What a model is loaded from. Weights in other formats can hold code, and are never fetched."""


class Pin(BaseModel):
    """A model that was pulled: the commit of its repository, and how many bytes its files have."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    revision: str
    bytes: int


class _Pins(BaseModel):
    model_config = ConfigDict(extra="forbid")

    models: dict[str, Pin] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class HubModel:
    """A model that is here. ``version`` is its revision, or for a folder what changes with its files."""

    name: str
    version: str
    weights: Weights

    @property
    def identity(self) -> str:
        return f"{self.name}@{self.version[:16]}"

    def model_type(self) -> str:
        """What ``config.json`` says it is: ``clip``, ``siglip``, ``blip``, ``blip-2``, ``llava``, ..."""
        config = json.loads((self.weights.folder / "config.json").read_bytes())
        return str(config.get("model_type", ""))


def split_name(name: str) -> tuple[str, str | None]:
    """``owner/name@revision`` in its parts. A folder has no revision."""
    if is_folder(name):
        return name, None
    repo, _, revision = name.partition("@")
    return repo, revision or None


def located(name: str, cache: Path) -> HubModel:
    """The model that ``name`` (a folder, or ``owner/name`` with or without ``@revision``) means. Nothing is downloaded.

    Raises ``ModelMissingError`` with what to do when it is not here or has no weights in safetensors.
    """
    repo, revision = split_name(name)
    if is_folder(repo):
        weights = find_weights(repo, None)
        return HubModel(name=Path(repo).expanduser().name, version=weights.fingerprint, weights=weights)
    if revision is None:
        pin = pins(cache).get(repo)
        if pin is None:
            raise ModelMissingError(f"{repo} is not on this machine: run 'mmrag models pull {repo}'.")
        revision = pin.revision
    weights = find_weights(str(_fetched(repo, revision)), None)
    return HubModel(name=repo, version=weights.folder.name, weights=weights)


def _fetched(repo: str, revision: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        # Without the patterns a snapshot counts as incomplete for the files that were left on the hub.
        found = snapshot_download(repo, revision=revision, local_files_only=True, allow_patterns=list(_WANTED))
    except (HFValidationError, LocalEntryNotFoundError) as error:
        raise ModelMissingError(f"{repo} is not on this machine: run 'mmrag models pull {repo}@{revision}'.") from error
    return Path(found)


def pins(cache: Path) -> dict[str, Pin]:
    """What was pulled, by name; nothing when the file is missing or not readable."""
    try:
        return _Pins.model_validate_json((cache / PINS_FILE).read_bytes()).models
    except (OSError, ValidationError):
        return {}


def look_up(name: str) -> Pin:
    """Ask the hub for a model's commit and size. Raises ``ModelMissingError`` or ``ModelUnavailableError``."""
    from fnmatch import fnmatch

    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, RepositoryNotFoundError

    repo, revision = split_name(name)
    try:
        info = HfApi().model_info(repo, revision=revision, files_metadata=True)
    except (RepositoryNotFoundError, HFValidationError) as error:
        raise ModelMissingError(f"{name} is not on the hub, or not for everybody: check the name.") from error
    except (HfHubHTTPError, OSError) as error:
        raise ModelUnavailableError(f"The hub does not answer for {name} ({' '.join(str(error).split())[:120]}).") from error
    files = [f for f in info.siblings or [] if any(fnmatch(f.rfilename, wanted) for wanted in _WANTED)]
    if not any(f.rfilename.endswith(".safetensors") for f in files):
        raise ModelMissingError(f"{name} has no weights in safetensors; weights in other formats are not loaded.")
    return Pin(revision=str(info.sha), bytes=sum(f.size or 0 for f in files))


def pull(name: str, pin: Pin, cache: Path) -> HubModel:
    """Download that commit of a model and pin it. Blocks for as long as it takes. Raises ``ModelUnavailableError``."""
    from huggingface_hub import snapshot_download

    repo, _ = split_name(name)
    try:
        snapshot_download(repo, revision=pin.revision, allow_patterns=list(_WANTED))
    except OSError as error:
        raise ModelUnavailableError(
            f"{name} was not downloaded ({' '.join(str(error).split())[:120]}): try again."
        ) from error
    known = _Pins(models={**pins(cache), repo: pin})
    cache.mkdir(parents=True, exist_ok=True)
    fresh = cache / f".{PINS_FILE}.new"
    fresh.write_text(known.model_dump_json(indent=1), encoding="utf-8")
    fresh.replace(cache / PINS_FILE)
    return located(f"{repo}@{pin.revision}", cache)
