"""Searching goes on when the vector index does not: the catalog holds every vector too."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from mmrag.adapters.exact import ExactVectors
from mmrag.domain.evidence import Scored
from mmrag.errors import IndexDriftError, StoreError
from mmrag.ports import IndexFeed, VectorIndex, VectorRecord

_log = logging.getLogger(__name__)
_FIRST: Final = object()


_FEW: Final = 4000
"""Comparing with so many vectors takes as long as asking the index for a filtered answer, about 15 ms."""


class CountedFeed(IndexFeed, Protocol):
    """An ``IndexFeed`` that can tell cheaply how many vectors the index should hold, and search a few of them itself."""

    async def count(self) -> int: ...

    async def nearest(
        self, vector: Sequence[float], k: int, *, documents: Sequence[str], at_most: int
    ) -> tuple[Scored, ...] | None:
        """The ``k`` nearest inside ``documents``, by comparing with every one there; None when they are over ``at_most``."""
        ...


class SteadyVectors:
    """``VectorIndex`` that searches ``index`` while it is in step with the catalog, else the catalog's own vectors.

    In step means: nothing waits in the outbox, and both hold the same number of vectors. That is looked at when first
    needed, and again whenever ``version()`` gives something new. Writing goes to ``index`` alone, errors included.

    Inside a few documents the catalog's own vectors are compared: that is exact, and takes a tenth of the time.
    """

    def __init__(self, index: VectorIndex, feed: CountedFeed, *, version: Callable[[], object]) -> None:
        self._index = index
        self._feed = feed
        self._exact = ExactVectors(feed)
        self._version = version
        self._seen: object = _FIRST
        self._trusted = False
        self._said: str | None = None

    async def query(self, vector: Sequence[float], k: int, *, documents: Sequence[str] | None = None) -> tuple[Scored, ...]:
        if documents is not None:
            found = await self._feed.nearest(vector, k, documents=documents, at_most=_FEW)
            if found is not None:
                return found
        try:
            if await self._in_step():
                return await self._index.query(vector, k, documents=documents)
        except StoreError as error:
            self._seen = _FIRST
            self._say(error)
        return await self._exact.query(vector, k, documents=documents)

    async def upsert(self, records: Sequence[VectorRecord]) -> None:
        await self._index.upsert(records)

    async def delete(self, element_ids: Sequence[str]) -> None:
        await self._index.delete(element_ids)

    async def ids(self) -> frozenset[str]:
        return await self._index.ids()

    async def count(self) -> int:
        return await self._index.count()

    async def clear(self) -> None:
        await self._index.clear()

    async def _in_step(self) -> bool:
        version = self._version()
        if version != self._seen:
            wanted = await self._feed.count()
            if await self._feed.pending(1):
                self._trusted = False
                _log.info("The vector index lags behind the catalog: searching the catalog's vectors meanwhile.")
            else:
                there = await self._index.count()
                self._trusted = there == wanted
                if not self._trusted:
                    raise IndexDriftError(f"The vector index holds {there} of {wanted} vectors: run mmrag index rebuild.")
            self._seen = version
        return self._trusted

    def _say(self, error: StoreError) -> None:
        """Warn of the same trouble once, not at every question."""
        if str(error) != self._said:
            self._said = str(error)
            _log.warning("%s Searching the catalog's vectors meanwhile, which is slower.", error)
