"""Calls to the catalog that are made together share a thread, and each is answered for itself."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from mmrag.adapters.catalog.connect import CATALOG_FILE, Readers, Writer
from mmrag.errors import StoreError

pytestmark = pytest.mark.usefixtures("loop_guard")


@pytest.fixture
def readers(tmp_path: Path) -> Iterator[Readers]:
    Writer(tmp_path / CATALOG_FILE).close()
    readers = Readers(tmp_path / CATALOG_FILE)
    yield readers
    readers.close()


async def test_calls_made_together_share_a_thread(readers: Readers) -> None:
    threads = await asyncio.gather(*[readers.run(lambda _: threading.get_ident()) for _ in range(3)])
    assert len(set(threads)) == 1
    assert threading.get_ident() not in threads


async def test_an_error_is_of_its_call_alone(readers: Readers) -> None:
    def broken(connection: sqlite3.Connection) -> int:
        connection.execute("SELECT no_such_column FROM store")
        return 0

    found = await asyncio.gather(*[readers.run(work) for work in (one, broken, one)], return_exceptions=True)
    assert found[0] == found[2] == 1
    assert isinstance(found[1], StoreError)
    assert await readers.run(one) == 1


async def test_who_gives_up_leaves_the_others_answered(readers: Readers) -> None:
    calls = [asyncio.create_task(readers.run(one)) for _ in range(3)]
    await asyncio.sleep(0)
    calls[1].cancel()
    found = await asyncio.gather(*calls, return_exceptions=True)
    assert (found[0], found[2]) == (1, 1)
    assert isinstance(found[1], asyncio.CancelledError)


async def test_many_calls_are_all_answered(readers: Readers) -> None:
    def number(n: int) -> int:
        return n

    found = await asyncio.gather(*[readers.run(lambda _, n=n: number(n)) for n in range(50)])  # type: ignore[misc]
    assert found == list(range(50))


def test_a_loop_that_ended_leaves_nothing_waiting(readers: Readers) -> None:
    async def abandoned() -> None:
        asyncio.get_running_loop().create_task(readers.run(one))
        await asyncio.sleep(0)

    asyncio.run(abandoned())
    assert asyncio.run(readers.run(one)) == 1


def one(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT count(*) FROM store").fetchone()[0])
