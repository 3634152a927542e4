"""Conversations in a file beside the catalog: readers of the store may write it, and an ingestion does not touch it."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from datetime import datetime
from pathlib import Path
from typing import Final

import anyio

from mmrag.adapters.catalog.batches import BatchedConnection
from mmrag.domain.conversations import Conversation, Turn
from mmrag.domain.documents import PageRef

CONVERSATIONS_FILE: Final = "conversations.sqlite"
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS turn (
    key INTEGER PRIMARY KEY, conversation TEXT NOT NULL, at TEXT NOT NULL, asked TEXT NOT NULL, understood TEXT NOT NULL,
    document TEXT, answer TEXT, reason TEXT, documents TEXT NOT NULL, trace TEXT NOT NULL, told TEXT, read TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS turn_of ON turn (conversation, key);
"""
_COLUMNS: Final = "at, asked, understood, document, answer, reason, documents, trace, told, read"
_Row = tuple[str, str, str, str | None, str | None, str | None, str, str, str | None, str | None]


class SqliteConversations:
    """``Conversations`` over SQLite; several processes may write."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = BatchedConnection(path, prepare=_prepare)

    async def add(self, conversation_id: str, turn: Turn) -> None:
        """On the disk when it returns: a conversation is not lost by a crash."""
        row = (
            conversation_id,
            turn.at.isoformat(),
            turn.asked,
            turn.understood,
            turn.document,
            turn.answer,
            turn.reason,
            json.dumps(turn.documents, ensure_ascii=False),
            turn.trace,
            _as_text(turn.told),
            _as_text(turn.read),
        )

        def work(connection: sqlite3.Connection) -> None:
            connection.execute(f"INSERT INTO turn (conversation, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)  # noqa: S608 -- constants

        await self._file.write(work, durable=True)

    async def get(self, conversation_id: str) -> Conversation | None:
        def work(connection: sqlite3.Connection) -> Conversation | None:
            return _conversation(connection, conversation_id)

        return await self._file.read(work) if await anyio.Path(self._path).exists() else None

    async def latest(self, limit: int) -> tuple[Conversation, ...]:
        def work(connection: sqlite3.Connection) -> tuple[Conversation, ...]:
            found = connection.execute(
                "SELECT conversation FROM turn GROUP BY conversation ORDER BY max(key) DESC LIMIT ?", (limit,)
            ).fetchall()
            return tuple(c for (name,) in found if (c := _conversation(connection, name)) is not None)

        return await self._file.read(work) if await anyio.Path(self._path).exists() else ()

    async def close(self) -> None:
        await self._file.close()


def _prepare(connection: sqlite3.Connection) -> None:
    connection.executescript(_SCHEMA)
    have = {name for _, name, *_ in connection.execute("PRAGMA table_info(turn)")}
    for column in ("told", "read"):  # files that were made before these were kept
        if column not in have:
            with contextlib.suppress(sqlite3.OperationalError):  # another process has just added it
                connection.execute(f"ALTER TABLE turn ADD COLUMN {column} TEXT")


def _as_text(pages: tuple[PageRef, ...] | None) -> str | None:
    return None if pages is None else json.dumps([[page.document_id, page.page] for page in pages])


def _as_pages(text: str | None) -> tuple[PageRef, ...] | None:
    return None if text is None else tuple(PageRef(document_id=d, page=n) for d, n in json.loads(text))


def _conversation(connection: sqlite3.Connection, name: str) -> Conversation | None:
    rows = connection.execute(f"SELECT {_COLUMNS} FROM turn WHERE conversation = ? ORDER BY key", (name,)).fetchall()  # noqa: S608 -- constants
    return Conversation(id=name, turns=tuple(map(_turn, rows))) if rows else None


def _turn(row: _Row) -> Turn:
    at, asked, understood, document, answer, reason, documents, trace, told, read = row
    return Turn(
        at=datetime.fromisoformat(at),
        asked=asked,
        understood=understood,
        document=document,
        answer=answer,
        reason=reason,
        documents=tuple(json.loads(documents)),
        trace=trace,
        told=_as_pages(told),
        read=_as_pages(read),
    )
