"""Entailment by a small model of the hub: natural language inference by named labels, or a cross-encoder with one score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import anyio.to_thread

from mmrag.adapters.fitting import Form, loaded
from mmrag.adapters.hub import HubModel
from mmrag.adapters.hub_port import HubPort
from mmrag.domain.answers import Entailed, VerdictKind
from mmrag.errors import ModelMissingError, ModelRequestError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Probabilities = NDArray[np.float64]
    """Shape ``(windows, labels)``, each row adds up to 1; with one score, shape ``(windows, 1)``, in ``[0, 1]``."""

_LONGEST: Final = 512
"""Tokens of text and statement together, where the model takes more: the next part of the text is as good a place for it."""
_OVERLAP: Final = 64
"""Tokens that two parts of a long text share, so that no sentence is cut in both."""
_MOST_PARTS: Final = 16
"""Parts of a text that are looked at: some 6,000 tokens, more than a page has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """Which column of a model's output says what. Only ``entailment`` is always there."""

    entailment: int
    contradiction: int | None = None


def labels_of(names: Mapping[int, str]) -> Labels:
    """Read the names that a model gives its outputs; one output alone is the score of entailment.

    Raises ``ModelMissingError`` for names that do not say which one is entailment.
    """
    if len(names) == 1:
        return Labels(entailment=0)
    plain = {index: name.lower().replace("-", "_") for index, name in names.items()}
    entails = [i for i, name in plain.items() if name.startswith("entail")]
    contradicts = [i for i, name in plain.items() if name.startswith("contradict")]
    if len(entails) != 1 or len(contradicts) > 1:
        raise ModelMissingError(
            f"models.entailment: the model's outputs are called {', '.join(names.values())}; there has to be one that is"
            " called entailment, or a single one."
        )
    return Labels(entailment=entails[0], contradiction=contradicts[0] if contradicts else None)


class HubEntailment(HubPort):
    """``Entailment`` with any sequence classifier that transformers knows, on pairs of text and statement.

    See ``HubPort`` for what it raises; on first use also ``ModelMissingError`` for a model that is no classifier of pairs.
    """

    async def judge(self, text: str, statement: str) -> Entailed:
        """A long text is judged in parts: the statement is carried when one of them carries it.

        Raises ``ModelMissingError``, and ``ModelRequestError`` for a statement that leaves no room for the text.
        """
        return await anyio.to_thread.run_sync(self._judge, text, statement, limiter=self._limiter)

    def _judge(self, text: str, statement: str) -> Entailed:
        network = self._loaded
        return verdict_of(network.probabilities(text, statement), network.labels)

    @cached_property
    def _loaded(self) -> _Loaded:
        return _Loaded(self._model, self._form())


def verdict_of(probabilities: Probabilities, labels: Labels) -> Entailed:
    """What the parts of a text say together. Pure.

    The statement is supported by the part that carries it best. Where none does, it is contradicted by the part that says
    otherwise with more than half of its probability, else it is not in the text.
    """
    entails = float(probabilities[:, labels.entailment].max())
    against = 0.0 if labels.contradiction is None else float(probabilities[:, labels.contradiction].max())
    if entails >= 0.5 and entails >= against:  # more than all other labels together
        return _said(VerdictKind.SUPPORTED, entails)
    if against > 0.5:
        return _said(VerdictKind.CONTRADICTED, against)
    return _said(VerdictKind.UNSUPPORTED, 1.0 - entails)


def _said(kind: VerdictKind, confidence: float) -> Entailed:
    return Entailed(kind=kind, confidence=round(min(1.0, confidence), 4))


class _Loaded:
    """A classifier and its tokenizer. No type fits them all."""

    def __init__(self, model: HubModel, form: Form) -> None:
        from transformers import AutoModelForSequenceClassification, AutoTokenizer

        tokenizers: Any = AutoTokenizer
        self._form = form
        self._name = model.name
        self._network: Any = loaded(AutoModelForSequenceClassification, model, form)
        self._tokenizer: Any = tokenizers.from_pretrained(model.weights.folder, local_files_only=True)
        self.labels = labels_of({int(i): str(name) for i, name in self._network.config.id2label.items()})
        room = getattr(self._network.config, "max_position_embeddings", _LONGEST)
        self._longest = min(_LONGEST, int(room), int(self._tokenizer.model_max_length))

    def probabilities(self, text: str, statement: str) -> Probabilities:
        """One row for each part of the text."""
        import numpy as np
        import torch

        rows: list[Probabilities] = []
        parts = self._parts(text, statement)
        for start in range(0, len(parts), self._form.batch):
            taken = self._tokenizer.pad(parts[start : start + self._form.batch], return_tensors="pt")
            with torch.inference_mode():
                logits = self._network(**taken.to(self._form.device)).logits.float()
            rows.append((torch.sigmoid(logits) if logits.shape[1] == 1 else logits.softmax(dim=-1)).cpu().double().numpy())
        return np.concatenate(rows)

    def _parts(self, text: str, statement: str) -> Sequence[Mapping[str, list[int]]]:
        free = self._longest - len(self._tokenizer("", statement)["input_ids"])
        if free < 2 * min(_OVERLAP, self._longest // 4):
            raise ModelRequestError(f"{self._name} cannot judge a statement of {len(statement)} characters: it is too long.")
        taken = self._tokenizer(
            text,
            statement,
            truncation="only_first",
            max_length=self._longest,
            stride=min(_OVERLAP, free // 4),
            return_overflowing_tokens=True,
        )
        wanted = [name for name in self._tokenizer.model_input_names if name in taken]
        count = min(_MOST_PARTS, len(taken["input_ids"]))
        return [{name: taken[name][i] for name in wanted} for i in range(count)]
