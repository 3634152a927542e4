"""Connections to the catalog: one for the writer, a few for readers, and SQLite's errors in our own words."""

from __future__ import annotations

import asyncio
import errno
import os
import queue
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

import anyio
import anyio.to_thread

from mmrag.adapters.catalog import schema
from mmrag.errors import EmptyStoreError, StoreBusyError, StoreDamagedError, StoreError, StoreFullError

T = TypeVar("T")

CATALOG_FILE: Final = "catalog.sqlite"
_BUSY_S: Final = 10.0
_NEARLY_FULL_BYTES: Final = 1_000_000
_TOGETHER: Final = 32
"""Calls that share a thread at most."""


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn SQLite's and the disk's errors into errors of mmrag, one line each that says what to do."""
    try:
        yield
    except sqlite3.Error as error:
        raise _named(error, path) from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise full(path) from error
        raise


def full(path: Path) -> StoreFullError:
    return StoreFullError(f"The disk that holds {path.parent} is full: free some space and run the same command again.")


def empty(store: Path) -> EmptyStoreError:
    return EmptyStoreError(f"Nothing is ingested in {store} yet: run mmrag ingest PATH --store {store}")


def _named(error: sqlite3.Error, path: Path) -> StoreError:
    name = str(getattr(error, "sqlite_errorname", "") or "")
    if name == "SQLITE_FULL" or (name.startswith("SQLITE_IOERR") and _is_full(path)):
        return full(path)
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")) or "malformed" in str(error):
        return StoreDamagedError(
            f"{path} is damaged ({error}): restore it from a backup, or delete {path.parent} and run mmrag ingest again."
        )
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return StoreBusyError(f"{path} stays locked by another program: wait for it to end and try again.")
    if name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")):
        return StoreError(f"{path} cannot be opened ({error}): check its permissions.")
    return StoreError(f"{path} cannot be used: {error}.")


def _is_full(path: Path) -> bool:
    try:
        return shutil.disk_usage(path.parent).free < _NEARLY_FULL_BYTES
    except OSError:
        return False


def open_writer(path: Path) -> sqlite3.Connection:
    """The one connection that writes. Creates the catalog, or brings an older one up to date."""
    with translated(path):
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=_BUSY_S)
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            # A commit is on the disk when it returns: what a run reported as stored survives a power cut.
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA journal_size_limit = 67108864")
            schema.migrate(connection)
        except BaseException:
            connection.close()
            raise
    return connection


def open_reader(path: Path) -> sqlite3.Connection:
    """A connection that cannot write. Any number may be open while one process writes."""
    with translated(path):
        uri = f"{path.absolute().as_uri()}?mode=ro"
        connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False, timeout=_BUSY_S)
        try:
            connection.execute("PRAGMA query_only = ON")
            if _is_being_made(connection):
                raise empty(path.parent)
            schema.check(connection)
        except BaseException:
            connection.close()
            raise
    return connection


def _is_being_made(connection: sqlite3.Connection) -> bool:
    """True while another process creates the catalog: it goes through all versions, and holds nothing before the last."""
    version = schema.version_of(connection)
    if 0 < version < len(schema.MIGRATIONS):
        return not connection.execute("SELECT EXISTS (SELECT 1 FROM document)").fetchone()[0]
    return version == 0


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All or nothing, and nobody else writes in between."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # SQLite may have rolled back already (it does when the disk is full): a second ROLLBACK would hide the true error.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


class Readers:
    """A small pool of read-only connections; each call sees one state of the catalog, in a worker thread.

    Calls made in one turn of the event loop share a thread and follow one another: side by side they would wake it and each
    other hundreds of times, since Python runs one of them at a time, and no call would end sooner.
    """

    def __init__(self, path: Path, size: int = 4) -> None:
        self._path = path
        self._files = (str(path), f"{path}-wal")
        self._idle: queue.LifoQueue[sqlite3.Connection] = queue.LifoQueue()
        self._limiter = anyio.CapacityLimiter(size)
        self._waiting: list[_Call] = []
        self._batches: set[asyncio.Task[None]] = set()
        self._is_closed = False

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run ``work`` on a connection, inside one read transaction."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()
        if not self._waiting or self._waiting[0].answer.get_loop() is not loop:  # what a loop left that ended is nobody's
            self._waiting = []
            loop.call_soon(self._begin)
        self._waiting.append(_Call(work, answer))
        return await answer

    def _begin(self) -> None:
        """Hand the waiting calls to a thread; to more than one where they are many."""
        calls, self._waiting = self._waiting, []
        for start in range(0, len(calls), _TOGETHER):
            batch = asyncio.ensure_future(self._answer(calls[start : start + _TOGETHER]))
            self._batches.add(batch)
            batch.add_done_callback(self._batches.discard)

    async def _answer(self, calls: Sequence[_Call]) -> None:
        wanted = [call for call in calls if not call.answer.done()]
        try:
            outcomes = await anyio.to_thread.run_sync(self._outcomes, wanted, limiter=self._limiter)
        except Exception as failure:  # noqa: BLE001 -- no thread to be had: everyone who waits is told
            outcomes = [(None, failure)] * len(wanted)
        except BaseException:
            for call in wanted:
                call.answer.cancel()
            raise
        for call, (result, error) in zip(wanted, outcomes, strict=True):
            if call.answer.done():
                continue
            if error is None:
                call.answer.set_result(result)
            else:
                call.answer.set_exception(error)

    def _outcomes(self, calls: Sequence[_Call]) -> list[tuple[object, Exception | None]]:
        outcomes: list[tuple[object, Exception | None]] = []
        for call in calls:
            try:
                outcomes.append((self._work(call.work), None))
            except Exception as error:  # noqa: BLE001 -- of one call: the others are answered
                outcomes.append((None, error))
        return outcomes

    def store_id(self) -> str:
        """What tells this store from others on the same server. Blocks: call it in a worker thread."""
        return self._work(lambda c: str(c.execute("SELECT id FROM store").fetchone()[0]))

    def version(self) -> tuple[int, ...]:
        """Changes whenever the catalog does. Looks at file sizes and times only: a few microseconds, no query."""
        return (*_stamp(self._files[0]), *_stamp(self._files[1]))

    def _work(self, work: Callable[[sqlite3.Connection], T]) -> T:
        with translated(self._path):
            connection = self._take()
            try:
                connection.execute("BEGIN")
                result = work(connection)
                connection.execute("COMMIT")
            except BaseException:
                connection.close()
                raise
            if self._is_closed:  # nobody waited for this call
                connection.close()
            else:
                self._idle.put(connection)
            return result

    def _take(self) -> sqlite3.Connection:
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            return open_reader(self._path)

    def close(self) -> None:
        self._is_closed = True
        while not self._idle.empty():
            self._idle.get_nowait().close()


class _Call(NamedTuple):
    """Work for a connection, and where its result is awaited."""

    work: Callable[[sqlite3.Connection], Any]
    answer: asyncio.Future[Any]


def _stamp(file: str) -> tuple[int, int]:
    try:
        stat = os.stat(file)
    except FileNotFoundError:
        return (0, 0)
    return (stat.st_mtime_ns, stat.st_size)


class Writer:
    """The writing connection; calls queue up behind one another."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection = open_writer(path)
        self._limiter = anyio.CapacityLimiter(1)

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run ``work`` on the connection in one transaction; it is on the disk when this returns."""
        return await anyio.to_thread.run_sync(self._work, work, limiter=self._limiter)

    def _work(self, work: Callable[[sqlite3.Connection], T]) -> T:
        with translated(self._path), transaction(self._connection):
            return work(self._connection)

    def close(self) -> None:
        with translated(self._path), closing(self._connection):
            # Later readers find one file without a log to replay. A busy reader only makes it smaller, not wrong.
            self._connection.execute("PRAGMA optimize")
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
