"""One open store for code that is not async, or that runs in several event loops, as LlamaIndex apps do."""

from __future__ import annotations

import asyncio
import atexit
import threading
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from os import PathLike
from types import TracebackType
from typing import Protocol, TypeAlias, TypeVar

from anyio.from_thread import BlockingPortal, start_blocking_portal

from mmrag.api import Session, open_session
from mmrag.errors import UsageError
from mmrag.settings import Settings

T = TypeVar("T")


class Connection(Protocol):
    """Runs a function on a session, from code that is not async and from code that is."""

    def run(self, function: Callable[[Session], Awaitable[T]]) -> T: ...

    async def arun(self, function: Callable[[Session], Awaitable[T]]) -> T: ...


class MMRagStore:
    """A store that is opened when it is first needed, in an event loop of its own in a thread of its own.

    Share one between retriever, query engine and tools: each has its models loaded once. Close it, or use it as a context
    manager, when the process goes on without it. Raises what ``mmrag.open`` and ``mmrag.Session`` raise.
    """

    def __init__(self, path: str | PathLike[str] | None = None, *, settings: Settings | None = None) -> None:
        self._path = path
        self._settings = settings
        self._lock = threading.Lock()
        self._stack = ExitStack()
        self._open: tuple[BlockingPortal, Session] | None = None

    def run(self, function: Callable[[Session], Awaitable[T]]) -> T:
        """The result of ``function`` on the session. Blocks: in async code use ``arun``."""
        portal, session = self._opened()
        return portal.call(function, session)

    async def arun(self, function: Callable[[Session], Awaitable[T]]) -> T:
        """The same from any event loop. Cancelling it cancels the function."""
        portal, session = await asyncio.to_thread(self._opened)
        return await asyncio.wrap_future(portal.start_task_soon(function, session))

    def close(self) -> None:
        with self._lock:
            self._open = None
            stack, self._stack = self._stack, ExitStack()
            atexit.unregister(self.close)
        stack.close()

    def __enter__(self) -> MMRagStore:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.close()

    def _opened(self) -> tuple[BlockingPortal, Session]:
        with self._lock:
            if self._open is None:
                portal = self._stack.enter_context(start_blocking_portal("asyncio", name="mmrag"))
                opening = open_session(self._path, settings=self._settings)
                session = self._stack.enter_context(portal.wrap_async_context_manager(opening))
                self._open = portal, session
                atexit.register(self.close)
            return self._open


class _InLoop:
    """A session that the app opened itself: for async code in the same event loop."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def run(self, function: Callable[[Session], Awaitable[T]]) -> T:
        raise UsageError("A session works in async code only: await the async method, or pass the path of the store.")

    async def arun(self, function: Callable[[Session], Awaitable[T]]) -> T:
        return await function(self._session)


StoreLike: TypeAlias = "str | PathLike[str] | MMRagStore | Session"
"""The path of a store, one that is shared, or a session of ``mmrag.open``."""


def connected(store: StoreLike) -> Connection:
    if isinstance(store, MMRagStore):
        return store
    return _InLoop(store) if isinstance(store, Session) else MMRagStore(store)
