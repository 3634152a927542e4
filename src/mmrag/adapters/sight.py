"""The models that see, as the settings name them: an image embedder and a captioner, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mmrag.adapters.captioner_onnx import OnnxCaptioner
from mmrag.adapters.clip_onnx import OnnxClip
from mmrag.errors import ModelError, ModelMissingError
from mmrag.ports import Captioner, ImageEmbedder
from mmrag.settings import ModelSettings

WEIGHTS: Final = Path(__file__).parents[1] / "weights"
"""Where the compact models lie that ``training/`` makes: ``clip`` and ``captioner``, as ``from_pretrained`` folders."""
CLIP_NAME: Final = "mmrag-clip"
CAPTIONER_NAME: Final = "mmrag-captioner"
_COMPACT: Final = ("clip", "captioner")
_CONFIG: Final = "config.json"
_NONE: Final = (
    "Pages get no captions, kinds and image vectors: this version comes without image models. Set models.profile to hub for"
    " models of your own choice (mmrag models list), or train the compact ones (training/README.md)."
)
CAPTION_LEAST: Final = 0.65
"""Captions of the compact captioner whose words are less probable on average are not given: docs/adr/0027."""
DETAIL_PREFIX: Final = "it shows"
"""How the compact captioner was taught to begin a description; see its model card."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What can be seen with. ``missing`` has one line for a person on each model that is not there.

    ``knows_topics``: the embedder can tell people, identity papers and their like in pictures it never learned them from.
    The compact one cannot (docs/adr/0085): what it says of them is noise, so that nobody is told it.
    """

    embedder: ImageEmbedder | None = None
    knows_topics: bool = False
    captioner: Captioner | None = None
    missing: tuple[str, ...] = ()


def find_sight(models: ModelSettings, *, captions: bool = True, weights: Path = WEIGHTS) -> Sight:
    """The models of these settings, not loaded yet; without ``captions`` no captioner is looked for.

    Blocks for as long as it takes to know which weights they are: some ten milliseconds each.
    """
    if models.profile == "embedded" and not any((weights / name / _CONFIG).is_file() for name in _COMPACT):
        return Sight(missing=(_NONE,))
    embedder, captioner, missing = None, None, []
    try:
        embedder = _embedder(models, weights)
    except ModelError as error:
        missing.append(f"Pages get no image vectors and no kind: {error}")
    try:
        captioner = _captioner(models, weights) if captions else None
    except ModelError as error:
        missing.append(f"Pictures get no captions: {error}")
    knows = embedder is not None and models.profile == "hub"
    return Sight(embedder=embedder, knows_topics=knows, captioner=captioner, missing=tuple(missing))


def _embedder(models: ModelSettings, weights: Path) -> ImageEmbedder:
    if models.profile == "hub":
        from mmrag.adapters.clip_hub import HubClip

        return HubClip(models.clip, models.cache_dir, quantize=models.quantize)
    found = OnnxClip(_folder(weights / "clip"), models.cache_dir / "clip", name=CLIP_NAME, int8=models.quantize == "int8")
    _ = found.identity  # reads the weights: what is wrong with them is known now
    return found


def _captioner(models: ModelSettings, weights: Path) -> Captioner:
    if models.profile == "hub":
        from mmrag.adapters.captioner_hub import HubCaptioner

        return HubCaptioner(models.captioner, models.cache_dir, quantize=models.quantize)
    folder = _folder(weights / "captioner")
    found = OnnxCaptioner(
        folder,
        models.cache_dir / "captioner",
        name=CAPTIONER_NAME,
        detail_prefix=DETAIL_PREFIX,
        least=CAPTION_LEAST,
        int8=models.quantize == "int8",
    )
    _ = found.identity
    return found


def _folder(folder: Path) -> Path:
    if not (folder / _CONFIG).is_file():
        raise ModelMissingError(
            f"the compact model {folder.name!r} is not in {folder.parent}; train it (training/README.md), or set"
            " models.profile to hub."
        )
    return folder
