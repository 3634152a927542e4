"""The catalog's side of keeping the vector index in step."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator, Sequence
from functools import partial

from mmrag.adapters.catalog import codec
from mmrag.adapters.catalog.connect import Readers, Writer
from mmrag.errors import StoreError
from mmrag.ports import IndexChange, VectorRecord

_VECTORS = """
SELECT v.element, e.id, i.document_id, p.number, v.kind, v.data
FROM vector v JOIN element e ON e.key = v.element JOIN page p ON p.key = e.page
JOIN edition i ON i.key = p.edition AND i.published = 1 AND i.embedder = ?1
"""
_PENDING = f"""
SELECT o.sequence, o.element_id, r.id, r.document_id, r.number, r.kind, r.data
FROM (SELECT sequence, element_id FROM outbox ORDER BY sequence LIMIT ?2) o
LEFT JOIN ({_VECTORS}) r ON r.id = o.element_id ORDER BY o.sequence
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
            return tuple(_change(row) for row in connection.execute(_PENDING, (self._embedder, limit)))

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
    sql = f"{_VECTORS} WHERE v.element > ?2 ORDER BY v.element LIMIT ?3"
    return connection.execute(sql, (embedder, after, limit)).fetchall()


def _change(row: Sequence[object]) -> IndexChange:
    sequence, element_id, *record = row
    found = record[0] is not None
    return IndexChange(sequence=int(str(sequence)), element_id=str(element_id), record=_record(record) if found else None)


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
