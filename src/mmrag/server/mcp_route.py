"""MCP over streamable HTTP at ``/mcp``: behind the same door as every route, so the token says which store it is for."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import TYPE_CHECKING, Final, cast

from starlette.requests import Request
from starlette.routing import Route

from mmrag.domain.events import AnswerEvent
from mmrag.errors import MMRagError, TurnedAwayError
from mmrag.server.asking import events
from mmrag.server.problems import Problem, problem_of
from mmrag.server.rates import Kind, Rates
from mmrag.server.schemas import Ask
from mmrag.server.store import Store

if TYPE_CHECKING:
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

    from mmrag.integrations.mcp import Context, Streams

MCP_PATH: Final = "/mcp"
_MOST_CLIENTS: Final = 1_000
"""Of those that shake hands (before the protocol of 2026): each is a session in memory until it ends or falls silent."""
_IDLE_S: Final = 600.0


def mcp_manager(rates: Rates) -> StreamableHTTPSessionManager:
    """What answers at ``MCP_PATH``. It has to be run (``async with manager.run()``) while the server is up."""
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

    from mmrag.integrations.mcp import build_server

    def streams_of(ctx: Context) -> Streams:
        return lambda question, *, document, max_usd: _counted(
            _request(ctx), rates, Ask(question=question, document=document, max_usd=max_usd)
        )

    server = build_server(
        lambda ctx: _store(_request(ctx)).session,
        streams_of=streams_of,
        tell=_worded,
    )
    return StreamableHTTPSessionManager(app=server, max_sessions=_MOST_CLIENTS, session_idle_timeout=_IDLE_S)


def mcp_route(manager: StreamableHTTPSessionManager) -> Route:
    """Without GET: nothing is told that was not asked for, so no stream stays open while the server shuts down."""
    from mcp.server.streamable_http_manager import StreamableHTTPASGIApp

    return Route(MCP_PATH, StreamableHTTPASGIApp(manager), methods=["POST", "DELETE"], include_in_schema=False)


async def _counted(request: Request, rates: Rates, ask: Ask) -> AsyncGenerator[AnswerEvent, None]:
    """The question takes its turn, is counted and traced like one over HTTP."""
    store = _store(request)
    client = request.client.host if request.client is not None else "unknown"
    try:
        await rates.count(Kind.QUESTION, f"{store.name} {client}")
        async with aclosing(events(store, ask)) as told:
            async for event in told:
                yield event
    except Problem as problem:
        raise TurnedAwayError(problem.message) from problem


def _worded(error: MMRagError) -> str:
    """What a client is told. Paths of the server stay on the server."""
    return str(error) if isinstance(error, TurnedAwayError) else problem_of(error).message


def _request(ctx: Context) -> Request:
    return cast(Request, ctx.request)


def _store(request: Request) -> Store:
    return cast(Store, request.scope["state"]["store"])
