"""The processor of a model: what makes tokens of text and pixels of pictures. Blocking."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import transformers
from transformers import AutoConfig, AutoImageProcessor, AutoProcessor, AutoTokenizer
from transformers.models.auto import processing_auto
from transformers.utils import import_utils


def processor_of(folder: Path) -> Any:  # no type fits them all
    """``AutoProcessor``, or without torchvision one that takes pictures but no films.

    Processors of models that know films ask for torchvision even when they are given none. Raises what transformers does.
    """
    names: dict[str, str | None] = vars(processing_auto)["PROCESSOR_MAPPING_NAMES"]
    kind = names.get(AutoConfig.from_pretrained(folder, local_files_only=True).model_type)
    known: Any = getattr(transformers, str(kind), None)
    automatic: Any = AutoProcessor
    if known is None or import_utils.is_torchvision_available() or "video_processor" not in known.get_attributes():
        return automatic.from_pretrained(folder, local_files_only=True)
    images: Any = AutoImageProcessor
    tokenizers: Any = AutoTokenizer
    tokenizer = tokenizers.from_pretrained(folder, local_files_only=True)
    return _pictures_only(known)(
        image_processor=images.from_pretrained(folder, local_files_only=True),
        tokenizer=tokenizer,
        video_processor=_NoFilms(),
        chat_template=_template(folder) or tokenizer.chat_template,
        **_own_settings(folder),
    )


class _NoFilms:
    """Stands where a video processor is asked for; the numbers are only looked at, for films that never come."""

    merge_size = 2
    temporal_patch_size = 2
    num_frames = 1
    fps = 1


def _pictures_only(known: Any) -> Any:
    checked = known.check_argument_for_proper_class

    def check(self: object, argument_name: str, argument: object) -> object:
        return _NoFilms if isinstance(argument, _NoFilms) else checked(self, argument_name, argument)

    return type(known.__name__, (known,), {"check_argument_for_proper_class": check})


def _own_settings(folder: Path) -> dict[str, Any]:
    """What the processor itself was saved with, without its parts."""
    file = folder / "processor_config.json"
    saved: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return {k: v for k, v in saved.items() if k in {"image_seq_len"}}


def _template(folder: Path) -> str | None:
    file = folder / "chat_template.jinja"
    return file.read_text(encoding="utf-8") if file.is_file() else None
