"""Reading the pages of files in worker processes: one order for each at a time, and how long one file may take."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from mmrag.errors import ReadTimeoutError, UnreadableFileError
from mmrag.ports import Clock
from mmrag_ingest.records import PageRead, PageTask, Probe

SECOND_CHANCE: Final = 0.05
"""Of the limit of a page, for all other pages together, when one timed out before any could be read."""

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

    A page has ``page_limit_s``. When one times out before any was read, the others together get a twentieth of that: a
    file made to hang is over in under twenty seconds however many pages it claims to have. Once pages were read, a
    timeout makes the limit a few times the slowest good page: a long document is not given up for a few bad pages, and a
    thousand bad ones do not cost a thousand limits.
    """

    page_limit_s: float
    probe_s: float = 0.0
    began: float | None = None
    timed_out_at: float | None = None
    slowest_good_s: float = 0.0
    readable: bool = False

    def limit(self, now: float) -> float:
        """Seconds for a page that starts now; zero or less means that the file is given up."""
        if self.readable:
            few = max(LEAST_LIMIT_S, SLOWER_THAN_BEST * self.slowest_good_s)
            return self.page_limit_s if self.timed_out_at is None else min(self.page_limit_s, few)
        if self.timed_out_at is None:
            return self.page_limit_s - self.probe_s
        return self.timed_out_at + SECOND_CHANCE * self.page_limit_s - now

    def spent(self, now: float) -> float:
        """Seconds that the file took: looking at it, and from its first page until now."""
        return self.probe_s + (0.0 if self.began is None else now - self.began)

    def started(self, now: float) -> None:
        if self.began is None:
            self.began = now

    def succeeded(self, seconds: float) -> None:
        self.readable = True
        self.slowest_good_s = max(self.slowest_good_s, seconds)

    def kept(self) -> None:
        """Pages of this file were read in an earlier run, in what time is not known: those to come have the whole limit."""
        self.readable = True
        self.slowest_good_s = max(self.slowest_good_s, self.page_limit_s / SLOWER_THAN_BEST)

    def failed(self, error: UnreadableFileError, now: float) -> None:
        if isinstance(error, ReadTimeoutError) and self.timed_out_at is None:
            self.timed_out_at = now


@dataclass(slots=True, kw_only=True)
class PageReader:
    """Hands orders to the workers, one for each at a time; the others wait here, first come first served."""

    readers: Readers
    clock: Clock
    places: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        self.places = asyncio.Semaphore(self.readers.workers)

    async def probe(self, path: Path, patience: Patience) -> Probe | UnreadableFileError:
        """What the file is, or the reason why it cannot be opened. Its time is taken from that of the pages."""
        async with self.places:
            began = self.clock.monotonic()
            limit = patience.page_limit_s * PROBE_SHARE
            try:
                return await self.readers.probe(path, timeout_s=limit)
            except UnreadableFileError as error:
                return error
            finally:
                patience.probe_s = min(limit, self.clock.monotonic() - began)

    async def read(self, task: PageTask, patience: Patience) -> PageRead | UnreadableFileError:
        """The page, or the reason why it cannot be read, as a value: one bad page is no reason to stop."""
        async with self.places:
            limit = patience.limit(self.clock.monotonic())
            patience.started(self.clock.monotonic())
            if limit <= 0:
                return ReadTimeoutError("not tried: no page before it could be read in time")
            try:
                read = await self.readers.read(task, timeout_s=limit)
            except UnreadableFileError as error:
                patience.failed(error, self.clock.monotonic())
                return error
            patience.succeeded(read.seconds)
            return read
