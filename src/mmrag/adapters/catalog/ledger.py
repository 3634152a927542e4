"""The account book, in a file of its own: asking writes to it while another process ingests."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Final

import anyio

from mmrag.adapters.catalog import claims
from mmrag.adapters.catalog.batches import BatchedConnection
from mmrag.adapters.catalog.connect import transaction
from mmrag.domain.costs import Claim, LedgerEntry, Limits, Overrun, Usage

LEDGER_FILE: Final = "ledger.sqlite"
_VERSION: Final = 1
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS entry (
    key INTEGER PRIMARY KEY, at TEXT NOT NULL, question_id TEXT NOT NULL, stage TEXT NOT NULL, tier TEXT NOT NULL,
    model TEXT NOT NULL, input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL,
    cached_input_tokens INTEGER NOT NULL, images INTEGER NOT NULL, usd TEXT, cache_hit INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS entry_question ON entry (question_id);
"""
_COLUMNS: Final = """
question_id, stage, tier, model, input_tokens, output_tokens, cached_input_tokens, images, usd, cache_hit, held_usd, at
"""


class SqliteLedger:
    """``Ledger`` over SQLite. Several processes may write: entries and claims go in by short transactions.

    Money is kept as text, so that a sum of ``Decimal`` stays exact; an unknown price is NULL. Entries are only ever added.
    ``held_usd`` is NULL but for calls whose cost nobody told. Close it when it has been used.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = BatchedConnection(path, prepare=_prepare)

    async def write(self, entry: LedgerEntry, at: datetime) -> None:
        await self.settle("", (entry,), at)

    async def settle(self, claim_id: str, entries: Sequence[LedgerEntry], at: datetime) -> None:
        def work(connection: sqlite3.Connection) -> None:
            _insert(connection, entries, at)
            connection.execute("DELETE FROM claim WHERE id = ?", (claim_id,))

        await self._file.write(work, durable=any(not entry.cache_hit for entry in entries))

    async def reserve(self, claim: Claim, limits: Limits, at: datetime) -> Overrun | None:
        def work(connection: sqlite3.Connection) -> Overrun | None:
            _insert(connection, tuple(claims.abandoned(connection, at)), at)
            return claims.set_aside(connection, claim, limits, at)

        return await self._file.write(work, durable=False)

    async def entries(self, question_id: str | None = None) -> tuple[LedgerEntry, ...]:
        """Entries in the order they were written: all of them, or those of one question."""

        def work(connection: sqlite3.Connection) -> tuple[LedgerEntry, ...]:
            rows = connection.execute(
                f"SELECT {_COLUMNS} FROM entry WHERE ?1 IS NULL OR question_id = ?1 ORDER BY key", (question_id,)
            )
            return tuple(map(_entry, rows))

        if not await anyio.Path(self._path).exists():
            return ()
        return await self._file.read(work)

    async def close(self) -> None:
        await self._file.close()


def _prepare(connection: sqlite3.Connection) -> None:
    """Make the schema, or bring an older one up to date."""
    if connection.execute("PRAGMA user_version").fetchone()[0] >= _VERSION:
        return
    with transaction(connection):
        for statement in f"{_SCHEMA}{claims.SCHEMA}".split(";"):
            connection.execute(statement)
        columns = {row[1] for row in connection.execute("PRAGMA table_info(entry)")}
        if "held_usd" not in columns:
            connection.execute("ALTER TABLE entry ADD COLUMN held_usd TEXT")
        connection.execute(f"PRAGMA user_version = {_VERSION}")


def _insert(connection: sqlite3.Connection, entries: Sequence[LedgerEntry], at: datetime) -> None:
    rows = [
        (
            at.isoformat(),
            e.question_id,
            e.stage,
            e.tier,
            e.model,
            e.usage.input_tokens,
            e.usage.output_tokens,
            e.usage.cached_input_tokens,
            e.usage.images,
            None if e.usd is None else str(e.usd),
            int(e.cache_hit),
            None if e.held_usd is None else str(e.held_usd),
        )
        for e in entries
    ]
    connection.executemany("INSERT INTO entry VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)


def _entry(row: tuple[str, str, str, str, int, int, int, int, str | None, int, str | None, str]) -> LedgerEntry:
    question_id, stage, tier, model, input_tokens, output_tokens, cached, images, usd, cache_hit, held, at = row
    return LedgerEntry(
        question_id=question_id,
        stage=stage,
        tier=tier,
        model=model,
        usage=Usage(input_tokens=input_tokens, output_tokens=output_tokens, cached_input_tokens=cached, images=images),
        usd=None if usd is None else Decimal(usd),
        cache_hit=bool(cache_hit),
        held_usd=None if held is None else Decimal(held),
        at=datetime.fromisoformat(at),
    )
