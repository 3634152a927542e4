"""Looking at a store from outside, through SQLite alone: is it the same as another one, is it consistent?"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

from mmrag.domain.hashing import sha256_hex

_PUBLISHED_PAGES: Final = "page p JOIN edition i ON i.key = p.edition AND i.published = 1"
_ELEMENTS: Final = "element e JOIN page p ON p.key = e.page JOIN edition i ON i.key = p.edition"
_DUMPED: Final = {
    "document": "SELECT id, name, sha256, media_type, size, pages, status, recipe, reason, report FROM document",
    "location": "SELECT path, document_id FROM location",
    "edition": "SELECT document_id, recipe, embedder, published, vectors, image_embedder, pictures FROM edition",
    "page": "SELECT i.document_id, i.recipe, i.published, p.number, p.width, p.height, p.source, p.confidence, p.engine,"
    " p.image, p.warnings, p.text, p.squashed, p.words, p.kind,"
    " round(p.kind_probability, 4), p.language FROM page p JOIN edition i ON i.key = p.edition",
    "element": f"SELECT i.document_id, i.recipe, p.number, e.ordinal, e.id, e.kind, e.x0, e.y0, e.x1, e.y1, e.text, e.words,"
    f" e.confidence, e.label, e.value, e.cells, e.section, e.author, e.caption FROM {_ELEMENTS}",
    "vector": f"SELECT i.recipe, e.id, v.kind, length(v.data) FROM {_ELEMENTS} JOIN vector v ON v.element = e.key",
    "value": f"SELECT i.recipe, e.id, v.ordinal, v.kind, v.normals, v.text, v.words FROM {_ELEMENTS}"
    " JOIN found_value v ON v.element = e.key",
    "normal": f"SELECT n.normal, i.recipe, e.id, v.ordinal FROM {_ELEMENTS}"
    " JOIN found_value v ON v.element = e.key JOIN normal n ON n.found_value = v.key",
    "summary": f"SELECT i.recipe, e.id, length(s.data) FROM {_ELEMENTS} JOIN summary s ON s.element = e.key",
    "outbox": "SELECT element_id FROM outbox",
    "picture": "SELECT i.recipe, c.id, c.element, c.kind, c.x0, c.y0, c.x1, c.y1, length(c.data), p.number FROM picture c"
    " JOIN page p ON p.key = c.page JOIN edition i ON i.key = p.edition",
    "picture_outbox": "SELECT picture_id FROM picture_outbox",
}
_CHECKS: Final = {
    "element_text holds just the published elements": (
        "SELECT id FROM element_text_docsize",
        f"SELECT e.key FROM {_ELEMENTS} WHERE i.published = 1"
        " AND e.kind NOT IN ('summary', 'axis', 'axis_title', 'legend', 'data_labels')",
    ),
    "summary_text holds just the published summaries": (
        "SELECT id FROM summary_text_docsize",
        f"SELECT e.key FROM {_ELEMENTS} WHERE i.published = 1 AND e.kind = 'summary'",
    ),
    "summaries have their vectors": (
        "SELECT element FROM summary",
        f"SELECT e.key FROM {_ELEMENTS} WHERE e.kind = 'summary'",
    ),
    "page_text holds just the published pages": (
        "SELECT id FROM page_text_docsize",
        f"SELECT p.key FROM {_PUBLISHED_PAGES}",
    ),
    "page_name holds just the published pages": (
        "SELECT id FROM page_name_docsize",
        f"SELECT p.key FROM {_PUBLISHED_PAGES}",
    ),
    "ready documents are the published editions": (
        "SELECT id || ' ' || recipe FROM document WHERE status = 'ready'",
        "SELECT document_id || ' ' || recipe FROM edition WHERE published = 1",
    ),
    "every picture of a page is known": (
        "SELECT DISTINCT image FROM page WHERE image IS NOT NULL",
        "SELECT digest FROM image WHERE digest IN (SELECT image FROM page)",
    ),
    "every document has a location": ("SELECT id FROM document", "SELECT DISTINCT document_id FROM location"),
    "editions count their vectors": (
        "SELECT key || ' ' || vectors FROM edition WHERE published = 1",
        "SELECT i.key || ' ' || (SELECT count(*) FROM vector v JOIN element e ON e.key = v.element JOIN page p"
        " ON p.key = e.page WHERE p.edition = i.key) FROM edition i WHERE published = 1",
    ),
    "editions count their pictures": (
        "SELECT key || ' ' || pictures FROM edition WHERE published = 1",
        "SELECT i.key || ' ' || (SELECT count(*) FROM picture c JOIN page p ON p.key = c.page WHERE p.edition = i.key)"
        " FROM edition i WHERE published = 1",
    ),
    "a picture of an element has its element": (
        "SELECT element FROM picture WHERE element IS NOT NULL",
        "SELECT c.element FROM picture c JOIN element e ON e.page = c.page AND e.id = c.element",
    ),
}


def store_dump(store: Path) -> tuple[str, ...]:
    """Everything that a catalog holds, one JSON line a row, sorted; without row numbers, times, the store's own id,
    and the list of pictures that wait to be deleted, which depends on how often it was swept.

    Vectors are there by id and length, not by their numbers, which may differ in the last bit between runs.
    """
    with closing(_open(store)) as connection:
        return tuple(sorted(_lines(connection)))


def fingerprint(store: Path) -> str:
    """One hash of ``store_dump``: two stores with the same contents have the same."""
    return sha256_hex("\n".join(store_dump(store)).encode("utf-8", "surrogatepass"))


def inconsistencies(store: Path) -> tuple[str, ...]:
    """What does not fit together in the catalog, in words; nothing in a good one."""
    with closing(_open(store)) as connection:
        wrong = [f"foreign key: {row}" for row in connection.execute("PRAGMA foreign_key_check")]
        wrong += [str(row[0]) for row in connection.execute("PRAGMA integrity_check") if row[0] != "ok"]
        for rule, (left, right) in _CHECKS.items():
            a, b = (sorted(str(row[0]) for row in connection.execute(sql)) for sql in (left, right))
            if a != b:
                wrong.append(f"{rule}: {a} against {b}")
        return tuple(wrong)


def _open(store: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{(store / 'catalog.sqlite').absolute().as_uri()}?mode=ro", uri=True)


def _lines(connection: sqlite3.Connection) -> Iterator[str]:
    for table, sql in _DUMPED.items():
        for row in connection.execute(sql):
            yield json.dumps([table, *(_plain(table, i, value) for i, value in enumerate(row))], ensure_ascii=False)
    for table in ("element_text", "summary_text", "page_text", "page_name"):
        connection.execute(f"CREATE VIRTUAL TABLE temp.{table}_terms USING fts5vocab (main, {table}, row)")
        for row in connection.execute(f"SELECT term, doc FROM temp.{table}_terms"):
            yield json.dumps([table, *row], ensure_ascii=False)


def _plain(table: str, column: int, value: object) -> object:
    if isinstance(value, bytes):
        return (zlib.decompress(value) if table == "page" else value).decode("utf-8", "surrogateescape")
    if table == "document" and column == 9 and isinstance(value, str):
        return {k: v for k, v in json.loads(value).items() if k != "seconds"}
    return value
