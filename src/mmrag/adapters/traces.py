"""Traces of questions as files, the latest ones kept."""

from __future__ import annotations

import os
import re
import threading
from collections import OrderedDict
from pathlib import Path
from typing import Final

import anyio
import anyio.to_thread

from mmrag.adapters.catalog.connect import translated
from mmrag.errors import UsageError
from mmrag.ports import TraceSink

_NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,100}")
_LISTED_EVERY: Final = 200
"""Traces written between two looks at the folder."""


class FileTraces:
    """``TraceSink`` that writes ``<trace id>.json`` into ``folder`` and keeps the ``keep`` newest.

    What is there is listed at first and then now and again, since others may write there too; in between it is known.
    """

    def __init__(self, folder: Path, *, keep: int = 500) -> None:
        self._folder = folder
        self._keep = keep
        self._kept: OrderedDict[str, None] = OrderedDict()
        self._until_listed = 0
        self._turn = threading.Lock()

    async def save(self, trace_id: str, data: bytes) -> Path | None:
        """Raises ``ValueError`` for an id that could not be a file name."""
        if not _NAME.fullmatch(trace_id) or trace_id.startswith("."):
            raise ValueError(f"not a trace id: {trace_id!r}")
        return await anyio.to_thread.run_sync(self._save, trace_id, data)

    def _save(self, trace_id: str, data: bytes) -> Path:
        with translated(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
            path = self._folder / f"{trace_id}.json"
            fresh = path.with_name(f".{trace_id}.{os.getpid()}.new")
            fresh.write_bytes(data)
            fresh.replace(path)
            with self._turn:
                self._forget_old(path.name)
        return path

    def _forget_old(self, written: str) -> None:
        if self._until_listed == 0:
            self._kept = OrderedDict.fromkeys(file.name for file in sorted(self._folder.glob("*.json"), key=_changed))
            self._until_listed = _LISTED_EVERY
        self._until_listed -= 1
        self._kept[written] = None
        self._kept.move_to_end(written)
        while len(self._kept) > self._keep:
            old, _ = self._kept.popitem(last=False)
            (self._folder / old).unlink(missing_ok=True)


def _changed(file: Path) -> int:
    """When the file was last written; 0 when an answer that is saved at the same time has just removed it."""
    try:
        return file.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


class TraceCopy:
    """A trace sink that writes each trace to ``file`` as well."""

    def __init__(self, inner: TraceSink, file: Path) -> None:
        self._inner = inner
        self._file = file

    async def save(self, trace_id: str, data: bytes) -> Path | None:
        """Raises ``UsageError`` when the file cannot be written."""
        try:
            await anyio.Path(self._file).write_bytes(data)
        except OSError as error:
            raise UsageError(f"{self._file} cannot be written: {error.strerror}. Name another file.") from error
        return await self._inner.save(trace_id, data)
