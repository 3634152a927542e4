"""What an ingestion does to a store, told with scripted readers: no OCR, all cases."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from ingest_support import LetterEmbedder, ScriptReaders, dump, settings_for, write_file, writing
from mmrag_ingest.pipeline import ingest
from mmrag_ingest.report import DocumentFinished, DocumentOpened, Event, FilesFound, IngestReport, PageStored
from pydantic import SecretStr

from mmrag.app import open_app
from mmrag.errors import StoreFullError, UsageError
from mmrag.ports import PageRef
from mmrag.settings import Settings


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_file(tmp_path / "in" / "a.pdf", "alpha one", "alpha two", "alpha three")
    write_file(tmp_path / "in" / "b.pdf", "beta one")
    write_file(tmp_path / "in" / "sub" / "c.pdf", "gamma one", "gamma two")
    return tmp_path / "in"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_for(tmp_path / "store")


async def run(
    settings: Settings,
    *paths: Path,
    readers: ScriptReaders | None = None,
    prune: bool = False,
    retry: bool = False,
    on_event: Callable[[Event], None] | None = None,
) -> IngestReport:
    async with writing(settings) as app:
        readers = readers or ScriptReaders()
        return await ingest(app, paths, prune=prune, retry=retry, on_event=on_event, open_readers=readers)


def statuses(report: IngestReport) -> dict[str, str]:
    return {row.document: row.status.value for row in report.documents}


async def test_everything_is_stored_and_reported(folder: Path, settings: Settings) -> None:
    events: list[Event] = []
    report = await run(settings, folder, on_event=events.append)
    assert statuses(report) == {"a.pdf": "ingested", "b.pdf": "ingested", "sub/c.pdf": "ingested"}
    assert [(row.pages, row.report.elements, row.report.pages_ocr) for row in report.documents] == [
        (3, 3, 3),
        (1, 1, 1),
        (2, 2, 2),
    ]
    assert report.pages_read == 6
    stored = await dump(settings)
    assert [d.name for d in stored.documents] == ["a.pdf", "b.pdf", "sub/c.pdf"]
    assert [p.text for p in stored.pages] == ["alpha one", "alpha two", "alpha three", "beta one", "gamma one", "gamma two"]
    printed = [e for p in stored.pages for e in p.elements if not e.kind.is_generated]
    assert stored.index_ids == tuple(sorted(e.id for e in printed))
    assert stored.documents[0].location == str(folder / "a.pdf")
    assert stored.documents[0].media_type == "application/pdf"
    assert events[0] == FilesFound(files=3, to_read=3)
    assert [e.page for e in events if isinstance(e, PageStored)] == [1, 2, 3, 1, 1, 2]
    assert [e.row.document for e in events if isinstance(e, DocumentFinished)] == ["a.pdf", "b.pdf", "sub/c.pdf"]


async def test_an_unchanged_folder_is_not_read_again(folder: Path, settings: Settings) -> None:
    await run(settings, folder)
    before = await dump(settings)
    readers = ScriptReaders()
    report = await run(settings, folder, readers=readers)
    assert set(statuses(report).values()) == {"unchanged"}
    assert (readers.probed, readers.log, report.pages_read) == ([], [], 0)
    assert [row.pages for row in report.documents] == [3, 1, 2], "what is stored is still told"
    assert await dump(settings) == before


async def test_same_size_and_time_but_other_bytes_is_a_change(folder: Path, settings: Settings) -> None:
    await run(settings, folder)
    path = folder / "b.pdf"
    stamp = path.stat()
    write_file(path, "Beta one")
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert path.stat().st_size == stamp.st_size
    assert statuses(await run(settings, folder))["b.pdf"] == "replaced"


async def test_a_changed_file_replaces_its_older_version(folder: Path, settings: Settings) -> None:
    await run(settings, folder)
    write_file(folder / "a.pdf", "alpha new")
    readers = ScriptReaders()
    report = await run(settings, folder, readers=readers)
    assert statuses(report) == {"a.pdf": "replaced", "b.pdf": "unchanged", "sub/c.pdf": "unchanged"}
    assert readers.probed == ["a.pdf"]
    stored = await dump(settings)
    assert [p.text for p in stored.pages] == ["alpha new", "beta one", "gamma one", "gamma two"]
    assert len(stored.index_ids) == 4, "the older vectors are gone from the index too"


async def test_another_recipe_reads_everything_again(folder: Path, settings: Settings) -> None:
    await run(settings, folder)
    finer = settings.model_copy(update={"ingest": settings.ingest.model_copy(update={"dpi": 300})})
    assert set(statuses(await run(finer, folder)).values()) == {"replaced"}
    assert len((await dump(finer)).pages) == 6


async def test_prune_removes_what_is_gone_below_the_given_paths(folder: Path, settings: Settings, tmp_path: Path) -> None:
    other = write_file(tmp_path / "other" / "d.pdf", "delta")
    await run(settings, folder, other)
    (folder / "a.pdf").unlink()
    other.unlink()
    kept = await run(settings, folder)
    assert (kept.removed, len((await dump(settings)).documents)) == ((), 4)
    pruned = await run(settings, folder, prune=True)
    assert pruned.removed == ("a.pdf",)
    stored = await dump(settings)
    assert [d.name for d in stored.documents] == ["b.pdf", "d.pdf", "sub/c.pdf"]
    assert len(stored.index_ids) == 4


async def test_prune_around_the_store_leaves_what_was_uploaded_into_it(settings: Settings) -> None:
    """The store is never looked into from outside: a file in its inbox must not be taken for gone."""
    around, inbox = settings.store.path.parent, settings.store.path / "inbox"
    write_file(around / "outside.pdf", "alpha")
    uploaded = write_file(inbox / "uploaded.pdf", "beta")
    await run(settings, around / "outside.pdf", uploaded)
    assert (await run(settings, around, prune=True)).removed == ()
    uploaded.unlink()
    assert (await run(settings, inbox, prune=True)).removed == ("uploaded.pdf",)


async def test_a_bad_file_goes_to_quarantine_and_stops_nothing(folder: Path, settings: Settings) -> None:
    write_file(folder / "aa.pdf", "!locked")
    (folder / "empty.pdf").touch()
    (folder / "text.pdf").write_text("only text")
    report = await run(settings, folder)
    reasons = {row.document: row.reason for row in report.quarantined}
    assert reasons["aa.pdf"] == "it is protected by a password"
    assert set(reasons) == {"aa.pdf", "empty.pdf", "text.pdf"}
    assert all(reasons.values())
    assert len((await dump(settings)).pages) == 6


async def test_a_quarantined_file_is_told_again_without_being_opened(folder: Path, settings: Settings) -> None:
    write_file(folder / "aa.pdf", "!locked")
    (folder / "empty.pdf").touch()
    first = await run(settings, folder)
    readers = ScriptReaders()
    again = await run(settings, folder, readers=readers)
    assert readers.probed == []
    assert [(r.document, r.status, r.reason) for r in again.quarantined] == [
        (r.document, r.status, r.reason) for r in first.quarantined
    ]


async def test_retry_and_raised_limits_open_quarantined_files_again(folder: Path, settings: Settings) -> None:
    write_file(folder / "aa.pdf", "!locked")
    await run(settings, folder)
    readers = ScriptReaders()
    await run(settings, folder, readers=readers, retry=True)
    assert readers.probed == ["aa.pdf"]
    raised = settings.model_copy(update={"ingest": settings.ingest.model_copy(update={"max_pages": 9_999})})
    readers = ScriptReaders()
    await run(raised, folder, readers=readers)
    assert readers.probed == ["aa.pdf"], "the limits matter to files in quarantine, to no others"


async def test_locked_files_are_tried_again_when_there_are_passwords(folder: Path, settings: Settings) -> None:
    write_file(folder / "aa.pdf", "!locked")
    write_file(folder / "ab.pdf", "!timeout")
    await run(settings, folder)
    unlocking = settings.ingest.model_copy(update={"passwords": (SecretStr("key"),)})
    readers = ScriptReaders()
    await run(settings.model_copy(update={"ingest": unlocking}), folder, readers=readers)
    assert readers.probed == ["aa.pdf"], "nothing but the locked file depends on passwords"


async def test_a_file_that_is_repaired_leaves_quarantine(folder: Path, settings: Settings) -> None:
    write_file(folder / "b.pdf", "!locked")
    await run(settings, folder)
    write_file(folder / "b.pdf", "beta at last")
    assert statuses(await run(settings, folder))["b.pdf"] == "ingested"
    assert [d.reason for d in (await dump(settings)).documents] == [None, None, None]


async def test_a_bad_page_costs_that_page(tmp_path: Path, settings: Settings) -> None:
    write_file(tmp_path / "in" / "a.pdf", "good one", "!crash", "good three")
    report = await run(settings, tmp_path / "in")
    row = report.documents[0]
    assert (row.status.value, row.pages, row.report.unreadable_pages) == ("ingested", 3, (2,))
    assert row.report.warnings == ("page 2: page 2 ended its reader",)
    page = (await dump(settings)).pages[1]
    assert page.is_unreadable
    assert page.image is None
    assert page.warnings == ("page 2 ended its reader",)
    assert statuses(await run(settings, tmp_path / "in")) == {"a.pdf": "unchanged"}


async def test_a_document_without_one_readable_page_is_quarantined(tmp_path: Path, settings: Settings) -> None:
    write_file(tmp_path / "in" / "a.pdf", "!crash", "!crash")
    row = (await run(settings, tmp_path / "in")).documents[0]
    assert (row.status.value, row.pages) == ("quarantined", 0)
    assert row.reason == "none of its 2 pages could be read: page 1 ended its reader"
    assert (await dump(settings)).pages == ()


async def test_a_file_that_hangs_is_given_up_in_little_more_than_one_page_limit(tmp_path: Path) -> None:
    settings = settings_for(tmp_path / "store", page_timeout_s=2.0)
    write_file(tmp_path / "in" / "a.pdf", *["!timeout"] * 200)
    write_file(tmp_path / "in" / "b.pdf", "good")
    report = await run(settings, tmp_path / "in")
    assert statuses(report) == {"a.pdf": "quarantined", "b.pdf": "ingested"}
    assert report.documents[0].seconds < 1.5 * 2.0, "one limit and a second chance, not one for each page"
    assert "page 1 took too long" in str(report.documents[0].reason)


async def test_hanging_pages_among_good_ones_cost_less_and_less(tmp_path: Path) -> None:
    settings = settings_for(tmp_path / "store", page_timeout_s=3.0)
    write_file(tmp_path / "in" / "a.pdf", "good", *["!timeout"] * 3, "good", "!timeout")
    report = await run(settings, tmp_path / "in", readers=ScriptReaders())
    assert report.documents[0].report.unreadable_pages == (2, 3, 4, 6)
    assert report.seconds < 3 + 2 + 2 + 0.8


@pytest.mark.parametrize("workers", [1, 3, 8])
async def test_the_store_does_not_depend_on_the_number_of_workers(folder: Path, tmp_path: Path, workers: int) -> None:
    write_file(folder / "long.pdf", *[f"page {i}" if i % 5 else "!crash" for i in range(40)])
    alone, many = settings_for(tmp_path / "one", workers=1), settings_for(tmp_path / "many", workers=workers)
    readers = ScriptReaders()
    first = await run(alone, folder)
    second = await run(many, folder, readers=readers)
    assert await dump(alone) == await dump(many)
    assert [r.document for r in first.documents] == [r.document for r in second.documents]
    assert 1 <= readers.most_at_once <= 2 * workers


async def test_two_folders_may_hold_files_of_one_name(tmp_path: Path, settings: Settings) -> None:
    write_file(tmp_path / "x" / "scan.pdf", "same")
    write_file(tmp_path / "y" / "scan.pdf", "same")
    first = await run(settings, tmp_path / "x", tmp_path / "y")
    assert statuses(first) == {"scan.pdf": "ingested", "y/scan.pdf": "ingested"}
    again = await run(settings, tmp_path / "y", tmp_path / "x")
    assert statuses(again) == {"scan.pdf": "unchanged", "y/scan.pdf": "unchanged"}


async def test_a_file_that_changes_while_it_is_read_is_not_published(tmp_path: Path, settings: Settings) -> None:
    path = write_file(tmp_path / "in" / "a.pdf", "one", "two", "three")

    def change(event: Event) -> None:
        if isinstance(event, PageStored) and event.page == 1:
            write_file(path, "other", "than", "before")

    report = await run(settings, tmp_path / "in", on_event=change)
    assert statuses(report) == {"a.pdf": "quarantined"}
    assert "changed while" in str(report.documents[0].reason)
    assert statuses(await run(settings, tmp_path / "in")) == {"a.pdf": "ingested"}
    assert [p.text for p in (await dump(settings)).pages] == ["other", "than", "before"]


async def test_an_interrupted_document_goes_on_from_its_last_page(tmp_path: Path, settings: Settings) -> None:
    write_file(tmp_path / "in" / "a.pdf", "one", "!crash", "three", "!slow", "five")
    whole = settings_for(tmp_path / "whole")

    async def interrupted() -> None:
        stop = asyncio.current_task()
        assert stop is not None

        def at_page_three(event: Event) -> None:
            if isinstance(event, PageStored) and event.page == 3:
                stop.cancel()

        await run(settings, tmp_path / "in", on_event=at_page_three)

    with pytest.raises(asyncio.CancelledError):
        await asyncio.create_task(interrupted())
    async with writing(settings) as app:
        assert await app.catalog.documents() == (), "half a document is never seen"

    readers = ScriptReaders(slow_s=0)
    events: list[Event] = []
    report = await run(settings, tmp_path / "in", readers=readers, on_event=events.append)
    assert [number for _, number in readers.log] == [4, 5]
    assert DocumentOpened(document="a.pdf", pages=5, kept=3) in events
    assert report.documents[0].report.unreadable_pages == (2,), "pages kept from before are in the report"
    assert report.documents[0].report.pages_ocr == 4
    await run(whole, tmp_path / "in", readers=ScriptReaders(slow_s=0))
    assert await dump(settings) == await dump(whole)


async def test_a_document_that_goes_on_badly_is_read_to_its_end(tmp_path: Path) -> None:
    """Pages that hang after a restart cost themselves: those behind them are tried, and none goes missing in silence."""
    settings = settings_for(tmp_path / "store", page_timeout_s=0.4)
    write_file(tmp_path / "in" / "a.pdf", "one", "two", *["!timeout"] * 6, *["more"] * 30)

    async def interrupted() -> None:
        stop = asyncio.current_task()
        assert stop is not None

        def at_page_two(event: Event) -> None:
            if isinstance(event, PageStored) and event.page == 2:
                stop.cancel()

        await run(settings, tmp_path / "in", on_event=at_page_two)

    with pytest.raises(asyncio.CancelledError):
        await asyncio.create_task(interrupted())
    (row,) = (await run(settings, tmp_path / "in")).documents
    assert (row.status, row.pages) == ("ingested", 38)
    assert row.report.unreadable_pages == (3, 4, 5, 6, 7, 8)


async def test_a_full_disk_stops_with_one_line_and_keeps_what_was_published(folder: Path, settings: Settings) -> None:
    async with writing(settings) as app:
        full = replace(app, blobs=FullDisk(app.blobs, after=4))  # type: ignore[arg-type]  # only put is called
        with pytest.raises(StoreFullError, match="full"):
            await ingest(full, [folder], open_readers=ScriptReaders())
    async with open_app(settings) as reading:
        assert [d.name for d in await reading.catalog.documents()] == ["a.pdf", "b.pdf"]
    assert statuses(await run(settings, folder)) == {"a.pdf": "unchanged", "b.pdf": "unchanged", "sub/c.pdf": "ingested"}
    assert len((await dump(settings)).index_ids) == 6


class FullDisk:
    def __init__(self, blobs, after: int) -> None:  # type: ignore[no-untyped-def]  # any Blobs
        self.blobs, self.left = blobs, after

    async def put(self, data: bytes) -> str:
        self.left -= 1
        if self.left < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return str(await self.blobs.put(data))


async def test_a_missing_path_is_told_before_anything_is_read(folder: Path, settings: Settings) -> None:
    readers = ScriptReaders()
    with pytest.raises(UsageError, match="no-such-folder"):
        await run(settings, folder, Path("no-such-folder"), readers=readers)
    assert readers.probed == []


async def test_the_store_itself_is_never_ingested(folder: Path) -> None:
    settings = settings_for(folder / "store")
    await run(settings, folder)
    assert set(statuses(await run(settings, folder)).values()) == {"unchanged"}


async def test_memory_does_not_grow_with_the_length_of_a_document(tmp_path: Path, settings: Settings) -> None:
    """Pages between reader and store are counted, not bytes: the bound is what the window promises."""
    write_file(tmp_path / "in" / "a.pdf", *[f"page {i}" for i in range(400)])
    started: set[int] = set()
    most = 0

    class Counting(ScriptReaders):
        async def read(self, task, *, timeout_s):  # type: ignore[no-untyped-def]  # same as in ScriptReaders
            started.add(task.number)
            return await super().read(task, timeout_s=timeout_s)

    def stored(event: Event) -> None:
        nonlocal most
        if isinstance(event, PageStored):
            most = max(most, len(started))
            started.discard(event.page)

    await run(settings, tmp_path / "in", readers=Counting(), on_event=stored)
    assert most <= 6 * 2 + 3, "six pages a worker, one in each hand, and one that waits for the page behind it"


async def test_vectors_of_a_page_do_not_depend_on_other_pages(folder: Path, settings: Settings) -> None:
    sizes: list[int] = []

    class Noting(LetterEmbedder):
        async def embed(self, texts):  # type: ignore[no-untyped-def]  # same as in LetterEmbedder
            sizes.append(len(texts))
            return await LetterEmbedder.embed(self, texts)

    async with writing(settings) as app:
        await ingest(replace(app, embedder=Noting(app.embedder.identity)), [folder], open_readers=ScriptReaders())
        assert sizes == [1] * (6 + 6 + 2)  # six lines, and by themselves the summaries of six pages and two longer documents
        assert await app.catalog.page(PageRef(document_id="doc-none", page=1)) is None
