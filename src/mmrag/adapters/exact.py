"""Nearest neighbours by comparing with every vector of the catalog: no index, so nothing that can be out of step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import anyio.to_thread

from mmrag.domain.evidence import Scored
from mmrag.ports import IndexFeed, VectorRecord

_BATCH: Final = 4096


class ExactVectors:
    """``VectorIndex`` that reads the catalog's own vectors, in batches: memory stays flat however many there are.

    What is published is what it finds, so ``upsert``, ``delete`` and ``clear`` have nothing to do.
    """

    def __init__(self, feed: IndexFeed) -> None:
        self._feed = feed

    async def upsert(self, records: Sequence[VectorRecord]) -> None:
        """Nothing to do: the catalog holds them."""

    async def delete(self, element_ids: Sequence[str]) -> None:
        """Nothing to do: the catalog no longer holds them."""

    async def clear(self) -> None:
        """Nothing to do: there is no index."""

    async def query(self, vector: Sequence[float], k: int, *, documents: Sequence[str] | None = None) -> tuple[Scored, ...]:
        wanted = None if documents is None else frozenset(documents)
        best: list[Scored] = []
        async for batch in self._feed.vectors(_BATCH):
            chosen = [r for r in batch if wanted is None or r.document_id in wanted]
            if chosen:
                best = await anyio.to_thread.run_sync(_best, chosen, vector, best, k)
        return tuple(best)

    async def ids(self) -> frozenset[str]:
        return await self._feed.vector_ids()

    async def count(self) -> int:
        return len(await self._feed.vector_ids())


def _best(records: Sequence[VectorRecord], vector: Sequence[float], so_far: list[Scored], k: int) -> list[Scored]:
    """The ``k`` best of ``records`` and ``so_far``; equal scores in order of id."""
    import numpy as np

    matrix = np.stack([np.asarray(r.vector, np.float32) for r in records])
    query = np.asarray(vector, np.float32)
    lengths = np.linalg.norm(matrix, axis=1) * np.linalg.norm(query)
    scores = np.divide(matrix @ query, lengths, out=np.zeros(len(records), np.float32), where=lengths > 0)
    nearest = np.argpartition(-scores, k - 1)[:k] if 0 < k < len(records) else np.arange(len(records))
    found = so_far + [Scored(id=records[i].element_id, score=float(scores[i])) for i in nearest]
    return sorted(found, key=lambda s: (-s.score, s.id))[: max(0, k)]
