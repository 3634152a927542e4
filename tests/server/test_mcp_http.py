"""MCP over HTTP, seen by the official client through the server's door."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from server_support import QUESTION, TOKEN, Served, served, settings_for

TOKENS = {"one": "the-token-of-store-one", "two": "the-token-of-store-two"}
HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}},
}
ACCEPT = {"Accept": "application/json, text/event-stream"}


@asynccontextmanager
async def connected(server: Served, token: str | None = None, mode: str = "auto") -> AsyncIterator[Client]:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    async with httpx2.AsyncClient(headers=headers, timeout=60) as http:
        transport = streamable_http_client(f"{server.url}/mcp", http_client=http)
        async with Client(transport, mode=mode, read_timeout_seconds=60) as client:
            yield client


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_a_question_with_progress_and_resources(guarded: Served, mode: str) -> None:
    steps: list[str | None] = []

    async def hear(_progress: float, _total: float | None, message: str | None) -> None:
        steps.append(message)

    async with connected(guarded, TOKEN, mode) as client:
        result = await client.call_tool("ask", {"question": QUESTION}, progress_callback=hear)
        assert result.structured_content["answer"] == "F-2291"
        assert steps[-1] == "answered"
        assert {"search_text", "open_page", "look_at"} <= {tool.name for tool in (await client.list_tools()).tools}
        assert "receipts/cafe.jpg" in {resource.name for resource in (await client.list_resources()).resources}


def test_questions_are_counted_like_those_over_http(guarded: Served) -> None:
    with guarded.client(Authorization=f"Bearer {TOKEN}") as client:
        assert "mmrag_" in client.get("/metrics").text


@pytest.mark.parametrize("token", [None, "a-token-that-is-not-the-one"])
def test_without_the_token_nothing_is_given_out(guarded: Served, token: str | None) -> None:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    with guarded.client(**headers) as client:
        answer = client.post("/mcp", json=HELLO, headers=ACCEPT)
    assert answer.status_code == 401
    assert "mmrag" not in answer.json().get("result", {})


def test_pages_and_names_from_elsewhere_are_turned_away(loopback: Served) -> None:
    with loopback.client() as client:
        assert client.post("/mcp", json=HELLO, headers={**ACCEPT, "Origin": "https://evil.example"}).status_code == 403
        assert client.post("/mcp", json=HELLO, headers={**ACCEPT, "Host": "evil.example"}).status_code == 421
        assert client.post("/mcp", json=HELLO, headers=ACCEPT).status_code == 200
        assert client.get("/mcp", headers=ACCEPT).status_code == 405
        assert client.post("/mcp", content=b"x" * 1_100_000, headers=ACCEPT).status_code == 413


async def test_a_token_opens_its_own_store_only(filled: Path, tmp_path: Path) -> None:
    stores = [{"name": n, "path": filled if n == "one" else tmp_path / "empty", "token": t} for n, t in TOKENS.items()]
    with served(settings_for(filled, stores=stores)) as server:
        async with connected(server, TOKENS["one"]) as client:
            assert (await client.list_resources()).resources
        async with connected(server, TOKENS["two"]) as client:
            result = await client.call_tool("search_text", {"query": "Fernhill"})
            assert result.is_error
            (block,) = result.content
            assert str(tmp_path) not in str(block), "paths of the server stay on the server"


async def test_too_many_questions_are_told_in_the_result(filled: Path) -> None:
    with served(settings_for(filled, questions_per_minute=1)) as server:
        async with connected(server) as client:
            assert not (await client.call_tool("ask", {"question": QUESTION})).is_error
            refused = await client.call_tool("ask", {"question": QUESTION})
            assert refused.is_error
            assert "Too many questions" in str(refused.content)


def test_only_mcp_offers_no_page_and_takes_no_files(filled: Path) -> None:
    with served(settings_for(filled), only_mcp=True) as server, server.client() as client:
        assert client.get("/").status_code == 404
        assert client.post("/api/uploads").status_code == 404
        assert client.get("/healthz").status_code == 200
        assert client.post("/mcp", json=HELLO, headers=ACCEPT).status_code == 200
