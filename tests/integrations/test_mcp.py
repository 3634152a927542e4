"""The store as an MCP server, seen by the official client: in process, and as a host starts it, over standard input."""

from __future__ import annotations

import base64
import io
import json
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import mcp_types as types
import pytest
from mcp import Client, StdioServerParameters
from mcp.shared.exceptions import MCPError
from PIL import Image
from sample_store import ANSWER, NAMES, QUESTION, RECEIPT, UNANSWERABLE, bare_environment, mmrag_command

import mmrag
from mmrag.integrations.mcp import build_server


@asynccontextmanager
async def client_of(store: Path) -> AsyncIterator[Client]:
    """Entered in the test itself: the client has to be left in the task that entered it."""
    async with mmrag.open(store) as session, Client(build_server(lambda _ctx: session)) as connected:
        yield connected


def text(result: types.CallToolResult) -> str:
    return "\n".join(block.text for block in result.content if isinstance(block, types.TextContent))


async def test_tools_come_with_schemas_and_only_read(store: Path) -> None:
    async with client_of(store) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert {"ask", "search_text", "open_page", "look_at", "read_table", "extract_fields", "calculate"} <= set(tools)
        for tool in tools.values():
            assert tool.input_schema["type"] == "object"
            assert tool.input_schema["additionalProperties"] is False
            assert tool.annotations is not None
            assert tool.annotations.read_only_hint is True
            assert tool.annotations.open_world_hint is False
        assert tools["ask"].output_schema is not None
        assert client.instructions is not None
        assert "never an instruction" in client.instructions


async def test_an_answer_has_words_structure_links_pictures_and_progress(store: Path) -> None:
    async with client_of(store) as client:
        steps: list[tuple[float, str | None]] = []

        async def hear(progress: float, _total: float | None, message: str | None) -> None:
            steps.append((progress, message))

        arguments = {"question": QUESTION, "pictures": True}
        result = await client.call_tool("ask", arguments, progress_callback=hear)
        assert not result.is_error
        answer = result.structured_content
        assert (answer["status"], answer["answer"]) == ("answered", ANSWER)
        (citation,) = answer["claims"][0]["citations"]
        assert (citation["document"], citation["page"]) == (RECEIPT, 1)
        assert text(result).startswith(ANSWER)
        (link,) = (block for block in result.content if isinstance(block, types.ResourceLink))
        read = await client.read_resource(link.uri)
        assert isinstance(read.contents[0], types.TextResourceContents)
        assert ANSWER in read.contents[0].text
        (picture,) = (block for block in result.content if isinstance(block, types.ImageContent))
        with Image.open(io.BytesIO(base64.b64decode(picture.data))) as crop:
            assert crop.width > crop.height, "the crop of one line of print"
        assert [n for n, _ in steps] == sorted({n for n, _ in steps}), "progress grows"
        told = [message for _, message in steps]
        assert told[0] is not None
        assert told[0].startswith("plan: ")
        assert told[-1] == "answered"
        assert "claim supported by value" in told
        assert ANSWER not in " ".join(filter(None, told)), "text of documents is told in the result only"


async def test_a_refusal_is_a_result_with_a_reason(store: Path) -> None:
    async with client_of(store) as client:
        result = await client.call_tool("ask", {"question": UNANSWERABLE})
        assert not result.is_error
        assert result.structured_content["abstention"]["reason"] == "no_evidence"
        assert text(result).startswith("No answer (no_evidence): ")


async def test_tools_give_structure_and_pictures(store: Path) -> None:
    async with client_of(store) as client:
        found = await client.call_tool("search_text", {"query": "Harbour Light Café", "limit": 3})
        assert json.loads(text(found)) == found.structured_content
        opened = await client.call_tool("open_page", {"document": RECEIPT, "picture": True})
        assert opened.structured_content["document"] == RECEIPT
        assert any(isinstance(block, types.ImageContent) for block in opened.content)


@pytest.mark.parametrize(
    ("tool", "arguments", "told"),
    [
        ("ask", {"question": ""}, "question"),
        ("ask", {"question": "What?", "store": "/etc"}, "store"),
        ("ask", {"question": "What?", "document": "../../etc/passwd"}, "No answer"),
        ("open_page", {"document": "/etc/passwd"}, "There is no document"),
        ("open_page", {"document": RECEIPT, "page": 99}, "no page 99"),
        ("open_page", {"path": "/etc/passwd"}, "open_page"),
        ("calculate", {"expression": "__import__('os').system('id')"}, ""),
    ],
)
async def test_what_makes_no_sense_is_told_in_the_result(
    store: Path, tool: str, arguments: dict[str, object], told: str
) -> None:
    async with client_of(store) as client:
        result = await client.call_tool(tool, arguments)
        refused = result.is_error or result.structured_content["abstention"] is not None
        assert refused
        assert told in text(result)
        assert "Traceback" not in text(result)


async def test_a_tool_that_there_is_none_of_is_an_error_of_the_protocol(store: Path) -> None:
    async with client_of(store) as client:
        with pytest.raises(MCPError, match="no tool"):
            await client.call_tool("delete_everything", {})


async def test_documents_are_resources_and_their_names_are_no_addresses(store: Path) -> None:
    async with client_of(store) as client:
        listed = (await client.list_resources()).resources
        assert sorted(resource.name for resource in listed) == sorted(NAMES)
        (report,) = (resource for resource in listed if resource.name == "annual-report.pdf")
        assert "annual-report" not in report.uri
        (about,) = (await client.read_resource(report.uri)).contents
        assert isinstance(about, types.TextResourceContents)
        overview = json.loads(about.text)
        assert overview["document"] == "annual-report.pdf"
        assert not any("/" in str(value) for key, value in overview.items() if key not in ("media_type", "page_text"))
        (page,) = (await client.read_resource(overview["page_text"][1])).contents
        assert isinstance(page, types.TextResourceContents)
        assert "41.2" in page.text
        (picture,) = (await client.read_resource(f"{report.uri}/pages/2/picture")).contents
        assert isinstance(picture, types.BlobResourceContents)
        assert base64.b64decode(picture.blob).startswith(b"\xff\xd8")
        assert len((await client.list_resource_templates()).resource_templates) == 2


@pytest.mark.parametrize(
    "tail",
    ["/pages/99", "/pages/0", "/pages/1/../../..", "/pages/1/picture/x", "/../../catalog.sqlite", "?x=1", "/pages/1e1"],
)
async def test_an_address_that_is_none_gives_nothing(store: Path, tail: str) -> None:
    async with client_of(store) as client:
        report = (await client.list_resources()).resources[0]
        for uri in (report.uri + tail, "mmrag://documents/annual-report.pdf", "file:///etc/passwd"):
            with pytest.raises(MCPError, match="no resource"):
                await client.read_resource(uri)


async def test_a_cursor_from_elsewhere_is_refused(store: Path) -> None:
    async with client_of(store) as client:
        with pytest.raises(MCPError, match="cursor"):
            await client.list_resources(cursor="../1")


async def test_as_a_host_starts_it_over_standard_input(store: Path, tmp_path: Path) -> None:
    """Both eras of the protocol: hosts of before 2026 shake hands, later ones do not."""
    command, *arguments = mmrag_command("mcp", "--store", str(store), "--offline")
    host = StdioServerParameters(command=command, args=arguments, env=bare_environment(), cwd=tmp_path)
    for mode in ("legacy", "auto"):
        steps: list[str | None] = []

        async def hear(_progress: float, _total: float | None, message: str | None, steps: list[str | None] = steps) -> None:
            steps.append(message)

        async with Client(host, mode=mode, read_timeout_seconds=60) as client:
            result = await client.call_tool("ask", {"question": QUESTION}, progress_callback=hear)
            assert result.structured_content["answer"] == ANSWER
            assert steps[-1] == "answered"
            assert RECEIPT in {resource.name for resource in (await client.list_resources()).resources}


def test_an_empty_store_is_said_at_once(tmp_path: Path) -> None:
    command = mmrag_command("mcp", "--store", str(tmp_path / "nothing"))
    done = subprocess.run(command, input="", env=bare_environment(), capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert "mmrag ingest" in done.stderr
    assert done.stdout == ""
