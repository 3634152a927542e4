"""Connections to the catalog: one for the writer, a few for readers, and SQLite's errors in our own words."""

from __future__ import annotations

import errno
import os
import queue
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final, TypeVar

import anyio
import anyio.to_thread

from mmrag.adapters.catalog import schema
from mmrag.errors import EmptyStoreError, StoreBusyError, StoreDamagedError, StoreError, StoreFullError

T = TypeVar("T")

CATALOG_FILE: Final = "catalog.sqlite"
_BUSY_S: Final = 10.0
_NEARLY_FULL_BYTES: Final = 1_000_000


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
    """A small pool of read-only connections; each call runs in a worker thread and sees one state of the catalog."""

    def __init__(self, path: Path, size: int = 4) -> None:
        self._path = path
        self._files = (str(path), f"{path}-wal")
        self._idle: queue.LifoQueue[sqlite3.Connection] = queue.LifoQueue()
        self._limiter = anyio.CapacityLimiter(size)

    async def run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run ``work`` on a connection, inside one read transaction."""
        return await anyio.to_thread.run_sync(self._work, work, limiter=self._limiter)

    def store_id(self) -> str:
        """What tells this store from others on the same server. Blocks: call it in a worker thread."""
        return self._work(lambda c: str(c.execute("SELECT id FROM store").fetchone()[0]))

    def version(self) -> tuple[int, ...]:
        """Changes whenever the catalog does. Looks at file sizes and times only: two microseconds, no query."""
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
            self._idle.put(connection)
            return result

    def _take(self) -> sqlite3.Connection:
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            return open_reader(self._path)

    def close(self) -> None:
        while not self._idle.empty():
            self._idle.get_nowait().close()


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
