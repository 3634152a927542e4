"""The session behind ``mmrag.open``: ingest, search and ask from Python, on one store."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
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
    from mmrag.adapters.conversations import SqliteConversations
    from mmrag.agent.asking import Agent
    from mmrag.agent.case import AgentParts
    from mmrag.agent.chatting import Chat
    from mmrag.agent.remembering import Remembered
    from mmrag.agent.tape import Outside
    from mmrag.agent.tools import Toolbox
    from mmrag.app import App
    from mmrag.domain.documents import Document, PageRef
    from mmrag.domain.events import AnswerEvent, OnEvent
    from mmrag.ports import ChatModel, Entailment, Originals, Receipts
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
        self._entailment: Entailment | None = None
        self._conversations: SqliteConversations | None = None

    async def ask(
        self,
        question: str,
        *,
        document: str | None = None,
        tier: str | None = None,
        max_usd: float | None = None,
        trace: Path | None = None,
        conversation: str | None = None,
    ) -> Answer:
        """Answer ``question``, or refuse with a reason.

        ``document`` restricts it to one document (its name as ingested), ``tier`` to one tier; ``max_usd`` is the most it
        may cost; ``trace`` is a file to write how the answer came about to. With ``conversation``, an id, the question may
        lean on those asked under it before (see ``chat``). Raises ``EmptyStoreError`` when nothing has been ingested,
        ``UsageError`` for an unknown tier, ``StoreError``.

        The same question again, while the store is as it was, has the same answer and calls no model, unless a trace is
        wanted or ``cache.enabled`` is off.
        """
        if conversation is not None and document is None:
            return (await (await self.chat(conversation, tier=tier, max_usd=max_usd, trace=trace)).ask(question)).answer
        return await self._asked(question, document=document, tier=tier, max_usd=max_usd, trace=trace)

    async def chat(
        self,
        conversation: str | None = None,
        *,
        tier: str | None = None,
        max_usd: float | None = None,
        trace: Path | None = None,
        on_event: OnEvent | None = None,
    ) -> Chat:
        """A conversation: a new one, or the one of that id. ``on_event`` hears what happens in it. Raises ``UsageError``."""
        from mmrag.agent.chatting import open_chat

        kept = await self.conversations()
        async with self._gate:
            tiers = (await self._parts()).reachable()
        model = next((tier.chat for tier in tiers if tier.chat is not None), None)
        asks = partial(self._asked, tier=tier, max_usd=max_usd, trace=trace, on_event=on_event)
        return await open_chat(conversation, asks, kept, (await self.app()).clock, model=model)

    async def conversations(self) -> SqliteConversations:
        """The conversations of the store. Raises ``EmptyStoreError``."""
        from mmrag.adapters.conversations import CONVERSATIONS_FILE, SqliteConversations

        async with self._gate:
            await self._opened()
            if self._conversations is None:
                self._conversations = SqliteConversations(self.settings.store.path / CONVERSATIONS_FILE)
                self._stack.push_async_callback(self._conversations.close)
            return self._conversations

    def stream(
        self,
        question: str,
        *,
        document: str | None = None,
        tier: str | None = None,
        max_usd: float | None = None,
        trace: Path | None = None,
        conversation: str | None = None,
    ) -> AsyncGenerator[AnswerEvent, None]:
        """What happens while ``question`` is answered, as events (see ``mmrag.domain.events``), the answer last.

        Takes and raises what ``ask`` does. Close it when you stop early (``async with contextlib.aclosing(...)``): that
        cancels the question, and nothing more is spent on it.
        """
        from mmrag.agent.telling import streamed

        async def in_chat(on_event: OnEvent) -> Answer:
            chat = await self.chat(conversation, tier=tier, max_usd=max_usd, trace=trace, on_event=on_event)
            return (await chat.ask(question)).answer

        ask = partial(self._asked, question, document=document, tier=tier, max_usd=max_usd, trace=trace)
        alone = conversation is None or document is not None
        return streamed((lambda heard: ask(on_event=heard)) if alone else in_chat)

    async def _asked(
        self,
        question: str,
        *,
        document: str | None,
        tier: str | None,
        max_usd: float | None,
        trace: Path | None,
        on_event: OnEvent | None = None,
        told: tuple[PageRef, ...] | None = (),
    ) -> Answer:
        if self._agent is None:  # takes seconds, once in a process: not on the event loop
            await anyio.to_thread.run_sync(import_module, "mmrag.assembly")
        from mmrag.agent.asking import Agent
        from mmrag.agent.remembering import Asked

        app = await self.app()
        asked = Asked(
            question=question.strip(), document=document, tier=tier, max_usd=max_usd, version=app.version(), told=told
        )
        remembered = self._memory(app) if self.settings.cache.enabled and trace is None else None
        if remembered is not None and (known := await remembered.recall(asked)) is not None:
            if on_event is not None:
                from mmrag.agent.telling import tell_again

                await tell_again(on_event, question, document, known)
            return known
        if trace is None:
            async with self._gate:
                self._agent = agent = self._agent or Agent(await self._parts())
            answer = await agent.ask(question, document=document, tier=tier, max_usd=max_usd, on_event=on_event, told=told)
        else:
            from mmrag.assembly import ask_on_tape

            async with self._gate:
                parts, outside = await self._parts(), await self._outside()
            answer = await ask_on_tape(
                parts,
                outside,
                trace,
                question,
                document=document,
                tier=tier,
                max_usd=max_usd,
                on_event=on_event,
                told=told,
            )
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
        from mmrag.sorting import picture_file

        wanted, parts = _kinds(kinds), _search_parts(await self.app())
        return await search_by_image(await picture_file(Path(image), self.settings), parts, k=k, text=query, kinds=wanted)

    async def classify(
        self, picture: str | PathLike[str], *, labels: Sequence[str] | None = None, page: int = 1
    ) -> tuple[Guess, ...]:
        """Which label fits best, likeliest first: of ``labels``, or of the kinds of pages.

        ``picture`` is a picture file, or the name of a document in the store with the number of its ``page``. Raises
        ``UsageError``, ``ModelMissingError``.
        """
        from mmrag.sorting import sorted_picture

        return await sorted_picture(picture, self.settings, self.app, labels=labels, page=page)

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
        """What agents can do with this store, by name. The same tools serve model loops, LlamaIndex, MCP and ``mmrag tool``.

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
            self._conversations = self._entailment = None
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

    async def _outside(self) -> Outside:
        """What a question is given from outside. The caller holds the gate."""
        from mmrag.agent.tape import Outside
        from mmrag.app import chat_models, entailment_of
        from mmrag.assembly import topics_of

        app = await self._opened()
        if self._models is None:
            # The agent's tiers keep what has to stay themselves: AgentParts.reachable.
            self._models = await self._stack.enter_async_context(
                chat_models(self.settings, app.ledger, app.clock, keeper=None)
            )
        if self._originals is None:
            self._originals = await self._stack.enter_async_context(opened_originals(self.settings))
        if self._entailment is None:
            self._entailment = await anyio.to_thread.run_sync(entailment_of, self.settings.models)
        return Outside(
            search=_search_parts(app),
            models=self._models,
            blobs=app.blobs,
            ledger=app.ledger,
            clock=app.clock,
            originals=self._originals,
            topics=topics_of(app),
            entailment=self._entailment,
        )

    async def _parts(self) -> AgentParts:
        from mmrag.app import calibration_of, filed_receipts
        from mmrag.assembly import assembled
        from mmrag.prompting import constitution

        app, outside = await self._opened(), await self._outside()
        if self._receipts is None:
            self._receipts = await self._stack.enter_async_context(filed_receipts(self.settings))
        return assembled(
            self.settings,
            outside,
            app.traces,
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
