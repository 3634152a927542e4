"""The session behind ``mmrag.open``: ingest, search and ask from Python, on one store."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from functools import partial
from importlib import import_module
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import anyio

from mmrag.domain.answers import Answer
from mmrag.domain.evidence import Hit
from mmrag.domain.pictures import Guess, PageKind
from mmrag.errors import UsageError
from mmrag.ingester import IngestSummary, find_ingester
from mmrag.originals import opened_originals
from mmrag.settings import Settings, load_settings

if TYPE_CHECKING:
    from mmrag.adapters.receipts import SqliteReceipts
    from mmrag.agent.asking import Agent
    from mmrag.agent.case import AgentParts
    from mmrag.agent.remembering import Remembered
    from mmrag.agent.tools import Toolbox
    from mmrag.app import App
    from mmrag.domain.calibration import Calibration
    from mmrag.domain.documents import Document
    from mmrag.domain.events import AnswerEvent, OnEvent
    from mmrag.ports import ChatModel, Originals, Pixels, Receipts
    from mmrag.retrieval.search import SearchParts


class Session:
    """One store, opened when it is first needed. Questions, searches and an ingestion may run at the same time."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._stack = AsyncExitStack()
        self._gate = asyncio.Lock()
        self._app: App | None = None
        self._agent: Agent | None = None
        self._remembered: Remembered | None = None
        self._models: Mapping[str, ChatModel] | None = None
        self._receipts: Receipts | None = None
        self._originals: Originals | None = None

    async def ask(
        self,
        question: str,
        *,
        document: str | None = None,
        tier: str | None = None,
        max_usd: float | None = None,
        trace: Path | None = None,
    ) -> Answer:
        """Answer ``question``, or refuse with a reason.

        ``document`` restricts it to one document (its name as ingested), ``tier`` to one tier; ``max_usd`` is the most it
        may cost; ``trace`` is a file to write how the answer came about to. Raises ``EmptyStoreError`` when nothing has been
        ingested, ``UsageError`` for an unknown tier, ``StoreError``.

        The same question again, while the store is as it was, has the same answer and calls no model, unless a trace is
        wanted or ``cache.enabled`` is off.
        """
        return await self._asked(question, document=document, tier=tier, max_usd=max_usd, trace=trace)

    def stream(
        self,
        question: str,
        *,
        document: str | None = None,
        tier: str | None = None,
        max_usd: float | None = None,
        trace: Path | None = None,
    ) -> AsyncGenerator[AnswerEvent, None]:
        """What happens while ``question`` is answered, as events (see ``mmrag.domain.events``), the answer last.

        Takes and raises what ``ask`` does. Close it when you stop early (``async with contextlib.aclosing(...)``): that
        cancels the question, and nothing more is spent on it.
        """
        from mmrag.agent.telling import streamed

        ask = partial(self._asked, question, document=document, tier=tier, max_usd=max_usd, trace=trace)
        return streamed(lambda on_event: ask(on_event=on_event))

    async def _asked(
        self,
        question: str,
        *,
        document: str | None,
        tier: str | None,
        max_usd: float | None,
        trace: Path | None,
        on_event: OnEvent | None = None,
    ) -> Answer:
        if self._agent is None:  # takes seconds, once in a process: not on the event loop
            await anyio.to_thread.run_sync(import_module, "mmrag.agent.asking")
        from mmrag.agent.asking import Agent
        from mmrag.agent.remembering import Asked

        app = await self.app()
        asked = Asked(question=question.strip(), document=document, tier=tier, max_usd=max_usd, version=app.version())
        remembered = self._memory(app) if self.settings.cache.enabled and trace is None else None
        if remembered is not None and (known := await remembered.recall(asked)) is not None:
            if on_event is not None:
                from mmrag.agent.telling import tell_again

                await tell_again(on_event, question, document, known)
            return known
        if trace is None:
            async with self._gate:
                self._agent = agent = self._agent or Agent(await self._parts())
        else:
            async with self._gate:
                parts = await self._parts()
            from mmrag.adapters.traces import TraceCopy

            agent = Agent(replace(parts, traces=TraceCopy(parts.traces, trace)))
        answer = await agent.ask(question, document=document, tier=tier, max_usd=max_usd, on_event=on_event)
        if remembered is not None:
            remembered.keep(asked, answer)
        return answer

    async def search(
        self, query: str, k: int = 10, *, kinds: Sequence[str] | None = None, languages: Sequence[str] | None = None
    ) -> tuple[Hit, ...]:
        """The ``k`` elements that fit ``query`` best, best first; with ``kinds`` (see ``PageKind``) only on such pages, with
        ``languages`` (ISO 639-1: ``en``, ``de``) only on pages that are known to be in one of them.

        Raises ``EmptyStoreError``, ``UsageError`` for a kind that there is none of, ``StoreError``.
        """
        from mmrag.agent.plan import make_plan
        from mmrag.retrieval.search import search

        parts = _search_parts(await self.app())
        return (await search(make_plan(query), parts, k=k, kinds=_kinds(kinds), languages=languages)).hits

    async def search_image(
        self, image: str | PathLike[str], k: int = 10, *, query: str | None = None, kinds: Sequence[str] | None = None
    ) -> tuple[Hit, ...]:
        """The ``k`` pages and figures that look most like the picture file ``image``, and are about ``query`` when given.

        Raises ``UsageError`` when it is no picture, ``ModelMissingError`` without an image model, and what ``search`` does.
        """
        from mmrag.retrieval.by_image import search_by_image

        wanted, parts = _kinds(kinds), _search_parts(await self.app())
        return await search_by_image(await self._picture(Path(image)), parts, k=k, text=query, kinds=wanted)

    async def classify(
        self, picture: str | PathLike[str], *, labels: Sequence[str] | None = None, page: int = 1
    ) -> tuple[Guess, ...]:
        """Which label fits best, likeliest first: of ``labels``, or of the kinds of pages.

        ``picture`` is a picture file, or the name of a document in the store with the number of its ``page``. Raises
        ``UsageError``, ``ModelMissingError``.
        """
        from mmrag.adapters.sight import find_sight
        from mmrag.errors import ModelMissingError
        from mmrag.retrieval.by_image import NO_MODEL
        from mmrag.retrieval.kinds import own_sorter, page_sorter

        sight = await anyio.to_thread.run_sync(partial(find_sight, self.settings.models, captions=False))
        if sight.embedder is None:
            raise ModelMissingError(NO_MODEL)
        sorter = page_sorter(sight.embedder) if labels is None else own_sorter(sight.embedder, labels)
        path = Path(picture)
        is_file = await anyio.Path(path).is_file()
        pixels = await self._picture(path) if is_file else await self._stored_picture(str(picture), page)
        return (await sorter.of_pictures([pixels]))[0]

    async def _picture(self, path: Path) -> Pixels:
        from mmrag.adapters.picture_files import read_picture

        return await anyio.to_thread.run_sync(partial(read_picture, path, max_pixels=self.settings.ingest.max_pixels))

    async def _stored_picture(self, name: str, page: int) -> Pixels:
        from mmrag.adapters.picture_files import decode_picture
        from mmrag.ports import PageRef

        app = await self.app()
        document = next((d for d in await app.catalog.documents() if d.name == name), None)
        if document is None:
            raise UsageError(f"{name!r} is neither a picture file nor a document in the store.")
        found = await app.catalog.page(PageRef(document_id=document.id, page=page))
        if found is None or found.image is None:
            raise UsageError(f"{name!r} has no picture of page {page}.")
        return await anyio.to_thread.run_sync(decode_picture, await app.blobs.get(found.image))

    async def ingest(
        self,
        paths: Sequence[str | PathLike[str]],
        *,
        prune: bool = False,
        on_event: Callable[[object], None] | None = None,
    ) -> IngestSummary:
        """Bring files and folders into the store; unchanged ones are left alone, broken ones are quarantined.

        ``prune`` also removes documents below ``paths`` whose files are gone. Raises ``StoreBusyError`` when another process
        is writing, ``UsageError`` for a path that does not exist, ``StoreError``.
        """
        from mmrag.app import open_app

        ingester = find_ingester()
        async with open_app(self.settings, write=True) as app:
            return await ingester(app, [Path(path) for path in paths], prune=prune, on_event=on_event)

    async def documents(self) -> tuple[Document, ...]:
        """Every document of the store by name, those in quarantine with their reason. Raises ``EmptyStoreError``."""
        return await (await self.app()).catalog.documents()

    async def tools(self) -> Toolbox:
        """What agents can do with this store, by name. The same tools serve plans, model loops, LlamaIndex and MCP.

        Each has a ``description``, ``arguments`` (a pydantic model, and so a JSON schema), and ``call`` from JSON arguments
        to a typed result, which gives ``to_json()``, the ``pictures`` that go beside it, and the ``element_ids`` that may
        be cited. None of them writes or takes a path. Raises ``EmptyStoreError``, ``StoreError``.
        """
        from mmrag.agent.reader import ReaderDrafter
        from mmrag.agent.tools import ToolParts, build_tools

        async with self._gate:
            app = await self._opened()
            if self._originals is None:
                self._originals = await self._stack.enter_async_context(opened_originals(self.settings))
        parts = ToolParts(
            search=_search_parts(app), blobs=app.blobs, reader=ReaderDrafter(app.embedder), originals=self._originals
        )
        return build_tools(parts)

    async def app(self) -> App:
        """The parts behind the session, for what it does not offer itself. Raises ``EmptyStoreError``."""
        async with self._gate:
            return await self._opened()

    async def close(self) -> None:
        async with self._gate:
            self._app = self._agent = self._models = self._receipts = self._remembered = self._originals = None
            stack, self._stack = self._stack, AsyncExitStack()
            await stack.aclose()

    def _memory(self, app: App) -> Remembered:
        from mmrag.agent.remembering import Remembered

        self._remembered = self._remembered or Remembered(app.ledger, app.clock)
        return self._remembered

    async def _opened(self) -> App:
        from mmrag.app import open_app

        if self._app is None:
            self._app = await self._stack.enter_async_context(open_app(self.settings))
        return self._app

    async def _parts(self) -> AgentParts:
        from mmrag.agent.case import AgentParts
        from mmrag.agent.reader import ReaderDrafter
        from mmrag.agent.tiers import build_tiers
        from mmrag.agent.tools import ToolParts, build_tools
        from mmrag.app import chat_models
        from mmrag.prompting import constitution

        app = await self._opened()
        if self._receipts is None:
            self._receipts = await self._stack.enter_async_context(filed_receipts(self.settings))
        if self._models is None:
            self._models = await self._stack.enter_async_context(chat_models(self.settings, app.ledger, app.clock))
        search = _search_parts(app)
        toolbox = build_tools(ToolParts(search=search, blobs=app.blobs, reader=ReaderDrafter(app.embedder)))
        return AgentParts(
            search=search,
            tiers=build_tiers(
                self.settings,
                embedder=app.embedder,
                models=self._models,
                blobs=app.blobs,
                toolbox=toolbox,
                catalog=app.catalog,
            ),
            blobs=app.blobs,
            traces=app.traces,
            ledger=app.ledger,
            clock=app.clock,
            settings=self.settings,
            calibration=await calibration_of(self.settings),
            receipts=self._receipts,
            principles=await anyio.to_thread.run_sync(constitution, self.settings.ask.constitution),
        )


def _search_parts(app: App) -> SearchParts:
    from mmrag.retrieval.search import SearchParts

    return SearchParts(
        catalog=app.catalog,
        lexical=app.lexical,
        vectors=app.vectors,
        embedder=app.embedder,
        summaries=app.summaries,
        pictures=app.pictures,
        image_embedder=app.sight.embedder,
    )


def _kinds(names: Sequence[str] | None) -> tuple[PageKind, ...] | None:
    """Raises ``UsageError`` for a name that is no kind of page."""
    if names is None:
        return None
    known = {kind.value: kind for kind in PageKind}
    wrong = next((name for name in names if name not in known), None)
    if wrong is not None:
        raise UsageError(f"{wrong!r} is no kind of page; there are {', '.join(known)}.")
    return tuple(known[name] for name in names)


@asynccontextmanager
async def open_session(
    store: str | PathLike[str] | None = None, *, settings: Settings | None = None
) -> AsyncIterator[Session]:
    """A session on ``store``, or on the one that the settings name. Raises ``SettingsError``."""
    if settings is None:
        settings = load_settings(store=None if store is None else Path(store))
    elif store is not None:
        settings = settings.model_copy(update={"store": settings.store.model_copy(update={"path": Path(store)})})
    session = Session(with_tiers(settings))
    try:
        yield session
    finally:
        await session.close()


def ask_sync(
    question: str,
    *,
    store: str | PathLike[str] | None = None,
    document: str | None = None,
    settings: Settings | None = None,
) -> Answer:
    """Ask one question from code that is not async. Raises what ``Session.ask`` raises."""

    async def ask() -> Answer:
        async with open_session(store, settings=settings) as session:
            return await session.ask(question, document=document)

    return asyncio.run(ask())


def with_tiers(settings: Settings) -> Settings:
    """``settings`` with the tiers that will be asked, named: the reader, and what there is beside it."""
    from mmrag.agent.default_tiers import with_tiers as named

    return named(settings)


@asynccontextmanager
async def filed_receipts(settings: Settings) -> AsyncIterator[SqliteReceipts]:
    """What the questions of a store have cost, and would have cost elsewhere."""
    from mmrag.adapters.receipts import RECEIPTS_FILE, SqliteReceipts

    receipts = SqliteReceipts(settings.store.path / RECEIPTS_FILE)
    try:
        yield receipts
    finally:
        await receipts.close()


async def calibration_of(settings: Settings) -> Calibration:
    """What turns scores into probabilities on this store. Raises ``StoreDamagedError`` when it cannot be read."""
    from mmrag.adapters.calibrations import FileCalibrations
    from mmrag.domain.calibration import UNCALIBRATED

    return await FileCalibrations(settings.store.path).read() if settings.cascade.calibrated else UNCALIBRATED


def without_cache(settings: Settings) -> Settings:
    """``settings`` with every call to a model made anew."""
    return settings.model_copy(update={"cache": settings.cache.model_copy(update={"enabled": False})})


def offline(settings: Settings) -> Settings:
    """``settings`` with nothing beyond this machine. Raises ``UsageError`` when the vectors are elsewhere, or every tier."""
    if not _is_local(settings.store.vectors):
        raise UsageError(
            f"The vectors are at {settings.store.vectors}, which --offline rules out: set store.vectors to embedded."
        )
    settings = with_tiers(settings)
    tiers = tuple(t for t in settings.cascade.tiers if _is_local(t.base_url or t.provider))
    if not tiers:
        raise UsageError("--offline leaves no tier to ask: add one with the model 'reader' to the cascade.")
    return settings.model_copy(update={"cascade": settings.cascade.model_copy(update={"tiers": tiers})})


_HERE = frozenset({"embedded", "reader", "transformers", "localhost", "127.0.0.1", "::1"})
"""Providers that run in this process, and the names of this machine."""


def _is_local(place: str) -> bool:
    return (urlsplit(place).hostname if "://" in place else place) in _HERE
