"""Captions by a model of the hub, through transformers: BLIP, BLIP-2, or any that talks about pictures (LLaVA and others).

BLIP continues a text, free or from a prefix. A model that chats is asked with the prompt ``caption``, in its own template,
and answers with a short and a detailed form, keywords and an alt text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import anyio.to_thread
from pydantic import BaseModel, ConfigDict, ValidationError

from mmrag.adapters.fitting import Form, loaded
from mmrag.adapters.hub import HubModel
from mmrag.adapters.hub_port import HubPort
from mmrag.adapters.memory import in_batches
from mmrag.adapters.prepared import Quantize
from mmrag.domain.pictures import Caption
from mmrag.prompting import load_prompt

if TYPE_CHECKING:
    from PIL.Image import Image

    from mmrag.ports import Pixels

PROMPT: Final = "caption"
DETAIL_PREFIX: Final = "a picture of"
_SHORT_TOKENS: Final = 40
_CHAT_TOKENS: Final = 300
_BEGINNING: Final = '\nThe value of "short" must begin with: '


class HubCaptioner(HubPort):
    """``Captioner``. See ``HubPort`` for what it raises."""

    def __init__(self, name: str, cache: Path, *, quantize: Quantize = "none") -> None:
        super().__init__(name, cache, quantize=quantize)
        self._kind = self._model.model_type()

    @property
    def _asked_with(self) -> str:
        return "" if self._continues else f"/{load_prompt(PROMPT).sha256[:8]}"

    async def caption(self, images: Sequence[Pixels], *, prefix: str | None = None) -> tuple[Caption, ...]:
        """See ``Captioner``. ``prefix`` is continued by BLIP, and asked for of models that chat."""
        return await anyio.to_thread.run_sync(self._captions, tuple(images), prefix, limiter=self._limiter)

    @property
    def _continues(self) -> bool:
        return self._kind in ("blip", "blip-2")

    def _captions(self, images: tuple[Pixels, ...], prefix: str | None) -> tuple[Caption, ...]:
        from PIL import Image

        def some(part: Sequence[Pixels]) -> list[Caption]:
            pictures = [Image.fromarray(pixels) for pixels in part]
            return self._continued(pictures, prefix) if self._continues else self._asked(pictures, prefix)

        return tuple(in_batches(images, self._loaded.batch, some))

    def _continued(self, pictures: Sequence[Image], prefix: str | None) -> list[Caption]:
        said = self._loaded.continued(pictures, prefix)
        if prefix:
            return [Caption(short=text) for text in said]
        more = self._loaded.continued(pictures, DETAIL_PREFIX)
        return [Caption(short=short, detailed=detailed) for short, detailed in zip(said, more, strict=True)]

    def _asked(self, pictures: Sequence[Image], prefix: str | None) -> list[Caption]:
        prompt = load_prompt(PROMPT).render({})
        return [parsed(text) for text in self._loaded.asked(pictures, prompt + (_BEGINNING + prefix if prefix else ""))]

    @cached_property
    def _loaded(self) -> _Loaded:
        return _Loaded(self._model, self._form())


class _Loaded:
    """A network and its processor. No type fits them all."""

    def __init__(self, model: HubModel, form: Form) -> None:
        import transformers

        from mmrag.adapters.chat.vlm.processors import processor_of

        architectures: dict[str, str] = {"blip": "BlipForConditionalGeneration", "blip-2": "Blip2ForConditionalGeneration"}
        architecture: Any = getattr(transformers, architectures.get(model.model_type(), "AutoModelForImageTextToText"))
        self.batch = form.batch
        self._device = form.device
        self._network: Any = loaded(architecture, model, form)
        self._processor: Any = processor_of(model.weights.folder)
        self._tokenizer: Any = self._processor.tokenizer
        self._tokenizer.padding_side = "left"

    def continued(self, pictures: Sequence[Image], prefix: str | None) -> list[str]:
        texts: dict[str, object] = {"text": [prefix] * len(pictures)} if prefix else {}
        inputs = self._processor(images=list(pictures), return_tensors="pt", **texts)
        said = [self._said(row) for row in self._written(inputs, _SHORT_TOKENS)]
        # BLIP repeats the beginning it was given, BLIP-2 goes on behind it.
        begun = [text if not prefix or text.lower().startswith(prefix.lower()) else f"{prefix} {text}" for text in said]
        return [text.strip() for text in begun]

    def asked(self, pictures: Sequence[Image], prompt: str) -> list[str]:
        turns = [
            [{"role": "user", "content": [{"type": "image", "image": picture}, {"type": "text", "text": prompt}]}]
            for picture in pictures
        ]
        inputs = self._processor.apply_chat_template(
            turns,
            tokenize=True,
            return_dict=True,
            return_tensors="pt",
            add_generation_prompt=True,
            processor_kwargs={"padding": True},
        )
        length = inputs["input_ids"].shape[1]
        return [self._said(row[length:]) for row in self._written(inputs, _CHAT_TOKENS)]

    def _written(self, inputs: Any, most: int) -> Any:
        import torch

        placed = inputs.to(self._device, self._network.dtype)
        with torch.inference_mode():
            return self._network.generate(**placed, max_new_tokens=most, do_sample=False)

    def _said(self, row: Any) -> str:
        return str(self._tokenizer.decode(row, skip_special_tokens=True)).strip()


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    short: str
    detailed: str | None = None
    keywords: tuple[str, ...] = ()
    alt_text: str | None = None


def parsed(text: str) -> Caption:
    """A model's answer as a caption. One that keeps to no form is taken as it is: its first sentence is the short form."""
    found = re.search(r"\{.*\}", text, re.DOTALL)
    try:
        answer = _Answer.model_validate(json.loads(found[0])) if found else None
    except (ValueError, ValidationError):
        answer = None
    if answer is not None and answer.short.strip():
        keywords = tuple(word.strip() for word in answer.keywords if word.strip())
        return Caption(
            short=_line(answer.short), detailed=answer.detailed or None, keywords=keywords, alt_text=answer.alt_text or None
        )
    plain = _line(text)
    first = re.split(r"(?<=[.!?])\s", plain, maxsplit=1)[0]
    return Caption(short=first, detailed=plain if plain != first else None)


def _line(text: str) -> str:
    return " ".join(text.split())
