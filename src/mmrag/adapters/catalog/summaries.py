"""Search over summaries. They are few beside what is printed: each is compared with the question, without an index."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import Final

from mmrag.adapters.catalog import codec
from mmrag.adapters.catalog.connect import Readers
from mmrag.adapters.catalog.nearest import nearest
from mmrag.adapters.catalog.text import match_any
from mmrag.domain.evidence import Scored

_OF = "(?3 IS NULL OR i.document_id IN (SELECT value FROM json_each(?3)))"
_MATCHING: Final = f"""
SELECT e.id, -f.rank FROM summary_text f CROSS JOIN element e ON e.key = f.rowid JOIN page p ON p.key = e.page
JOIN edition i ON i.key = p.edition WHERE f.summary_text MATCH ?1 AND {_OF} ORDER BY f.rank LIMIT ?2
"""
_PUBLISHED: Final = f"""
SELECT e.id, s.data FROM summary s JOIN element e ON e.key = s.element JOIN page p ON p.key = e.page
JOIN edition i ON i.key = p.edition AND i.published = 1 AND i.embedder = ?1
WHERE length(s.data) = ?2 AND {_OF} ORDER BY e.id
"""


class SqliteSummaries:
    """``SummaryIndex`` over SQLite. ``embedder`` is the identity of the model whose vectors are compared."""

    def __init__(self, readers: Readers, *, embedder: str) -> None:
        self._readers = readers
        self._embedder = embedder

    async def matching(self, query: str, k: int, *, documents: Sequence[str] | None = None) -> tuple[Scored, ...]:
        expression = match_any(query)
        if expression is None or k <= 0:
            return ()
        wanted = None if documents is None else json.dumps(list(documents))

        def work(connection: sqlite3.Connection) -> tuple[Scored, ...]:
            rows = connection.execute(_MATCHING, (expression, k, wanted))
            return tuple(Scored(id=str(id_), score=float(score)) for id_, score in rows)

        return await self._readers.run(work)

    async def near(self, vector: Sequence[float], k: int, *, documents: Sequence[str] | None = None) -> tuple[Scored, ...]:
        packed = codec.pack_vector(vector)
        wanted = None if documents is None else json.dumps(list(documents))

        def work(connection: sqlite3.Connection) -> tuple[Scored, ...]:
            return nearest(connection.execute(_PUBLISHED, (self._embedder, len(packed), wanted)), packed, k)

        return await self._readers.run(work)
