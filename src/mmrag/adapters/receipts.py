"""One line for each question that was asked: what it cost, and what it would have cost elsewhere."""

from __future__ import annotations

import sqlite3
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Final

import anyio

from mmrag.adapters.catalog.batches import BatchedConnection
from mmrag.domain.bookkeeping import Receipt
from mmrag.domain.costs import Bill, Cost, Usage

RECEIPTS_FILE: Final = "receipts.sqlite"
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS receipt (
    key INTEGER PRIMARY KEY, question_id TEXT NOT NULL, at TEXT NOT NULL, tier TEXT NOT NULL, answered INTEGER NOT NULL,
    usd TEXT NOT NULL, unpriced_calls INTEGER NOT NULL, calls INTEGER NOT NULL, cache_hits INTEGER NOT NULL,
    input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL, images INTEGER NOT NULL,
    if_all_flagship_usd TEXT, if_all_cheap_usd TEXT
) STRICT
"""
_COLUMNS: Final = """
question_id, at, tier, answered, usd, unpriced_calls, calls, cache_hits, input_tokens, output_tokens, images,
if_all_flagship_usd, if_all_cheap_usd
"""
_Row = tuple[str, str, str, int, str, int, int, int, int, int, int, str | None, str | None]


class SqliteReceipts:
    """``Receipts`` over SQLite; several processes may write. Money is kept as text, an unknown estimate is NULL."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = BatchedConnection(path, prepare=_prepare)

    async def write(self, receipt: Receipt) -> None:
        """Not forced to the disk at once: the account book is the ledger, this is what beside it would have been."""
        bill = receipt.bill
        row = (
            receipt.question_id,
            receipt.at.isoformat(),
            receipt.tier,
            int(receipt.answered),
            str(bill.cost.usd),
            bill.cost.unpriced_calls,
            bill.calls,
            bill.cache_hits,
            bill.usage.input_tokens,
            bill.usage.output_tokens,
            bill.usage.images,
            None if bill.if_all_flagship_usd is None else str(bill.if_all_flagship_usd),
            None if bill.if_all_cheap_usd is None else str(bill.if_all_cheap_usd),
        )

        def work(connection: sqlite3.Connection) -> None:
            connection.execute(f"INSERT INTO receipt ({_COLUMNS}) VALUES ({', '.join('?' * len(row))})", row)  # noqa: S608 -- constants

        await self._file.write(work, durable=False)

    async def receipts(self) -> tuple[Receipt, ...]:
        """All of them, in the order they were written."""

        def work(connection: sqlite3.Connection) -> tuple[Receipt, ...]:
            return tuple(map(_receipt, connection.execute(f"SELECT {_COLUMNS} FROM receipt ORDER BY key")))  # noqa: S608 -- constants

        return await self._file.read(work) if await anyio.Path(self._path).exists() else ()

    async def close(self) -> None:
        await self._file.close()


def _prepare(connection: sqlite3.Connection) -> None:
    connection.execute(_SCHEMA)


def _receipt(row: _Row) -> Receipt:
    question_id, at, tier, answered, usd, unpriced, calls, hits, tokens_in, tokens_out, images, flagship, cheap = row
    bill = Bill(
        cost=Cost(usd=Decimal(usd), unpriced_calls=unpriced),
        calls=calls,
        cache_hits=hits,
        usage=Usage(input_tokens=tokens_in, output_tokens=tokens_out, images=images),
        if_all_flagship_usd=None if flagship is None else Decimal(flagship),
        if_all_cheap_usd=None if cheap is None else Decimal(cheap),
    )
    return Receipt(question_id=question_id, at=datetime.fromisoformat(at), tier=tier, answered=bool(answered), bill=bill)
