"""From paths to a store: find the files, compare them with what is stored, read what is new, publish it, follow up.

::

    discover -> plan -> probe ahead -> read pages -> write in order -> publish -> vector index -> summaries
                        '------- worker processes -'  '---- one task ----'        '- as it goes -' '- at the end -'
"""

from __future__ import annotations

import asyncio
import errno
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from mmrag.errors import MMRagError, StoreFullError, UsageError
from mmrag_ingest.captions import Looker
from mmrag_ingest.own_model import own_model, own_tier
from mmrag_ingest.planning import Keep, Read, Step, gone, make_steps
from mmrag_ingest.recipe import Recipe
from mmrag_ingest.records import Limits
from mmrag_ingest.report import DocumentRow, Event, FilesFound, IngestReport, OnEvent, Outcome
from mmrag_ingest.sources import discover
from mmrag_ingest.summaries import AUTHOR

if TYPE_CHECKING:
    from mmrag.app import App
    from mmrag.retrieval.index import IndexKeepers
    from mmrag.settings import IngestSettings
    from mmrag_ingest.reading import Readers


class OpenReaders(Protocol):
    """Starts the worker processes for these settings, and ends them with the context."""

    def __call__(self, settings: IngestSettings, limits: Limits) -> AbstractAsyncContextManager[Readers]: ...


UNWRITTEN: Final = "Summaries quote their pages, for the local model does not answer"
READ_ONLY: Final = "The store is open for reading only: open it with write=True to ingest."


async def ingest(
    app: App,
    paths: Sequence[Path],
    *,
    prune: bool = False,
    retry: bool = False,
    on_event: OnEvent | None = None,
    open_readers: OpenReaders | None = None,
) -> IngestReport:
    """Bring the store up to date with the files below ``paths``. ``app`` is opened with ``write=True``.

    ``prune`` removes documents below ``paths`` whose files are gone; ``retry`` reads again what could not be read. Bad
    files end in quarantine with a reason and stop nothing. When this is cancelled or killed, what was published stays, what
    was staged is kept, and the same call goes on from there.

    Raises ``UsageError`` when a path does not exist or ``app`` cannot write, ``StoreFullError`` when the disk is full,
    ``StoreError`` when the store cannot be written to.
    """
    try:
        return await _ingest(app, paths, prune, retry, on_event or _ignore, open_readers)
    except BaseExceptionGroup as group:
        raise _what_counts(group) from group
    except OSError as error:
        if (named := _named(error)) is not error:
            raise named from error
        raise


async def _ingest(
    app: App, paths: Sequence[Path], prune: bool, retry: bool, on_event: OnEvent, open_readers: OpenReaders | None
) -> IngestReport:
    if app.writer is None:
        raise UsageError(READ_ONLY)
    for path in paths:
        if not await asyncio.to_thread(_exists, path):
            raise UsageError(f"{str(path)!r} does not exist: check the path.")
    if app.settings.ingest.summaries == "local":
        own_tier(app.settings)  # said before hours of reading
    began = app.clock.monotonic()
    looker = _looker(app)
    # Looks up the versions of what is installed, on the disk: a server's event loop does not wait for that.
    recipe = await asyncio.to_thread(Recipe.of, app.settings.ingest, app.embedder.identity, looker.identity)
    found = await asyncio.to_thread(discover, paths, exclude=[app.settings.store.path])
    known = dict(await app.writer.known())
    lost = gone(found, known, paths, app.settings.store.path) if prune else ()
    if lost:
        await app.writer.remove([document.id for document in lost])
        for document in lost:
            del known[document.location]
    steps = make_steps(found, known, recipe, retry=retry)
    on_event(FilesFound(files=len(steps), to_read=sum(isinstance(step, Read) for step in steps)))
    rows = tuple(DocumentRow.of(step.document, Outcome.UNCHANGED) for step in steps if isinstance(step, Keep))
    pages_read = 0
    if len(rows) == len(steps):
        await app.keeper.drain()
    else:
        rows, pages_read = await _carry_out(app, steps, recipe, looker, on_event, open_readers)
    await app.blobs.discard(await app.writer.sweep())
    report = IngestReport(
        documents=rows,
        removed=tuple(document.name for document in lost),
        notes=app.sight.missing if app.settings.ingest.images else (),
        pages_read=pages_read,
        seconds=app.clock.monotonic() - began,
    )
    return await _summarised(app, report, on_event)


async def _summarised(app: App, report: IngestReport, on_event: OnEvent) -> IngestReport:
    """Bring the summaries of the whole store to what the settings ask for: everything is read, and can be asked about."""
    if app.writer is None:
        raise UsageError(READ_ONLY)
    own = app.settings.ingest.summaries == "local"
    if not await app.writer.summarised_otherwise(() if own else (AUTHOR,)):
        return report  # nothing of what this takes is loaded
    await asyncio.to_thread(import_module, "mmrag_ingest.retelling")
    from mmrag_ingest.retelling import Reteller, Retelling

    async with AsyncExitStack() as stack:
        teller = Reteller(await stack.enter_async_context(own_model(app))) if own else None
        telling = Retelling(
            catalog=app.catalog, writer=app.writer, embedder=app.embedder, reteller=teller, on_event=on_event
        )
        changed = {document.name: document for document in (await telling.run()).values()}
    rows = tuple(
        replace(row, report=changed[row.document].report) if row.document in changed else row for row in report.documents
    )
    missing = (f"{UNWRITTEN}: {telling.missing} Run mmrag ingest again once it is there.",) if telling.missing else ()
    return replace(
        report,
        documents=rows,
        notes=(*report.notes, *missing),
        summaries_written=telling.written,
        summaries_kept=telling.kept,
    )


async def _carry_out(
    app: App, steps: Sequence[Step], recipe: Recipe, looker: Looker, on_event: OnEvent, open_readers: OpenReaders | None
) -> tuple[tuple[DocumentRow, ...], int]:
    """Read what is to be read, write it, and have the index follow. Returns a row for each step, and the pages read."""
    # Imported here: a folder without changes needs none of it, and is often all that a scheduled run finds. In a thread
    # first, because it takes a while.
    for module in ("flow", "guard", "reading", "writing"):
        await asyncio.to_thread(import_module, f"mmrag_ingest.{module}")
    from mmrag_ingest.flow import Flow
    from mmrag_ingest.guard import open_pool
    from mmrag_ingest.reading import PageReader
    from mmrag_ingest.writing import PageWriter

    if app.writer is None:
        raise UsageError(READ_ONLY)
    settings = app.settings.ingest
    limits = Limits(
        dpi=settings.dpi,
        max_pixels=settings.max_pixels,
        max_pages=settings.max_pages,
        max_file_bytes=settings.max_file_bytes,
        page_s=settings.page_timeout_s,
    )
    opened = (open_readers or open_pool)(settings, limits)
    async with _index_follows(app.keeper) as published, opened as readers:
        flow = Flow(
            reader=PageReader(readers=readers, clock=app.clock),
            pages=PageWriter(embedder=app.embedder, blobs=app.blobs, writer=app.writer, recipe=recipe, looker=looker),
            writer=app.writer,
            catalog=app.catalog,
            blobs=app.blobs,
            clock=app.clock,
            recipe=recipe,
            limits=limits,
            page_limit_s=settings.page_timeout_s,
            published=published,
            on_event=on_event,
        )
        return await flow.run(steps), flow.pages_read


def _looker(app: App) -> Looker:
    """What looks at pictures; nothing when the settings say so."""
    if not app.settings.ingest.images:
        return Looker(None, None)
    return Looker(app.sight.embedder, app.sight.captioner)


@asynccontextmanager
async def _index_follows(keeper: IndexKeepers) -> AsyncIterator[asyncio.Event]:
    """Keep the vector index in step while the context is open, and in full at its end. Set the event after a change.

    The index follows in a task of its own: what it takes for a document is hidden behind the reading of the next ones.
    """
    changed = asyncio.Event()
    changed.set()  # an interrupted run may have left something to do
    over = False

    async def follow() -> None:
        last = False
        while not last:
            await changed.wait()
            changed.clear()
            # Asked before the drain: what is published while one index drains may come too late for another one of them.
            last = over
            await keeper.drain()

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(follow())
        yield changed
        over = True
        changed.set()


def _ignore(_event: Event) -> None:
    """Nobody listens."""


def _exists(path: Path) -> bool:
    return path.exists() or path.is_symlink()


def _what_counts(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Of errors that were raised together, the one to tell: our own first, then the disk's."""
    leaves = list(_leaves(group))
    ours = next((leaf for leaf in leaves if isinstance(leaf, MMRagError)), None)
    disk = next((leaf for leaf in leaves if isinstance(leaf, OSError)), None)
    return ours or (leaves[0] if disk is None else _named(disk))


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    else:
        yield error


def _named(error: OSError) -> Exception:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StoreFullError("The disk is full: free some space and run the same command again; what was published stays.")
    return error
