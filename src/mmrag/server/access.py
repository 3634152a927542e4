"""The door: every request passes here first, and nothing behind it has to think of who is asking.

In this order: the host name (DNS rebinding), the page that the request comes from (cross-site requests), the rate, the token
or a signed link, the size of the body. What is not let in gets a problem and nothing else.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mmrag.server.links import SIGNATURE, STORE
from mmrag.server.problems import Problem
from mmrag.server.rates import Kind, Rates
from mmrag.server.store import Store, Stores

OPEN_PATHS: Final = frozenset({"/", "/healthz", "/readyz", "/openapi.json", "/favicon.ico"})
OPEN_FOLDER: Final = "/static/"
UPLOADS: Final = "/api/uploads"
TOOLS: Final = "/api/tools/"
"""What is run below it counts like a question."""
QUESTIONS: Final = frozenset({"/api/ask", "/api/ask/stream", "/v1/chat/completions"})
MOST_BODY_BYTES: Final = 1_000_000
"""Of every body but an upload's, whose limit is a setting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """``with_tokens``: every request carries one. ``hosts`` and ``origins`` are the settings' own."""

    with_tokens: bool
    hosts: frozenset[str] = frozenset()
    origins: frozenset[str] = frozenset()

    def knows_host(self, host: str) -> bool:
        """Without tokens only names of this machine count: a name from elsewhere may be one that was bound to it anew."""
        name = host_name(host)
        if name in self.hosts or is_loopback(name):
            return True
        return self.with_tokens and not self.hosts

    def knows_origin(self, origin: str, host: str) -> bool:
        """True for the server's own pages and for those that the settings name."""
        return origin in self.origins or (origin != "null" and urlsplit(origin).netloc.lower() == host.lower())


def host_name(host: str) -> str:
    """The name in a ``Host`` header, without port and brackets, in lower case."""
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""


def is_loopback(name: str) -> bool:
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


class Door:
    """ASGI middleware. ``scope["state"]["store"]`` is the store that a request is let in to."""

    def __init__(self, app: ASGIApp, *, policy: Policy, rates: Rates) -> None:
        self._app = app
        self._policy = policy
        self._rates = rates

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return
        try:
            await self._let_in(scope)
        except Problem as problem:
            await problem.response()(scope, receive, send)
            return
        upload = scope["path"] == UPLOADS
        await self._app(scope, receive if upload else _limited(receive, scope), send)

    async def _let_in(self, scope: Scope) -> None:
        headers, path, method = Headers(scope=scope), scope["path"], scope["method"]
        host = headers.get("host", "")
        if not self._policy.knows_host(host):
            raise Problem(421, "unknown_host", "The server is not known by this name (serve.hosts).")
        link = self._linked(scope) if method in ("GET", "HEAD") else None
        if link is None:
            self._check_where_from(headers, host, path, method)
        client = scope["client"][0] if scope.get("client") else "unknown"
        await self._rates.count(Kind.REQUEST, client)
        if path in OPEN_PATHS or path.startswith(OPEN_FOLDER) or method == "OPTIONS":
            return
        stores: Stores = scope["app"].state.stores
        store = link or stores.of(_bearer(headers))
        if store is None:
            raise Problem(401, "no_token", "A valid token is needed: send 'Authorization: Bearer TOKEN'.")
        scope.setdefault("state", {})["store"] = store
        if method == "POST" and (path in QUESTIONS or path.startswith(TOOLS)):
            await self._rates.count(Kind.QUESTION, f"{store.name} {client}")
        if method == "POST" and path == UPLOADS:
            await self._rates.count(Kind.UPLOAD, f"{store.name} {client}")

    def _linked(self, scope: Scope) -> Store | None:
        """The store whose signed link this is, None when it is none."""
        query: Mapping[str, str] = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
        if SIGNATURE not in query:
            return None
        stores: Stores = scope["app"].state.stores
        store = stores.named(query.get(STORE, ""))
        if store is None or not store.signer.opens(scope["path"], query):
            raise Problem(403, "bad_link", "The link has expired or is not valid. Ask again for a new one.")
        return store

    def _check_where_from(self, headers: Headers, host: str, path: str, method: str) -> None:
        """Browsers say which page a request comes from. Pages from elsewhere get nothing, whatever they ask for."""
        origin = headers.get("origin")
        if origin is not None:
            if not self._policy.knows_origin(origin, host):
                raise Problem(403, "foreign_origin", "Pages from elsewhere may not call this server (serve.origins).")
            return
        if headers.get("sec-fetch-site", "same-origin") in ("same-origin", "none"):
            return
        followed = headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
        if not (followed and method == "GET" and path == "/"):
            raise Problem(403, "foreign_origin", "Pages from elsewhere may not call this server (serve.origins).")


def _bearer(headers: Headers) -> str | None:
    kind, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else None


def _limited(receive: Receive, scope: Scope) -> Receive:
    """``receive`` that raises ``Problem`` 413 when the body is too large, however it is sent."""
    read = 0

    async def limited() -> Message:
        nonlocal read
        message = await receive()
        read += len(message.get("body", b""))
        if read > MOST_BODY_BYTES:
            raise Problem(413, "body_too_large", f"The body is larger than {MOST_BODY_BYTES} bytes.")
        return message

    return limited
