"""One store behind the server: its session, inbox, turns, links and metrics, opened and closed together."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Final

import anyio.to_thread

from mmrag.api import Session, open_session
from mmrag.app import calibration_of
from mmrag.server.inbox import Inbox
from mmrag.server.links import Signer
from mmrag.server.metrics import Metrics
from mmrag.server.secrets_kept import kept_key, kept_token, same
from mmrag.server.spans import Tracing
from mmrag.server.turns import Turns
from mmrag.settings import ServedStore, Settings

DEFAULT: Final = "default"
"""What the store is called where there is only one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """``token`` is None where none is needed."""

    name: str
    token: str | None
    session: Session
    inbox: Inbox
    turns: Turns
    signer: Signer
    metrics: Metrics
    tracing: Tracing


@dataclass(frozen=True, slots=True, kw_only=True)
class Stores:
    """All that one server offers."""

    stores: tuple[Store, ...]

    def of(self, token: str | None) -> Store | None:
        """The store that ``token`` opens; without tokens, the only one. Every token is compared, in constant time."""
        first = self.stores[0]
        if first.token is None:
            return first
        fits = [store for store in self.stores if same(store.token or "", token or "")]
        return fits[0] if fits and token else None

    def named(self, name: str) -> Store | None:
        return next((store for store in self.stores if store.name == name), None)


def needs_token(settings: Settings) -> bool:
    """True beyond loopback, with several stores, and when a token is set."""
    serve = settings.serve
    return bool(serve.stores) or serve.token is not None or serve.host not in ("127.0.0.1", "::1", "localhost")


@asynccontextmanager
async def open_stores(settings: Settings) -> AsyncIterator[Stores]:
    """Every store that the settings name, its inbox being read. Raises ``SettingsError``, ``StoreError``."""
    serve = settings.serve
    served = serve.stores or (ServedStore(name=DEFAULT, path=settings.store.path, token=serve.token),)
    async with AsyncExitStack() as stack:
        tracing = Tracing.to(serve.otlp_endpoint, models={t.name: t.model for t in settings.cascade.tiers})
        stack.push_async_callback(anyio.to_thread.run_sync, tracing.close)
        opened = [await stack.enter_async_context(_open(one, settings, tracing)) for one in served]
        yield Stores(stores=tuple(opened))


@asynccontextmanager
async def _open(served: ServedStore, settings: Settings, tracing: Tracing) -> AsyncIterator[Store]:
    serve = settings.serve
    token = None
    if needs_token(settings):
        given = served.token.get_secret_value() if served.token else None
        token = given or await anyio.to_thread.run_sync(kept_token, served.path)
    key = await anyio.to_thread.run_sync(kept_key, served.path)
    async with open_session(served.path, settings=settings) as session:
        metrics = Metrics()
        metrics.drift.compare_with(await calibration_of(session.settings))
        inbox = Inbox(session, most_waiting=serve.max_waiting_files)
        await inbox.open()
        reading = asyncio.create_task(inbox.run())
        try:
            yield Store(
                name=served.name,
                token=token,
                session=session,
                inbox=inbox,
                turns=Turns(at_once=serve.questions_at_once, most_waiting=serve.max_waiting_questions),
                signer=Signer(store=served.name, key=key, now=time.time, lifetime_s=serve.link_hours * 3600),
                metrics=metrics,
                tracing=tracing,
            )
        finally:
            await inbox.close()
            await _cancelled(reading)


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])
    if not task.cancelled():
        task.result()


def tokens_of(settings: Settings) -> tuple[tuple[str, str], ...]:
    """Name and token of each store, as the server will ask for them; empty where none is needed. Blocks on the disk."""
    if not needs_token(settings):
        return ()
    serve = settings.serve
    served = serve.stores or (ServedStore(name=DEFAULT, path=settings.store.path, token=serve.token),)
    return tuple((s.name, s.token.get_secret_value() if s.token else kept_token(s.path)) for s in served)
