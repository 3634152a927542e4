"""Reading processes: files that are not trusted are only ever opened in one of them.

A page that takes too long, eats memory or crashes its decoder costs one process and one page. The next page gets a fresh
process; the run goes on.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import pickle
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from mmrag.domain.rereading import Reread
from mmrag.errors import DamagedFileError, MMRagError, ReadTimeoutError, TooLargeError, UnreadableFileError
from mmrag_ingest.child import LENGTH, Order, ProbeOrder, Reply, Result
from mmrag_ingest.crowding import within
from mmrag_ingest.passwords import passwords_of
from mmrag_ingest.records import Limits, PageRead, PageTask, Probe, RegionTask

if TYPE_CHECKING:
    from mmrag.settings import IngestSettings

_PROGRAM = "from mmrag_ingest.child import main; main()"
_START_TIMEOUT_S = 60.0
_PIPE_BUFFER = 4 << 20


@asynccontextmanager
async def open_pool(settings: IngestSettings, limits: Limits) -> AsyncIterator[WorkerPool]:
    """A pool as the settings say. Its processes start when there is something to read, and end with the context."""
    workers = settings.workers or usable_cores()
    passwords = await asyncio.to_thread(passwords_of, settings)
    pool = WorkerPool(workers=workers, limits=limits, memory_bytes=settings.worker_memory_bytes, passwords=passwords)
    try:
        yield pool
    finally:
        await asyncio.shield(pool.close())


def usable_cores() -> int:
    """The cores that this process may use, which in a container are fewer than the machine's."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


class WorkerPool:
    """At most ``workers`` reading processes, each with one order at a time.

    ``passwords`` go to the processes through their pipes alone: arguments and environments can be seen by others.
    ``memory_bytes`` caps each process. A process is replaced after ``pages_each`` pages, or when it holds more than
    ``recycle_bytes`` after a page: memory stays flat however long the run is.
    """

    def __init__(
        self,
        *,
        workers: int,
        limits: Limits,
        passwords: tuple[str, ...] = (),
        memory_bytes: int = 1_000_000_000,
        pages_each: int = 1_000,
        recycle_bytes: int = 600_000_000,
    ) -> None:
        self._workers = workers
        self._limits = limits
        self._passwords = passwords
        self._recycle_bytes = recycle_bytes
        self._pages_each = pages_each
        threads = max(1, usable_cores() // workers)
        # The one used last is taken first: a small job starts no more processes than it needs.
        self._idle: asyncio.LifoQueue[_Slot] = asyncio.LifoQueue()
        self._slots = [_Slot(memory_bytes=memory_bytes, threads=threads) for _ in range(workers)]
        for slot in self._slots:
            self._idle.put_nowait(slot)

    @property
    def workers(self) -> int:
        return self._workers

    async def probe(self, path: Path, *, timeout_s: float) -> Probe:
        """What the file is and how many pages it has. Raises an ``UnreadableFileError``."""
        result = await self._run(ProbeOrder(path, self._limits, self._passwords), timeout_s, "looking at it")
        if not isinstance(result, Probe):
            raise TypeError(f"a reader answered a probe with {type(result).__name__}")
        return result

    async def read(self, task: PageTask, *, timeout_s: float) -> PageRead:
        """The page, read and understood. Raises an ``UnreadableFileError``; ``ReadTimeoutError`` after ``timeout_s``.

        The time counts from the moment at which a process takes the order, without the time in which it had to wait for
        a core. Cancelling stops the work.
        """
        result = await self._run(replace(task, passwords=self._passwords), timeout_s, f"reading page {task.number}")
        if not isinstance(result, PageRead):
            raise TypeError(f"a reader answered a page order with {type(result).__name__}")
        return result

    async def reread(self, task: RegionTask, *, timeout_s: float) -> Reread:
        """A region drawn and read again. Raises what ``read`` raises."""
        result = await self._run(replace(task, passwords=self._passwords), timeout_s, f"looking at page {task.number} again")
        if not isinstance(result, Reread):
            raise TypeError(f"a reader answered a region order with {type(result).__name__}")
        return result

    async def close(self) -> None:
        """End all processes, at work or not."""
        await asyncio.gather(*(slot.stop() for slot in self._slots))

    async def _run(self, order: Order, timeout_s: float, what: str) -> Result | None:
        slot = await self._idle.get()
        try:
            reply = await self._ask(slot, order, timeout_s, what)
            if reply.starved and slot.pages > 1:
                # What earlier pages left in the process was missing. Whether a page can be read must not depend on that.
                await slot.stop()
                reply = await self._ask(slot, order, timeout_s, what)
            if reply.starved or slot.pages >= self._pages_each or reply.rss > self._recycle_bytes:
                await slot.stop()
            if isinstance(reply.result, MMRagError):
                raise reply.result
            return reply.result
        finally:
            self._idle.put_nowait(slot)

    async def _ask(self, slot: _Slot, order: Order, timeout_s: float, what: str) -> Reply:
        await slot.start()
        try:
            return await within(asyncio.ensure_future(slot.ask(order)), timeout_s, slot.pid)
        except TimeoutError as error:
            await slot.stop()
            raise ReadTimeoutError(f"{what} took longer than {timeout_s:.0f} s") from error
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise _crash(await slot.stop(grace_s=2.0), what) from error
        except BaseException:
            await asyncio.shield(slot.stop())  # half an answer may be in the pipe
            raise


@dataclass(slots=True, kw_only=True)
class _Slot:
    """A place for one process, and the process in it when there is one."""

    memory_bytes: int
    threads: int
    pages: int = 0
    process: asyncio.subprocess.Process | None = field(default=None)

    @property
    def pid(self) -> int:
        return -1 if self.process is None else self.process.pid

    async def start(self) -> None:
        if self.process is not None and self.process.returncode is None:
            return
        self.pages = 0
        self.process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",  # a file named like a module, in the folder of the documents, is not a module
            "-c",
            _PROGRAM,
            str(os.getpid()),
            str(self.memory_bytes),
            str(self.threads),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=_PIPE_BUFFER,
        )
        try:
            await within(asyncio.ensure_future(self._receive()), _START_TIMEOUT_S, self.pid)
        except (asyncio.IncompleteReadError, TimeoutError) as error:
            code = await self.stop()
            raise MMRagError(f"A reading process did not start (exit code {code}): run mmrag doctor.") from error
        except BaseException:
            await asyncio.shield(self.stop())
            raise

    async def ask(self, order: Order) -> Reply:
        process = self.process
        if process is None or process.stdin is None:
            raise ConnectionError("the process is not running")
        data = pickle.dumps(order, protocol=pickle.HIGHEST_PROTOCOL)
        process.stdin.write(LENGTH.pack(len(data)) + data)
        await process.stdin.drain()
        reply = await self._receive()
        self.pages += 1
        return reply

    async def stop(self, *, grace_s: float = 0.0) -> int | None:
        """Kill the process if it lives after ``grace_s``. Returns its exit code, negative for the signal that ended it."""
        process, self.process = self.process, None
        if process is None:
            return None
        try:
            # One that crashed closes its pipe a moment before it is known by what it died of.
            return await asyncio.wait_for(process.wait(), grace_s)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            return await process.wait()

    async def _receive(self) -> Reply:
        if self.process is None or self.process.stdout is None:
            raise ConnectionError("the process is not running")
        head = await self.process.stdout.readexactly(LENGTH.size)
        data = await self.process.stdout.readexactly(LENGTH.unpack(head)[0])
        reply = pickle.loads(data)  # noqa: S301 - written by our own child process
        if not isinstance(reply, Reply):
            raise TypeError("a reading process sent something that is no reply")
        return reply


def _crash(code: int | None, what: str) -> UnreadableFileError:
    if code == -signal.SIGKILL:
        return TooLargeError(f"{what} needed more memory than there is")
    name = signal.Signals(-code).name if code is not None and code < 0 else f"exit code {code}"
    return DamagedFileError(f"{what} crashed the reader ({name}): the file is probably damaged")
