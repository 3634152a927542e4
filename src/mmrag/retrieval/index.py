"""Keeping the vector index in step with the catalog. Both are ports: nothing here knows which index it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from mmrag.ports import IndexFeed, VectorIndex

_BATCH: Final = 500
"""Changes at once. A vector on its way is 384 numbers of Python, 12 kB: more of them only take memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """Element ids that differ: ``missing`` are in the catalog only, ``surplus`` in the index only."""

    missing: frozenset[str]
    surplus: frozenset[str]

    def __bool__(self) -> bool:
        return bool(self.missing or self.surplus)


class IndexKeeper:
    """Carries changes from the catalog's outbox to the vector index, and finds out whether they differ."""

    def __init__(self, feed: IndexFeed, vectors: VectorIndex) -> None:
        self._feed = feed
        self._vectors = vectors

    async def drain(self) -> int:
        """Bring the index up to date; returns how many changes there were.

        A batch is acknowledged after the index took it in. A crash in between repeats it, which changes nothing.
        """
        count = 0
        while changes := await self._feed.pending(_BATCH):
            dropped = [change.element_id for change in changes if change.record is None]
            taken = [change.record for change in changes if change.record is not None]
            if dropped:
                await self._vectors.delete(dropped)
            if taken:
                await self._vectors.upsert(taken)
            await self._feed.acknowledge([change.sequence for change in changes])
            count += len(changes)
        return count

    async def verify(self) -> Drift:
        """Compare the ids on both sides."""
        wanted = await self._feed.vector_ids()
        there = await self._vectors.ids()
        return Drift(missing=wanted - there, surplus=there - wanted)

    async def rebuild(self) -> int:
        """Empty the index and fill it again from the catalog; returns how many vectors it holds.

        The outbox comes first: after a crash in between, the next drain puts back what is missing.
        """
        await self._feed.requeue_all()
        await self._vectors.clear()
        await self.drain()
        return await self._vectors.count()


class IndexKeepers:
    """The keepers of several indexes as one: text vectors and image vectors come and go together."""

    def __init__(self, *keepers: IndexKeeper) -> None:
        self._keepers = keepers

    async def drain(self) -> int:
        return sum([await keeper.drain() for keeper in self._keepers])

    async def verify(self) -> Drift:
        drifts = [await keeper.verify() for keeper in self._keepers]
        return Drift(
            missing=frozenset().union(*(drift.missing for drift in drifts)),
            surplus=frozenset().union(*(drift.surplus for drift in drifts)),
        )

    async def rebuild(self) -> int:
        """Every index anew; returns how many vectors they hold together."""
        return sum([await keeper.rebuild() for keeper in self._keepers])
