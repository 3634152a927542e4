"""The composition root: from settings to objects that work, opened and closed as one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import anyio.to_thread

from mmrag.adapters.blobs import FileBlobs
from mmrag.adapters.catalog.connect import CATALOG_FILE, Readers, Writer, empty, translated
from mmrag.adapters.catalog.feed import SqliteFeed
from mmrag.adapters.catalog.ledger import LEDGER_FILE, SqliteLedger
from mmrag.adapters.catalog.lexical import SqliteLexical
from mmrag.adapters.catalog.reading import SqliteCatalog
from mmrag.adapters.catalog.writing import SqliteWriter
from mmrag.adapters.clock import SystemClock
from mmrag.adapters.embeddings import MiniLmEmbedder
from mmrag.adapters.exact import ExactVectors
from mmrag.adapters.lock import write_lock
from mmrag.adapters.traces import FileTraces
from mmrag.errors import SettingsError
from mmrag.ports import Blobs, Catalog, CatalogWriter, Clock, IndexFeed, Ledger, LexicalIndex, TextEmbedder, TraceSink, VectorIndex
from mmrag.retrieval.index import IndexKeeper
from mmrag.settings import ModelSettings, Settings

MINILM: Final = "sentence-transformers/all-MiniLM-L6-v2"


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """Everything that a command needs. ``writer`` and ``feed`` are there only when opened for writing."""

    settings: Settings
    catalog: Catalog
    lexical: LexicalIndex
    vectors: VectorIndex
    embedder: TextEmbedder
    blobs: Blobs
    ledger: Ledger
    clock: Clock
    traces: TraceSink
    keeper: IndexKeeper
    writer: CatalogWriter | None = None
    feed: IndexFeed | None = None


@asynccontextmanager
async def open_app(settings: Settings, *, write: bool = False) -> AsyncIterator[App]:
    """Open the store. Models and Chroma load when they are first used.

    With ``write`` it takes the store's lock, creates what is missing, and brings the index up to date. Raises
    ``EmptyStoreError`` when there is nothing to read, ``StoreBusyError`` when another process writes, ``StoreDamagedError``
    or ``StoreError`` when the store cannot be used.
    """
    if write:
        async with _writing(settings) as app:
            yield app
    else:
        async with _reading(settings) as app:
            yield app


@asynccontextmanager
async def _reading(settings: Settings) -> AsyncIterator[App]:
    store = settings.store.path
    if not await anyio.to_thread.run_sync((store / CATALOG_FILE).is_file):
        raise empty(store)
    embedder = _embedder(settings.models)
    readers = Readers(store / CATALOG_FILE)
    try:
        feed = SqliteFeed(readers, embedder=embedder.identity)
        yield _app(settings, readers, embedder, feed)
    finally:
        readers.close()


@asynccontextmanager
async def _writing(settings: Settings) -> AsyncIterator[App]:
    store = settings.store.path
    embedder = _embedder(settings.models)
    await anyio.to_thread.run_sync(_make_folder, store)
    async with write_lock(store, timeout_s=settings.store.lock_timeout_s):
        writer = await anyio.to_thread.run_sync(Writer, store / CATALOG_FILE)
        readers = Readers(store / CATALOG_FILE)
        try:
            feed = SqliteFeed(readers, embedder=embedder.identity, writer=writer)
            app = _app(settings, readers, embedder, feed, SqliteWriter(writer, embedder=embedder.identity))
            await app.keeper.drain()
            yield app
        finally:
            readers.close()
            await anyio.to_thread.run_sync(writer.close)


def _app(
    settings: Settings, readers: Readers, embedder: MiniLmEmbedder, feed: SqliteFeed, writer: SqliteWriter | None = None
) -> App:
    store = settings.store.path
    vectors = ExactVectors(feed)
    return App(
        settings=settings,
        catalog=SqliteCatalog(readers),
        lexical=SqliteLexical(readers),
        vectors=vectors,
        embedder=embedder,
        blobs=FileBlobs(store / "blobs"),
        ledger=SqliteLedger(store / LEDGER_FILE),
        clock=SystemClock(),
        traces=FileTraces(store / "traces"),
        keeper=IndexKeeper(feed, vectors),
        writer=writer,
        feed=None if writer is None else feed,
    )


def _embedder(models: ModelSettings) -> MiniLmEmbedder:
    if models.text != MINILM:
        raise SettingsError(f"models.text: {models.text} cannot be run; set it to {MINILM}.")
    return MiniLmEmbedder(models.cache_dir / "text")


def _make_folder(store: Path) -> None:
    with translated(store / CATALOG_FILE):
        store.mkdir(parents=True, exist_ok=True)
