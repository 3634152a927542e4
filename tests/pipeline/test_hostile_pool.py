"""Reading processes that hang, crash or starve cost one page each; nothing is left behind."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest
from file_makers import pdf, task
from mmrag_ingest import guard
from mmrag_ingest.guard import WorkerPool, open_pool
from mmrag_ingest.records import Limits, PageTask

from mmrag.domain.hashing import sha256_hex
from mmrag.errors import (
    DamagedFileError,
    EncryptedFileError,
    MMRagError,
    ReadTimeoutError,
    TooLargeError,
    UnreadableFileError,
)
from mmrag.settings import IngestSettings

SECONDS = 30.0

MISCHIEF = textwrap.dedent(
    """
    import os, signal, sys, time
    from mmrag_ingest import child, worker
    real = worker.read_page
    def read_page(task, *, threads):
        match task.number:
            case 101: os.kill(os.getpid(), signal.SIGSEGV)
            case 102: time.sleep(600)
            case 103: return bytearray(3_000_000_000)
            case 104: os._exit(3)
            case 105: print("noise on standard output", flush=True); os.write(1, b"more noise")
            case 106: raise ValueError("a decoder's surprise")
            case 107: os.kill(os.getpid(), signal.SIGKILL)
            case 108: import a_package_that_is_missing
        return real(task if task.number < 100 else type(task)(path=task.path, media_type=task.media_type,
            document_id=task.document_id, number=1, limits=task.limits), threads=threads)
    worker.read_page = read_page
    child.main()
    """
)
"""A reading process in which pages of these numbers misbehave."""


@pytest.fixture
def document(tmp_path: Path) -> Path:
    words = "The rent is due on the first of the"
    return pdf(tmp_path / "a.pdf", [[(5, 200, words), (5, 150, "month and is to be paid")]] * 3)


@asynccontextmanager
async def mischief(monkeypatch: pytest.MonkeyPatch, workers: int = 1) -> AsyncIterator[WorkerPool]:
    monkeypatch.setattr(guard, "_PROGRAM", MISCHIEF)
    async with open_pool(IngestSettings(workers=workers), Limits()) as pool:
        yield pool


def page(path: Path, number: int) -> PageTask:
    return task(path, number=number)


def readers() -> list[psutil.Process]:
    return [p for p in psutil.Process().children() if any("mmrag_ingest" in part for part in p.cmdline())]


async def test_a_page_comes_back_whole(document: Path) -> None:
    async with open_pool(IngestSettings(workers=2), Limits()) as pool:
        assert readers() == [], "processes start when there is something to read"
        assert (await pool.probe(document, timeout_s=SECONDS)).pages == 3
        read = await pool.read(page(document, 2), timeout_s=SECONDS)
        assert read.page.number == 2
        assert [word.text for word in read.page.words][:3] == ["The", "rent", "is"]
        assert read.page.image == sha256_hex(read.picture)
        assert len(readers()) == 1, "a small job needs one process"
    assert readers() == []


@pytest.mark.parametrize(
    ("number", "error", "line"),
    [
        (101, DamagedFileError, "reading page 101 crashed the reader (SIGSEGV): the file is probably damaged"),
        (103, TooLargeError, "it needs more memory than ingest.worker_memory_bytes allows"),
        (104, DamagedFileError, "reading page 104 crashed the reader (exit code 3): the file is probably damaged"),
        (106, DamagedFileError, "it cannot be read: ValueError: a decoder's surprise"),
        (107, TooLargeError, "reading page 107 needed more memory than there is"),
    ],
)
async def test_trouble_costs_one_page(
    document: Path, monkeypatch: pytest.MonkeyPatch, number: int, error: type[Exception], line: str
) -> None:
    async with mischief(monkeypatch) as pool:
        with pytest.raises(error) as caught:
            await pool.read(page(document, number), timeout_s=SECONDS)
        assert str(caught.value) == line
        assert (await pool.read(page(document, 1), timeout_s=SECONDS)).page.number == 1


async def test_a_missing_package_is_no_fault_of_the_file(document: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else every page would be put down as unreadable, and the run would end as if all were well."""
    async with mischief(monkeypatch) as pool:
        with pytest.raises(MMRagError, match=r"not complete \(No module named 'a_package_that_is_missing'\)") as caught:
            await pool.read(page(document, 108), timeout_s=SECONDS)
        assert not isinstance(caught.value, UnreadableFileError)


async def test_a_page_that_hangs_is_stopped_in_time(document: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with mischief(monkeypatch) as pool:
        await pool.probe(document, timeout_s=SECONDS)
        began = time.monotonic()
        with pytest.raises(ReadTimeoutError, match="reading page 102 took longer than 1 s"):
            await pool.read(page(document, 102), timeout_s=1.0)
        assert time.monotonic() - began < 10
        assert readers() == []
        assert (await pool.read(page(document, 1), timeout_s=SECONDS)).page.number == 1


async def test_one_hanging_page_does_not_hold_up_the_other_process(document: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with mischief(monkeypatch, workers=2) as pool:
        hanging = asyncio.create_task(pool.read(page(document, 102), timeout_s=SECONDS))
        assert (await pool.read(page(document, 1), timeout_s=SECONDS)).page.number == 1
        hanging.cancel()
        with pytest.raises(asyncio.CancelledError):
            await hanging
        assert len(readers()) == 1, "cancelling stops the process at work"


async def test_what_decoders_print_does_not_disturb_the_answers(document: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with mischief(monkeypatch) as pool:
        assert (await pool.read(page(document, 105), timeout_s=SECONDS)).page.number == 1


async def test_a_starved_page_is_tried_once_more_in_a_fresh_process(document: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with mischief(monkeypatch) as pool:
        await pool.probe(document, timeout_s=SECONDS)
        (before,) = readers()
        with pytest.raises(TooLargeError):
            await pool.read(page(document, 103), timeout_s=SECONDS)
        assert not before.is_running()
        assert readers() == []


async def test_processes_are_replaced_after_their_share_of_pages(document: Path) -> None:
    pool = WorkerPool(workers=1, limits=Limits(), pages_each=2)
    try:
        seen = set()
        for _ in range(2):
            await pool.probe(document, timeout_s=SECONDS)
            seen.update(p.pid for p in readers())
            await pool.probe(document, timeout_s=SECONDS)
        assert len(seen) == 2
    finally:
        await pool.close()


async def test_errors_of_files_come_through_by_their_names(tmp_path: Path) -> None:
    locked = pdf(tmp_path / "locked.pdf", [[(5, 200, "Secret")]], password="open sesame")  # noqa: S106 - of a made file
    async with open_pool(IngestSettings(workers=1), Limits()) as pool:
        with pytest.raises(EncryptedFileError, match="needs a password"):
            await pool.probe(locked, timeout_s=SECONDS)


async def test_a_module_beside_the_documents_is_not_imported(
    document: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pypdfium2.py").write_text("import os; os._exit(9)")
    monkeypatch.chdir(tmp_path)
    async with open_pool(IngestSettings(workers=1), Limits()) as pool:
        assert (await pool.probe(document, timeout_s=SECONDS)).pages == 3


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel is asked for it on Linux alone")
def test_no_process_outlives_a_parent_killed_without_warning(document: Path) -> None:
    program = textwrap.dedent(
        f"""
        import asyncio, psutil, sys
        from pathlib import Path
        from mmrag_ingest.guard import WorkerPool
        from mmrag_ingest.records import Limits
        async def main():
            pool = WorkerPool(workers=2, limits=Limits())
            await asyncio.gather(*(pool.probe(Path({str(document)!r}), timeout_s=60) for _ in range(2)))
            print(*(p.pid for p in psutil.Process().children()), flush=True)
            await asyncio.sleep(600)
        asyncio.run(main())
        """
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    try:
        assert parent.stdout is not None
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        assert len(pids) == 2
    finally:
        os.kill(parent.pid, signal.SIGKILL)
        parent.wait()
        parent.stdout.close()
    _, alive = psutil.wait_procs([psutil.Process(pid) for pid in pids if psutil.pid_exists(pid)], timeout=5)
    assert alive == []
