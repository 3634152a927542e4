"""Uploads: where they go, what they are called, how they wait, and that nothing of them is lost."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from server_support import TOKEN, Served, filled_store, served, settings_for

from mmrag.api import Session
from mmrag.errors import EmptyStoreError, StoreBusyError, StoreFullError
from mmrag.server import inbox as inbox_module
from mmrag.server.files import FileState
from mmrag.server.inbox import Inbox
from mmrag.server.names import safe_name
from mmrag.server.problems import Problem
from mmrag.server.receiving import Received, receive
from mmrag.settings import Settings

TRICKS = {
    "../../etc/passwd": "passwd",
    "/etc/passwd": "passwd",
    "..\\..\\windows\\win.ini": "win.ini",
    "C:\\scan.pdf": "scan.pdf",
    "a/b/../../../c.pdf": "c.pdf",
    "..": "document",
    ".": "document",
    "": "document",
    "/": "document",
    ".hidden.pdf": "hidden.pdf",
    "nul\0l.pdf": "null.pdf",
    "scan\r\nSet-Cookie: x.pdf": "scanSet-Cookie_ x.pdf",
    "invoice.pdf:stream": "invoice.pdf_stream",
    "‮fdp.exe": "fdp.exe",
    "x<script>alert(1)</script>.pdf": "script_.pdf",
    "Rechnung Müller (März).pdf": "Rechnung Müller (März).pdf",
    "領収書.jpg": "領収書.jpg",
}


@pytest.mark.parametrize(("raw", "name"), TRICKS.items())
def test_names_keep_their_last_part_and_nothing_that_does_harm(raw: str, name: str) -> None:
    assert safe_name(raw) == name


@pytest.mark.parametrize("raw", ["CON", "con.pdf", "NUL.txt", "COM1", "aux.jpg", "lpt9.tif"])
def test_device_names_of_windows_are_no_names(raw: str) -> None:
    stem = safe_name(raw).split(".")[0].upper()
    assert stem not in {"CON", "NUL", "COM1", "AUX", "LPT9"}


@given(st.text(max_size=400))
def test_every_name_stays_in_its_folder(raw: str) -> None:
    name = safe_name(raw)
    assert name
    assert len(name.encode()) <= 160
    assert not re.search(r'[/\\:*?"<>|\x00-\x1f]', name)
    assert not name.startswith(".")
    assert name.strip(" .") == name
    assert os.path.dirname(os.path.normpath(os.path.join("/inbox", name))) == "/inbox"
    assert safe_name(name) == name


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def body_of(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


def form(*files: tuple[str, bytes]) -> tuple[bytes, str]:
    request = httpx.Request("POST", "http://h/", files=[("file", file) for file in files])
    return request.read(), request.headers["content-type"]


async def test_files_are_written_as_they_come(tmp_path: Path, loop_guard: None) -> None:
    content = os.urandom(3_000_000)
    data, kind = form(("a.pdf", content), ("b.pdf", b""))
    pieces = [data[n : n + 40_000] for n in range(0, len(data), 40_000)]
    one, two = await receive(body_of(*pieces), kind, tmp_path, most_bytes=4_000_000, most_files=2)
    assert (one.name, one.path.read_bytes() == content, one.size) == ("a.pdf", True, len(content))
    assert (two.name, two.path.read_bytes(), two.size) == ("b.pdf", b"", 0)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        (lambda data, kind: (data, "application/json"), 415),
        (lambda data, kind: (data, "multipart/form-data"), 415),
        (lambda data, kind: (data[:-10], kind), 400),
        (lambda data, kind: (data[: len(data) // 2], kind), 400),
        (lambda data, kind: (b"nonsense", kind), 400),
        (lambda data, kind: (b"", kind), 400),
        (lambda data, kind: (data.replace(b"; filename=", b"; other="), kind), 400),
        (lambda data, kind: (data + b"x" * 500, kind), 413),
    ],
)
async def test_what_is_no_upload_leaves_nothing_behind(
    tmp_path: Path, change: Callable[[bytes, str], tuple[bytes, str]], status: int
) -> None:
    data, kind = change(*form(("a.pdf", b"x" * 200)))
    with pytest.raises(Problem) as problem:
        await receive(body_of(data), kind, tmp_path, most_bytes=600, most_files=5)
    assert problem.value.status == status
    assert names_in(tmp_path) == []


async def test_too_many_files_and_a_cut_connection_leave_nothing_behind(tmp_path: Path) -> None:
    data, kind = form(*((f"{n}.pdf", b"x") for n in range(4)))
    with pytest.raises(Problem, match="More than 3 files"):
        await receive(body_of(data), kind, tmp_path, most_bytes=10_000, most_files=3)

    async def cut() -> AsyncIterator[bytes]:
        yield data[:200]
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await receive(cut(), kind, tmp_path, most_bytes=10_000, most_files=9)
    assert names_in(tmp_path) == []


@dataclass
class Row:
    document: str
    status: str
    reason: str | None = None
    pages: int = 1
    sha256: str = ""


@dataclass
class Finished:
    row: Row


@dataclass
class PageStored:
    document: str
    page: int
    unreadable: bool = False


@dataclass
class Opened:
    document: str
    pages: int
    kept: int = 0


@dataclass
class FakeSession:
    """Ingests by saying so. ``fail`` is raised by the next run."""

    settings: Settings
    runs: list[list[str]] = field(default_factory=list)
    fail: list[Exception] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    async def app(self) -> object:
        raise EmptyStoreError("empty")

    async def ingest(self, paths: Sequence[Path], *, on_event: Callable[[object], None]) -> None:
        self.runs.append([path.name for path in paths])
        if self.fail:
            raise self.fail.pop()
        for path in paths:
            on_event(Opened(path.name, pages=2))
            on_event(PageStored(path.name, 1))
        await self.gate.wait()
        for path in paths:
            bad = "bad" in path.name
            on_event(Finished(Row(f"inbox/{path.name}", "quarantined" if bad else "ingested", "damaged" if bad else None)))


@pytest.fixture
def session(tmp_path: Path) -> FakeSession:
    return FakeSession(settings_for(tmp_path / "store"))


async def arrived(box: Inbox, name: str, content: bytes = b"x") -> Received:
    path = box.incoming / f"tmp-{len(list(box.incoming.iterdir()))}"
    path.write_bytes(content)
    return Received(name=name, path=path, size=len(content))


async def opened(session: FakeSession, most_waiting: int = 10) -> Inbox:
    box = Inbox(cast(Session, session), most_waiting=most_waiting)
    await box.open()
    return box


async def settled(box: Inbox) -> dict[str, str]:
    """The files' states once none is waiting or being read."""
    async with asyncio.timeout(10):
        async for _ in box.changes():
            files = box.files.since(0)
            if all(file.state.is_over for file in files):
                return {file.name: file.state.value for file in files}
    raise AssertionError


async def test_files_wait_are_read_and_told_of(session: FakeSession) -> None:
    box = await opened(session)
    running = asyncio.create_task(box.run())
    await box.add([await arrived(box, "../good.pdf"), await arrived(box, "bad.pdf", b"y")])
    seen = []
    async with asyncio.timeout(10):
        async for files in box.changes():
            seen += [(file.name, file.state.value, file.pages_done) for file in files]
            if ("good.pdf", "reading", 1) in seen:
                break
    session.gate.set()
    assert await settled(box) == {"good.pdf": "ingested", "bad.pdf": "quarantined"}
    assert session.runs == [["good.pdf", "bad.pdf"]], "one ingestion took both"
    assert [file.reason for file in box.files.since(0)] == [None, "damaged"]
    running.cancel()


async def test_a_name_that_is_taken_is_never_overwritten(session: FakeSession) -> None:
    box = await opened(session)
    first = await box.add([await arrived(box, "scan.pdf", b"one")])
    second = await box.add([await arrived(box, "scan.pdf", b"two")])
    again = await box.add([await arrived(box, "scan.pdf", b"one")])
    assert [file.name for file in (*first, *second, *again)] == ["scan.pdf", "scan (2).pdf", "scan.pdf"]
    assert [(box.folder / name).read_bytes() for name in ("scan.pdf", "scan (2).pdf")] == [b"one", b"two"]
    assert names_in(box.incoming) == []


async def test_files_are_lined_up_although_the_store_cannot_be_read_just_now(
    session: FakeSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that arrived must not be forgotten because something else went wrong after it was kept."""
    box = await opened(session)

    async def fails() -> object:
        raise StoreBusyError("busy")

    monkeypatch.setattr(session, "app", fails)
    (file,) = await box.add([await arrived(box, "a.pdf")])
    assert (file.state, [f.name for f in box.files.waiting]) == (FileState.WAITING, ["a.pdf"])


async def test_after_a_crash_what_waits_is_read_and_what_was_cut_off_is_gone(session: FakeSession) -> None:
    box = await opened(session)
    await box.add([await arrived(box, "left.pdf")])
    await arrived(box, "half.pdf")
    after = await opened(session)
    assert [(file.name, file.state) for file in after.files.since(0)] == [("left.pdf", FileState.WAITING)]
    assert names_in(after.incoming) == []


async def test_errors_of_a_run_are_said_and_the_queue_goes_on(session: FakeSession, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox_module, "_BUSY_PAUSE_S", 0.01)
    session.gate.set()
    session.fail = [RuntimeError("secret words of a page"), StoreFullError("full"), StoreBusyError("busy")]
    box = await opened(session)
    running = asyncio.create_task(box.run())
    await box.add([await arrived(box, "a.pdf")])
    assert await settled(box) == {"a.pdf": "failed"}
    await box.add([await arrived(box, "b.pdf", b"b")])
    assert await settled(box) == {"a.pdf": "failed", "b.pdf": "failed"}
    await box.add([await arrived(box, "c.pdf", b"c")])
    assert (await settled(box))["c.pdf"] == "ingested"
    assert session.runs == [["a.pdf"], ["a.pdf"], ["b.pdf"], ["c.pdf"]], "a busy store is tried again"
    assert not [file for file in box.files.since(0) if file.reason and "secret" in file.reason]
    running.cancel()


async def test_the_queue_is_bounded_and_closes(session: FakeSession) -> None:
    box = await opened(session, most_waiting=1)
    box.check()
    await box.add([await arrived(box, "a.pdf")])
    with pytest.raises(Problem, match="waiting already"):
        box.check()
    await box.close()
    assert [len(files) async for files in box.changes()] == [1], "a stream ends when the server does"
    with pytest.raises(Problem, match="being stopped"):
        box.check()


def test_uploads_go_below_the_inbox_whatever_they_are_called(tmp_path: Path) -> None:
    store = filled_store(tmp_path / "deep" / "store", {"invoice.jpg": ["Total: 1.00"]})
    with served(settings_for(store)) as running, running.client() as client:
        for raw in [*TRICKS, "x" * 3000 + ".pdf", "a\nb"]:
            response = client.post("/api/uploads", files={"file": (raw or " ", b"not a document")})
            assert response.status_code == 202, response.text
    outside = [path for path in tmp_path.rglob("*") if path.is_file() and not path.is_relative_to(store)]
    assert outside == []
    below = [path for path in store.rglob("*") if path.is_file() and path.read_bytes() == b"not a document"]
    assert below
    assert {path.parent for path in below} == {store / "inbox"}


def test_uploads_are_limited(filled: Path) -> None:
    limits = {"max_upload_bytes": 1000, "max_upload_files": 2}
    with served(settings_for(filled, **limits)) as running, running.client() as client:
        # What another server took in on this store may still be in line: a restart goes on with it.
        waiting = {file["id"] for file in client.get("/api/uploads").json()["files"]}
        large = client.post("/api/uploads", files={"file": ("a.pdf", b"x" * 2000)})
        assert (large.status_code, large.json()["error"]["code"]) == (413, "upload_too_large")
        many = client.post("/api/uploads", files=[("file", (f"{n}.pdf", b"x")) for n in range(3)])
        assert (many.status_code, many.json()["error"]["code"]) == (413, "too_many_files")
        assert {file["id"] for file in client.get("/api/uploads").json()["files"]} <= waiting


def test_a_token_is_needed_before_a_byte_is_kept(guarded: Served, filled: Path) -> None:
    before = set((filled / "inbox").iterdir())
    with guarded.client() as client:
        assert client.post("/api/uploads", files={"file": ("a.pdf", b"x" * 10)}).status_code == 401
    assert set((filled / "inbox").iterdir()) == before
    assert TOKEN
