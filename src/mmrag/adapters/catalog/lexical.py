"""Full-text search, names in spite of OCR errors, and values, over published documents."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import Any, Final

from mmrag.adapters.catalog import codec
from mmrag.adapters.catalog.connect import Readers
from mmrag.adapters.catalog.names import pages_with
from mmrag.adapters.catalog.text import match_any, squash, trigrams
from mmrag.domain.evidence import Scored
from mmrag.domain.values import FoundValue, ValueKind
from mmrag.ports import PageRef, PageScored

# CROSS JOIN keeps the full-text table outermost: it yields rows by rank, and the limit stops it early. The plus keeps
# SQLite from asking the full-text index once for each row of the chosen documents.
_ELEMENTS: Final = """
SELECT e.id, -f.rank FROM element_text f CROSS JOIN element e ON e.key = f.rowid
WHERE f.element_text MATCH ?1 AND (?3 IS NULL OR +f.rowid IN (
    SELECT e.key FROM edition i JOIN page p ON p.edition = i.key JOIN element e ON e.page = p.key
    WHERE i.document_id IN (SELECT value FROM json_each(?3)) AND i.published = 1
)) ORDER BY f.rank LIMIT ?2
"""
_PAGES: Final = """
SELECT i.document_id, p.number, -f.rank FROM page_text f CROSS JOIN page p ON p.key = f.rowid
JOIN edition i ON i.key = p.edition
WHERE f.page_text MATCH ?1 AND (?3 IS NULL OR +f.rowid IN (
    SELECT p.key FROM edition i JOIN page p ON p.edition = i.key
    WHERE i.document_id IN (SELECT value FROM json_each(?3)) AND i.published = 1
)) ORDER BY f.rank LIMIT ?2
"""
_VALUES: Final = """
SELECT DISTINCT i.document_id, p.number, e.id, v.kind, v.normals, v.text, v.words, v.ordinal
FROM normal n JOIN found_value v ON v.key = n.found_value JOIN element e ON e.key = v.element
JOIN page p ON p.key = e.page JOIN edition i ON i.key = p.edition AND i.published = 1
WHERE n.normal IN (SELECT value FROM json_each(?1)) AND (?2 IS NULL OR v.kind IN (SELECT value FROM json_each(?2)))
AND (?3 IS NULL OR i.document_id IN (SELECT value FROM json_each(?3)))
ORDER BY i.document_id, p.number, e.ordinal, v.ordinal
"""


class SqliteLexical:
    """``LexicalIndex`` over SQLite's FTS5."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers

    async def search_elements(self, query: str, k: int, *, documents: Sequence[str] | None = None) -> tuple[Scored, ...]:
        expression = match_any(query)
        if expression is None or k <= 0:
            return ()
        rows: list[tuple[str, float]] = await self._rows(_ELEMENTS, (expression, k, _json(documents)))
        return tuple(Scored(id=id_, score=score) for id_, score in rows)

    async def search_pages(self, query: str, k: int, *, documents: Sequence[str] | None = None) -> tuple[PageScored, ...]:
        expression = match_any(query)
        if expression is None or k <= 0:
            return ()
        rows: list[tuple[str, int, float]] = await self._rows(_PAGES, (expression, k, _json(documents)))
        return tuple(PageScored(ref=PageRef(document_id=d, page=n), score=score) for d, n, score in rows)

    async def search_names(self, name: str, k: int) -> tuple[PageScored, ...]:
        if not trigrams(squash(name)) or k <= 0:
            return ()
        return await self._readers.run(lambda c: pages_with(c, name, k))

    async def search_values(
        self, normals: Sequence[str], *, kinds: Sequence[ValueKind] | None = None, documents: Sequence[str] | None = None
    ) -> tuple[FoundValue, ...]:
        kinds_json = None if kinds is None else json.dumps([k.value for k in kinds])
        rows = await self._rows(_VALUES, (json.dumps(list(normals)), kinds_json, _json(documents)))
        return tuple(map(_value_from, rows))

    async def _rows(self, sql: str, parameters: tuple[object, ...]) -> list[Any]:
        def work(connection: sqlite3.Connection) -> list[Any]:
            return connection.execute(sql, parameters).fetchall()

        return await self._readers.run(work)


def _value_from(row: Sequence[object]) -> FoundValue:
    document_id, page, element_id, kind, normals, text, words, _ = row
    return FoundValue(
        document_id=str(document_id),
        page=int(str(page)),
        element_id=str(element_id),
        kind=ValueKind(str(kind)),
        normals=tuple(json.loads(str(normals))),
        text=str(text),
        words=codec.text_to_ints(str(words)),
    )


def _json(items: Sequence[str] | None) -> str | None:
    return None if items is None else json.dumps(list(items))
