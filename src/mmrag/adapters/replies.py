"""Replies of models, kept in SQLite up to a size."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from mmrag.adapters.catalog.batches import BatchedConnection
from mmrag.adapters.catalog.connect import transaction
from mmrag.domain.messages import Reply
from mmrag.errors import StoreError

REPLIES_FILE: Final = "replies.sqlite"
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS reply (
    key TEXT PRIMARY KEY, value BLOB NOT NULL, size INTEGER NOT NULL, used INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS reply_used ON reply (used, key, size);
CREATE TABLE IF NOT EXISTS tally (
    only INTEGER PRIMARY KEY CHECK (only = 1), size INTEGER NOT NULL, used INTEGER NOT NULL
) STRICT;
INSERT OR IGNORE INTO tally VALUES (1, 0, 0);
"""
_REPLY: Final = TypeAdapter(Reply)
_ROW_BYTES: Final = 600
"""What a row takes beside its value: its key three times, with the indexes, and what pages leave free; rounded up."""
_PAGE_BYTES: Final = 4096


_TOUCHED: Final = 256
"""Lookups after which their keys are written down as used, at the latest."""


class SqliteReplies:
    """``ReplyCache`` over SQLite, safe with several processes. Over ``max_bytes`` those longest unused are dropped.

    A lookup only reads. Which keys were used is written with the next reply, after some lookups, and at the end: another
    process may drop one of them in between, and after a crash the last of them look older than they are. Close it.
    """

    def __init__(self, path: Path, *, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._file = BatchedConnection(path, prepare=lambda connection: connection.executescript(_SCHEMA))
        self._touched: dict[str, None] = {}  # oldest first; seen by the thread of the connection only

    async def get(self, key: str) -> Reply | None:
        """The reply, which counts as used now. One that another version wrote and this one cannot read is not there."""

        def work(connection: sqlite3.Connection) -> Reply | None:
            row = connection.execute("SELECT value FROM reply WHERE key = ?", (key,)).fetchone()
            if row is None:
                return None
            self._touched.pop(key, None)
            self._touched[key] = None
            if len(self._touched) >= _TOUCHED:
                with transaction(connection):
                    self._write_touched(connection)
            try:
                return _REPLY.validate_json(row[0])
            except ValidationError:
                return None

        return await self._file.read(work)

    async def put(self, key: str, reply: Reply) -> None:
        value = _REPLY.dump_json(reply)
        size = _bytes_on_disk(value)

        def work(connection: sqlite3.Connection) -> None:
            self._write_touched(connection)
            _drop(connection, [key])
            connection.execute("INSERT INTO reply VALUES (?, ?, ?, ?)", (key, value, size, _next(connection)))
            connection.execute("UPDATE tally SET size = size + ?", (size,))
            self._shrink(connection)

        if size <= self._max_bytes:
            await self._file.write(work, durable=False)  # a reply lost with the power is only asked for again

    async def size(self) -> tuple[int, int]:
        """How many replies there are, and how many bytes they take."""

        def work(connection: sqlite3.Connection) -> tuple[int, int]:
            count, size = connection.execute("SELECT (SELECT count(*) FROM reply), size FROM tally").fetchone()
            return count, size

        return await self._file.read(work)

    async def clear(self) -> int:
        """Drop all replies; returns how many there were."""

        def work(connection: sqlite3.Connection) -> int:
            gone = connection.execute("DELETE FROM reply").rowcount
            connection.execute("UPDATE tally SET size = 0")
            return gone

        return await self._file.write(work, durable=False)

    async def close(self) -> None:
        if self._touched:
            with suppress(StoreError):  # a full disk loses the order of a few lookups, which is no reason to fail now
                await self._file.write(self._write_touched, durable=False)
        await self._file.close()

    def _write_touched(self, connection: sqlite3.Connection) -> None:
        """Number the keys that were looked up, in that order. Inside a transaction."""
        for key in self._touched:
            connection.execute("UPDATE reply SET used = ? WHERE key = ?", (_next(connection), key))
        self._touched.clear()

    def _shrink(self, connection: sqlite3.Connection) -> None:
        over = connection.execute("SELECT size FROM tally").fetchone()[0] - self._max_bytes
        while over > 0:
            key, size = connection.execute("SELECT key, size FROM reply ORDER BY used LIMIT 1").fetchone()
            _drop(connection, [key])
            over -= size


def _bytes_on_disk(value: bytes) -> int:
    """About what SQLite takes for ``value``: what does not fit into a page goes into whole pages of its own."""
    if len(value) + _ROW_BYTES < _PAGE_BYTES:
        return len(value) + _ROW_BYTES
    return (len(value) // _PAGE_BYTES + 1) * _PAGE_BYTES + _ROW_BYTES


def _next(connection: sqlite3.Connection) -> int:
    """A number greater than all given before, by any process. Inside a transaction."""
    connection.execute("UPDATE tally SET used = used + 1")
    number: int = connection.execute("SELECT used FROM tally").fetchone()[0]
    return number


def _drop(connection: sqlite3.Connection, keys: list[str]) -> None:
    for key in keys:
        row = connection.execute("SELECT size FROM reply WHERE key = ?", (key,)).fetchone()
        if row is not None:
            connection.execute("DELETE FROM reply WHERE key = ?", (key,))
            connection.execute("UPDATE tally SET size = size - ?", (row[0],))
