"""Hostile and broken files: each is read or refused with a line that a person understands, and harms nothing else."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from file_makers import NO_PAGES, pdf, picture, png_bytes
from mmrag_ingest.guard import WorkerPool, open_pool
from mmrag_ingest.pipeline import ingest
from mmrag_ingest.records import Limits, PageTask, Source
from mmrag_ingest.report import IngestReport
from mmrag_ingest.sources import discover
from PIL import Image

from mmrag.app import open_app
from mmrag.errors import UnreadableFileError
from mmrag.settings import IngestSettings, Settings, StoreSettings

SHARED = Path(__file__).parents[2].parent / "shared" / "hostile"
PAGES_EACH = 3
MOST_SECONDS = 20.0
MOST_BYTES = 2_000_000_000

PROSE = [(5.0, 200.0, "The rent is due on the first of the"), (5.0, 150.0, "month and is to be paid by Ada")]


def is_a_line_for_people(reason: str) -> bool:
    """One line, no traceback, no address of an object, not just a class name."""
    return (
        len(reason.split()) >= 4
        and "\n" not in reason
        and not any(sign in reason for sign in ("Traceback", "0x", "<", "Errno", 'File "'))
    )


class Peak:
    """The most memory that this process's children held at once, looked at twenty times a second."""

    def __init__(self) -> None:
        self.bytes = 0

    async def watch(self) -> None:
        while True:
            held = 0
            for child in psutil.Process().children(recursive=True):
                with suppress(psutil.NoSuchProcess):
                    held += child.memory_info().rss
            self.bytes = max(self.bytes, held)
            await asyncio.sleep(0.05)


async def read(pool: WorkerPool, source: Source) -> str:
    """Read the first pages; what came of it."""
    limit = MOST_SECONDS - 2
    try:
        probe = await pool.probe(source.path, timeout_s=limit / 3)
        outcome = ""
        for number in range(1, min(probe.pages, PAGES_EACH) + 1):
            order = PageTask(
                path=source.path, media_type=probe.media_type, document_id="doc-1", number=number, limits=Limits()
            )
            try:
                page = (await pool.read(order, timeout_s=limit)).page
            except UnreadableFileError as error:
                outcome = outcome or str(error)
            else:
                assert page.width > 0
                assert page.height > 0
                outcome = "read"
    except UnreadableFileError as error:
        outcome = str(error)
    return outcome


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.skipif(not SHARED.is_dir(), reason="the collection of hostile files is not here")
async def test_every_hostile_file_is_read_or_refused() -> None:
    found = discover([SHARED])
    assert set(found.skipped) <= {"README.md", "manifest.jsonl"}
    peak = Peak()
    watch = asyncio.create_task(peak.watch())
    async with open_pool(IngestSettings(workers=2), Limits()) as pool:
        outcomes = await asyncio.gather(*(read(pool, source) for source in found.sources))
    watch.cancel()
    reasons = {source.name: outcome for source, outcome in zip(found.sources, outcomes, strict=True)}
    reasons |= {refused.name: refused.reason for refused in found.refused}
    assert len(reasons) == len(list(SHARED.iterdir())) - len(found.skipped)
    assert [name for name, reason in reasons.items() if reason != "read" and not is_a_line_for_people(reason)] == []
    assert [name for name, reason in reasons.items() if "took longer" in reason] == []
    assert sum(reason == "read" for reason in reasons.values()) > 120
    assert peak.bytes < MOST_BYTES


def bad_folder(folder: Path) -> Path:
    """A file for each named case of our own, and two good ones among them."""
    folder.mkdir()
    pdf(folder / "good.pdf", [PROSE])
    picture((600, 400)).save(folder / "good-but-misnamed.pdf", "PNG")
    Image.new("1", (20_000, 20_000)).save(folder / "bomb.png")
    Image.new("1", (20_000, 20_000)).save(folder / "bomb.tif", compression="group4")
    pdf(folder / "locked.pdf", [PROSE], password="open sesame")  # noqa: S106 - of a made file
    whole = png_bytes(Image.effect_noise((300, 300), 90))
    (folder / "cut-off.png").write_bytes(whole[: len(whole) // 20])
    (folder / "zero-pages.pdf").write_bytes(NO_PAGES)
    (folder / "zero-bytes.jpg").write_bytes(b"")
    (folder / "text.pdf").write_bytes(b"this is no PDF")
    (folder / "rubbish.tif").write_bytes(b"II*\x00" + os.urandom(500))
    (folder / "odd\u202e\x1b[2Jname.pdf").write_bytes(b"%PDF-1.4 rubbish")
    (folder / os.fsdecode(b"bytes-\xff.png")).write_bytes(png_bytes(picture((600, 400))))
    (folder / "loop").symlink_to(folder, target_is_directory=True)
    (folder / "gone.pdf").symlink_to(folder / "nowhere")
    return folder


EXPECTED = {
    "good.pdf": "",
    "good-but-misnamed.pdf": "",
    "bytes-\\xff.png": "",
    "bomb.png": "20000 x 20000 pixels",
    "bomb.tif": "20000 x 20000 pixels",
    "locked.pdf": "needs a password",
    "cut-off.png": "cut off",
    "zero-pages.pdf": "no page can be found",
    "zero-bytes.jpg": "the file is empty",
    "text.pdf": "not a PDF or image",
    "rubbish.tif": "damaged",
    "odd\\u202e\\x1b[2Jname.pdf": "no page can be found",
    "gone.pdf": "no such file",
}


async def ingested(folder: Path, store: Path) -> IngestReport:
    settings = Settings(store=StoreSettings(path=store), ingest=IngestSettings(workers=2))
    async with open_app(settings, write=True) as app:
        return await ingest(app, [folder])


@pytest.mark.timeout(300)
async def test_named_cases_end_in_quarantine_and_the_good_files_are_stored(tmp_path: Path) -> None:
    report = await ingested(bad_folder(tmp_path / "in"), tmp_path / "store")
    reasons = {row.document: row.reason or "" for row in report.documents}
    assert reasons.keys() == EXPECTED.keys()
    for name, part in EXPECTED.items():
        assert part in reasons[name], name
        assert bool(reasons[name]) == bool(part), name
        assert not part or is_a_line_for_people(reasons[name]), name
        name.encode("utf-8")
    again = await ingested(tmp_path / "in", tmp_path / "store")
    assert {row.document: row.reason or "" for row in again.documents} == reasons
    assert again.pages_read == 0
