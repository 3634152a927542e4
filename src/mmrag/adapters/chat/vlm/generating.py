"""What listens in while transformers writes: log-probabilities, the end of it, and pieces for a stream."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

import torch
from transformers import LogitsProcessor, StoppingCriteria, TextStreamer


class Recorder(LogitsProcessor):
    """Keeps the log-probability of every token written, and the scores of one step only: a vocabulary is large."""

    def __init__(self) -> None:
        self._before: torch.Tensor | None = None
        self._told: list[torch.Tensor] = []

    def __call__(self, input_ids: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        """``input_ids`` of shape ``(batch, length)``, ``scores`` of shape ``(batch, vocabulary)``, which pass unchanged."""
        self._take(input_ids[:, -1])
        self._before = torch.log_softmax(scores.float(), dim=-1)
        return scores

    def finished(self, sequences: torch.Tensor) -> list[list[float]]:
        """Natural logarithms, one list a sequence."""
        self._take(sequences[:, -1])
        self._before = None
        return torch.stack(self._told, dim=1).tolist() if self._told else [[] for _ in range(len(sequences))]

    def _take(self, chosen: torch.Tensor) -> None:
        if self._before is not None:
            self._told.append(self._before.gather(1, chosen.unsqueeze(1)).squeeze(1))


class Stops(StoppingCriteria):
    """Ends a row when its event is set, or when it has its length, the prompt included."""

    def __init__(self, rows: Sequence[tuple[threading.Event, int]]) -> None:
        self._rows = rows

    def __call__(self, input_ids: torch.Tensor, scores: object, **kwargs: object) -> torch.Tensor:
        length = input_ids.shape[1]
        return torch.tensor([stop.is_set() or length >= most for stop, most in self._rows], device=input_ids.device)


class Streamed(TextStreamer):
    """Hands on each piece of text as soon as no later token can change it."""

    def __init__(self, tokenizer: Any, on_text: Callable[[str], None]) -> None:
        super().__init__(tokenizer, skip_prompt=True, skip_special_tokens=True)
        self._on_text = on_text

    def on_finalized_text(self, text: str, stream_end: bool = False) -> None:
        if text:
            self._on_text(text)
