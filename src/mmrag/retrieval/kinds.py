"""Zero-shot sorting of pictures: which of some labels fits best, by an image model that never learned these labels.

Each label has one or more phrases. A phrase's vector is the mean over several prompt templates, brought to length 1
(Radford et al. 2021, section 3.1.4); probabilities are a softmax over all phrases, added up by label.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import anyio

from mmrag.domain.hashing import Json, content_id
from mmrag.domain.pictures import Guess, PageKind
from mmrag.errors import UsageError
from mmrag.ports import ImageEmbedder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mmrag.ports import Pixels, Vectors

MOST_LABELS = 200


class Sorter:
    """Sorts by fixed labels; their vectors are made once. ``phrases`` maps each label to how it may be put in words."""

    def __init__(self, embedder: ImageEmbedder, phrases: Mapping[str, Sequence[str]], templates: Sequence[str]) -> None:
        self._embedder = embedder
        self._phrases = {label: tuple(said) for label, said in phrases.items()}
        self._templates = tuple(templates)
        self._lock = anyio.Lock()
        self._vectors: Vectors | None = None

    async def guesses(self, vectors: Vectors) -> tuple[tuple[Guess, ...], ...]:
        """For each image vector (shape (n, dimension)) every label with its probability, likeliest first."""
        matrix = await self._label_vectors()
        return tuple(self._shared(row) for row in self._embedder.logit_scale * (vectors @ matrix.T))

    async def of_pictures(self, pictures: Sequence[Pixels]) -> tuple[tuple[Guess, ...], ...]:
        return await self.guesses(await self._embedder.embed_images(pictures))

    async def _label_vectors(self) -> Vectors:
        async with self._lock:
            if self._vectors is None:
                self._vectors = await self._embedded()
            return self._vectors

    async def _embedded(self) -> Vectors:
        import numpy as np

        said = [phrase for phrases in self._phrases.values() for phrase in phrases]
        texts = [template.replace("{}", phrase) for phrase in said for template in self._templates]
        rows = await self._embedder.embed_texts(texts)
        means = rows.reshape(len(said), len(self._templates), -1).mean(axis=1)
        vectors: Vectors = (means / np.linalg.norm(means, axis=1, keepdims=True)).astype(np.float32)
        return vectors

    def _shared(self, logits: NDArray[np.float32]) -> tuple[Guess, ...]:
        import numpy as np

        shares = np.exp(logits - logits.max())
        shares = shares / shares.sum()
        guesses = []
        start = 0
        for label, phrases in self._phrases.items():
            guesses.append(Guess(label=label, probability=float(shares[start : start + len(phrases)].sum())))
            start += len(phrases)
        return tuple(sorted(guesses, key=lambda guess: (-guess.probability, guess.label)))


def sure_kind(guesses: Sequence[Guess]) -> Guess | None:
    """The likeliest kind where it is probable enough to be stored and filtered by, else None."""
    return guesses[0] if guesses and guesses[0].probability >= _table().least else None


def page_sorter(embedder: ImageEmbedder) -> Sorter:
    """Sorts by ``PageKind``."""
    table = _table()
    return Sorter(embedder, {kind.value: table.phrases[kind.value] for kind in PageKind}, table.templates)


def own_sorter(embedder: ImageEmbedder, labels: Sequence[str]) -> Sorter:
    """Sorts by a person's own labels, each put into words as it is. Raises ``UsageError`` for too few or many."""
    named = list(dict.fromkeys(label.strip() for label in labels if label.strip()))
    if not 2 <= len(named) <= MOST_LABELS:
        raise UsageError(f"Sorting takes 2 to {MOST_LABELS} different labels, not {len(named)}.")
    return Sorter(embedder, {label: (_with_article(label),) for label in named}, _table().templates)


def sorting_id() -> str:
    """Changes whenever the phrases or templates of page kinds do."""
    return _table().id


def templates() -> tuple[str, ...]:
    """The sentences that phrases are put into."""
    return _table().templates


class _Table:
    def __init__(self) -> None:
        raw = tomllib.loads(files("mmrag.retrieval").joinpath("kinds.toml").read_text(encoding="utf-8"))
        self.least = float(raw["least"])
        self.templates = tuple(str(template) for template in raw["templates"])
        self.phrases = {str(kind): tuple(str(p) for p in phrases) for kind, phrases in raw["phrases"].items()}
        known: dict[str, Json] = {kind: list(phrases) for kind, phrases in self.phrases.items()}
        self.id = content_id("kinds", [self.least, list(self.templates), known])


@cache
def _table() -> _Table:
    return _Table()


def _with_article(label: str) -> str:
    """``chart`` as ``a chart``: models learned from sentences. What has an article or several words stays."""
    if " " in label or label != label.lower():
        return label
    return f"{'an' if label[0] in 'aeiou' else 'a'} {label}"
