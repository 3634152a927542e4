"""The catalog's side of keeping a vector index in step: that of texts, or that of pictures."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator, Sequence
from functools import partial

from mmrag.adapters.catalog import codec
from mmrag.adapters.catalog.connect import Readers, Writer
from mmrag.adapters.catalog.feed_sql import TEXTS, FeedSql
from mmrag.adapters.catalog.nearest import within
from mmrag.domain.evidence import Scored
from mmrag.errors import StoreError
from mmrag.ports import IndexChange, VectorRecord


class SqliteFeed:
    """``IndexFeed`` over SQLite, for the vectors of one embedder: those of another never reach the same index.

    ``sql`` says whether of texts or of pictures; of pictures, a record's ``element_id`` is the id of its picture.
    Without a ``writer`` it can be read only: ``acknowledge`` and ``requeue_all`` raise ``StoreError``.
    """

    def __init__(self, readers: Readers, *, embedder: str, writer: Writer | None = None, sql: FeedSql = TEXTS) -> None:
        self._readers = readers
        self._sql = sql
        self._writer = writer
        self._embedder = embedder

    async def pending(self, limit: int) -> tuple[IndexChange, ...]:
        def work(connection: sqlite3.Connection) -> tuple[IndexChange, ...]:
            waiting = connection.execute(self._sql.pending, (limit,)).fetchall()
            ids = json.dumps([element_id for _, element_id in waiting])
            records = {r.element_id: r for r in map(_record, connection.execute(self._sql.by_id, (self._embedder, ids)))}
            return tuple(IndexChange(sequence=s, element_id=i, record=records.get(i)) for s, i in waiting)

        return await self._readers.run(work)

    async def acknowledge(self, sequences: Sequence[int]) -> None:
        done = json.dumps(list(sequences))
        await self._writing().run(lambda c: c.execute(self._sql.acknowledge, (done,)))

    async def vector_ids(self) -> frozenset[str]:
        return await self._readers.run(lambda c: frozenset(str(i) for (i,) in c.execute(self._sql.ids, (self._embedder,))))

    async def count(self) -> int:
        """How many vectors are published, without reading them."""
        return await self._readers.run(lambda c: int(c.execute(self._sql.count, (self._embedder,)).fetchone()[0]))

    async def nearest(
        self, vector: Sequence[float], k: int, *, documents: Sequence[str], at_most: int
    ) -> tuple[Scored, ...] | None:
        """The ``k`` nearest inside ``documents``, by comparing with every one there; None when they are over ``at_most``."""
        work = within(
            vector,
            k,
            embedder=self._embedder,
            documents=documents,
            at_most=at_most,
            count=self._sql.count_within,
            rows=self._sql.within,
        )
        return await self._readers.run(work)

    async def vectors(self, batch: int) -> AsyncIterator[tuple[VectorRecord, ...]]:
        last = -1
        while True:
            rows = await self._readers.run(
                partial(_batch, sql=self._sql.batch, embedder=self._embedder, after=last, limit=batch)
            )
            if not rows:
                return
            last = rows[-1][0]
            yield tuple(_record(row[1:]) for row in rows)

    async def requeue_all(self) -> None:
        await self._writing().run(lambda c: c.execute(self._sql.requeue, (self._embedder,)))

    def _writing(self) -> Writer:
        if self._writer is None:
            raise StoreError("The store is open for reading only: it cannot be changed.")
        return self._writer


def _batch(
    connection: sqlite3.Connection, *, sql: str, embedder: str, after: int, limit: int
) -> list[tuple[int, str, str, int, str, bytes]]:
    return connection.execute(sql, (embedder, after, limit)).fetchall()


def _record(row: Sequence[object]) -> VectorRecord:
    element_id, document_id, page, kind, data = row
    if not isinstance(data, bytes):
        raise TypeError("a vector is a blob")
    return VectorRecord(
        element_id=str(element_id),
        document_id=str(document_id),
        page=int(str(page)),
        kind=str(kind),
        vector=codec.unpack_vector(data),
    )
