"""Reading the catalog: documents, pages, elements. Unpublished editions are never seen."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from mmrag.adapters.catalog import codec
from mmrag.adapters.catalog.connect import Readers
from mmrag.domain.documents import Document, Element, ElementKind, ElementPlace, Page
from mmrag.domain.pictures import PageKind, Picture
from mmrag.ports import PageRef, StoreCounts

_DOCUMENTS = f"""
SELECT (SELECT min(path) FROM location l WHERE l.document_id = d.id), {codec.DOCUMENT_COLUMNS} FROM document d
"""
_PAGE = f"""
SELECT p.key, i.document_id, p.number, {codec.PAGE_COLUMNS}
FROM edition i JOIN page p ON p.edition = i.key WHERE i.document_id = ? AND i.published = 1 AND p.number = ?
"""
_STAGED_PAGE = f"""
SELECT p.key, i.document_id, p.number, {codec.PAGE_COLUMNS}
FROM edition i JOIN page p ON p.edition = i.key WHERE i.document_id = ? AND i.recipe = ? AND i.published = 0 AND p.number = ?
"""
_PUBLISHED_ELEMENTS = f"""
SELECT i.document_id, p.number, {codec.ELEMENT_COLUMNS}
FROM element e JOIN page p ON p.key = e.page JOIN edition i ON i.key = p.edition AND i.published = 1
"""

_PLACES = """
SELECT e.id, i.document_id, p.number, e.ordinal, e.kind
FROM json_each(?) j CROSS JOIN element e ON e.id = j.value JOIN page p ON p.key = e.page
JOIN edition i ON i.key = p.edition AND i.published = 1
"""
_PLACES_OF = "SELECT e.id, ?, ?, e.ordinal, e.kind FROM element e WHERE e.page = ? ORDER BY e.ordinal"
_PAGE_KEY = """
SELECT p.key FROM edition i JOIN page p ON p.edition = i.key WHERE i.document_id = ? AND i.published = 1 AND p.number = ?
"""

_GENERATED = ", ".join(f"'{kind.value}'" for kind in ElementKind if kind.is_generated)

_PICTURES = """
SELECT c.id, i.document_id, p.number, c.x0, c.y0, c.x1, c.y1, c.element
FROM json_each(?) j CROSS JOIN picture c ON c.id = j.value JOIN page p ON p.key = c.page
JOIN edition i ON i.key = p.edition AND i.published = 1
"""
# With CROSS JOIN, SQLite goes by the index over kinds. Without it, it reads each page past its words to get to its kind.
_PAGES_OF_KIND = """
SELECT i.document_id, p.number
FROM json_each(?) j CROSS JOIN page p ON p.kind = j.value JOIN edition i ON i.key = p.edition AND i.published = 1
ORDER BY i.document_id, p.number
"""
_PAGES_IN_LANGUAGE = """
SELECT i.document_id, p.number
FROM json_each(?) j CROSS JOIN page p ON p.language = j.value JOIN edition i ON i.key = p.edition AND i.published = 1
ORDER BY i.document_id, p.number
"""


class SqliteCatalog:
    """``Catalog`` over SQLite."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers

    async def counts(self) -> StoreCounts:
        return await self._readers.run(_counts)

    async def documents(self) -> tuple[Document, ...]:
        return await self._readers.run(
            lambda c: tuple(codec.document_from(row) for row in c.execute(f"{_DOCUMENTS} ORDER BY d.name, d.id"))
        )

    async def document(self, document_id: str) -> Document | None:
        def work(connection: sqlite3.Connection) -> Document | None:
            row = connection.execute(f"{_DOCUMENTS} WHERE d.id = ?", (document_id,)).fetchone()
            return None if row is None else codec.document_from(row)

        return await self._readers.run(work)

    async def page(self, ref: PageRef) -> Page | None:
        def work(connection: sqlite3.Connection) -> Page | None:
            row = connection.execute(_PAGE, (ref.document_id, ref.page)).fetchone()
            if row is None:
                return None
            return codec.page_from(row[1:], _elements_of(connection, row[0], ref))

        return await self._readers.run(work)

    async def elements(self, ids: Sequence[str]) -> tuple[Element, ...]:
        def work(connection: sqlite3.Connection) -> tuple[Element, ...]:
            rows = connection.execute(
                f"{_PUBLISHED_ELEMENTS} WHERE e.id IN (SELECT value FROM json_each(?))", (json.dumps(list(ids)),)
            ).fetchall()
            found = {element.id: element for element in codec.elements_from(rows)}
            return tuple(found[i] for i in ids if i in found)

        return await self._readers.run(work)

    async def elements_of(self, pages: Sequence[PageRef]) -> tuple[Element, ...]:
        def work(connection: sqlite3.Connection) -> tuple[Element, ...]:
            elements: list[Element] = []
            for ref in pages:
                row = connection.execute(_PAGE_KEY, (ref.document_id, ref.page)).fetchone()
                if row is not None:
                    elements.extend(_elements_of(connection, row[0], ref))
            return tuple(elements)

        return await self._readers.run(work)

    async def places(self, ids: Sequence[str]) -> tuple[ElementPlace, ...]:
        def work(connection: sqlite3.Connection) -> tuple[ElementPlace, ...]:
            rows = connection.execute(_PLACES, (json.dumps(list(dict.fromkeys(ids))),))
            found = {place.id: place for place in map(codec.place_from, rows)}
            return tuple(found[i] for i in ids if i in found)

        return await self._readers.run(work)

    async def places_of(self, pages: Sequence[PageRef]) -> tuple[ElementPlace, ...]:
        def work(connection: sqlite3.Connection) -> tuple[ElementPlace, ...]:
            places: list[ElementPlace] = []
            for ref in pages:
                row = connection.execute(_PAGE_KEY, (ref.document_id, ref.page)).fetchone()
                if row is not None:
                    rows = connection.execute(_PLACES_OF, (ref.document_id, ref.page, row[0]))
                    places.extend(map(codec.place_from, rows))
            return tuple(places)

        return await self._readers.run(work)

    async def pictures(self, ids: Sequence[str]) -> tuple[Picture, ...]:
        def work(connection: sqlite3.Connection) -> tuple[Picture, ...]:
            rows = connection.execute(_PICTURES, (json.dumps(list(ids)),))
            found = {picture.id: picture for picture in map(codec.picture_from, rows)}
            return tuple(found[i] for i in ids if i in found)

        return await self._readers.run(work)

    async def pages_of_kind(self, kinds: Sequence[PageKind]) -> tuple[PageRef, ...]:
        wanted = json.dumps(list(dict.fromkeys(kind.value for kind in kinds)))
        rows = await self._readers.run(lambda c: c.execute(_PAGES_OF_KIND, (wanted,)).fetchall())
        return tuple(PageRef(document_id=str(document_id), page=int(number)) for document_id, number in rows)

    async def pages_in_language(self, languages: Sequence[str]) -> tuple[PageRef, ...]:
        wanted = json.dumps(list(dict.fromkeys(languages)))
        rows = await self._readers.run(lambda c: c.execute(_PAGES_IN_LANGUAGE, (wanted,)).fetchall())
        return tuple(PageRef(document_id=str(document_id), page=int(number)) for document_id, number in rows)


def staged_page(connection: sqlite3.Connection, ref: PageRef, recipe: str) -> Page | None:
    """A page that is not published yet, for the writer alone."""
    row = connection.execute(_STAGED_PAGE, (ref.document_id, recipe, ref.page)).fetchone()
    return None if row is None else codec.page_from(row[1:], _elements_of(connection, row[0], ref))


def _elements_of(connection: sqlite3.Connection, page_key: int, ref: PageRef) -> tuple[Element, ...]:
    rows = connection.execute(
        f"SELECT ?, ?, {codec.ELEMENT_COLUMNS} FROM element e WHERE e.page = ? ORDER BY e.ordinal",
        (ref.document_id, ref.page, page_key),
    )
    return codec.elements_from(rows.fetchall())


def _counts(connection: sqlite3.Connection) -> StoreCounts:
    def one(sql: str) -> int:
        return int(connection.execute(sql).fetchone()[0])

    pages = "page p JOIN edition i ON i.key = p.edition AND i.published = 1"
    return StoreCounts(
        documents=one("SELECT count(*) FROM document WHERE status = 'ready'"),
        quarantined=one("SELECT count(*) FROM document WHERE status = 'quarantined'"),
        pages=one(f"SELECT count(*) FROM {pages}"),
        elements=one(f"SELECT count(*) FROM {pages} JOIN element e ON e.page = p.key WHERE e.kind NOT IN ({_GENERATED})"),
        vectors=one("SELECT coalesce(sum(vectors), 0) FROM edition WHERE published = 1"),
        pictures=one("SELECT coalesce(sum(pictures), 0) FROM edition WHERE published = 1"),
    )


def has_documents(connection: sqlite3.Connection) -> bool:
    """True when anything was ingested, be it into quarantine."""
    return bool(connection.execute("SELECT EXISTS (SELECT 1 FROM document)").fetchone()[0])
