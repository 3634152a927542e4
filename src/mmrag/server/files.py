"""What is known of each uploaded file, and how it changes as the ingestion tells of it. No I/O."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Final, Protocol, runtime_checkable

from mmrag.domain.hashing import Json
from mmrag.ingester import FileOutcome

_MOST_KEPT: Final = 500
"""Files that are over and still listed."""


class FileState(StrEnum):
    WAITING = "waiting"
    READING = "reading"
    INGESTED = "ingested"
    UNCHANGED = "unchanged"
    REPLACED = "replaced"
    QUARANTINED = "quarantined"
    FAILED = "failed"

    @property
    def is_over(self) -> bool:
        return self not in (FileState.WAITING, FileState.READING)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileStatus:
    """One uploaded file. ``pages`` is 0 until it is opened; ``change`` grows with every change of any file."""

    id: str
    path: Path
    size: int
    state: FileState = FileState.WAITING
    pages: int = 0
    pages_done: int = 0
    document_id: str | None = None
    reason: str | None = None
    change: int = 0

    @property
    def name(self) -> str:
        return self.path.name

    def to_json(self) -> dict[str, Json]:
        return {
            "id": self.id,
            "name": self.name,
            "size": self.size,
            "state": self.state.value,
            "pages": self.pages,
            "pages_done": self.pages_done,
            "document_id": self.document_id,
            "reason": self.reason,
        }


# The ingestion is another distribution's (see mmrag.api.Ingester): its events are known by their fields.


@runtime_checkable
class _Opened(Protocol):
    document: str
    pages: int
    kept: int


@runtime_checkable
class _PageStored(Protocol):
    document: str
    page: int
    unreadable: bool


@runtime_checkable
class _Finished(Protocol):
    row: FileOutcome


class Files:
    """The uploaded files by id, in the order of their arrival. ``change`` is the number of the latest change."""

    def __init__(self) -> None:
        self._files: OrderedDict[str, FileStatus] = OrderedDict()
        self.change = 0

    @property
    def waiting(self) -> tuple[FileStatus, ...]:
        return tuple(file for file in self._files.values() if file.state is FileState.WAITING)

    def since(self, change: int) -> tuple[FileStatus, ...]:
        """The files that have changed after ``change``, in the order of their arrival."""
        return tuple(file for file in self._files.values() if file.change > change)

    def get(self, file_id: str) -> FileStatus | None:
        return self._files.get(file_id)

    def put(self, file: FileStatus) -> FileStatus:
        """Add or replace, as the latest change. Of those that are over, the oldest are forgotten."""
        self.change += 1
        kept = self._files[file.id] = replace(file, change=self.change)
        over = [known.id for known in self._files.values() if known.state.is_over]
        for oldest in over[: max(0, len(over) - _MOST_KEPT)]:
            del self._files[oldest]
        return kept

    def set_all(self, files: Iterable[FileStatus], state: FileState, *, reason: str | None = None) -> None:
        for file in files:
            current = self._files.get(file.id)
            if current is not None and not current.state.is_over:
                self.put(replace(current, state=state, reason=reason))

    def hear(self, event: object, running: Iterable[FileStatus]) -> None:
        """Take in what the ingestion tells of the files that it is ``running`` on."""
        match event:
            case _Finished():
                row = event.row
                known = FileState(row.status)
                for file in self._of(row.document, running):
                    done = replace(file, state=known, reason=row.reason, pages=row.pages, pages_done=row.pages)
                    self.put(done)
            case _Opened():
                for file in self._of(event.document, running):
                    self.put(replace(file, state=FileState.READING, pages=event.pages, pages_done=event.kept))
            case _PageStored():
                for file in self._of(event.document, running):
                    self.put(replace(file, pages_done=max(file.pages_done, event.page)))

    def _of(self, document: str, running: Iterable[FileStatus]) -> list[FileStatus]:
        """A document is called as its file, with folders in front where another one is called so already."""
        last = document.rsplit("/", 1)[-1]
        return [self._files[file.id] for file in running if file.name == last and file.id in self._files]
