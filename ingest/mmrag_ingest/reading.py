"""Reading the pages of files in worker processes: how many at once, and how long one file may take."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from mmrag.errors import ReadTimeoutError, UnreadableFileError
from mmrag.ports import Clock
from mmrag_ingest.records import PageRead, PageTask, Probe

QUEUED_PER_WORKER: Final = 2
"""Pages handed over for each worker: one in its hands and one waiting, so that it never stands idle."""

FILE_PATIENCE: Final = 1.05
"""A file of which no page could be read yet is given up after this many page limits (18.9 s with the default limit)."""

PROBE_SHARE: Final = 1 / 3
"""Of the limit of a page, for looking at a file's structure."""

SLOWER_THAN_BEST: Final = 4.0
LEAST_LIMIT_S: Final = 2.0


class Readers(Protocol):
    """Worker processes. Both methods raise ``UnreadableFileError``, a ``ReadTimeoutError`` when ``timeout_s`` is over.

    The time counts from the moment at which a worker begins, and cancelling stops the work.
    """

    @property
    def workers(self) -> int: ...

    async def probe(self, path: Path, *, timeout_s: float) -> Probe: ...

    async def read(self, task: PageTask, *, timeout_s: float) -> PageRead: ...


@dataclass(slots=True, kw_only=True)
class Patience:
    """How long the pages of one file may still take. Times are seconds of the run's clock.

    A page has ``page_limit_s``. As long as no page of the file could be read, all its pages share little more than one
    such limit, so that a file made to hang is over in under twenty seconds however many pages it claims to have. Once
    pages were read, a timeout makes the limit a few times the slowest good page: a long document is not given up for a
    few bad pages, and a thousand bad ones do not cost a thousand limits.
    """

    page_limit_s: float
    spent_s: float = 0.0
    began: float | None = None
    slowest_good_s: float = 0.0
    readable: bool = False
    timed_out: bool = False

    def limit(self, now: float) -> float:
        """Seconds for a page that starts now; zero or less means that the file is given up."""
        if self.began is None:
            self.began = now - self.spent_s
        if not self.readable:
            return min(self.page_limit_s, self.began + FILE_PATIENCE * self.page_limit_s - now)
        if self.timed_out:
            return min(self.page_limit_s, max(LEAST_LIMIT_S, SLOWER_THAN_BEST * self.slowest_good_s))
        return self.page_limit_s

    def given_up(self, now: float) -> bool:
        return self.began is not None and self.limit(now) <= 0

    def succeeded(self, seconds: float) -> None:
        self.readable = True
        self.slowest_good_s = max(self.slowest_good_s, seconds)

    def failed(self, error: UnreadableFileError) -> None:
        self.timed_out = self.timed_out or isinstance(error, ReadTimeoutError)


@dataclass(slots=True, kw_only=True)
class PageReader:
    """Hands page tasks to the workers, at most ``QUEUED_PER_WORKER`` for each at a time, over all documents."""

    readers: Readers
    clock: Clock
    places: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        self.places = asyncio.Semaphore(QUEUED_PER_WORKER * self.readers.workers)

    async def probe(self, path: Path, patience: Patience) -> Probe | UnreadableFileError:
        """What the file is, or the reason why it cannot be opened. Its time is taken from that of the pages."""
        began = self.clock.monotonic()
        limit = patience.page_limit_s * PROBE_SHARE
        try:
            return await self.readers.probe(path, timeout_s=limit)
        except UnreadableFileError as error:
            return error
        finally:
            patience.spent_s = min(limit, self.clock.monotonic() - began)

    async def read(self, task: PageTask, patience: Patience) -> PageRead | UnreadableFileError:
        """The page, or the reason why it cannot be read, as a value: one bad page is no reason to stop."""
        async with self.places:
            limit = patience.limit(self.clock.monotonic())
            if limit <= 0:
                return ReadTimeoutError("not tried: no page before it could be read in time")
            try:
                read = await self.readers.read(task, timeout_s=limit)
            except UnreadableFileError as error:
                patience.failed(error)
                return error
            patience.succeeded(read.seconds)
            return read
