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

FORGIVEN: Final = 2
FORGIVEN_SHARE: Final = 0.1
"""Pages of a file that may time out before the others are suspected: so many, and this share of those that were read. The
easy pages of a file say little of its dense ones."""

SLOWER_THAN_BEST: Final = 4.0
LEAST_LIMIT_S: Final = 2.0


class Readers(Protocol):
    """Worker processes. Both methods raise ``UnreadableFileError``, a ``ReadTimeoutError`` when ``timeout_s`` is over.

    The time counts from the moment at which a worker begins, without what it waits for a core; cancelling stops the work.
    """

    @property
    def workers(self) -> int: ...

    async def probe(self, path: Path, *, timeout_s: float) -> Probe: ...

    async def read(self, task: PageTask, *, timeout_s: float) -> PageRead: ...


@dataclass(slots=True, kw_only=True)
class Patience:
    """How long the pages of one file may still take, in seconds without those that a worker had to wait for a core.

    A page has ``page_limit_s``. When one times out before any was read, the others together get a twentieth of that: a
    file made to hang is over in under twenty seconds however many pages it claims to have. Once pages were read, a few more
    may time out; when they are too many, the limit is a few times the slowest good page: a long document is not given up
    for a few bad pages, and a thousand bad ones do not cost a thousand limits.
    """

    page_limit_s: float
    probe_s: float = 0.0
    began: float | None = None
    timeouts: int = 0
    good: int = 0
    chance_used_s: float = 0.0
    slowest_good_s: float = 0.0

    def limit(self) -> float:
        """Seconds for a page that starts now; zero or less means that the file is given up."""
        if self.good:
            few = max(LEAST_LIMIT_S, SLOWER_THAN_BEST * self.slowest_good_s)
            suspect = self.timeouts > FORGIVEN + self.good * FORGIVEN_SHARE
            return min(self.page_limit_s, few) if suspect else self.page_limit_s
        if not self.timeouts:
            return self.page_limit_s - self.probe_s
        return SECOND_CHANCE * self.page_limit_s - self.chance_used_s

    def spent(self, now: float) -> float:
        """Seconds of the run's clock that the file took: looking at it, and from its first page until ``now``."""
        return self.probe_s + (0.0 if self.began is None else now - self.began)

    def started(self, now: float) -> None:
        if self.began is None:
            self.began = now

    def succeeded(self, seconds: float) -> None:
        self.good += 1
        self.slowest_good_s = max(self.slowest_good_s, seconds)

    def kept(self) -> None:
        """Pages of this file were read in an earlier run, in what time is not known: those to come have the whole limit."""
        self.succeeded(self.page_limit_s / SLOWER_THAN_BEST)

    def failed(self, error: UnreadableFileError, seconds: float) -> None:
        """A page could not be read, which took ``seconds``."""
        if self.timeouts:
            self.chance_used_s += seconds
        self.timeouts += isinstance(error, ReadTimeoutError)


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
            limit = patience.page_limit_s * PROBE_SHARE
            began = self.clock.monotonic()
            try:
                looked = await self.readers.probe(path, timeout_s=limit)
            except UnreadableFileError as error:
                patience.probe_s = min(limit, self.clock.monotonic() - began)
                return error
            patience.probe_s = min(limit, looked.seconds)
            return looked

    async def read(self, task: PageTask, patience: Patience) -> PageRead | UnreadableFileError:
        """The page, or the reason why it cannot be read, as a value: one bad page is no reason to stop."""
        async with self.places:
            limit, began = patience.limit(), self.clock.monotonic()
            patience.started(began)
            if limit <= 0:
                return ReadTimeoutError("not tried: no page before it could be read in time")
            try:
                read = await self.readers.read(task, timeout_s=limit)
            except UnreadableFileError as error:
                patience.failed(error, limit if isinstance(error, ReadTimeoutError) else self.clock.monotonic() - began)
                return error
            patience.succeeded(read.seconds)
            return read
