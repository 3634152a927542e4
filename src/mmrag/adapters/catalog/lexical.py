"""Full-text search, names in spite of OCR errors, and values, over published documents."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeVar

from mmrag.adapters.catalog import codec
from mmrag.adapters.catalog.connect import Readers
from mmrag.adapters.catalog.latest import Latest
from mmrag.adapters.catalog.names import pages_with
from mmrag.adapters.catalog.postings import ELEMENTS, PAGES, best
from mmrag.adapters.catalog.snapshots import Snapshot, Snapshots
from mmrag.adapters.catalog.text import phrases_of, squash, trigrams
from mmrag.domain.evidence import Scored
from mmrag.domain.values import FoundValue, ValueKind
from mmrag.ports import PageRef, PageScored

Found = TypeVar("Found")

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

    def __init__(self, readers: Readers, *, now: Callable[[], float] = time.time) -> None:
        self._readers = readers
        self._snapshots = Snapshots(readers, now=now)

    async def search_elements(self, query: str, k: int, *, documents: Sequence[str] | None = None) -> tuple[Scored, ...]:
        phrases = phrases_of(query)

        def work(snapshot: Snapshot) -> tuple[Scored, ...]:
            ranked = best(snapshot, ELEMENTS, phrases, k, documents)
            ids = _looked_up(snapshot, snapshot.kept.element_ids, [key for key, _ in ranked], _element_ids)
            return tuple([Scored(id=ids[key], score=score) for key, score in ranked])

        return await self._snapshots.run(work) if phrases and k > 0 else ()

    async def search_pages(self, query: str, k: int, *, documents: Sequence[str] | None = None) -> tuple[PageScored, ...]:
        phrases = phrases_of(query)

        def work(snapshot: Snapshot) -> tuple[PageScored, ...]:
            ranked = best(snapshot, PAGES, phrases, k, documents)
            refs = _looked_up(snapshot, snapshot.kept.pages, [key for key, _ in ranked], _page_refs)
            return tuple([PageScored(ref=refs[key], score=score) for key, score in ranked])

        return await self._snapshots.run(work) if phrases and k > 0 else ()

    async def search_names(self, name: str, k: int, *, documents: Sequence[str] | None = None) -> tuple[PageScored, ...]:
        if not trigrams(squash(name)) or k <= 0:
            return ()
        return await self._snapshots.run(lambda snapshot: pages_with(snapshot, name, k, documents=documents))

    async def search_values(
        self, normals: Sequence[str], *, kinds: Sequence[ValueKind] | None = None, documents: Sequence[str] | None = None
    ) -> tuple[FoundValue, ...]:
        kinds_json = None if kinds is None else json.dumps([k.value for k in kinds])
        parameters = (json.dumps(list(normals)), kinds_json, _json(documents))
        return await self._readers.run(lambda c: tuple(map(_value_from, c.execute(_VALUES, parameters))))


def _looked_up(
    snapshot: Snapshot,
    kept: Latest[int, Found],
    keys: Sequence[int],
    read: Callable[[sqlite3.Connection, Sequence[int]], Iterable[tuple[int, Found]]],
) -> dict[int, Found]:
    """What belongs to each of ``keys``: from memory, and the rest by ``read``."""
    found = {key: there for key in keys if (there := kept.get(key)) is not None}
    missing = [key for key in keys if key not in found]
    for key, fresh in read(snapshot.connection, missing) if missing else ():
        found[key] = fresh
        kept.put(key, fresh)
    return found


def _element_ids(connection: sqlite3.Connection, keys: Sequence[int]) -> Iterable[tuple[int, str]]:
    return connection.execute(_ELEMENT_IDS, (json.dumps(keys),))


def _page_refs(connection: sqlite3.Connection, keys: Sequence[int]) -> Iterable[tuple[int, PageRef]]:
    rows = connection.execute(_PAGE_REFS, (json.dumps(keys),))
    return ((key, PageRef(document_id=document_id, page=number)) for key, document_id, number in rows)


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
