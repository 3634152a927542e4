"""Money set aside in the account book: in memory and in SQLite, by several processes, and after one of them died."""

from __future__ import annotations

import asyncio
import multiprocessing
import sqlite3
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from mmrag.adapters.catalog.ledger import SqliteLedger
from mmrag.domain.costs import Bill, Claim, LedgerEntry, Limits, Overrun, Usage
from mmrag.ports import Ledger
from mmrag.testing import MemoryLedger

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
TOMORROW = NOON + timedelta(days=1)


def claim(id_: str, usd: str, *, question: str = "q-1", at: datetime = NOON) -> Claim:
    expires = at + timedelta(minutes=3)
    return Claim(id=id_, question_id=question, stage="draft", tier="t", model="m", usd=Decimal(usd), expires=expires)


def entry(usd: str | None, *, question: str = "q-1", hit: bool = False, held: str | None = None) -> LedgerEntry:
    return LedgerEntry(
        question_id=question,
        stage="draft",
        tier="t",
        model="m",
        usage=Usage(input_tokens=1),
        usd=None if usd is None else Decimal(usd),
        cache_hit=hit,
        held_usd=None if held is None else Decimal(held),
    )


def limits(*, question: str | None = None, day: str | None = None, store: str | None = None) -> Limits:
    return Limits(**{n: Decimal(v) for n, v in (("question", question), ("day", day), ("store", store)) if v is not None})


@pytest.fixture(params=["memory", "sqlite"])
async def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Ledger]:
    if request.param == "memory":
        yield MemoryLedger()
        return
    opened = SqliteLedger(tmp_path / "ledger.sqlite")
    yield opened
    await opened.close()


async def test_entries_and_claims_count_against_the_question_the_day_and_the_store(ledger: Ledger) -> None:
    await ledger.write(entry("0.010"), NOON)
    await ledger.write(entry("0.004", question="q-2"), NOON - timedelta(days=1))
    assert await ledger.reserve(claim("a", "0.006"), limits(question="0.016"), NOON) is None
    over = await ledger.reserve(claim("b", "0.001"), limits(question="0.0169"), NOON)
    assert over == Overrun(budget="question", spent=Decimal("0.016"), limit=Decimal("0.0169"))
    over = await ledger.reserve(claim("b", "0.001", question="q-3"), limits(question="1", day="0.0165"), NOON)
    assert over == Overrun(budget="day", spent=Decimal("0.016"), limit=Decimal("0.0165"))
    over = await ledger.reserve(claim("b", "0.001", question="q-3"), limits(store="0.0205"), NOON)
    assert over == Overrun(budget="store", spent=Decimal("0.020"), limit=Decimal("0.0205"))
    assert await ledger.reserve(claim("b", "0.001", question="q-3"), limits(day="0.017", store="0.021"), NOON) is None


async def test_a_settled_claim_gives_way_to_what_the_call_took(ledger: Ledger) -> None:
    assert await ledger.reserve(claim("a", "0.009"), limits(day="0.01"), NOON) is None
    await ledger.settle("a", (entry("0.002"), entry(None, held="0.003")), NOON)
    assert [e.usd for e in await ledger.entries("q-1")] == [Decimal("0.002"), None]
    assert Bill.of(await ledger.entries()).cost.unpriced_calls == 1
    assert await ledger.reserve(claim("b", "0.005"), limits(day="0.01"), NOON) is None
    over = await ledger.reserve(claim("c", "0.001"), limits(day="0.01"), NOON)
    assert over is not None
    assert over.spent == Decimal("0.010")


async def test_a_claim_of_the_same_id_is_replaced_and_stays_when_the_new_one_does_not_fit(ledger: Ledger) -> None:
    assert await ledger.reserve(claim("a", "0.006"), limits(day="0.01"), NOON) is None
    assert await ledger.reserve(claim("a", "0.009"), limits(day="0.01"), NOON) is None
    assert await ledger.reserve(claim("a", "0.011"), limits(day="0.01"), NOON) is not None
    over = await ledger.reserve(claim("b", "0.002"), limits(day="0.01"), NOON)
    assert over == Overrun(budget="day", spent=Decimal("0.009"), limit=Decimal("0.01"))


async def test_a_new_day_has_a_budget_of_its_own_and_cache_hits_are_free(ledger: Ledger) -> None:
    await ledger.write(entry("0.010"), NOON)
    await ledger.write(entry("0.010", hit=True), TOMORROW)
    assert await ledger.reserve(claim("a", "0.001", at=NOON), limits(day="0.010"), NOON) is not None
    assert await ledger.reserve(claim("a", "0.010", at=TOMORROW), limits(day="0.010"), TOMORROW) is None


async def test_calls_that_belong_to_no_question_share_no_limit_of_one(ledger: Ledger) -> None:
    for n in range(3):
        assert await ledger.reserve(claim(str(n), "0.01", question=""), limits(question="0.01"), NOON) is None


async def test_the_claim_of_a_process_that_died_becomes_a_call_of_unknown_cost(ledger: Ledger) -> None:
    await ledger.reserve(claim("a", "0.006"), limits(day="0.01"), NOON)
    later = NOON + timedelta(minutes=4)
    over = await ledger.reserve(claim("b", "0.005", at=later), limits(day="0.01"), later)
    assert over is not None
    assert over.spent == Decimal("0.006")  # it may have been paid, so it still counts
    assert [(e.usd, e.held_usd) for e in await ledger.entries("q-1")] == [(None, Decimal("0.006"))]


async def test_an_older_ledger_is_read_and_its_entries_count(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with sqlite3.connect(path) as old:
        old.execute(
            "CREATE TABLE entry (key INTEGER PRIMARY KEY, at TEXT NOT NULL, question_id TEXT NOT NULL, stage TEXT NOT NULL,"
            " tier TEXT NOT NULL, model TEXT NOT NULL, input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL,"
            " cached_input_tokens INTEGER NOT NULL, images INTEGER NOT NULL, usd TEXT, cache_hit INTEGER NOT NULL) STRICT"
        )
        row = (NOON.isoformat(), "q-1", "draft", "t", "m", 1, 2, 0, 0, "0.004", 0)
        old.execute("INSERT INTO entry VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
    ledger = SqliteLedger(path)
    assert [e.usd for e in await ledger.entries()] == [Decimal("0.004")]
    over = await ledger.reserve(claim("a", "0.001"), limits(store="0.004"), NOON)
    assert over == Overrun(budget="store", spent=Decimal("0.004"), limit=Decimal("0.004"))
    await ledger.close()


async def test_writes_that_wait_together_are_all_there(tmp_path: Path) -> None:
    ledger = SqliteLedger(tmp_path / "ledger.sqlite")
    await asyncio.gather(*(ledger.write(entry("0.001", question=f"q-{n}"), NOON) for n in range(200)))
    found = await ledger.entries()
    await ledger.close()
    assert sorted(e.question_id for e in found) == sorted(f"q-{n}" for n in range(200))


def spend(path: str, name: str) -> None:
    """Thirty calls of a cent each as fast as they can be made, each set aside, then paid."""

    async def run() -> None:
        ledger = SqliteLedger(Path(path))
        for n in range(30):
            wanted = claim(f"{name}-{n}", "0.01", question=f"{name}-{n}")
            if await ledger.reserve(wanted, limits(day="0.20"), NOON) is None:
                await ledger.settle(wanted.id, (entry("0.01", question=name),), NOON)
        await ledger.close()

    asyncio.run(run())


async def test_processes_at_once_never_spend_more_than_the_day_allows(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    spawn = multiprocessing.get_context("spawn")
    workers = [spawn.Process(target=spend, args=(str(path), name)) for name in ("a", "b")]
    for worker in workers:
        worker.start()
    for worker in workers:
        await asyncio.to_thread(worker.join)
    assert [w.exitcode for w in workers] == [0, 0]
    ledger = SqliteLedger(path)
    assert Bill.of(await ledger.entries()).cost.usd == Decimal("0.20")
    await ledger.close()
