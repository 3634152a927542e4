"""One connection to SQLite in a thread of its own, where work that waits together is committed together.

A commit that is safe from a power cut waits for the disk; with many calls at once that wait is shared.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from mmrag.adapters.catalog.connect import transaction, translated

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]


@dataclass(slots=True, eq=False)
class _Job:
    """``work`` keeps its result itself; ``durable``: it has to be on the disk when it is reported done."""

    work: Callable[[sqlite3.Connection], None]
    durable: bool
    done: Future[None] = field(default_factory=Future)


class BatchedConnection:
    """Runs work on ``path`` in the order it comes. ``prepare`` makes the schema of a new connection."""

    def __init__(self, path: Path, *, prepare: Callable[[sqlite3.Connection], object]) -> None:
        self._path = path
        self._prepare = prepare
        self._jobs: deque[_Job] = deque()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=path.stem)
        self._connection: sqlite3.Connection | None = None

    async def write(self, work: Work[T], *, durable: bool) -> T:
        """Run ``work`` in a transaction, together with what waits beside it: all of it or nothing.

        Work that has not begun when its caller is cancelled is left out. Raises ``StoreError``.
        """
        results: list[T] = []
        job = _Job(work=lambda connection: results.append(work(connection)), durable=durable)
        self._jobs.append(job)
        self._thread.submit(self._drain)
        await asyncio.wrap_future(job.done)
        return results[-1]

    async def read(self, work: Work[T]) -> T:
        """Run ``work`` after all writes that came before it. Raises ``StoreError``."""

        def run() -> T:
            with translated(self._path):
                return work(self._opened())

        return await asyncio.wrap_future(self._thread.submit(run))

    async def close(self) -> None:
        """Ends the thread. Nothing may be asked of it afterwards."""
        await asyncio.wrap_future(self._thread.submit(self._drain))
        await asyncio.wrap_future(self._thread.submit(self._disconnect))
        self._thread.shutdown(wait=False)

    def _drain(self) -> None:
        batch: list[_Job] = []
        while self._jobs:
            job = self._jobs.popleft()
            if job.done.set_running_or_notify_cancel():
                batch.append(job)
        if not batch:
            return
        try:
            with translated(self._path):
                self._commit(batch)
        except BaseException as error:  # noqa: BLE001 -- it is raised again where the work was asked for
            for job in batch:
                job.done.set_exception(error)
        else:
            for job in batch:
                job.done.set_result(None)

    def _commit(self, batch: list[_Job]) -> None:
        connection = self._opened()
        connection.execute(f"PRAGMA synchronous = {'FULL' if any(job.durable for job in batch) else 'NORMAL'}")
        with transaction(connection):
            for job in batch:
                job.work(connection)

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            connection = sqlite3.connect(self._path, isolation_level=None, timeout=10, check_same_thread=False)
            try:
                connection.execute("PRAGMA journal_mode = WAL")
                self._prepare(connection)
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
