"""Opening a store: empty, busy, damaged, too new, full, read while it is written."""

from __future__ import annotations

import asyncio
import errno
import os
import sqlite3
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from store_support import Parts, make_document, make_page, open_parts, put, stage

from mmrag.adapters.blobs import FileBlobs
from mmrag.adapters.catalog.connect import CATALOG_FILE, Writer, translated
from mmrag.adapters.catalog.schema import APPLICATION_ID, MIGRATIONS
from mmrag.adapters.lock import write_lock
from mmrag.app import open_app
from mmrag.errors import EmptyStoreError, SettingsError, StoreBusyError, StoreDamagedError, StoreError, StoreFullError
from mmrag.settings import ModelSettings, Settings, StoreSettings


def settings_for(store: Path, **fields: object) -> Settings:
    return Settings(store=StoreSettings.model_validate({"path": store, "lock_timeout_s": 0.1, **fields}))


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def hold_lock(store: Path) -> subprocess.Popen[bytes]:
    """Another process that says ``held`` and keeps the write lock for a minute."""
    code = (
        "import sys, anyio\nfrom pathlib import Path\nfrom mmrag.adapters.lock import write_lock\n"
        "async def main():\n    async with write_lock(Path(sys.argv[1]), timeout_s=5):\n"
        "        print('held', flush=True)\n        await anyio.sleep(60)\nanyio.run(main)"
    )
    return subprocess.Popen([sys.executable, "-c", code, str(store)], stdout=subprocess.PIPE)


async def read_everything(store: Path) -> None:
    async with open_app(settings_for(store)) as app:
        await app.catalog.documents()
        await app.lexical.search_elements("line", 5)


async def stage_much(parts: Parts) -> None:
    for n in range(1, 50):
        await stage(parts.writer, make_page("doc-b", n, *(f"much text {i}" for i in range(50))))


async def test_a_store_that_is_not_there_or_holds_nothing_is_empty(tmp_path: Path) -> None:
    store = tmp_path / "store"
    for _ in range(2):
        with pytest.raises(
            EmptyStoreError, match=rf"^Nothing is ingested in {store} yet: run mmrag ingest PATH --store {store}$"
        ):
            async with open_app(settings_for(store)):
                pass
        async with open_app(settings_for(store), write=True):
            pass


async def test_opening_for_reading_makes_nothing(tmp_path: Path) -> None:
    with pytest.raises(EmptyStoreError):
        async with open_app(settings_for(tmp_path / "store")):
            pass
    assert names_in(tmp_path) == []


async def test_a_second_writer_is_told_to_wait(tmp_path: Path) -> None:
    async with open_app(settings_for(tmp_path), write=True):
        with pytest.raises(StoreBusyError, match="Another mmrag is writing"):
            async with open_app(settings_for(tmp_path), write=True):
                pass
    async with open_app(settings_for(tmp_path), write=True):
        pass


async def test_the_lock_of_another_process_holds_and_ends_with_it(tmp_path: Path) -> None:
    child = hold_lock(tmp_path)
    assert child.stdout is not None
    assert await asyncio.to_thread(child.stdout.readline) == b"held\n"
    with pytest.raises(StoreBusyError):
        async with write_lock(tmp_path, timeout_s=0.1):
            pass
    child.kill()
    child.wait()
    child.stdout.close()
    async with write_lock(tmp_path, timeout_s=2):
        pass


async def test_readers_see_whole_documents_while_another_process_writes(tmp_path: Path) -> None:
    with open_parts(tmp_path) as parts:
        await put(parts.writer, make_document("doc-a", pages=1), [make_page("doc-a", 1, "alpha")])
        async with open_app(settings_for(tmp_path)) as app:
            await stage(parts.writer, make_page("doc-b", 1, "beta"))
            assert (await app.catalog.counts()).documents == 1
            await parts.writer.publish(make_document("doc-b", pages=1))
            assert (await app.catalog.counts()).documents == 2
            assert len(await app.lexical.search_elements("beta", 5)) == 1


async def test_a_reader_cannot_write(tmp_path: Path) -> None:
    with open_parts(tmp_path) as parts:
        await put(parts.writer, make_document("doc-a", pages=1), [make_page("doc-a", 1, "x")])
    async with open_app(settings_for(tmp_path)) as app:
        assert (app.writer, app.feed) == (None, None)
        for change in (app.keeper.rebuild, app.vectors.clear, partial(app.vectors.delete, ["x"])):
            with pytest.raises(StoreError, match="reading only"):
                await change()


@pytest.mark.parametrize("write", [False, True])
async def test_a_newer_store_is_refused(tmp_path: Path, write: bool) -> None:
    Writer(tmp_path / CATALOG_FILE).close()
    with sqlite3.connect(tmp_path / CATALOG_FILE) as connection:
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    connection.close()
    with pytest.raises(StoreError, match="newer mmrag"):
        async with open_app(settings_for(tmp_path), write=write):
            pass


async def test_a_file_of_another_program_is_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / CATALOG_FILE) as connection:
        connection.execute("CREATE TABLE theirs (x)")
        connection.execute("PRAGMA user_version = 1")
    connection.close()
    for write in (False, True):
        with pytest.raises(StoreError, match="not made by mmrag"):
            async with open_app(settings_for(tmp_path), write=write):
                pass


@pytest.mark.parametrize("damage", ["noise", "hole"])
async def test_a_damaged_catalog_is_named(tmp_path: Path, damage: str) -> None:
    with open_parts(tmp_path) as parts:
        for n in range(30):
            name = f"doc-{n}"
            await put(
                parts.writer, make_document(name, pages=1), [make_page(name, 1, *(f"line {i} {n}" for i in range(30)))]
            )
    file = tmp_path / CATALOG_FILE
    data = bytearray(file.read_bytes())
    if damage == "noise":
        data[:100] = os.urandom(100)
    else:
        data[4096:] = b"\xa5" * (len(data) - 4096)
    file.write_bytes(data)
    with pytest.raises(StoreDamagedError, match="restore it from a backup"):
        await read_everything(tmp_path)


async def test_a_full_disk_is_one_line_and_loses_nothing(tmp_path: Path) -> None:
    with open_parts(tmp_path) as parts:
        await put(parts.writer, make_document("doc-a", pages=1), [make_page("doc-a", 1, "alpha")])
        connection = parts.writer._writer._connection  # type: ignore[attr-defined]  # no public way to fill the disk
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages + 2}")
        with pytest.raises(StoreFullError, match="free some space"):
            await stage_much(parts)
        connection.execute("PRAGMA max_page_count = 1000000")
        staged = await parts.writer.staged_pages("doc-b", "r1")
        for n in range(staged + 1, 4):
            await stage(parts.writer, make_page("doc-b", n, "more"))
        await parts.writer.publish(make_document("doc-b", pages=max(3, staged)))
        assert (await parts.catalog.counts()).documents == 2


def test_errors_of_the_disk_are_named(tmp_path: Path) -> None:
    with pytest.raises(StoreFullError), translated(tmp_path / "x"):
        raise OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(PermissionError), translated(tmp_path / "x"):
        raise PermissionError("no")


async def test_a_changed_blob_is_not_given_out(tmp_path: Path) -> None:
    blobs = FileBlobs(tmp_path)
    digest = await blobs.put(b"picture")
    file = tmp_path / digest[:2] / digest[2:4] / digest
    file.write_bytes(b"other..")
    with pytest.raises(StoreDamagedError, match="has changed"):
        await blobs.get(digest)
    file.write_bytes(b"pic")
    await blobs.put(b"picture")
    assert await blobs.get(digest) == b"picture"
    with pytest.raises(StoreDamagedError):
        await blobs.get("../../etc/passwd")
    assert names_in(file.parent) == [digest]


def test_a_vector_address_must_be_one(tmp_path: Path) -> None:
    async def main() -> None:
        with open_parts(tmp_path) as parts:
            await put(parts.writer, make_document("doc-a", pages=1), [make_page("doc-a", 1, "x")])
        async with open_app(settings_for(tmp_path, vectors="http://host:8000/some/path")):
            pass

    with pytest.raises(SettingsError, match=r"store\.vectors"):
        asyncio.run(main())


async def test_an_unknown_text_model_is_refused(tmp_path: Path) -> None:
    settings = Settings(store=StoreSettings(path=tmp_path), models=ModelSettings(text="someone/else"))
    with pytest.raises(SettingsError, match=r"models\.text"):
        async with open_app(settings, write=True):
            pass


def test_opening_a_store_loads_neither_chroma_nor_a_model(tmp_path: Path) -> None:
    code = (
        "import sys, asyncio\nfrom pathlib import Path\nfrom mmrag.app import open_app\n"
        "from mmrag.settings import Settings, StoreSettings\n"
        "async def main():\n    async with open_app(Settings(store=StoreSettings(path=Path(sys.argv[1]))), write=True):\n"
        "        pass\nasyncio.run(main())\n"
        "print([m for m in ('chromadb', 'onnxruntime', 'tokenizers', 'torch', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("version", range(len(MIGRATIONS)))
async def test_a_store_that_is_being_made_is_empty_at_every_step(tmp_path: Path, version: int) -> None:
    """A server may read while its first ingestion creates the catalog, one transaction a version."""
    with sqlite3.connect(tmp_path / CATALOG_FILE) as connection:
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        for script in MIGRATIONS[:version]:
            connection.executescript(script)
        connection.execute(f"PRAGMA user_version = {version}")
    connection.close()
    with pytest.raises(EmptyStoreError):
        async with open_app(settings_for(tmp_path)):
            pass
