"""Runs the application with uvicorn until it is told to stop, and stops it in order."""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from types import FrameType
from typing import Final

import anyio.to_thread
import uvicorn
from fastapi import FastAPI

from mmrag.errors import UsageError
from mmrag.server.app import create_app
from mmrag.server.logs import log_as_json
from mmrag.server.mcp_route import MCP_PATH
from mmrag.server.store import Stores, open_stores, tokens_of
from mmrag.settings import Settings

_BACKLOG: Final = 1_024
_KEEP_ALIVE_S: Final = 75
"""That a connection may lie idle: longer than a proxy keeps it, or a request is sent as it is being closed."""
_SETTLED_S: Final = 60
"""After so long what is loaded stays: it is left out of later garbage collections, each of which would hold up all questions
for a tenth of a second to find that it is all in use."""
_MOST_CONNECTIONS: Final = 1_000
"""At once; those over it are told that the server is busy. Streams of progress count, which stay open."""


class _Server(uvicorn.Server):
    """Says to the application that it is to end before it waits for its connections: streams that never end are closed,
    questions under way are answered."""

    def __init__(self, config: uvicorn.Config, app: FastAPI) -> None:
        super().__init__(config)
        self._app = app
        self._ending: asyncio.Task[None] | None = None

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """uvicorn's own way raises the signal again when all is done: an orderly end would look like a killed process."""
        loop = asyncio.get_running_loop()
        signals = (signal.SIGINT, signal.SIGTERM)
        for one in signals:
            loop.add_signal_handler(one, self.handle_exit, one, None)
        try:
            yield
        finally:
            for one in signals:
                loop.remove_signal_handler(one)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        stores: Stores | None = getattr(self._app.state, "stores", None)
        if stores is not None and self._ending is None:
            self._ending = asyncio.get_running_loop().create_task(_end_streams(stores))
        super().handle_exit(sig, frame)


async def _end_streams(stores: Stores) -> None:
    for store in stores.stores:
        await store.inbox.close()


def serve(settings: Settings, say: Callable[[str], None], *, only_mcp: bool = False) -> None:
    """Listen until SIGINT or SIGTERM. ``say`` tells the person where, and which token to use.

    Raises ``UsageError`` when the address cannot be used, ``SettingsError``, and ``StoreError`` when a store cannot.
    """
    listening = _bound(settings.serve.host, settings.serve.port)
    try:
        asyncio.run(_serve(settings, listening, say, only_mcp=only_mcp))
    finally:
        listening.close()


async def _serve(settings: Settings, listening: socket.socket, say: Callable[[str], None], *, only_mcp: bool) -> None:
    # Opened here and not by the application: what is wrong with a store is a line to the person, not a traceback.
    async with open_stores(settings) as stores:
        for line in await anyio.to_thread.run_sync(_where, settings, listening.getsockname()[1]):
            say(line)
        log_as_json()
        app = create_app(settings, stores=lambda _settings: nullcontext(stores), only_mcp=only_mcp)
        config = uvicorn.Config(
            app,
            access_log=False,
            log_config=None,
            proxy_headers=False,  # whoever can reach the port could name any client
            server_header=False,
            timeout_graceful_shutdown=round(settings.serve.shutdown_s),
            lifespan="on",
            ws="none",
            limit_concurrency=_MOST_CONNECTIONS,
            timeout_keep_alive=_KEEP_ALIVE_S,
        )
        settled = asyncio.get_running_loop().call_later(_SETTLED_S, spare_collections)
        await _Server(config, app).serve(sockets=[listening])
        settled.cancel()


def spare_collections() -> None:
    """Leave what is loaded out of garbage collection, and collect less often: words of pages, kept by the ten thousand,
    are no garbage, and looking through them every twentieth time, not every hundredth, cost 1.9 ms a question instead of
    0.8."""
    gc.freeze()
    gc.set_threshold(10_000, 100, 20)


def _where(settings: Settings, port: int) -> list[str]:
    host = settings.serve.host
    url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    # Behind the '#', a token is not sent to any server: the page takes it from there.
    return [
        f"mmrag listens on {url}",
        f"MCP is at {url}{MCP_PATH}",
        *(f"store {name}: open {url}/#token={token}" for name, token in tokens_of(settings)),
    ]


def _bound(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listening = socket.socket(family)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(_BACKLOG)  # from here on clients wait instead of being turned away
    except (OSError, OverflowError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"{host}:{port} cannot be listened at: {why}. Name another --host or --port.") from error
    return listening
