"""Money that is set aside in the account book, and how much of each budget is used. Inside a transaction of the caller.

Entries are the truth. What they add up to by day is kept beside them up to a key, and brought up to date when it is needed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from mmrag.domain.costs import Claim, LedgerEntry, Limits, Overrun, Usage, overrun

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS claim (
    id TEXT PRIMARY KEY, question_id TEXT NOT NULL, stage TEXT NOT NULL, tier TEXT NOT NULL, model TEXT NOT NULL,
    usd TEXT NOT NULL, expires TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS spent (day TEXT PRIMARY KEY, usd TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS spent_through (only INTEGER PRIMARY KEY CHECK (only = 1), key INTEGER NOT NULL) STRICT;
INSERT OR IGNORE INTO spent_through VALUES (1, 0);
"""
_USED: Final = "SELECT usd, held_usd FROM entry WHERE cache_hit = 0"


def set_aside(connection: sqlite3.Connection, claim: Claim, limits: Limits, at: datetime) -> Overrun | None:
    """Keep ``claim`` in place of one of the same id, unless it would break one of ``limits``: then that one stays."""
    over = overrun(claim.usd, _used(connection, claim, limits, at), _limits_of(claim, limits))
    if over is None:
        row = (claim.id, claim.question_id, claim.stage, claim.tier, claim.model, str(claim.usd), _stamp(claim.expires))
        connection.execute("INSERT OR REPLACE INTO claim VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    return over


def _limits_of(claim: Claim, limits: Limits) -> Limits:
    """``limits`` as they hold for ``claim``: calls that belong to no question have none for one."""
    return limits if claim.question_id else Limits(day=limits.day, store=limits.store)


def abandoned(connection: sqlite3.Connection, at: datetime) -> Iterator[LedgerEntry]:
    """Give up the claims whose process is gone; each is a call whose cost nobody told."""
    rows = connection.execute("SELECT * FROM claim WHERE expires < ? ORDER BY expires, id", (_stamp(at),)).fetchall()
    for id_, question_id, stage, tier, model, usd, _expires in rows:
        connection.execute("DELETE FROM claim WHERE id = ?", (id_,))
        held = Decimal(usd)
        yield LedgerEntry(
            question_id=question_id, stage=stage, tier=tier, model=model, usage=Usage(), usd=None, held_usd=held
        )


def _used(connection: sqlite3.Connection, claim: Claim, limits: Limits, at: datetime) -> Limits:
    """What counts against each budget that has a limit: entries, and other claims, of calls on their way."""
    rows = connection.execute("SELECT question_id, usd FROM claim WHERE id <> ?", (claim.id,))
    others = [(owner, Decimal(usd)) for owner, usd in rows]
    under_way = sum((usd for _, usd in others), Decimal(0))
    own = sum((usd for owner, usd in others if owner == claim.question_id), Decimal(0))
    question = day = store = None
    if limits.question is not None and claim.question_id:
        question = own + _added(connection.execute(f"{_USED} AND question_id = ?", (claim.question_id,)))
    if limits.day is not None or limits.store is not None:
        _add_up(connection)
    if limits.day is not None:
        day = under_way + _added(connection.execute("SELECT usd, NULL FROM spent WHERE day = ?", (_day(at),)))
    if limits.store is not None:
        store = under_way + _added(connection.execute("SELECT usd, NULL FROM spent"))
    return Limits(question=question, day=day, store=store)


def _add_up(connection: sqlite3.Connection) -> None:
    """Bring ``spent`` up to the last entry."""
    through, last = connection.execute("SELECT key, (SELECT max(key) FROM entry) FROM spent_through").fetchone()
    if last is None or last == through:
        return
    days: dict[str, Decimal] = {}
    rows = connection.execute("SELECT at, usd, held_usd FROM entry WHERE cache_hit = 0 AND key > ?", (through,))
    for at, usd, held in rows:
        day = _day(datetime.fromisoformat(at))
        days[day] = days.get(day, Decimal(0)) + Decimal(usd or held or 0)
    for day, usd in days.items():
        before = _added(connection.execute("SELECT usd, NULL FROM spent WHERE day = ?", (day,)))
        connection.execute("INSERT OR REPLACE INTO spent VALUES (?, ?)", (day, str(before + usd)))
    connection.execute("UPDATE spent_through SET key = ?", (last,))


def _added(rows: sqlite3.Cursor) -> Decimal:
    return sum((Decimal(usd or held or 0) for usd, held in rows), Decimal(0))


def _day(at: datetime) -> str:
    return at.astimezone(UTC).date().isoformat()


def _stamp(at: datetime) -> str:
    """Sorts as the times do."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")
