"""The catalog's side of keeping the index of image vectors in step. See ``feed`` for the vectors of texts."""

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

_COLUMNS = "c.id, i.document_id, p.number, c.kind, c.data"
_PUBLISHED = "JOIN edition i ON i.key = p.edition AND i.published = 1 AND i.image_embedder = ?1"
_IDS = f"SELECT c.id FROM picture c JOIN page p ON p.key = c.page {_PUBLISHED}"
_BATCH = f"""
SELECT c.key, {_COLUMNS} FROM picture c CROSS JOIN page p ON p.key = c.page CROSS {_PUBLISHED}
WHERE c.key > ?2 ORDER BY c.key LIMIT ?3
"""
_BY_ID = f"""
SELECT {_COLUMNS} FROM json_each(?2) j CROSS JOIN picture c ON c.id = j.value CROSS JOIN page p ON p.key = c.page
CROSS {_PUBLISHED}
"""
_WITHIN = """
SELECT c.id, c.data FROM edition i JOIN page p ON p.edition = i.key JOIN picture c ON c.page = p.key
WHERE i.published = 1 AND i.image_embedder = ?1 AND i.document_id IN (SELECT value FROM json_each(?2))
AND length(c.data) = ?3
"""
_COUNT_WITHIN = """
SELECT coalesce(sum(pictures), 0) FROM edition
WHERE published = 1 AND image_embedder = ?1 AND document_id IN (SELECT value FROM json_each(?2))
"""


class SqlitePictureFeed:
    """``IndexFeed`` of the image vectors of one embedder; a record's ``element_id`` is the id of its picture.

    Without a ``writer`` it can be read only: ``acknowledge`` and ``requeue_all`` raise ``StoreError``.
    """

    def __init__(self, readers: Readers, *, embedder: str, writer: Writer | None = None) -> None:
        self._readers = readers
        self._writer = writer
        self._embedder = embedder

    async def pending(self, limit: int) -> tuple[IndexChange, ...]:
        def work(connection: sqlite3.Connection) -> tuple[IndexChange, ...]:
            sql = "SELECT sequence, picture_id FROM picture_outbox ORDER BY sequence LIMIT ?"
            waiting = connection.execute(sql, (limit,)).fetchall()
            ids = json.dumps([picture_id for _, picture_id in waiting])
            records = {r.element_id: r for r in map(_record, connection.execute(_BY_ID, (self._embedder, ids)))}
            return tuple(IndexChange(sequence=s, element_id=i, record=records.get(i)) for s, i in waiting)

        return await self._readers.run(work)

    async def acknowledge(self, sequences: Sequence[int]) -> None:
        done = json.dumps(list(sequences))
        await self._writing().run(
            lambda c: c.execute("DELETE FROM picture_outbox WHERE sequence IN (SELECT value FROM json_each(?))", (done,))
        )

    async def vector_ids(self) -> frozenset[str]:
        return await self._readers.run(lambda c: frozenset(str(row[0]) for row in c.execute(_IDS, (self._embedder,))))

    async def count(self) -> int:
        """How many image vectors are published, without reading them."""
        sql = "SELECT coalesce(sum(pictures), 0) FROM edition WHERE published = 1 AND image_embedder = ?"
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
        sql = f"INSERT OR REPLACE INTO picture_outbox (picture_id) {_IDS}"
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
    picture_id, document_id, page, kind, data = row
    if not isinstance(data, bytes):
        raise TypeError("a vector is a blob")
    return VectorRecord(
        element_id=str(picture_id),
        document_id=str(document_id),
        page=int(str(page)),
        kind=str(kind),
        vector=codec.unpack_vector(data),
    )
