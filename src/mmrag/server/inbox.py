"""The inbox of a store: uploaded files wait here to be read, one ingestion at a time.

The folder is the queue. What lies in it and is not in the store is read at the next start, so nothing is lost when the
server is stopped or killed; a document that was half read goes on where it was.
"""

from __future__ import annotations

import asyncio
import filecmp
import logging
import os
import secrets
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from typing import Final

import anyio.to_thread

from mmrag.api import Session
from mmrag.errors import EmptyStoreError, MMRagError, StoreBusyError, StoreError
from mmrag.ingester import find_ingester
from mmrag.server.files import Files, FileState, FileStatus
from mmrag.server.names import numbered, safe_name
from mmrag.server.problems import Problem, problem_of
from mmrag.server.receiving import Received

INBOX: Final = "inbox"
_INCOMING: Final = ".incoming"
_MOST_AT_ONCE: Final = 64
"""Files that one ingestion takes up."""
_BUSY_PAUSE_S: Final = 5.0

log = logging.getLogger("mmrag.server")


class Inbox:
    """``run`` reads what waits until it is cancelled; everything else may be called meanwhile."""

    def __init__(self, session: Session, *, most_waiting: int) -> None:
        self._session = session
        self._most_waiting = most_waiting
        self.folder = Path(os.path.abspath(session.settings.store.path)) / INBOX
        self.incoming = self.folder / _INCOMING
        self.files = Files()
        self._changed = asyncio.Condition()
        self._news = asyncio.Event()
        self.closing = False

    async def open(self) -> None:
        """Make the folder, clear away what never arrived completely, and line up what was not read yet."""
        found = await anyio.to_thread.run_sync(self._prepare)
        known = await self._locations()
        left = [(path, size) for path, size in found if known.get(str(path)) != size]
        for path, size in left:
            self.files.put(FileStatus(id=_new_id(), path=path, size=size))
        if left:
            log.info("resuming", extra={"files": len(left)})
            self._news.set()

    def check(self) -> None:
        """Raises ``Problem`` 503 when the queue is full or the server is about to stop."""
        if self.closing:
            raise Problem(503, "stopping", "The server is being stopped. Try again later.", retry_after_s=30)
        if len(self.files.waiting) >= self._most_waiting:
            message = f"{self._most_waiting} files are waiting already. Try again when some are read."
            raise Problem(503, "busy", message, retry_after_s=30)

    async def add(self, received: Sequence[Received]) -> tuple[FileStatus, ...]:
        """Line up files that arrived. A name that is taken by other content gets a number: nothing is overwritten."""
        added = [await anyio.to_thread.run_sync(self._move_in, file) for file in received]
        try:
            known = await self._locations()
        except StoreError:
            known = {}  # the files are in already: all are read, and what is stored is found to be unchanged then
        statuses = []
        for path, size, was_there in added:
            stored = was_there and known.get(str(path)) == size
            state = FileState.UNCHANGED if stored else FileState.WAITING
            statuses.append(self.files.put(FileStatus(id=_new_id(), path=path, size=size, state=state)))
        self._news.set()
        await self._tell()
        return tuple(statuses)

    async def changes(self, since: int = 0) -> AsyncGenerator[tuple[FileStatus, ...], None]:
        """The files as they are, and then again whenever some have changed. Slow listeners miss what is in between."""
        while True:
            changed = self.files.since(since)
            since = self.files.change
            if changed:
                yield changed
            async with self._changed:
                if self.files.change == since and not self.closing:
                    await self._changed.wait()
            if self.closing:
                return

    async def close(self) -> None:
        """End all ``changes``. What waits stays in the folder."""
        self.closing = True
        await self._tell()

    async def run(self) -> None:
        """Read what waits, and wait for more."""
        await anyio.to_thread.run_sync(find_ingester)  # imported once, and not on the event loop
        while True:
            await self._news.wait()
            self._news.clear()
            while batch := self.files.waiting[:_MOST_AT_ONCE]:
                await self._read(batch)

    async def _read(self, batch: tuple[FileStatus, ...]) -> None:
        heard = asyncio.Event()

        def on_event(event: object) -> None:
            self.files.hear(event, batch)
            heard.set()

        async def tell() -> None:
            while True:
                await heard.wait()
                heard.clear()
                await self._tell()

        self.files.set_all(batch, FileState.READING)
        telling = asyncio.create_task(tell())
        try:
            await self._session.ingest([file.path for file in batch], on_event=on_event)
            self.files.set_all(batch, FileState.FAILED, reason="It was not read. Upload it again.")
        except StoreBusyError:
            self.files.set_all(batch, FileState.WAITING, reason="Another process is writing to the store.")
            await self._tell()
            await asyncio.sleep(_BUSY_PAUSE_S)
        except MMRagError as error:
            log.exception("ingestion failed", extra={"files": len(batch)})
            self.files.set_all(batch, FileState.FAILED, reason=problem_of(error).message)
        except Exception:  # the queue goes on, whatever one run came to
            log.exception("ingestion failed", extra={"files": len(batch)})
            self.files.set_all(batch, FileState.FAILED, reason="Something went wrong; the server's log says what.")
        finally:
            telling.cancel()
            await self._tell()

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def _locations(self) -> dict[str, int]:
        """The size of each stored document by its place."""
        try:
            app = await self._session.app()
        except EmptyStoreError:
            return {}
        return {document.location: document.size for document in await app.catalog.documents()}

    def _prepare(self) -> list[tuple[Path, int]]:
        self.incoming.mkdir(parents=True, exist_ok=True)
        for rest in self.incoming.iterdir():
            rest.unlink()
        files = sorted(path for path in self.folder.iterdir() if path.is_file() and not path.name.startswith("."))
        return [(path, path.stat().st_size) for path in files]

    def _move_in(self, received: Received) -> tuple[Path, int, bool]:
        """Give the file its name: the first that is free, or that has the same content already (then True)."""
        name, number = safe_name(received.name), 1
        while True:
            path = self.folder / (name if number == 1 else numbered(name, number))
            try:
                os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))  # ours now: a rename would replace
            except FileExistsError:
                if path.is_file() and filecmp.cmp(received.path, path, shallow=False):
                    received.path.unlink()
                    return path, received.size, True
                number += 1
                continue
            received.path.replace(path)
            return path, received.size, False


def _new_id() -> str:
    return secrets.token_hex(8)
