"""Full-text search, names in spite of OCR errors, and values, over published documents."""

from __future__ import annotations

import heapq
import json
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Final

from mmrag.adapters.catalog import codec
from mmrag.adapters.catalog.connect import Readers
from mmrag.adapters.catalog.names import pages_with
from mmrag.adapters.catalog.text import match_any, squash, trigrams
from mmrag.domain.evidence import Scored
from mmrag.domain.values import FoundValue, ValueKind
from mmrag.ports import PageRef, PageScored

# The plus keeps SQLite from asking the full-text index once for each row of the chosen documents. Rows come unsorted and
# with their number only: SQLite's way of sorting them by rank takes a fifth longer than choosing the best ones here.
_ELEMENTS: Final = """
SELECT f.rank, f.rowid FROM element_text f WHERE f.element_text MATCH ?1 AND (?2 IS NULL OR +f.rowid IN (
    SELECT e.key FROM edition i JOIN page p ON p.edition = i.key JOIN element e ON e.page = p.key
    WHERE i.document_id IN (SELECT value FROM json_each(?2)) AND i.published = 1
))
"""
_PAGES: Final = """
SELECT f.rank, f.rowid FROM page_text f WHERE f.page_text MATCH ?1 AND (?2 IS NULL OR +f.rowid IN (
    SELECT p.key FROM edition i JOIN page p ON p.edition = i.key
    WHERE i.document_id IN (SELECT value FROM json_each(?2)) AND i.published = 1
))
"""
_ELEMENT_IDS: Final = "SELECT e.key, e.id FROM json_each(?) j CROSS JOIN element e ON e.key = j.value"
_PAGE_REFS: Final = """
SELECT p.key, i.document_id, p.number
FROM json_each(?) j CROSS JOIN page p ON p.key = j.value JOIN edition i ON i.key = p.edition
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

        def work(connection: sqlite3.Connection) -> tuple[Scored, ...]:
            best = _best(connection.execute(_ELEMENTS, (expression, _json(documents))), k)
            ids = dict(connection.execute(_ELEMENT_IDS, (_keys(best),)))
            return tuple(Scored(id=ids[key], score=-rank) for rank, key in best)

        return await self._readers.run(work)

    async def search_pages(self, query: str, k: int, *, documents: Sequence[str] | None = None) -> tuple[PageScored, ...]:
        expression = match_any(query)
        if expression is None or k <= 0:
            return ()

        def work(connection: sqlite3.Connection) -> tuple[PageScored, ...]:
            best = _best(connection.execute(_PAGES, (expression, _json(documents))), k)
            rows = connection.execute(_PAGE_REFS, (_keys(best),))
            refs = {key: PageRef(document_id=d, page=n) for key, d, n in rows}
            return tuple(PageScored(ref=refs[key], score=-rank) for rank, key in best)

        return await self._readers.run(work)

    async def search_names(self, name: str, k: int, *, documents: Sequence[str] | None = None) -> tuple[PageScored, ...]:
        if not trigrams(squash(name)) or k <= 0:
            return ()
        return await self._readers.run(lambda c: pages_with(c, name, k, documents=documents))

    async def search_values(
        self, normals: Sequence[str], *, kinds: Sequence[ValueKind] | None = None, documents: Sequence[str] | None = None
    ) -> tuple[FoundValue, ...]:
        kinds_json = None if kinds is None else json.dumps([k.value for k in kinds])
        parameters = (json.dumps(list(normals)), kinds_json, _json(documents))
        return await self._readers.run(lambda c: tuple(map(_value_from, c.execute(_VALUES, parameters))))


def _best(rows: Iterable[tuple[float, int]], k: int) -> list[tuple[float, int]]:
    """The first ``k`` by rank (the lower the better), then by row."""
    return heapq.nsmallest(k, rows)


def _keys(best: Sequence[tuple[float, int]]) -> str:
    return json.dumps([key for _, key in best])


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
