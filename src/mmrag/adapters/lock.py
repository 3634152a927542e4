"""One writer at a time, under a lock of the operating system: it is let go when the process ends, however it ends."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import anyio.to_thread
from filelock import FileLock, Timeout

from mmrag.adapters.catalog.connect import translated
from mmrag.errors import StoreBusyError

LOCK_FILE: Final = "write.lock"


@asynccontextmanager
async def write_lock(store: Path, *, timeout_s: float) -> AsyncIterator[None]:
    """Hold the store's write lock. Raises ``StoreBusyError`` when another process keeps it for ``timeout_s`` seconds."""
    lock = FileLock(store / LOCK_FILE, thread_local=False)

    def acquire() -> None:
        with translated(store / LOCK_FILE):
            try:
                lock.acquire(timeout=timeout_s, poll_interval=0.05)
            except Timeout as error:
                raise StoreBusyError(
                    f"Another mmrag is writing to {store}: wait for it to end (asking questions works meanwhile), or use"
                    " another folder with --store."
                ) from error

    await anyio.to_thread.run_sync(acquire)
    try:
        yield
    finally:
        lock.release()
