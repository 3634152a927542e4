"""The stream of pages between the files and the store.

One task feeds: it probes files ahead, starts the reading of their pages and puts everything in a queue in the order of
documents and pages. One task takes from that queue, waits for each page in turn and writes it. The queue is bounded, so
memory does not grow with the length of a document or of a run; and since only one task writes, in one order, the store
does not depend on how many workers finish in what order.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, TypeAlias

from mmrag.domain.documents import Document, DocumentStatus, Page
from mmrag.errors import EncryptedFileError, StoreDamagedError, UnreadableFileError
from mmrag.ports import Blobs, Catalog, CatalogWriter, Clock, PageRef
from mmrag_ingest.across import settled
from mmrag_ingest.captions import without_looks
from mmrag_ingest.planning import Keep, Read, Refuse, Step
from mmrag_ingest.reading import PageReader, Patience
from mmrag_ingest.recipe import Recipe
from mmrag_ingest.records import Limits, PageRead, PageTask
from mmrag_ingest.report import DocumentFinished, DocumentOpened, DocumentRow, OnEvent, Outcome, PageStored
from mmrag_ingest.values import values_of
from mmrag_ingest.writing import PageWriter, Tally, quarantined_document, ready_document

HELD_PER_WORKER: Final = 6
"""Slots of the queue for each worker: a slow page holds up the writing of those behind it, not their reading."""

GIVEN_UP: Final = "reading took too long and was given up after page"
CHANGED: Final = "the file changed while it was being read: ingest it again"


@dataclass(slots=True, kw_only=True)
class _Book:
    """A file on its way into the store."""

    step: Read
    draft: Document
    patience: Patience
    pages: int = 0
    kept: int = 0
    problem: UnreadableFileError | None = None
    tally: Tally = field(default_factory=Tally)
    held: tuple[int, PageRead | UnreadableFileError] | None = None  # read, and written when the next one is known
    before: Page | None = None


@dataclass(frozen=True, slots=True)
class _Opened:
    book: _Book


@dataclass(frozen=True, slots=True)
class _PageDue:
    book: _Book
    number: int
    read: asyncio.Task[PageRead | UnreadableFileError]


@dataclass(frozen=True, slots=True)
class _Complete:
    book: _Book


_Slot: TypeAlias = Keep | Refuse | _Opened | _PageDue | _Complete
_Slots: TypeAlias = "asyncio.Queue[_Slot | None]"


@dataclass(slots=True, kw_only=True)
class Flow:
    """Carries out the steps of one run. ``published`` is called after each change that the vector index must follow."""

    reader: PageReader
    pages: PageWriter
    writer: CatalogWriter
    catalog: Catalog
    blobs: Blobs
    clock: Clock
    recipe: Recipe
    limits: Limits
    page_limit_s: float
    published: asyncio.Event
    on_event: OnEvent
    pages_read: int = 0

    async def run(self, steps: Sequence[Step]) -> tuple[DocumentRow, ...]:
        """One row a step, in their order. Raises ``StoreError`` or ``OSError`` when the store cannot take more."""
        slots: _Slots = asyncio.Queue(HELD_PER_WORKER * self.reader.readers.workers)
        rows: list[DocumentRow] = []
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._feed(steps, slots, tasks))
            while (slot := await slots.get()) is not None:
                row = await self._take(slot)
                if row is not None:
                    rows.append(row)
                    self.on_event(DocumentFinished(row=row))
        return tuple(rows)

    async def _feed(self, steps: Sequence[Step], slots: _Slots, tasks: asyncio.TaskGroup) -> None:
        async for item in self._opened(steps, tasks):
            if not isinstance(item, _Book):
                await slots.put(item)
                continue
            await slots.put(_Opened(item))
            for number in range(item.kept + 1, item.pages + 1):
                if item.patience.limit() <= 0:
                    break
                await slots.put(_PageDue(item, number, tasks.create_task(self._read(item, number))))
            await slots.put(_Complete(item))
        await slots.put(None)

    async def _read(self, book: _Book, number: int) -> PageRead | UnreadableFileError:
        """A page from its file, or from the store when only its pictures are to be looked at again."""
        if book.step.look_again:
            async with self.reader.places:  # one at a time for each worker, as with reading: pictures take memory
                return await self._stored(PageRef(document_id=book.draft.id, page=number))
        order = PageTask(
            path=book.step.source.path,
            media_type=book.draft.media_type,
            document_id=book.draft.id,
            number=number,
            limits=self.limits,
        )
        return await self.reader.read(order, book.patience)

    async def _stored(self, ref: PageRef) -> PageRead | UnreadableFileError:
        page = await self.catalog.page(ref)
        if page is None:
            return UnreadableFileError(f"page {ref.page} is no longer in the store")
        page = without_looks(page)
        try:
            picture = b"" if page.image is None else await self.blobs.get(page.image)
        except StoreDamagedError:
            picture = b""  # the page is what counts; its picture is looked at no more
        return PageRead(page=page, picture=picture, values=await asyncio.to_thread(values_of, page), seconds=0.0)

    async def _opened(self, steps: Sequence[Step], tasks: asyncio.TaskGroup) -> AsyncIterator[Keep | Refuse | _Book]:
        """The steps in order, files opened a few ahead: then a page is always ready when a worker becomes free."""
        most = 2 * self.reader.readers.workers
        ahead: deque[Keep | Refuse | asyncio.Task[_Book]] = deque()
        for step in steps:
            ahead.append(tasks.create_task(self._open(step)) if isinstance(step, Read) else step)
            if len(ahead) > most:
                first = ahead.popleft()
                yield await first if isinstance(first, asyncio.Task) else first
        while ahead:
            first = ahead.popleft()
            yield await first if isinstance(first, asyncio.Task) else first

    async def _open(self, step: Read) -> _Book:
        """Probe a file, and look up what an interrupted run has kept of it."""
        patience = Patience(page_limit_s=self.page_limit_s)
        book = _Book(step=step, draft=step.draft, patience=patience)
        if step.look_again:
            book.pages = step.draft.pages
            book.tally.notes = step.draft.report.notes
        else:
            looked = await self.reader.probe(step.source.path, patience)
            if isinstance(looked, UnreadableFileError):
                book.problem = looked
                return book
            book.draft = replace(step.draft, media_type=looked.media_type)
            book.pages = looked.pages
            book.tally.notes = looked.notes
        kept = await self.writer.staged_pages(book.draft.id, self.recipe.whole)
        for number in range(1, min(kept, book.pages) + 1):
            page = await self.writer.staged_page(PageRef(document_id=book.draft.id, page=number), self.recipe.whole)
            if page is None:
                break
            book.tally.add(page)
            book.kept, book.before = number, page
        if book.tally.failed < book.tally.pages:
            patience.kept()
        return book

    async def _take(self, slot: _Slot) -> DocumentRow | None:
        match slot:
            case Keep(document=document):
                return DocumentRow.of(document, Outcome.UNCHANGED)
            case Refuse(draft=draft, reason=reason):
                return await self._quarantine(draft, reason, 0.0)
            case _Opened(book=book):
                self.on_event(DocumentOpened(document=book.draft.name, pages=book.pages, kept=book.kept))
                return None
            case _PageDue(book=book, number=number, read=task):
                read = await task
                await self._write_held(book, read)
                book.held = (number, read)
                return None
            case _Complete(book=book):
                await self._write_held(book, None)
                return await self._finish(book)

    async def _write_held(self, book: _Book, after: PageRead | UnreadableFileError | None) -> None:
        """Write the page that waits until the next one is known, ``after``: None when there is no more."""
        if book.held is None:
            return
        (number, read), book.held = book.held, None
        if isinstance(read, PageRead):
            following = after.page if isinstance(after, PageRead) else None
            read = await asyncio.to_thread(_settled, read, book.before, following)
        page = await self.pages.write(book.draft.id, number, read)
        book.before = page
        book.tally.add(page)
        self.pages_read += 1
        self.on_event(PageStored(document=book.draft.name, page=number, unreadable=page.is_unreadable))

    async def _finish(self, book: _Book) -> DocumentRow:
        seconds = book.patience.spent(self.clock.monotonic())
        tally = book.tally
        if book.problem is not None:
            locked = self.recipe.locked if isinstance(book.problem, EncryptedFileError) else None
            return await self._quarantine(book.draft, str(book.problem), seconds, recipe=locked)
        if tally.failed == tally.pages:
            reason = tally.first_failure or "it has no pages"
            return await self._quarantine(
                book.draft, reason if book.pages == 1 else f"none of its {book.pages} pages could be read: {reason}", seconds
            )
        if tally.pages < book.pages:
            # A part of a document that passes for the whole is worse than none. The next run tries again.
            return await self._quarantine(book.draft, f"{GIVEN_UP} {tally.pages} of {book.pages}", seconds, recipe="")
        if await asyncio.to_thread(_digest, book.step.source.path) != book.draft.sha256:
            # Its pages may stem from two versions. An empty recipe never matches, so the next run reads it again.
            return await self._quarantine(book.draft, CHANGED, seconds, recipe="")
        document = ready_document(book.draft, tally, self.recipe, seconds)
        await self.pages.summarise(document.id, tally)
        await self.writer.publish(document)
        self.published.set()
        older = book.step.older
        replaced = older is not None and older.status is DocumentStatus.READY
        return DocumentRow.of(document, Outcome.REPLACED if replaced else Outcome.INGESTED, seconds=seconds)

    async def _quarantine(self, draft: Document, reason: str, seconds: float, recipe: str | None = None) -> DocumentRow:
        document = quarantined_document(draft, reason, self.recipe, seconds)
        await self.writer.quarantine(document if recipe is None else replace(document, recipe=recipe))
        self.published.set()
        return DocumentRow.of(document, Outcome.QUARANTINED, seconds=seconds)


def _settled(read: PageRead, before: Page | None, after: Page | None) -> PageRead:
    """``read`` as its neighbours show it, its values with the elements they then stand in."""
    page = settled(read.page, before, after)
    return read if page is read.page or page == read.page else replace(read, page=page, values=values_of(page))


def _digest(path: Path) -> str | None:
    """The SHA-256 of the file as it is now, None when it can no longer be read."""
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None
