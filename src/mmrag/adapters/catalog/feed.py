"""The catalog's side of keeping the vector index in step."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator, Sequence
from functools import partial

from mmrag.adapters.catalog import codec
from mmrag.adapters.catalog.connect import Readers, Writer
from mmrag.adapters.catalog.nearest import within
from mmrag.domain.evidence import Scored
from mmrag.errors import StoreError
from mmrag.ports import IndexChange, VectorRecord

_VECTORS = """
SELECT v.element, e.id, i.document_id, p.number, v.kind, v.data
FROM vector v JOIN element e ON e.key = v.element JOIN page p ON p.key = e.page
JOIN edition i ON i.key = p.edition AND i.published = 1 AND i.embedder = ?1
"""
# CROSS JOIN reads the vectors in the order of their keys. Left alone, SQLite starts elsewhere and sorts all that is left
# for every batch.
_BATCH = """
SELECT v.element, e.id, i.document_id, p.number, v.kind, v.data
FROM vector v CROSS JOIN element e ON e.key = v.element CROSS JOIN page p ON p.key = e.page
CROSS JOIN edition i ON i.key = p.edition AND i.published = 1 AND i.embedder = ?1
WHERE v.element > ?2 ORDER BY v.element LIMIT ?3
"""
_BY_ID = """
SELECT e.id, i.document_id, p.number, v.kind, v.data
FROM json_each(?2) j CROSS JOIN element e ON e.id = j.value CROSS JOIN vector v ON v.element = e.key
CROSS JOIN page p ON p.key = e.page CROSS JOIN edition i ON i.key = p.edition AND i.published = 1 AND i.embedder = ?1
"""
_WITHIN = """
SELECT e.id, v.data FROM edition i JOIN page p ON p.edition = i.key JOIN element e ON e.page = p.key
JOIN vector v ON v.element = e.key
WHERE i.published = 1 AND i.embedder = ?1 AND i.document_id IN (SELECT value FROM json_each(?2)) AND length(v.data) = ?3
"""
_COUNT_WITHIN = """
SELECT coalesce(sum(vectors), 0) FROM edition
WHERE published = 1 AND embedder = ?1 AND document_id IN (SELECT value FROM json_each(?2))
"""


class SqliteFeed:
    """``IndexFeed`` over SQLite, for the vectors of one embedder: those of another never reach the same index.

    Without a ``writer`` it can be read only: ``acknowledge`` and ``requeue_all`` raise ``StoreError``.
    """

    def __init__(self, readers: Readers, *, embedder: str, writer: Writer | None = None) -> None:
        self._readers = readers
        self._writer = writer
        self._embedder = embedder

    async def pending(self, limit: int) -> tuple[IndexChange, ...]:
        def work(connection: sqlite3.Connection) -> tuple[IndexChange, ...]:
            sql = "SELECT sequence, element_id FROM outbox ORDER BY sequence LIMIT ?"
            waiting = connection.execute(sql, (limit,)).fetchall()
            ids = json.dumps([element_id for _, element_id in waiting])
            records = {r.element_id: r for r in map(_record, connection.execute(_BY_ID, (self._embedder, ids)))}
            return tuple(IndexChange(sequence=s, element_id=i, record=records.get(i)) for s, i in waiting)

        return await self._readers.run(work)

    async def acknowledge(self, sequences: Sequence[int]) -> None:
        done = json.dumps(list(sequences))
        await self._writing().run(
            lambda c: c.execute("DELETE FROM outbox WHERE sequence IN (SELECT value FROM json_each(?))", (done,))
        )

    async def vector_ids(self) -> frozenset[str]:
        sql = f"SELECT id FROM ({_VECTORS})"
        return await self._readers.run(lambda c: frozenset(str(row[0]) for row in c.execute(sql, (self._embedder,))))

    async def count(self) -> int:
        """How many vectors are published, without reading them."""
        sql = "SELECT coalesce(sum(vectors), 0) FROM edition WHERE published = 1 AND embedder = ?"
        return await self._readers.run(lambda c: int(c.execute(sql, (self._embedder,)).fetchone()[0]))

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
            count=_COUNT_WITHIN,
            rows=_WITHIN,
        )
        return await self._readers.run(work)

    async def vectors(self, batch: int) -> AsyncIterator[tuple[VectorRecord, ...]]:
        last = -1
        while True:
            rows = await self._readers.run(partial(_batch, embedder=self._embedder, after=last, limit=batch))
            if not rows:
                return
            last = rows[-1][0]
            yield tuple(_record(row[1:]) for row in rows)

    async def requeue_all(self) -> None:
        sql = f"INSERT OR REPLACE INTO outbox (element_id) SELECT id FROM ({_VECTORS})"
        await self._writing().run(lambda c: c.execute(sql, (self._embedder,)))

    def _writing(self) -> Writer:
        if self._writer is None:
            raise StoreError("The store is open for reading only: it cannot be changed.")
        return self._writer


def _batch(
    connection: sqlite3.Connection, *, embedder: str, after: int, limit: int
) -> list[tuple[int, str, str, int, str, bytes]]:
    return connection.execute(_BATCH, (embedder, after, limit)).fetchall()


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
