"""Who may touch the embedded index when: it is one folder of files, made for one process at a time.

A small file beside the index says which folder is current, how often it was changed (``epoch``), and whether a change is
under way (``writing``). A lock of the operating system keeps readers out while a change is under way, and the writer out
while a reader reads. A change that was cut short leaves ``writing`` set: nobody reads the folder until it is repaired.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import IO, Final

from mmrag.adapters.catalog.connect import translated
from mmrag.errors import IndexDriftError, StoreBusyError, StoreError

_READER_PATIENCE_S: Final = 1.0
"""A reader has another way to answer: it does not wait for long."""

_BUSY: Final = "The vector index is being written right now."
_IN_USE: Final = "Other programs keep the vector index in use: end them and try again."


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexState:
    """``number`` names the current folder; an index that is built anew gets the next one.

    ``files`` are the sizes of Chroma's graph files, by path inside the folder: Chroma ends the whole process when one of
    them was cut short, so they are compared before it may open them.
    """

    number: int = 0
    epoch: int = 0
    writing: bool = False
    files: Mapping[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Turn:
    """What the holder of the index knows of its state; brought up to date when the turn ends."""

    state: IndexState | None


class IndexGate:
    """Guards the index folders below ``root``. Only the holder of the store's write lock is ``writable``."""

    def __init__(self, root: Path, *, writable: bool, patience_s: float = 30.0) -> None:
        self._root = root
        self._writable = writable
        self._patience_s = patience_s

    def folder(self, state: IndexState) -> Path:
        return self._root / f"chroma-{state.number}"

    def state(self) -> IndexState | None:
        """None when there is no index yet, or its state file is not readable: both mean that there is nothing to trust."""
        try:
            return IndexState(**json.loads(self._file.read_bytes()))
        except (OSError, ValueError, TypeError):
            return None

    @contextmanager
    def reading(self) -> Iterator[IndexState | None]:
        """Keeps the writer out. Raises ``IndexDriftError`` when a change takes long or was cut short."""
        if not self._root.is_dir():
            yield None
            return
        with self._locked(shared=True, patience_s=_READER_PATIENCE_S, late=IndexDriftError(_BUSY)):
            yield self._whole_state()

    @contextmanager
    def alone(self) -> Iterator[Turn]:
        """Keeps everybody else out, to open the index: Chroma may write to its files even when it only reads.

        When it did, that counts as a change, so that others open the index again. Raises like ``reading``.
        """
        if not self._root.is_dir():
            yield Turn(None)
            return
        with self._locked(shared=False, patience_s=_READER_PATIENCE_S, late=IndexDriftError(_BUSY)):
            turn = Turn(self._whole_state())
            before = turn.state and self._stamps(turn.state)
            yield turn
            if turn.state is not None and self._stamps(turn.state) != before:
                turn.state = replace(turn.state, epoch=turn.state.epoch + 1, files=self._sizes(turn.state))
                self._save(turn.state)

    def _whole_state(self) -> IndexState | None:
        state = self.state()
        if state is not None and not self.is_whole(state):
            raise IndexDriftError("The vector index was left half written: run mmrag index rebuild.")
        return state

    def is_whole(self, state: IndexState) -> bool:
        """False after a change that was cut short, or when a graph file has another size than it was left with."""
        return not state.writing and self._sizes(state) == state.files

    @contextmanager
    def changing(self, *, anew: bool = False) -> Iterator[IndexState]:
        """Keeps readers out. With ``anew`` the index starts over in an empty folder, and what was cut short is over.

        Raises ``StoreError`` for a reader, ``StoreBusyError`` when readers do not let go of the index.
        """
        if not self._writable:
            raise StoreError("The store is open for reading only: its vector index cannot be changed.")
        with translated(self._file):
            self._root.mkdir(parents=True, exist_ok=True)
            with self._locked(shared=False, patience_s=self._patience_s, late=StoreBusyError(_IN_USE)):
                before = self.state() or IndexState()
                now = replace(before, epoch=before.epoch + 1, number=before.number + anew, writing=True)
                self._save(now)
                yield now
                self._save(replace(now, writing=before.writing and not anew, files=self._sizes(now)))
                if anew:
                    self._drop_others(now)

    def mend(self) -> None:
        """Declare the index whole again after a change that was cut short was repeated and checked."""
        with self._locked(shared=False, patience_s=self._patience_s, late=StoreBusyError(_IN_USE)):
            state = self.state()
            if state is not None:
                self._save(replace(state, writing=False, epoch=state.epoch + 1, files=self._sizes(state)))

    @property
    def _file(self) -> Path:
        return self._root / "state.json"

    def _save(self, state: IndexState) -> None:
        fresh = self._root / ".state.new"
        with fresh.open("w", encoding="utf-8") as file:
            json.dump(asdict(state), file)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._file)

    def _sizes(self, state: IndexState) -> dict[str, int]:
        # Two levels by hand: every search looks, and globbing takes three times as long.
        sizes: dict[str, int] = {}
        for part in _entries(self.folder(state)):
            for file in _entries(part) if part.is_dir() else ():
                sizes[f"{part.name}/{file.name}"] = file.stat().st_size
        return sizes

    def _stamps(self, state: IndexState) -> dict[str, tuple[int, int]]:
        paths = sorted(self.folder(state).glob("*/*"))
        return {str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in paths}

    def _drop_others(self, state: IndexState) -> None:
        for folder in self._root.glob("chroma-*"):
            if folder != self.folder(state):
                shutil.rmtree(folder, ignore_errors=True)

    @contextmanager
    def _locked(self, *, shared: bool, patience_s: float, late: StoreError) -> Iterator[None]:
        with (self._root / "use.lock").open("ab") as file:
            deadline = time.monotonic() + patience_s
            while not _try_lock(file, shared=shared):
                if time.monotonic() >= deadline:
                    raise late
                time.sleep(0.01)
            try:
                yield
            finally:
                _unlock(file)


def _entries(folder: os.PathLike[str]) -> list[os.DirEntry[str]]:
    """What is in ``folder``, by name; nothing when it is not there."""
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except FileNotFoundError:
        return []


def _try_lock(file: IO[bytes], *, shared: bool) -> bool:
    if sys.platform == "win32":  # the epoch alone tells readers there, after the fact
        return True
    import fcntl

    with contextlib.suppress(BlockingIOError):
        fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        return True
    return False


def _unlock(file: IO[bytes]) -> None:
    if sys.platform != "win32":
        import fcntl

        fcntl.flock(file, fcntl.LOCK_UN)
