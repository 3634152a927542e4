"""The composition root: from settings to objects that work, opened and closed as one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Final

import anyio.to_thread

from mmrag.adapters.blobs import FileBlobs
from mmrag.adapters.calibrations import FileCalibrations
from mmrag.adapters.catalog.connect import CATALOG_FILE, Readers, Writer, empty, translated
from mmrag.adapters.catalog.feed import SqliteFeed
from mmrag.adapters.catalog.kept import KeptCatalog
from mmrag.adapters.catalog.ledger import LEDGER_FILE, SqliteLedger
from mmrag.adapters.catalog.lexical import SqliteLexical
from mmrag.adapters.catalog.reading import SqliteCatalog, has_documents
from mmrag.adapters.catalog.summaries import SqliteSummaries
from mmrag.adapters.catalog.writing import SqliteWriter
from mmrag.adapters.chroma import ChromaEmbedded
from mmrag.adapters.chroma_check import CheckedIndex
from mmrag.adapters.chroma_server import ChromaServer
from mmrag.adapters.chroma_terms import collection_name
from mmrag.adapters.clock import SystemClock
from mmrag.adapters.embeddings import MiniLmEmbedder
from mmrag.adapters.index_care import bring_in_step
from mmrag.adapters.lock import write_lock
from mmrag.adapters.picture_index import open_pictures
from mmrag.adapters.receipts import RECEIPTS_FILE, SqliteReceipts
from mmrag.adapters.replies import REPLIES_FILE, SqliteReplies
from mmrag.adapters.sight import Sight, find_sight
from mmrag.adapters.steady import SteadyVectors
from mmrag.adapters.traces import FileTraces
from mmrag.domain.calibration import UNCALIBRATED, Calibration
from mmrag.errors import SettingsError
from mmrag.middleware.budgeted import Budgets
from mmrag.middleware.capabilities import capabilities_of
from mmrag.middleware.circuit import Rule
from mmrag.middleware.limited import Gate, Rates
from mmrag.middleware.prices import price_list
from mmrag.middleware.staying import Keeper, StaysHere
from mmrag.middleware.wrapping import wrapped
from mmrag.ports import (
    Blobs,
    Catalog,
    CatalogWriter,
    ChatModel,
    Clock,
    Entailment,
    IndexFeed,
    Ledger,
    LexicalIndex,
    SummaryIndex,
    TextEmbedder,
    TraceSink,
    VectorIndex,
)
from mmrag.retrieval.index import IndexKeeper, IndexKeepers
from mmrag.settings import LimitSettings, ModelSettings, Settings, TierSettings

MINILM: Final = "sentence-transformers/all-MiniLM-L6-v2"


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """Everything that a command needs. ``writer`` and ``feed`` are there only when opened for writing.

    ``sight`` has the models that see; ``pictures`` is the index of image vectors, None when there is no image embedder.
    ``version`` changes whenever what is stored does.
    """

    settings: Settings
    catalog: Catalog
    lexical: LexicalIndex
    summaries: SummaryIndex
    vectors: VectorIndex
    embedder: TextEmbedder
    blobs: Blobs
    ledger: Ledger
    clock: Clock
    traces: TraceSink
    keeper: IndexKeepers
    version: Callable[[], tuple[int, ...]] = tuple
    sight: Sight = field(default_factory=Sight)
    pictures: VectorIndex | None = None
    writer: CatalogWriter | None = None
    feed: IndexFeed | None = None


@asynccontextmanager
async def open_app(settings: Settings, *, write: bool = False, sight: Sight | None = None) -> AsyncIterator[App]:
    """Open the store. Models and Chroma load when they are first used. ``sight`` takes the place of the image models that
    the settings name.

    With ``write`` it takes the store's lock, creates what is missing, and brings the vector index up to date. Raises
    ``EmptyStoreError`` when there is nothing to read, ``StoreBusyError`` when another process writes, ``StoreDamagedError``
    or ``StoreError`` when the store cannot be used.
    """
    store = settings.store.path
    embedder = _embedder(settings.models)
    async with AsyncExitStack() as stack:
        writer = await _writer(settings, stack) if write else None
        readers = await _readers(store, stack)
        if not write and not await readers.run(has_documents):
            raise empty(store)
        feed = SqliteFeed(readers, embedder=embedder.identity, writer=writer)
        name = collection_name(await anyio.to_thread.run_sync(readers.store_id), embedder.identity)
        index, keeper = _index(settings, name, feed, write=write)
        stack.push_async_callback(index.close)
        ledger = SqliteLedger(store / LEDGER_FILE)
        stack.push_async_callback(ledger.close)
        if sight is None:
            sight = await anyio.to_thread.run_sync(partial(find_sight, settings.models, captions=write))
        seen = sight.embedder
        pictures = None if seen is None else await open_pictures(settings.store, seen.identity, readers, writer, stack)
        blobs = FileBlobs(store / "blobs")
        if write:
            await blobs.tidy()
            await (bring_in_step(index, feed, keeper) if isinstance(index, ChromaEmbedded) else keeper.drain())
        yield App(
            settings=settings,
            catalog=KeptCatalog(SqliteCatalog(readers), readers.version),
            lexical=SqliteLexical(readers),
            summaries=SqliteSummaries(readers, embedder=embedder.identity),
            vectors=SteadyVectors(index, feed, version=readers.version),
            embedder=embedder,
            blobs=blobs,
            ledger=ledger,
            clock=SystemClock(),
            traces=FileTraces(store / "traces"),
            version=readers.version,
            keeper=IndexKeepers(keeper, *(() if pictures is None else (pictures.keeper,))),
            sight=sight,
            pictures=None if pictures is None else pictures.vectors,
            writer=None if writer is None else _catalog_writer(writer, embedder, sight),
            feed=None if writer is None else feed,
        )


@asynccontextmanager
async def chat_models(
    settings: Settings, ledger: Ledger, clock: Clock, *, keeper: Keeper | None
) -> AsyncIterator[Mapping[str, ChatModel]]:
    """The chat model of each tier that has one, by the tier's name, with its calls in the ledger.

    ``keeper`` stands in front of those that are elsewhere; None for a caller whose tiers do that (``Tier.guarded``). A
    provider's package is loaded when its tier is asked. Raises ``SettingsError`` for a provider that there is none of.
    """
    from mmrag.adapters.chat.registry import chat_model

    async with AsyncExitStack() as stack:
        replies = await stack.enter_async_context(kept_replies(settings)) if settings.cache.enabled else None
        models: dict[str, ChatModel] = {}
        budgets, gates = _budgets(settings, ledger), dict[str, Gate]()
        for tier in settings.cascade.tiers:
            if tier.provider != "reader":
                model = chat_model(tier, timeout_s=settings.ask.timeout_s, models_file=settings.models.file)
                stack.push_async_callback(model.close)
                made = wrapped(
                    model,
                    tier=tier.name,
                    ledger=ledger,
                    clock=clock,
                    replies=replies,
                    budgets=budgets,
                    gate=_gate(gates, tier, settings.limits, clock),
                    deadline_s=settings.ask.timeout_s,
                    prices=price_list(settings.models.file),
                )
                hosted = capabilities_of(tier, settings.models.file).is_hosted
                models[tier.name] = StaysHere(made, tier=tier.name, keeper=keeper) if keeper and hosted else made
        yield models


def entailment_of(models: ModelSettings) -> Entailment | None:
    """The local model that judges whether a text carries a claim, not loaded yet; None when none is named.

    Blocks for some ten milliseconds. Raises ``ModelMissingError`` when the model is not here.
    """
    if models.entailment is None:
        return None
    from mmrag.adapters.entailment_hub import HubEntailment

    return HubEntailment(models.entailment, models.cache_dir, quantize=models.quantize)


@asynccontextmanager
async def kept_replies(settings: Settings) -> AsyncIterator[SqliteReplies]:
    """The reply cache of the store, which has to be there."""
    replies = SqliteReplies(settings.store.path / REPLIES_FILE, max_bytes=settings.cache.max_bytes)
    try:
        yield replies
    finally:
        await replies.close()


@asynccontextmanager
async def filed_receipts(settings: Settings) -> AsyncIterator[SqliteReceipts]:
    """What the questions of a store have cost, and would have cost elsewhere."""
    receipts = SqliteReceipts(settings.store.path / RECEIPTS_FILE)
    try:
        yield receipts
    finally:
        await receipts.close()


async def calibration_of(settings: Settings) -> Calibration:
    """What turns scores into probabilities on this store. Raises ``StoreDamagedError`` when it cannot be read."""
    return await FileCalibrations(settings.store.path).read() if settings.cascade.calibrated else UNCALIBRATED


def _budgets(settings: Settings, ledger: Ledger) -> Budgets:
    cascade = settings.cascade
    return Budgets(
        ledger=ledger,
        max_usd=Decimal(str(cascade.max_usd)),
        max_usd_per_day=Decimal(str(cascade.max_usd_per_day)) if cascade.max_usd_per_day else None,
        max_usd_per_store=Decimal(str(cascade.max_usd_per_store)) if cascade.max_usd_per_store else None,
        claim_s=2 * settings.ask.timeout_s + 60,
    )


def _gate(gates: dict[str, Gate], tier: TierSettings, limits: LimitSettings, clock: Clock) -> Gate:
    """The gate that ``tier`` shares with all tiers of the same provider at the same address."""
    name = f"{tier.provider} at {tier.base_url.rstrip('/')}" if tier.base_url else tier.provider
    rates = Rates(
        concurrency=limits.concurrency,
        requests_per_minute=limits.requests_per_minute,
        tokens_per_minute=limits.tokens_per_minute,
        rule=Rule(failures=limits.failures, pause_s=limits.pause_s),
    )
    return gates.setdefault(name, Gate(name, rates=rates, clock=clock))


async def _writer(settings: Settings, stack: AsyncExitStack) -> Writer:
    store = settings.store.path
    await anyio.to_thread.run_sync(_make_folder, store)
    await stack.enter_async_context(write_lock(store, timeout_s=settings.store.lock_timeout_s))
    writer = await anyio.to_thread.run_sync(Writer, store / CATALOG_FILE)
    stack.push_async_callback(anyio.to_thread.run_sync, writer.close)
    return writer


def _catalog_writer(writer: Writer, embedder: TextEmbedder, sight: Sight) -> SqliteWriter:
    seen = sight.embedder
    return SqliteWriter(writer, embedder=embedder.identity, image_embedder=None if seen is None else seen.identity)


async def _readers(store: Path, stack: AsyncExitStack) -> Readers:
    if not await anyio.to_thread.run_sync((store / CATALOG_FILE).is_file):
        raise empty(store)
    readers = Readers(store / CATALOG_FILE)
    stack.callback(readers.close)
    return readers


def _index(
    settings: Settings, name: str, feed: SqliteFeed, *, write: bool
) -> tuple[ChromaEmbedded | ChromaServer, IndexKeeper]:
    if settings.store.vectors == "embedded":
        embedded = ChromaEmbedded(settings.store.path / "index", name=name, writable=write)
        return embedded, IndexKeeper(feed, CheckedIndex(embedded))
    server = ChromaServer(settings.store.vectors, name=name)
    return server, IndexKeeper(feed, server)


def _embedder(models: ModelSettings) -> MiniLmEmbedder:
    if models.text != MINILM:
        raise SettingsError(f"models.text: {models.text} cannot be run; set it to {MINILM}.")
    return MiniLmEmbedder(models.cache_dir / "text")


def _make_folder(store: Path) -> None:
    with translated(store / CATALOG_FILE):
        store.mkdir(parents=True, exist_ok=True)
