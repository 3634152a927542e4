"""What pictures of pages show that asks for care, by zero-shot sorting: people, identity papers, medical pictures, violence,
nudity. Nothing is stored: pages are looked at when they are about to go to a model, and remembered while the process runs.
"""

from __future__ import annotations

import tomllib
from collections import OrderedDict
from collections.abc import Callable, Sequence
from importlib.resources import files
from typing import TYPE_CHECKING

import anyio.to_thread

from mmrag.domain.documents import Page
from mmrag.ports import Blobs, ImageEmbedder
from mmrag.retrieval.kinds import Sorter, templates

if TYPE_CHECKING:
    from mmrag.ports import Pixels

LEAST = 0.2
"""Probability from which on a page counts as showing a topic. Low on purpose: a false alarm costs a rule more, a page
that slips through costs what the rule was for."""
_KEPT = 512


class PageTopics:
    """``Topics`` by an image model that never learned these. ``decode`` makes pixels of a stored picture; it blocks."""

    def __init__(self, embedder: ImageEmbedder, blobs: Blobs, decode: Callable[[bytes], Pixels]) -> None:
        table = tomllib.loads(files("mmrag.retrieval").joinpath("topics.toml").read_text(encoding="utf-8"))
        self._topics = frozenset(table["topics"])
        self._sorter = Sorter(embedder, {**table["topics"], **table["others"]}, templates())
        self._blobs = blobs
        self._decode = decode
        self._seen: OrderedDict[str, frozenset[str]] = OrderedDict()

    async def shown_on(self, pages: Sequence[Page]) -> tuple[frozenset[str] | None, ...]:
        """The topics of each page, None for one without a picture. Raises ``ModelError`` and ``StoreDamagedError``."""
        return tuple([await self._shown(page.image) if page.image else None for page in pages])

    async def _shown(self, image: str) -> frozenset[str]:
        if image not in self._seen:
            pixels = await anyio.to_thread.run_sync(self._decode, await self._blobs.get(image))
            (guesses,) = await self._sorter.of_pictures([pixels])
            found = {g.label for g in guesses if g.label in self._topics and g.probability >= LEAST}
            self._seen[image] = frozenset(found)
            while len(self._seen) > _KEPT:
                self._seen.popitem(last=False)
        return self._seen[image]
