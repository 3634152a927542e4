"""Searching one state of the catalog, with what earlier searches read of that state still in memory.

Common words and letter triples come back in nearly every question. What the full-text index says of each is kept as long as
the files of the catalog stay as they are.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

from mmrag.adapters.catalog.connect import Readers
from mmrag.adapters.catalog.latest import Latest
from mmrag.ports import PageRef, PageScored

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

T = TypeVar("T")

SETTLED_S: Final = 2.0
"""The coarsest clock of a file system in use (FAT)."""
_ENTRIES: Final = 1_000_000
"""Rows of words kept, with what each earns: 16 MB."""
_ROWS: Final = 1_000_000
"""Row numbers kept, of letter triples and of documents: 8 MB."""
_NAMED: Final = 30_000
"""Elements and pages whose ids are kept, each: 9 MB."""
_LETTERS: Final = 4_000_000
"""Characters of pages kept: 4 MB, or 8 where they are not Latin."""
_COUNTS: Final = 30_000
"""Words and letter triples whose number of pages is kept: 4 MB."""
_ANSWERS: Final = 200
"""Names whose pages are kept: 1 MB."""


class NotInMemory(Exception):
    """Something has to be read from the catalog, or is too much to be done between two events."""


class Postings(NamedTuple):
    """``keys``: int64, the rows that hold a phrase, ascending. ``gains``: float64, what it adds to the score of each."""

    keys: npt.NDArray[np.int64]
    gains: npt.NDArray[np.float64]


class SquashedPage(NamedTuple):
    ref: PageRef
    letters: str


@dataclass(frozen=True, slots=True)
class Kept:
    """What was read of the catalog while its files had the stamps ``state``."""

    state: tuple[int, ...]
    postings: Latest[tuple[str, str], Postings] = field(
        default_factory=lambda: Latest(_ENTRIES, lambda postings: len(postings.keys) + 1)
    )
    """By full-text table and phrase."""
    rows: Latest[tuple[str, str], npt.NDArray[np.int64]] = field(
        default_factory=lambda: Latest(_ROWS, lambda rows: len(rows) + 1)
    )
    """By what they are of, and a phrase or a document."""
    element_ids: Latest[int, str] = field(default_factory=lambda: Latest(_NAMED))
    pages: Latest[int, PageRef] = field(default_factory=lambda: Latest(_NAMED))
    squashed: Latest[int, SquashedPage] = field(
        default_factory=lambda: Latest(_LETTERS, lambda page: len(page.letters) + 100)
    )
    counts: Latest[tuple[str, str], int] = field(default_factory=lambda: Latest(_COUNTS))
    """How many rows of a full-text table hold a phrase."""
    named: Latest[tuple[str, int, tuple[str, ...] | None], tuple[PageScored, ...]] = field(
        default_factory=lambda: Latest(_ANSWERS)
    )


class Snapshot:
    """One state of the catalog: ``kept`` of it, and a connection to read the rest."""

    def __init__(self, kept: Kept, connection: sqlite3.Connection | None = None) -> None:
        self.kept = kept
        self._connection = connection

    @property
    def connection(self) -> sqlite3.Connection:
        """Raises ``NotInMemory`` when there is none."""
        if self._connection is None:
            raise NotInMemory
        return self._connection

    @property
    def is_at_hand(self) -> bool:
        """True on the event loop, where nothing may be read and nothing may take long."""
        return self._connection is None


class Snapshots:
    """Gives each search the state of the catalog that there is, and what is remembered of it."""

    def __init__(self, readers: Readers, *, now: Callable[[], float] = time.time) -> None:
        self._readers = readers
        self._now = now
        self._kept: Kept | None = None
        self._lock = Lock()

    async def run(self, work: Callable[[Snapshot], T]) -> T:
        """The result of ``work``: at once where all it needs is in memory, else from a worker thread.

        ``work`` may be begun twice; it raises ``NotInMemory`` by asking for the connection.
        """
        kept = self._kept
        if kept is not None and kept.state == self._readers.version():
            try:
                return work(Snapshot(kept))
            except NotInMemory:
                pass
        return await self._readers.run(lambda connection: work(self._of(connection)))

    def _of(self, connection: sqlite3.Connection) -> Snapshot:
        before = self._readers.version()
        connection.execute("SELECT only FROM store").fetchone()  # from here on the transaction sees one state
        if before != self._readers.version() or not is_settled(before, self._now()):
            return Snapshot(Kept(before), connection)
        with self._lock:
            if self._kept is None or self._kept.state != before:
                self._kept = Kept(before)
            return Snapshot(self._kept, connection)


def is_settled(state: tuple[int, ...], now: float) -> bool:
    """False while two states may have the same stamps: two commits may fall into one tick of the file system's clock.

    ``state`` are times (ns) and sizes of the catalog's files, in turn. As git does with its index, nothing is remembered of
    files that were changed a moment ago.
    """
    return now - max(state[::2], default=0) / 1e9 > SETTLED_S
