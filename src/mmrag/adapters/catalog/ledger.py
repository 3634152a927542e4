"""The account book, in a file of its own: asking writes to it while another process ingests."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Final

import anyio
import anyio.to_thread

from mmrag.adapters.catalog.connect import transaction, translated
from mmrag.domain.costs import LedgerEntry, Usage

LEDGER_FILE: Final = "ledger.sqlite"
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS entry (
    key INTEGER PRIMARY KEY, at TEXT NOT NULL, question_id TEXT NOT NULL, stage TEXT NOT NULL, tier TEXT NOT NULL,
    model TEXT NOT NULL, input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL,
    cached_input_tokens INTEGER NOT NULL, images INTEGER NOT NULL, usd TEXT, cache_hit INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS entry_question ON entry (question_id);
"""
_COLUMNS: Final = """
question_id, stage, tier, model, input_tokens, output_tokens, cached_input_tokens, images, usd, cache_hit
"""


class SqliteLedger:
    """``Ledger`` over SQLite. Several processes may write: each entry is a short transaction of its own.

    ``usd`` is kept as text, so that a sum of ``Decimal`` stays exact; an unknown price is NULL.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._limiter = anyio.CapacityLimiter(1)

    async def write(self, entry: LedgerEntry, at: datetime) -> None:
        usage = entry.usage
        row = (
            at.isoformat(),
            entry.question_id,
            entry.stage,
            entry.tier,
            entry.model,
            usage.input_tokens,
            usage.output_tokens,
            usage.cached_input_tokens,
            usage.images,
            None if entry.usd is None else str(entry.usd),
            int(entry.cache_hit),
        )

        def work() -> None:
            with self._open() as connection, transaction(connection):
                connection.execute("INSERT INTO entry VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)

        await anyio.to_thread.run_sync(work, limiter=self._limiter)

    async def entries(self, question_id: str | None = None) -> tuple[LedgerEntry, ...]:
        """Entries in the order they were written: all of them, or those of one question."""

        def work() -> tuple[LedgerEntry, ...]:
            if not self._path.exists():
                return ()
            with self._open() as connection:
                rows = connection.execute(
                    f"SELECT {_COLUMNS} FROM entry WHERE ?1 IS NULL OR question_id = ?1 ORDER BY key", (question_id,)
                )
                return tuple(map(_entry, rows))

        return await anyio.to_thread.run_sync(work, limiter=self._limiter)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with translated(self._path):
            connection = sqlite3.connect(self._path, isolation_level=None, timeout=10)
            try:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = FULL")
                connection.executescript(_SCHEMA)
                yield connection
            finally:
                connection.close()


def _entry(row: tuple[str, str, str, str, int, int, int, int, str | None, int]) -> LedgerEntry:
    question_id, stage, tier, model, input_tokens, output_tokens, cached, images, usd, cache_hit = row
    return LedgerEntry(
        question_id=question_id,
        stage=stage,
        tier=tier,
        model=model,
        usage=Usage(input_tokens=input_tokens, output_tokens=output_tokens, cached_input_tokens=cached, images=images),
        usd=None if usd is None else Decimal(usd),
        cache_hit=bool(cache_hit),
    )
