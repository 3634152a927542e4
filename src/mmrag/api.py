"""The session behind ``mmrag.open``: ingest, search and ask from Python, on one store."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast
from urllib.parse import urlsplit

from mmrag.domain.answers import Answer
from mmrag.domain.evidence import Hit
from mmrag.domain.hashing import Json
from mmrag.errors import SettingsError, UsageError
from mmrag.settings import Settings, load_settings

if TYPE_CHECKING:
    from mmrag.agent.answer import Agent
    from mmrag.app import App

INGESTER_GROUP = "mmrag.ingesters"
"""The entry point group where a distribution offers the function that ingests files."""


class FileOutcome(Protocol):
    """What became of one file: ``ingested``, ``unchanged``, ``replaced``, or ``quarantined`` for a ``reason``."""

    @property
    def document(self) -> str: ...
    @property
    def sha256(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def reason(self) -> str | None: ...
    @property
    def pages(self) -> int: ...


class IngestSummary(Protocol):
    """What an ingestion gives back: every file's outcome, the names of removed documents, and wall time in seconds."""

    @property
    def documents(self) -> Sequence[FileOutcome]: ...
    @property
    def removed(self) -> Sequence[str]: ...
    @property
    def seconds(self) -> float: ...

    def to_json(self) -> Json: ...


class Ingester(Protocol):
    """The function behind ``Session.ingest``."""

    async def __call__(
        self, app: App, paths: Sequence[Path], *, prune: bool = False, on_event: Callable[[object], None] | None = None
    ) -> IngestSummary: ...


@dataclass(slots=True, kw_only=True)
class Session:
    """One store, opened when it is first needed.

    Questions may run at the same time. An ingestion closes the store for reading, takes the writer's lock for as long as it
    runs, and the next question sees what it stored.
    """

    settings: Settings
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    _app: App | None = None
    _gate: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def ask(self, question: str, *, document: str | None = None) -> Answer:
        """Answer ``question``, or refuse with a reason; ``document`` restricts it to that document (its name as ingested).

        Raises ``EmptyStoreError`` when nothing has been ingested, ``ModelError`` when no tier could be asked at all.
        """
        agent = await self.agent()
        return await agent.ask(question, document=document)

    async def search(self, query: str, k: int = 10) -> tuple[Hit, ...]:
        """The ``k`` elements that fit ``query`` best, best first. Raises ``EmptyStoreError``."""
        from mmrag.agent.plan import make_plan
        from mmrag.retrieval.search import SearchParts, search

        app = await self.app()
        parts = SearchParts(catalog=app.catalog, lexical=app.lexical, vectors=app.vectors, embedder=app.embedder)
        return (await search(make_plan(query), parts, k=k)).hits

    async def ingest(
        self,
        paths: Sequence[str | PathLike[str]],
        *,
        prune: bool = False,
        on_event: Callable[[object], None] | None = None,
    ) -> IngestSummary:
        """Bring files and folders into the store; unchanged ones are left alone, broken ones are quarantined.

        ``prune`` also removes documents whose files are gone. Raises ``StoreBusyError`` when another process is writing.
        """
        from mmrag.app import open_app

        ingester = find_ingester()
        async with self._gate:
            await self._close()
            async with open_app(self.settings, write=True) as app:
                return await ingester(app, [Path(path) for path in paths], prune=prune, on_event=on_event)

    async def app(self) -> App:
        """The parts behind the session, for what it does not offer itself. Raises ``EmptyStoreError``."""
        from mmrag.app import open_app

        async with self._gate:
            if self._app is None:
                self._app = await self._stack.enter_async_context(open_app(self.settings))
            return self._app

    async def agent(self) -> Agent:
        """The agent over this session's store."""
        raise UsageError("not wired")

    async def close(self) -> None:
        async with self._gate:
            await self._close()

    async def _close(self) -> None:
        self._app = None
        stack, self._stack = self._stack, AsyncExitStack()
        await stack.aclose()


@asynccontextmanager
async def open_session(
    store: str | PathLike[str] | None = None, *, settings: Settings | None = None
) -> AsyncIterator[Session]:
    """A session on ``store``, or on the one that the settings name. Raises ``SettingsError``."""
    if settings is None:
        settings = load_settings(store=None if store is None else Path(store))
    elif store is not None:
        settings = settings.model_copy(update={"store": settings.store.model_copy(update={"path": Path(store)})})
    session = Session(settings=settings)
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


def narrowed(
    settings: Settings, *, tier: str | None = None, max_usd: float | None = None, offline: bool = False
) -> Settings:
    """``settings`` as the flags of one question change them: one tier only, another budget, nothing beyond this machine.

    Raises ``UsageError`` when no tier is left, or when the store's vectors are beyond this machine.
    """
    cascade = settings.cascade
    tiers = cascade.tiers
    if tier is not None:
        tiers = tuple(t for t in tiers if t.name == tier)
        if not tiers:
            raise UsageError(f"There is no tier {tier!r}: the settings have {', '.join(t.name for t in cascade.tiers)}.")
    if offline:
        if not _is_local(settings.store.vectors):
            raise UsageError(
                f"The vectors are at {settings.store.vectors}, which --offline rules out: set store.vectors to embedded."
            )
        tiers = tuple(t for t in tiers if _is_local(t.base_url or t.provider))
        if not tiers:
            raise UsageError("--offline leaves no tier to ask: add one with the model 'reader' to the cascade.")
    changes: dict[str, object] = {"tiers": tiers}
    if max_usd is not None:
        changes["max_usd"] = max_usd
    return settings.model_copy(update={"cascade": cascade.model_copy(update=changes)})


_HERE = frozenset({"embedded", "reader", "transformers", "localhost", "127.0.0.1", "::1"})
"""Providers that run in this process, and the names of this machine."""


def _is_local(place: str) -> bool:
    return (urlsplit(place).hostname if "://" in place else place) in _HERE


def find_ingester() -> Ingester:
    """The function that ingests, as its distribution registered it. Raises ``SettingsError`` when there is none."""
    found = list(entry_points(group=INGESTER_GROUP))
    if not found:
        raise SettingsError("Nothing here can ingest files: install the complete mmrag distribution.")
    return cast(Ingester, found[0].load())
