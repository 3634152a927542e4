"""What a person sees while files are ingested: a bar on a terminal, lines elsewhere. All on standard error."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mmrag.cli.terminal import say, shorten
from mmrag_ingest.report import (
    DocumentFinished,
    DocumentOpened,
    Event,
    FilesFound,
    OnEvent,
    Outcome,
    PageStored,
    SummariesDue,
    SummaryStored,
)

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

LINE_EVERY_S: Final = 15.0
"""Between two lines where there is no terminal."""

NAME_WIDTH: Final = 32


@dataclass(slots=True, kw_only=True)
class Counts:
    """How far a run has come. Pure arithmetic over events; ``began`` and ``now`` are seconds of one clock."""

    began: float
    files: int = 0
    to_read: int = 0
    files_opened: int = 0
    files_done: int = 0
    stored: int = 0
    quarantined: int = 0
    pages_known: int = 0
    pages_kept: int = 0
    pages_done: int = 0
    summaries_of: int = 0
    summaries: int = 0
    current: str = ""
    next_page: int = 1

    def add(self, event: Event) -> None:
        match event:
            case FilesFound(files=files, to_read=to_read):
                self.files, self.to_read = files, to_read
            case DocumentOpened(document=name, pages=pages, kept=kept):
                self.files_opened += 1
                self.pages_known += pages - kept
                self.pages_kept += kept
                self.current, self.next_page = name, kept + 1
            case PageStored(page=page):
                self.pages_done += 1
                self.next_page = page + 1
            case DocumentFinished(row=row):
                self.files_done += 1
                self.quarantined += row.status is Outcome.QUARANTINED
                self.stored += row.status in (Outcome.INGESTED, Outcome.REPLACED)
                self.current = ""
            case SummariesDue(documents=documents):
                self.summaries_of = documents
            case SummaryStored(document=name):
                self.summaries += 1
                self.current = name

    def speed(self, now: float) -> float:
        """Pages a second so far."""
        return self.pages_done / (now - self.began) if now > self.began else 0.0

    @property
    def pages_expected(self) -> int:
        """Pages to read in all: those known, and for files not opened yet as many as the opened ones have on average."""
        if not self.files_opened:
            return self.to_read
        return self.pages_known + round((self.to_read - self.files_opened) * self.pages_known / self.files_opened)

    def seconds_left(self, now: float) -> float | None:
        """None while nothing is known to tell it from."""
        speed = self.speed(now)
        return (self.pages_expected - self.pages_done) / speed if speed > 0 else None

    def line(self, now: float) -> str:
        left = self.seconds_left(now)
        parts = [
            f"{self.files_done} of {self.files} files",
            f"{self.pages_done} pages",
            f"{self.speed(now):.2f} pages/s",
            f"{clock_time(left)} left" if left is not None else "",
            f"{self.quarantined} in quarantine" if self.quarantined else "",
            f"{self.summaries} summaries of {self.summaries_of} documents" if self.summaries_of else "",
            shorten(self.current, NAME_WIDTH),
        ]
        return ", ".join(part for part in parts if part)


def clock_time(seconds: float) -> str:
    """``1:02:03`` or ``2:03``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


@contextmanager
def progress(counts: Counts, now: Callable[[], float]) -> Iterator[OnEvent]:
    """What to call with every event. Draws a bar when standard error is a terminal."""
    if not sys.stderr.isatty():
        yield _Lines(counts=counts, now=now, last=now())
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

    # The text comes from file names: it must not be taken for rich's markup.
    columns = (SpinnerColumn(), BarColumn(), TextColumn("{task.description}", markup=False))
    console = Console(stderr=True, highlight=False, markup=False, emoji=False)
    with Progress(*columns, console=console, transient=True) as bar:
        yield _Bar(counts=counts, now=now, bar=bar, task=bar.add_task("looking for files", total=None))


@dataclass(slots=True, kw_only=True)
class _Lines:
    counts: Counts
    now: Callable[[], float]
    last: float

    def __call__(self, event: Event) -> None:
        self.counts.add(event)
        now = self.now()
        if now - self.last >= LINE_EVERY_S:
            self.last = now
            say(self.counts.line(now))


@dataclass(slots=True, kw_only=True)
class _Bar:
    counts: Counts
    now: Callable[[], float]
    bar: Progress
    task: TaskID

    def __call__(self, event: Event) -> None:
        self.counts.add(event)
        self.bar.update(
            self.task,
            total=max(1, self.counts.pages_expected),
            completed=self.counts.pages_done,
            description=self.counts.line(self.now()),
        )
