"""One question, asked of one running server by curl, the openai SDK, an MCP client and a FunctionAgent; and beside it."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import httpx2
import pytest
from llama_index.core.agent.workflow import FunctionAgent
from llama_index.core.base.llms.types import ToolCallBlock
from llama_index.core.llms import ChatMessage, MessageRole
from llama_index.core.llms.mock import MockFunctionCallingLLM
from llama_index.core.tools import FunctionTool
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from openai import OpenAI
from sample_store import ANSWER, QUESTION, RECEIPT, bare_environment, mmrag_command

from mmrag.integrations.llama_index import MMRagStore, aload_tools

TOKEN = "a-token-that-is-long-enough"  # noqa: S105


@pytest.fixture(scope="module")
def served(store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """``mmrag serve`` as a process, on a copy of the store, which it may write to."""
    folder = tmp_path_factory.mktemp("serve")
    shutil.copytree(store, folder / "store")
    env = {**bare_environment(), "MMRAG_SERVE__TOKEN": TOKEN}
    log = folder / "log"
    with log.open("wb") as out:
        command = mmrag_command("serve", "--port", "0", "--store", str(folder / "store"))
        process = subprocess.Popen(command, cwd=folder, env=env, stdout=out, stderr=out)
    try:
        deadline = time.monotonic() + 200
        while not (found := re.search(r"mmrag listens on (http://[\d.:]+)", log.read_text())) or not ready(found[1]):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, "the server did not start"
            time.sleep(0.2)
        yield found[1]
    finally:
        process.terminate()
        assert process.wait(timeout=60) in (0, -signal.SIGTERM), "it ends in order"


def ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not here")
def test_curl(served: str) -> None:
    command = ["curl", "-fsS", f"{served}/api/ask", "-H", f"Authorization: Bearer {TOKEN}", "--json"]
    done = subprocess.run([*command, json.dumps({"question": QUESTION})], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["answer"] == ANSWER


def test_the_openai_sdk(served: str) -> None:
    client = OpenAI(base_url=f"{served}/v1", api_key=TOKEN, max_retries=0)
    completion = client.chat.completions.create(model="mmrag", messages=[{"role": "user", "content": QUESTION}])
    assert ANSWER in (completion.choices[0].message.content or "")


async def test_an_mcp_client(served: str) -> None:
    async with (
        httpx2.AsyncClient(headers={"Authorization": f"Bearer {TOKEN}"}, timeout=60) as http,
        Client(streamable_http_client(f"{served}/mcp", http_client=http)) as client,
    ):
        result = await client.call_tool("ask", {"question": QUESTION})
        assert result.structured_content["answer"] == ANSWER


async def test_a_function_agent(served: str) -> None:
    async def ask(question: str) -> str:
        """Ask the documents of the server."""
        result = await client.call_tool("ask", {"question": question})
        return json.dumps(result.structured_content, ensure_ascii=False)

    async with (
        httpx2.AsyncClient(headers={"Authorization": f"Bearer {TOKEN}"}, timeout=60) as http,
        Client(streamable_http_client(f"{served}/mcp", http_client=http)) as client,
    ):
        agent = FunctionAgent(
            tools=[FunctionTool.from_defaults(async_fn=ask, name="ask_documents")], llm=drafter(), streaming=False
        )
        said = str(await agent.run(QUESTION))
    assert ANSWER in said
    assert RECEIPT in said


async def test_a_function_agent_beside_the_server(store: Path, served: str) -> None:
    with MMRagStore(store) as opened:
        agent = FunctionAgent(tools=[*await aload_tools(opened)], llm=drafter(), streaming=False)
        said = str(await agent.run(QUESTION))
    assert ANSWER in said
    assert RECEIPT in said


def drafter() -> MockFunctionCallingLLM:
    """A model that asks the documents once and then says what came back."""

    def reply(messages: list[ChatMessage], **_kwargs: object) -> ChatMessage:
        if messages[-1].role is MessageRole.TOOL:
            return ChatMessage(role=MessageRole.ASSISTANT, content=str(messages[-1].content))
        call = ToolCallBlock(tool_call_id="1", tool_name="ask_documents", tool_kwargs={"question": QUESTION})
        return ChatMessage(role=MessageRole.ASSISTANT, blocks=[call])

    return MockFunctionCallingLLM(response_generator=reply, is_chat_model=True)
