"""A loaded model and what it writes. Everything here blocks: it runs in one worker thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mmrag.adapters.chat.vlm.generating import Recorder, Stops, Streamed
from mmrag.adapters.chat.vlm.prompts import Turn, conversation
from mmrag.adapters.chat.vlm.weights import Weights, check_fits, find_weights
from mmrag.domain.messages import ChatRequest, TokenLogprob
from mmrag.errors import ModelMissingError, ModelRequestError

if TYPE_CHECKING:
    import torch

_BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}


@dataclass(frozen=True, slots=True)
class Wanted:
    """One reply to write. Setting ``stop`` ends it early; ``on_text`` hears its pieces, in the worker thread."""

    request: ChatRequest
    stop: threading.Event = field(default_factory=threading.Event)
    on_text: Callable[[str], None] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """``read`` and ``tokens`` count tokens of the prompt, pictures included, and of the reply. ``cut``: it has no end."""

    text: str
    read: int
    tokens: int
    cut: bool
    logprobs: tuple[TokenLogprob, ...] = ()


class LoadedVlm:
    """``AutoModelForImageTextToText`` and its processor. Not to be used by two threads at once."""

    def __init__(self, name: str, weights: Weights, *, device: str, dtype: str) -> None:
        import torch
        from transformers import AutoModelForImageTextToText

        from mmrag.adapters.chat.vlm.processors import processor_of

        folder = str(weights.folder)
        models: Any = AutoModelForImageTextToText  # no type fits them all
        try:
            self._processor = processor_of(weights.folder)
            model = models.from_pretrained(folder, local_files_only=True, use_safetensors=True, dtype=getattr(torch, dtype))
        except (OSError, ValueError, KeyError, ImportError) as error:
            said = " ".join(str(error).split())[:200]
            raise ModelMissingError(f"{name} is not a model that takes pictures and text: {said}") from error
        self._model = model.to(device).eval()
        self._device = device
        self._tokenizer: Any = self._processor.tokenizer
        self._tokenizer.padding_side = "left"
        if self._tokenizer.pad_token_id is None:
            self._tokenizer.pad_token = self._tokenizer.eos_token
        self._with_system = True
        if not getattr(self._processor, "chat_template", None):
            raise ModelMissingError(f"{name} has no chat template: use the version of it that was trained to chat.")

    def write(self, batch: Sequence[Wanted]) -> tuple[Written, ...]:
        """One reply for each, in order. Those of a batch share their temperature; a streamed one is alone.

        Raises ``ValueError`` for a picture that cannot be decoded, ``ModelRequestError`` for a prompt that is too long.
        """
        import torch

        inputs = self._inputs([wanted.request for wanted in batch])
        length = int(inputs["input_ids"].shape[1])
        most = max(wanted.request.max_output_tokens for wanted in batch)
        self._check_length(length + most)
        recorder = Recorder() if any(wanted.request.logprobs for wanted in batch) else None
        temperature = batch[0].request.temperature or 0.0
        sampling: dict[str, object] = {"do_sample": True, "temperature": temperature} if temperature > 0 else {}
        listener = batch[0].on_text
        with torch.inference_mode():
            sequences = self._model.generate(
                **inputs,
                max_new_tokens=most,
                stopping_criteria=[Stops([(w.stop, length + w.request.max_output_tokens) for w in batch])],
                logits_processor=[recorder] if recorder else None,
                streamer=Streamed(self._tokenizer, listener) if listener else None,
                pad_token_id=self._tokenizer.pad_token_id,
                **{"do_sample": False, "temperature": None, "top_p": None, "top_k": None, **sampling},
            )
        read = inputs["attention_mask"].sum(dim=1).tolist()
        probabilities = recorder.finished(sequences) if recorder else None
        return tuple(
            self._written(wanted, sequences[n, length:], read[n], None if probabilities is None else probabilities[n])
            for n, wanted in enumerate(batch)
        )

    def _written(self, wanted: Wanted, new: torch.Tensor, read: int, logprobs: Sequence[float] | None) -> Written:
        ids: list[int] = new.tolist()[: wanted.request.max_output_tokens]
        ends = self._ends()
        at = next((n for n, token in enumerate(ids) if token in ends), None)
        own = ids if at is None else ids[:at]
        told: tuple[TokenLogprob, ...] = ()
        if wanted.request.logprobs and logprobs is not None:
            pieces = [self._tokenizer.decode([token]) for token in own]
            told = tuple(TokenLogprob(token=t, logprob=p) for t, p in zip(pieces, logprobs, strict=False))
        return Written(
            text=self._tokenizer.decode(own, skip_special_tokens=True).strip(),
            read=read,
            tokens=len(own) if at is None else at + 1,
            cut=at is None,
            logprobs=told,
        )

    def _inputs(self, requests: Sequence[ChatRequest]) -> dict[str, torch.Tensor]:
        from jinja2.exceptions import TemplateError

        try:
            made = self._templated([conversation(r, with_system=self._with_system) for r in requests])
        except TemplateError:
            self._with_system = False
            made = self._templated([conversation(r, with_system=False) for r in requests])
        return dict(made.to(self._device, dtype=self._model.dtype))

    def _templated(self, conversations: list[list[Turn]]) -> Any:
        return self._processor.apply_chat_template(
            conversations,
            tokenize=True,
            return_dict=True,
            return_tensors="pt",
            add_generation_prompt=True,
            processor_kwargs={"padding": True},
        )

    def _check_length(self, tokens: int) -> None:
        most = getattr(self._model.config.get_text_config(), "max_position_embeddings", None)
        if most is not None and tokens > most:
            raise ModelRequestError(
                f"The prompt and its reply are {tokens} tokens; this model takes {most}: ask about fewer pages."
            )

    def _ends(self) -> frozenset[int]:
        ends = self._model.generation_config.eos_token_id
        if ends is None:
            ends = self._tokenizer.eos_token_id
        return frozenset(ends if isinstance(ends, list) else [ends] if ends is not None else [])


def load(name: str, revision: str | None) -> LoadedVlm:
    """Find the weights, see whether they fit, and load them in the form that suits this machine.

    Raises ``ModelMissingError`` when something is not here or too large.
    """
    weights = find_weights(name, revision)
    device, dtype, free = _machine()
    if device == "cpu" and weights.bytes_needed(4) > free:
        dtype = "bfloat16"  # slower on most processors than 32 bits, and half the memory
    check_fits(weights, name=name, bytes_each=_BYTES[dtype], free=free)
    return LoadedVlm(name, weights, device=device, dtype=dtype)


def _machine() -> tuple[str, str, int]:
    """The device, the number format that is fast on it, and its free memory in bytes."""
    import psutil
    import torch

    if torch.cuda.is_available():
        free, _ = torch.cuda.mem_get_info()
        return "cuda", "bfloat16" if torch.cuda.is_bf16_supported() else "float16", int(free)
    memory = int(psutil.virtual_memory().available)
    if torch.backends.mps.is_available():
        return "mps", "float16", memory
    return "cpu", "float32", memory
