"""The application: routes, the door in front of them, and what becomes of errors."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib.metadata import version
from typing import Final

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import JSONResponse

from mmrag.errors import MMRagError
from mmrag.server import (
    openai_route,
    routes_documents,
    routes_operations,
    routes_page,
    routes_questions,
    routes_tools,
    routes_uploads,
)
from mmrag.server.access import Door, Policy
from mmrag.server.depends import BEARER
from mmrag.server.headers import Outermost
from mmrag.server.mcp_route import mcp_manager, mcp_route
from mmrag.server.problems import INTERNAL, Problem, problem_of
from mmrag.server.rates import Rates
from mmrag.server.schemas import ProblemOut
from mmrag.server.store import Stores, needs_token, open_stores
from mmrag.settings import Settings

DESCRIPTION: Final = """\
Ask questions of scanned documents: every claim comes with a box on the page, or there is an honest refusal.

Boxes are `x0, y0, x1, y1` in fractions of the page as displayed, origin at the top left; pages count from 1; money is
decimal text in USD. Errors have one shape: `{"error": {"message", "type", "code"}}`. Links to pages and crops in answers
are signed and need no token for a day.
"""
_PROBLEMS: Final[dict[int | str, dict[str, object]]] = {
    status: {"model": ProblemOut, "description": text}
    for status, text in (
        (400, "The request makes no sense as it is."),
        (401, "A valid token is needed."),
        (403, "The request comes from a page elsewhere, or its link has expired."),
        (404, "There is no such thing here."),
        (409, "Nothing has been ingested yet."),
        (413, "The body is too large."),
        (415, "The body is of another type than is taken here."),
        (422, "A value is not what it should be."),
        (429, "Too many requests; Retry-After says when to come back."),
        (501, "A model that this needs is not here."),
        (503, "Busy; Retry-After says when to come back."),
    )
}

log = logging.getLogger("mmrag.server")

OpenStores = Callable[[Settings], AbstractAsyncContextManager[Stores]]


def create_app(settings: Settings, *, stores: OpenStores = open_stores, only_mcp: bool = False) -> FastAPI:
    """The ASGI application over the stores that ``settings`` name. They are opened when it starts and closed at its end.

    ``only_mcp``: nothing but MCP, health and metrics.
    """
    rates = Rates(settings.serve)
    manager = mcp_manager(rates)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with stores(settings) as opened, manager.run():
            app.state.stores = opened
            yield

    app = FastAPI(
        title="mmrag",
        version=version("mmrag"),
        description=DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,  # both pages load scripts from elsewhere
        redoc_url=None,
        telemetry={"tracing": False, "metrics": False, "logs": False, "operation_spans": False, "auto_configure": False},
        dependencies=[Depends(BEARER)],
        responses=_PROBLEMS,
        exception_handlers={
            Problem: _on_problem,
            MMRagError: _on_ours,
            RequestValidationError: _on_invalid,
            HTTPException: _on_http,
            Exception: _on_bug,
        },
    )
    routers = (
        routes_page,
        routes_questions,
        routes_documents,
        routes_tools,
        routes_uploads,
        routes_operations,
        openai_route,
    )
    for module in (routes_operations,) if only_mcp else routers:
        app.include_router(module.router)
    app.router.routes.append(mcp_route(manager))
    serve = settings.serve
    policy = Policy(
        with_tokens=needs_token(settings),
        hosts=frozenset(host.lower() for host in serve.hosts),
        origins=frozenset(origin.rstrip("/") for origin in serve.origins),
    )
    app.add_middleware(Door, policy=policy, rates=rates)
    if serve.origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=[origin.rstrip("/") for origin in serve.origins],
            allow_methods=["GET", "POST"],
            allow_headers=["authorization", "content-type"],
            expose_headers=["retry-after", "x-request-id"],
        )
    app.add_middleware(Outermost)
    return app


async def _on_problem(_request: Request, error: Exception) -> JSONResponse:
    return error.response() if isinstance(error, Problem) else INTERNAL.response()


async def _on_ours(_request: Request, error: Exception) -> JSONResponse:
    problem = problem_of(error) if isinstance(error, MMRagError) else INTERNAL
    if problem.status >= 500:
        log.error("request failed", exc_info=error)
    return problem.response()


async def _on_invalid(_request: Request, error: Exception) -> JSONResponse:
    """The first thing that is wrong, by its place. The value itself is not repeated."""
    message = "The request is not valid."
    if isinstance(error, RequestValidationError) and (found := error.errors()):
        where = ".".join(str(part) for part in found[0]["loc"])
        message = f"{where}: {found[0]['msg']}."
    return Problem(422, "invalid", message).response()


async def _on_http(_request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        return INTERNAL.response()
    response = Problem(error.status_code, "http_error", str(error.detail)).response()
    response.headers.update(error.headers or {})
    return response


async def _on_bug(_request: Request, _error: Exception) -> JSONResponse:
    return INTERNAL.response()
