"""The vector index and the catalog: in step, out of step, half written, damaged, rebuilt."""

from __future__ import annotations

import asyncio
import logging
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from store_support import make_document, make_page, put, unit

from mmrag.adapters.chroma import ChromaEmbedded
from mmrag.adapters.chroma_check import ids_by_child
from mmrag.adapters.index_gate import IndexGate
from mmrag.app import App, open_app
from mmrag.errors import IndexDriftError, StoreDamagedError, StoreError
from mmrag.ports import VectorRecord
from mmrag.retrieval.index import IndexKeeper
from mmrag.settings import Settings, StoreSettings
from mmrag.testing import MemoryCatalog, MemoryVectors

pytestmark = pytest.mark.usefixtures("loop_guard")


async def fill(app: App, *names: str) -> None:
    assert app.writer is not None
    for name in names:
        await put(app.writer, make_document(name, pages=1), [make_page(name, 1, f"alpha {name}", f"beta {name}")])


async def nearest(app: App) -> list[str]:
    return [s.id for s in await app.vectors.query(unit(*[1.0] * 8), 50)]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(store=StoreSettings(path=tmp_path / "store"))


def graph_files(settings: Settings) -> list[Path]:
    return sorted((settings.store.path / "index").glob("chroma-*/*/*.bin"))


class Failing(MemoryVectors):
    """An index that breaks off after some records."""

    left = 0

    async def upsert(self, records: Sequence[VectorRecord]) -> None:
        if self.left < len(records):
            raise StoreError("the index is gone")
        self.left -= len(records)
        await super().upsert(records)


async def test_what_the_index_did_not_take_in_stays_in_the_outbox() -> None:
    catalog, index = MemoryCatalog(), Failing()
    await put(catalog, make_document("doc-a", pages=1), [make_page("doc-a", 1, "a", "b")])
    keeper = IndexKeeper(catalog, index)
    with pytest.raises(StoreError):
        await keeper.drain()
    assert len(await catalog.pending(10)) == 2
    assert len((await keeper.verify()).missing) == 2
    index.left = 10
    assert await keeper.drain() == 2
    assert not await keeper.verify()
    assert await keeper.drain() == 0


async def test_verify_names_both_sides_and_rebuild_mends_both() -> None:
    catalog, index = MemoryCatalog(), MemoryVectors()
    await put(catalog, make_document("doc-a", pages=1), [make_page("doc-a", 1, "a", "b")])
    keeper = IndexKeeper(catalog, index)
    await keeper.drain()
    (lost, _) = sorted(await index.ids())
    await index.delete([lost])
    await index.upsert([VectorRecord(element_id="el-stray", document_id="d", page=1, kind="text", vector=unit(1))])
    drift = await keeper.verify()
    assert (drift.missing, drift.surplus) == ({lost}, {"el-stray"})
    assert await keeper.rebuild() == 2
    assert not await keeper.verify()


async def test_the_index_follows_the_catalog_across_processes_and_runs(settings: Settings) -> None:
    async with open_app(settings, write=True) as app:
        await fill(app, "doc-a", "doc-b")
        assert await app.keeper.drain() == 4
    async with open_app(settings) as app:
        assert not await app.keeper.verify()
        assert len(await nearest(app)) == await app.vectors.count() == 4
    async with open_app(settings, write=True) as app:
        assert app.writer is not None
        await app.writer.remove(["doc-a"])
    async with open_app(settings, write=True) as app:
        assert await app.vectors.count() == 2
        assert not await app.keeper.verify()


async def test_a_reader_searches_the_catalog_while_the_index_lags(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_app(settings, write=True) as app:
        await fill(app, "doc-a")
        await app.keeper.drain()
        async with open_app(settings) as reader:
            assert len(await nearest(reader)) == 2
            await fill(app, "doc-b")
            assert len(await nearest(reader)) == 4
            assert len(await nearest(app)) == 4
            await app.keeper.drain()
            assert len(await nearest(reader)) == 4
    assert [r for r in caplog.records if r.levelno >= logging.WARNING] == []


async def test_an_index_that_lost_something_is_noticed_and_answered_without(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_app(settings, write=True) as app:
        await fill(app, "doc-a", "doc-b")
        await app.keeper.drain()
        await app.vectors.delete([(await nearest(app))[0]])
    async with open_app(settings) as app:
        assert len(await nearest(app)) == len(await nearest(app)) == 4
        assert len((await app.keeper.verify()).missing) == 1
    warnings = [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]
    assert len(warnings) == 1
    assert "run mmrag index rebuild" in warnings[0]
    async with open_app(settings, write=True) as app:
        assert await app.keeper.rebuild() == 4
        assert not await app.keeper.verify()


async def test_a_truncated_graph_neither_crashes_nor_stops_an_answer(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_app(settings, write=True) as app:
        await fill(app, *(f"doc-{i}" for i in range(20)))
        await app.keeper.drain()
    files = graph_files(settings)
    assert files
    for file in files:
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    async with open_app(settings) as app:
        assert len(await nearest(app)) == 40
        with pytest.raises(IndexDriftError, match="run mmrag index rebuild"):
            await app.keeper.verify()
    assert any("half written" in r.getMessage() for r in caplog.records)
    async with open_app(settings, write=True) as app:
        assert not await app.keeper.verify()
        assert len(await nearest(app)) == 40


async def test_an_index_whose_files_were_overwritten_is_an_error_here_not_a_crash(settings: Settings) -> None:
    async with open_app(settings, write=True) as app:
        await fill(app, *(f"doc-{i}" for i in range(20)))
        await app.keeper.drain()
    for file in [*graph_files(settings), *(settings.store.path / "index").glob("chroma-*/chroma.sqlite3")]:
        file.write_bytes(b"\xff" * file.stat().st_size)
    async with open_app(settings) as app:
        with pytest.raises(StoreDamagedError, match="run mmrag index rebuild"):
            await app.keeper.verify()
    async with open_app(settings, write=True) as app:
        assert await app.keeper.rebuild() == 40
        assert not await app.keeper.verify()


async def test_a_missing_index_is_made_again(settings: Settings) -> None:
    async with open_app(settings, write=True) as app:
        await fill(app, "doc-a")
        await app.keeper.drain()
    shutil.rmtree(settings.store.path / "index")
    async with open_app(settings) as app:
        assert len(await nearest(app)) == 2
    async with open_app(settings, write=True) as app:
        assert not await app.keeper.verify()
        assert await app.vectors.count() == 2


async def test_a_change_that_was_cut_short_is_repeated_and_mended(settings: Settings) -> None:
    async with open_app(settings, write=True) as app:
        await fill(app, "doc-a")
        await app.keeper.drain()
        await fill(app, "doc-b")
    gate = IndexGate(settings.store.path / "index", writable=True)
    with pytest.raises(RuntimeError), gate.changing():
        raise RuntimeError("killed here")
    with pytest.raises(IndexDriftError), gate.reading():
        pass
    async with open_app(settings) as app:
        assert len(await nearest(app)) == 4
    async with open_app(settings, write=True) as app:
        assert not await app.keeper.verify()
        assert await app.vectors.count() == 4
    with gate.reading() as state:
        assert state is not None
        assert state.number == 0, "mended, not built anew"


async def test_vectors_of_another_embedder_are_left_alone(tmp_path: Path) -> None:
    one = ChromaEmbedded(tmp_path, name="mmrag-one", writable=True)
    two = ChromaEmbedded(tmp_path, name="mmrag-two", writable=True)
    await one.upsert([VectorRecord(element_id="a", document_id="d", page=1, kind="text", vector=unit(1))])
    await two.upsert([VectorRecord(element_id="b", document_id="d", page=1, kind="text", vector=[1.0, 0.0])])
    assert (await one.ids(), await two.ids()) == ({"a"}, {"b"})
    await one.close()
    await two.close()


def test_a_reader_keeps_the_writer_waiting_and_a_writer_keeps_readers_out(tmp_path: Path) -> None:
    gate = IndexGate(tmp_path, writable=True, patience_s=0.1)
    with gate.changing(), pytest.raises(IndexDriftError, match="right now"), gate.reading():
        pass
    with gate.reading(), gate.reading(), pytest.raises(StoreError, match="in use"), gate.changing():
        pass
    with gate.changing():
        pass


async def test_a_server_that_does_not_answer_is_a_store_error_and_asking_goes_on(tmp_path: Path) -> None:
    plain = Settings(store=StoreSettings(path=tmp_path))
    async with open_app(plain, write=True) as app:
        await fill(app, "doc-a")
    served = Settings(store=StoreSettings(path=tmp_path, vectors="http://127.0.0.1:9"))
    with pytest.raises(StoreError, match=r"http://127\.0\.0\.1:9"):
        async with open_app(served, write=True):
            pass
    async with open_app(served) as app:
        assert len(await nearest(app)) == 2
        with pytest.raises(StoreError, match=r"http://127\.0\.0\.1:9"):
            await app.keeper.verify()


READER = """
import asyncio, sys
from pathlib import Path
from mmrag.adapters.chroma import ChromaEmbedded
from mmrag.adapters.chroma_check import ids_by_child

async def main():
    index = ChromaEmbedded(Path(sys.argv[1]), name="mmrag-test", writable=False)
    sys.stdout.write(f"{len(await index.query([1.0] * 8, 10_000))}")
    await index.close()

asyncio.run(main())
"""


async def test_readers_in_other_processes_do_not_spoil_what_the_writer_adds(tmp_path: Path) -> None:
    index = ChromaEmbedded(tmp_path, name="mmrag-test", writable=True)
    for round_ in range(3):
        for part in range(3):
            ids = [f"el-{round_}-{part}-{i}" for i in range(200)]
            vectors = [unit(*[1.0 + (i * 37 + j * 11 + part) % 17 for j in range(8)]) for i in range(200)]
            await index.upsert(
                [
                    VectorRecord(element_id=i, document_id="d", page=1, kind="text", vector=v)
                    for i, v in zip(ids, vectors, strict=True)
                ]
            )
        command = [sys.executable, "-c", READER, str(tmp_path)]
        done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=True)
        assert int(done.stdout) == 600 * (round_ + 1)
        assert len(await index.query([1.0] * 8, 10_000)) == 600 * (round_ + 1)
    await index.close()
    state = index.gate.state()
    assert state is not None
    assert len(await asyncio.to_thread(ids_by_child, index.gate.folder(state), index.name)) == 1800


def test_a_reader_that_makes_chroma_write_counts_as_a_change(tmp_path: Path) -> None:
    writer, reader = IndexGate(tmp_path, writable=True), IndexGate(tmp_path, writable=False)
    with writer.changing() as state:
        graph = writer.folder(state) / "segment" / "graph.bin"
        graph.parent.mkdir(parents=True)
        graph.write_bytes(b"1")
    before = reader.state()
    with reader.alone():
        pass
    assert reader.state() == before
    with reader.alone() as turn:
        graph.write_bytes(b"22")
    after = reader.state()
    assert before is not None
    assert after == turn.state
    assert after is not None
    assert after.epoch == before.epoch + 1
    with reader.reading():
        pass
    graph.write_bytes(b"333")
    with pytest.raises(IndexDriftError, match="half written"), reader.reading():
        pass
