"""The tables of the catalog, and how an older file is brought up to date.

An *edition* is one reading of one document by one recipe. Pages are staged under an edition that nobody sees; publishing
flips it, so a reader sees all pages of a document or none. Full-text rows exist for published editions only: they are
written and deleted in the transaction that flips, never by triggers, which would index staged pages.
"""

from __future__ import annotations

import sqlite3
from typing import Final

from mmrag.errors import StoreError

APPLICATION_ID: Final = 0x6D6D7267  # "mmrg": tells the catalog from any other SQLite file

_V1: Final = """
CREATE TABLE store (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    id TEXT NOT NULL,
    generation INTEGER NOT NULL
) STRICT;
INSERT INTO store VALUES (1, lower(hex(randomblob(8))), 0);

CREATE TABLE edition (
    key INTEGER PRIMARY KEY,
    document_id TEXT NOT NULL,
    recipe TEXT NOT NULL,
    embedder TEXT NOT NULL,
    published INTEGER NOT NULL DEFAULT 0 CHECK (published IN (0, 1)),
    generation INTEGER NOT NULL,
    vectors INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX edition_staged ON edition (document_id, recipe) WHERE published = 0;
CREATE UNIQUE INDEX edition_published ON edition (document_id) WHERE published = 1;

CREATE TABLE document (
    id TEXT PRIMARY KEY,
    name BLOB NOT NULL,
    sha256 TEXT NOT NULL,
    media_type TEXT NOT NULL,
    size INTEGER NOT NULL,
    pages INTEGER NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('ready', 'quarantined')),
    recipe TEXT NOT NULL,
    reason TEXT,
    report TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX document_name ON document (name);

CREATE TABLE location (
    path BLOB PRIMARY KEY,
    document_id TEXT NOT NULL REFERENCES document (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX location_document ON location (document_id);

CREATE TABLE page (
    key INTEGER PRIMARY KEY,
    edition INTEGER NOT NULL REFERENCES edition (key) ON DELETE CASCADE,
    number INTEGER NOT NULL CHECK (number >= 1),
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    source TEXT NOT NULL,
    confidence REAL NOT NULL,
    engine TEXT NOT NULL,
    image TEXT,
    warnings TEXT,
    text TEXT NOT NULL,
    squashed TEXT NOT NULL,
    words BLOB NOT NULL,
    UNIQUE (edition, number)
) STRICT;
CREATE INDEX page_image ON page (image) WHERE image IS NOT NULL;

CREATE TABLE element (
    key INTEGER PRIMARY KEY,
    page INTEGER NOT NULL REFERENCES page (key) ON DELETE CASCADE,
    ordinal INTEGER NOT NULL,
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    x0 REAL NOT NULL, y0 REAL NOT NULL, x1 REAL NOT NULL, y1 REAL NOT NULL,
    text TEXT NOT NULL,
    words TEXT NOT NULL,
    confidence REAL NOT NULL,
    label TEXT,
    value TEXT,
    cells TEXT,
    section TEXT,
    author TEXT,
    UNIQUE (page, ordinal)
) STRICT;
CREATE INDEX element_id ON element (id);

CREATE TABLE vector (
    element INTEGER PRIMARY KEY REFERENCES element (key) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    data BLOB NOT NULL
) STRICT;

CREATE TABLE found_value (
    key INTEGER PRIMARY KEY,
    element INTEGER NOT NULL REFERENCES element (key) ON DELETE CASCADE,
    ordinal INTEGER NOT NULL,
    kind TEXT NOT NULL,
    normals TEXT NOT NULL,
    text TEXT NOT NULL,
    words TEXT NOT NULL
) STRICT;
CREATE INDEX found_value_element ON found_value (element);

CREATE TABLE normal (
    normal TEXT NOT NULL,
    found_value INTEGER NOT NULL REFERENCES found_value (key) ON DELETE CASCADE,
    PRIMARY KEY (normal, found_value)
) STRICT, WITHOUT ROWID;
CREATE INDEX normal_found_value ON normal (found_value);

CREATE TABLE image (
    digest TEXT PRIMARY KEY,
    offered INTEGER NOT NULL DEFAULT 0 CHECK (offered IN (0, 1))
) STRICT, WITHOUT ROWID;

CREATE TABLE outbox (sequence INTEGER PRIMARY KEY AUTOINCREMENT, element_id TEXT NOT NULL UNIQUE) STRICT;

CREATE VIRTUAL TABLE element_text USING fts5 (
    text, content = 'element', content_rowid = 'key', tokenize = 'unicode61 remove_diacritics 2'
);
CREATE VIRTUAL TABLE page_text USING fts5 (
    text, content = 'page', content_rowid = 'key', tokenize = 'unicode61 remove_diacritics 2'
);
CREATE VIRTUAL TABLE page_name USING fts5 (
    squashed, content = 'page', content_rowid = 'key', tokenize = 'trigram', detail = none
);
CREATE VIRTUAL TABLE page_name_terms USING fts5vocab (page_name, row);
"""

_V2: Final = """
ALTER TABLE page ADD COLUMN kind TEXT;
ALTER TABLE page ADD COLUMN kind_probability REAL;
CREATE INDEX page_kind ON page (kind) WHERE kind IS NOT NULL;

ALTER TABLE element ADD COLUMN caption TEXT;

ALTER TABLE edition ADD COLUMN image_embedder TEXT;
ALTER TABLE edition ADD COLUMN pictures INTEGER NOT NULL DEFAULT 0;

CREATE TABLE picture (
    key INTEGER PRIMARY KEY,
    page INTEGER NOT NULL REFERENCES page (key) ON DELETE CASCADE,
    id TEXT NOT NULL,
    element TEXT,
    kind TEXT NOT NULL,
    x0 REAL NOT NULL, y0 REAL NOT NULL, x1 REAL NOT NULL, y1 REAL NOT NULL,
    data BLOB NOT NULL
) STRICT;
CREATE INDEX picture_id ON picture (id);
CREATE INDEX picture_page ON picture (page);

CREATE TABLE picture_outbox (sequence INTEGER PRIMARY KEY AUTOINCREMENT, picture_id TEXT NOT NULL UNIQUE);
"""

_V3: Final = "ALTER TABLE element ADD COLUMN belongs_to TEXT;"

_V4: Final = """
ALTER TABLE page ADD COLUMN language TEXT;
CREATE INDEX page_language ON page (language) WHERE language IS NOT NULL;

CREATE TABLE summary (
    element INTEGER PRIMARY KEY REFERENCES element (key) ON DELETE CASCADE,
    data BLOB NOT NULL
) STRICT;
CREATE VIRTUAL TABLE summary_text USING fts5 (
    text, content = 'element', content_rowid = 'key', tokenize = 'unicode61 remove_diacritics 2'
);
"""
"""Summaries are kept out of the full text and the vectors of what is printed: they are searched by themselves, and what they
say must not change the rank of anything else."""

MIGRATIONS: Final[tuple[str, ...]] = (_V1, _V2, _V3, _V4)
"""Script ``n`` (from 0) takes a catalog of version ``n`` to version ``n + 1``. A released script is never edited."""


def version_of(connection: sqlite3.Connection) -> int:
    """The schema version of the file, 0 for an empty one. Raises ``StoreError`` for a file of someone else."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (owner,) = connection.execute("PRAGMA application_id").fetchone()
    if version and owner != APPLICATION_ID:
        raise StoreError("catalog.sqlite in this folder was not made by mmrag: choose another folder with --store.")
    return int(version)


def check(connection: sqlite3.Connection) -> None:
    """Refuse a catalog that this version of mmrag cannot read. Raises ``StoreError`` with what to do."""
    version = version_of(connection)
    if version > len(MIGRATIONS):
        raise StoreError(
            f"This store was written by a newer mmrag (schema {version}, this one knows {len(MIGRATIONS)}): update mmrag."
        )
    if version < len(MIGRATIONS):
        raise StoreError("This store was written by an older mmrag: run mmrag ingest once to bring it up to date.")


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the catalog to the newest schema, one transaction a step: a crash leaves a whole older version."""
    version = version_of(connection)
    for number, script in enumerate(MIGRATIONS[version:], start=version + 1):
        connection.executescript(
            f"BEGIN IMMEDIATE; {script} PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {number}; COMMIT;"
        )
    check(connection)
