"""The single steps of writing the catalog. All run inside the caller's transaction."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Final

from mmrag.adapters.catalog import codec
from mmrag.adapters.catalog.text import clean, squash
from mmrag.domain.documents import Document, Element, ElementKind, Page
from mmrag.domain.values import FoundValue
from mmrag.errors import StoreError
from mmrag.ports import PictureRecord, VectorRecord

_APART: Final = ", ".join(f"'{kind.value}'" for kind in ElementKind if kind is ElementKind.SUMMARY or kind.is_part)
"""Kinds outside the full text of what is printed: summaries have their own, and parts of a chart are found by the chart."""

_SEARCHED: Final = (
    (
        "element_text",
        "text",
        "SELECT e.key, e.text FROM element e JOIN page p ON p.key = e.page WHERE p.edition = ?"
        f" AND e.kind NOT IN ({_APART})",
    ),
    (
        "summary_text",
        "text",
        "SELECT e.key, e.text FROM element e JOIN page p ON p.key = e.page WHERE p.edition = ? AND e.kind = 'summary'",
    ),
    ("page_text", "text", "SELECT p.key, p.text FROM page p WHERE p.edition = ?"),
    ("page_name", "squashed", "SELECT p.key, p.squashed FROM page p WHERE p.edition = ?"),
)
"""Full-text table, its column, and the rows of one edition that belong in it."""

_TOUCH: Final = """
INSERT OR REPLACE INTO outbox (element_id)
SELECT e.id FROM vector v JOIN element e ON e.key = v.element JOIN page p ON p.key = e.page
WHERE p.edition = ? ORDER BY p.number, e.ordinal
"""
_TOUCH_PICTURES: Final = """
INSERT OR REPLACE INTO picture_outbox (picture_id)
SELECT c.id FROM picture c JOIN page p ON p.key = c.page WHERE p.edition = ? ORDER BY p.number, c.key
"""
"""The outbox names elements, not what to do: whoever reads it looks at the catalog as it is then. So an element that was
dropped and came back is one entry, and a rolled-back publication leaves none."""


def staged(connection: sqlite3.Connection, document_id: str, recipe: str) -> int | None:
    return _edition(connection, document_id, recipe, 0)


def published(connection: sqlite3.Connection, document_id: str, recipe: str) -> int | None:
    return _edition(connection, document_id, recipe, 1)


def page_count(connection: sqlite3.Connection, edition: int) -> int:
    """How many pages an edition has, whatever their numbers."""
    return int(connection.execute("SELECT count(*) FROM page WHERE edition = ?", (edition,)).fetchone()[0])


def leading_pages(connection: sqlite3.Connection, edition: int) -> int:
    """How many pages are there without a gap, from page 1."""
    numbers = connection.execute("SELECT number FROM page WHERE edition = ? ORDER BY number", (edition,))
    count = 0
    for (number,) in numbers:
        if number != count + 1:
            break
        count += 1
    return count


def insert(connection: sqlite3.Connection, sql: str, row: Sequence[object]) -> int:
    """Insert one row and return its key."""
    key = connection.execute(sql, row).lastrowid
    if key is None:
        raise StoreError("SQLite gave no key for a new row.")
    return key


def insert_page(connection: sqlite3.Connection, edition: int, page: Page) -> tuple[int, dict[str, int]]:
    """Write a page and its elements; returns its key, and the key of each element by its id."""
    text = clean(page.text)
    page_key = insert(
        connection,
        f"INSERT INTO page VALUES (NULL, {_marks(15)})",
        (
            edition,
            page.number,
            page.width,
            page.height,
            page.source.value,
            page.confidence,
            page.engine,
            page.image,
            json.dumps(page.warnings) if page.warnings else None,
            text,
            squash(text),
            codec.pack_words(page.words),
            page.kind.value if page.kind is not None else None,
            page.kind_probability,
            page.language,
        ),
    )
    return page_key, insert_elements(connection, page_key, page.elements)


def insert_elements(connection: sqlite3.Connection, page_key: int, elements: Sequence[Element]) -> dict[str, int]:
    """Write elements of a page; returns the key of each by its id."""
    sql = f"INSERT INTO element VALUES (NULL, {_marks(18)})"
    return {e.id: insert(connection, sql, codec.element_row(page_key, e)) for e in elements}


def insert_vectors(connection: sqlite3.Connection, keys: Mapping[str, int], vectors: Sequence[VectorRecord]) -> None:
    """Those of summaries go to a table of their own, which no vector index follows."""
    rows = [(_element(keys, v.element_id), v.kind, codec.pack_vector(v.vector)) for v in vectors]
    printed = [row for row in rows if row[1] != ElementKind.SUMMARY]
    connection.executemany("INSERT INTO vector VALUES (?, ?, ?)", printed)
    connection.executemany(
        "INSERT INTO summary VALUES (?, ?)", [(key, data) for key, kind, data in rows if kind == ElementKind.SUMMARY]
    )


def summarised_otherwise(connection: sqlite3.Connection, authors: Sequence[str]) -> tuple[str, ...]:
    """Published documents with a summary that none of ``authors`` has written."""
    sql = (
        "SELECT DISTINCT i.document_id FROM summary s JOIN element e ON e.key = s.element JOIN page p ON p.key = e.page"
        " JOIN edition i ON i.key = p.edition AND i.published = 1"
        " WHERE e.author IS NULL OR e.author NOT IN (SELECT value FROM json_each(?)) ORDER BY 1"
    )
    return tuple(str(row[0]) for row in connection.execute(sql, (json.dumps(list(authors)),)))


def replace_summary(connection: sqlite3.Connection, summary: Element, vector: VectorRecord) -> None:
    """Put a summary in the place of the published one of the same page and label. Raises ``StoreError`` without one."""
    older = connection.execute(
        "SELECT e.key, e.page, e.text FROM element e JOIN page p ON p.key = e.page JOIN edition i ON i.key = p.edition"
        " WHERE i.document_id = ? AND i.published = 1 AND p.number = ? AND e.kind = 'summary' AND e.label IS ?",
        (summary.document_id, summary.page, summary.label),
    ).fetchone()
    if older is None:
        raise StoreError(f"page {summary.page} has no summary to put another one in the place of.")
    key, page, text = older
    connection.execute("INSERT INTO summary_text (summary_text, rowid, text) VALUES ('delete', ?, ?)", (key, text))
    connection.execute("DELETE FROM element WHERE key = ?", (key,))
    keys = insert_elements(connection, page, [summary])
    insert_vectors(connection, keys, [vector])
    connection.execute(
        "INSERT INTO summary_text (rowid, text) SELECT key, text FROM element WHERE key = ?", (keys[summary.id],)
    )


def insert_pictures(
    connection: sqlite3.Connection, page_key: int, keys: Mapping[str, int], pictures: Sequence[PictureRecord]
) -> None:
    for record in pictures:
        if record.picture.element_id is not None:
            _element(keys, record.picture.element_id)
    connection.executemany(
        f"INSERT INTO picture VALUES (NULL, {_marks(9)})",
        [
            (page_key, r.picture.id, r.picture.element_id, r.kind, *r.picture.bbox.as_tuple(), codec.pack_vector(r.vector))
            for r in pictures
        ],
    )


def insert_values(connection: sqlite3.Connection, keys: Mapping[str, int], values: Sequence[FoundValue]) -> None:
    for ordinal, value in enumerate(values):
        key = insert(
            connection,
            f"INSERT INTO found_value VALUES (NULL, {_marks(6)})",
            (
                _element(keys, value.element_id),
                ordinal,
                value.kind.value,
                json.dumps(value.normals),
                clean(value.text),
                codec.ints_to_text(value.words),
            ),
        )
        connection.executemany("INSERT OR IGNORE INTO normal VALUES (?, ?)", [(clean(n), key) for n in value.normals])


def leave_location(connection: sqlite3.Connection, document: Document) -> None:
    """Drop the other document at the same location, unless the same bytes under the same name lie elsewhere too."""
    path = codec.path_bytes(document.location)
    row = connection.execute("SELECT document_id FROM location WHERE path = ?", (path,)).fetchone()
    if row is None or row[0] == document.id:
        return
    connection.execute("DELETE FROM location WHERE path = ?", (path,))
    if connection.execute("SELECT 1 FROM location WHERE document_id = ?", (row[0],)).fetchone() is None:
        drop_editions(connection, row[0])
        connection.execute("DELETE FROM document WHERE id = ?", (row[0],))


def drop_editions(connection: sqlite3.Connection, document_id: str, *, keep: int | None = None) -> None:
    """Delete what was read of a document, staged and published, with its full-text rows; the index is told by the outbox."""
    editions = connection.execute("SELECT key, published FROM edition WHERE document_id = ?", (document_id,)).fetchall()
    for key, is_published in editions:
        if key == keep:
            continue
        if is_published:
            connection.execute(_TOUCH, (key,))
            connection.execute(_TOUCH_PICTURES, (key,))
            for table, column, rows in _SEARCHED:
                sql = f"INSERT INTO {table} ({table}, rowid, {column}) SELECT 'delete', * FROM ({rows})"
                connection.execute(sql, (key,))
        connection.execute("DELETE FROM edition WHERE key = ?", (key,))


def show_edition(connection: sqlite3.Connection, edition: int) -> None:
    """Flip a staged edition to published and make it searchable. Does nothing when it is published already."""
    changed = connection.execute("UPDATE edition SET published = 1 WHERE key = ? AND published = 0", (edition,)).rowcount
    if changed:
        for table, column, rows in _SEARCHED:
            connection.execute(f"INSERT INTO {table} (rowid, {column}) {rows}", (edition,))
        touched = connection.execute(_TOUCH, (edition,)).rowcount
        seen = connection.execute(_TOUCH_PICTURES, (edition,)).rowcount
        connection.execute("UPDATE edition SET vectors = ?, pictures = ? WHERE key = ?", (touched, seen, edition))


def put_document(connection: sqlite3.Connection, document: Document) -> None:
    connection.execute(
        f"INSERT INTO document VALUES ({_marks(10)}) ON CONFLICT (id) DO UPDATE SET name = excluded.name,"
        " sha256 = excluded.sha256, media_type = excluded.media_type, size = excluded.size, pages = excluded.pages,"
        " status = excluded.status, recipe = excluded.recipe, reason = excluded.reason, report = excluded.report",
        codec.document_row(document),
    )
    connection.execute(
        "INSERT INTO location VALUES (?, ?) ON CONFLICT (path) DO UPDATE SET document_id = excluded.document_id",
        (codec.path_bytes(document.location), document.id),
    )


def _element(keys: Mapping[str, int], element_id: str) -> int:
    if element_id not in keys:
        raise ValueError(f"element {element_id} is not on the page that is staged")
    return keys[element_id]


def _edition(connection: sqlite3.Connection, document_id: str, recipe: str, published: int) -> int | None:
    row = connection.execute(
        "SELECT key FROM edition WHERE document_id = ? AND recipe = ? AND published = ?", (document_id, recipe, published)
    ).fetchone()
    return None if row is None else int(row[0])


def _marks(count: int) -> str:
    return ", ".join("?" * count)
