"""A store inside a LlamaIndex app: nodes, answers, tools and vectors, from code that is async and from code that is not."""

from __future__ import annotations

import asyncio
import base64
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from llama_index.core import VectorStoreIndex
from llama_index.core.agent.workflow import FunctionAgent
from llama_index.core.agent.workflow.workflow_events import ToolCallResult
from llama_index.core.base.base_selector import SelectorResult, SingleSelection
from llama_index.core.base.llms.types import ImageBlock, TextBlock, ToolCallBlock
from llama_index.core.llms import ChatMessage, MessageRole
from llama_index.core.llms.mock import MockFunctionCallingLLM
from llama_index.core.query_engine import RouterQueryEngine
from llama_index.core.retrievers import RouterRetriever
from llama_index.core.schema import ImageNode, MetadataMode, NodeRelationship, NodeWithScore, QueryBundle
from llama_index.core.selectors.pydantic_selectors import BaseSelector
from llama_index.core.tools import QueryEngineTool, RetrieverTool, ToolMetadata
from llama_index.core.vector_stores.types import MetadataFilter, MetadataFilters
from PIL import Image
from sample_store import ANSWER, NAMES, QUESTION, RECEIPT, UNANSWERABLE

import mmrag
from mmrag.integrations.llama_index import (
    MMRagEmbedding,
    MMRagQueryEngine,
    MMRagRetriever,
    MMRagStore,
    MMRagVectorStore,
    aload_tools,
    load_tools,
)


@pytest.fixture(scope="module")
def shared(store: Path) -> Iterator[MMRagStore]:
    with MMRagStore(store) as opened:
        yield opened


class Always(BaseSelector):
    """A selector that takes the first choice: what a router's model would do."""

    def _select(self, choices: Sequence[ToolMetadata], query: QueryBundle) -> SelectorResult:
        return SelectorResult(selections=[SingleSelection(index=0, reason="the only one")])

    async def _aselect(self, choices: Sequence[ToolMetadata], query: QueryBundle) -> SelectorResult:
        return self._select(choices, query)

    def _get_prompts(self) -> dict[str, object]:
        return {}

    def _update_prompts(self, prompts: object) -> None:
        return None


def test_nodes_carry_page_and_box(shared: MMRagStore) -> None:
    nodes = MMRagRetriever(shared, k=5).retrieve(QUESTION)
    assert len(nodes) == 5
    best = nodes[0]
    assert best.metadata["document"] == RECEIPT
    assert best.metadata["page"] == 1
    x0, y0, x1, y1 = best.metadata["bbox"]
    assert 0 <= x0 < x1 <= 1
    assert 0 <= y0 < y1 <= 1
    assert best.node.node_id == best.metadata["element"]
    assert best.node.relationships[NodeRelationship.SOURCE].node_id.startswith("doc-")
    shown = best.node.get_content(MetadataMode.LLM)
    assert RECEIPT in shown
    assert "bbox" not in shown, "boxes cost tokens and help no model"


async def test_async_and_sync_find_the_same_from_any_loop(shared: MMRagStore) -> None:
    retriever = MMRagRetriever(shared, k=3)
    here, elsewhere = await asyncio.gather(
        retriever.aretrieve("net debt"),
        asyncio.to_thread(lambda: asyncio.run(retriever.aretrieve("net debt"))),
    )
    sync = await asyncio.to_thread(retriever.retrieve, "net debt")
    assert [n.node_id for n in here] == [n.node_id for n in elsewhere] == [n.node_id for n in sync]


def test_charts_come_with_their_picture(shared: MMRagStore) -> None:
    nodes = MMRagRetriever(shared, k=10).retrieve("chart of visitors")
    (chart,) = (n.node for n in nodes if n.metadata["kind"] == "chart")
    assert isinstance(chart, ImageNode)
    assert chart.image is not None
    with Image.open(io.BytesIO(base64.b64decode(chart.image))) as picture:
        assert picture.format == "JPEG"
        assert max(picture.size) <= 1024
    plain = MMRagRetriever(shared, k=10, images=False).retrieve("chart of visitors")
    assert not any(isinstance(n.node, ImageNode) for n in plain)


async def test_an_answer_has_its_cited_places_as_source_nodes(shared: MMRagStore) -> None:
    response = await MMRagQueryEngine(shared).aquery(QUESTION)
    assert str(response) == ANSWER
    (source,) = response.source_nodes
    assert source.metadata["document"] == RECEIPT
    assert source.metadata["quote"] == ANSWER
    assert source.metadata["verdict"] == "supported"
    assert response.metadata is not None
    assert source.metadata["bbox"] == response.metadata["claims"][0]["citations"][0]["bbox"]
    assert response.metadata["status"] == "answered"


def test_a_refusal_says_why_and_shows_the_nearest_evidence(shared: MMRagStore) -> None:
    response = MMRagQueryEngine(shared).query(UNANSWERABLE)
    assert str(response).startswith("No answer (no_evidence): ")
    assert response.metadata is not None
    assert response.metadata["status"] == "abstained"
    assert len(response.source_nodes) == len(response.metadata["evidence"])


async def test_a_session_that_is_open_already_is_used_where_it_is(store: Path) -> None:
    async with mmrag.open(store) as session:
        assert str(await MMRagQueryEngine(session).aquery(QUESTION)) == ANSWER
        assert {tool.metadata.name for tool in await aload_tools(session)} >= {"ask_documents", "search_text"}
        with pytest.raises(mmrag.UsageError, match="await the async method"):
            MMRagRetriever(session).retrieve("anything")


def test_an_existing_app_routes_to_it(shared: MMRagStore) -> None:
    """As retriever among retrievers and as engine among engines."""
    about, llm = "scanned receipts", MockFunctionCallingLLM()
    tool = RetrieverTool.from_defaults(MMRagRetriever(shared, k=2), description=about)
    found: list[NodeWithScore] = RouterRetriever(selector=Always(), retriever_tools=[tool], llm=llm).retrieve(QUESTION)
    assert found[0].metadata["document"] == RECEIPT
    engine = QueryEngineTool.from_defaults(MMRagQueryEngine(shared), description=about)
    assert str(RouterQueryEngine(selector=Always(), query_engine_tools=[engine], llm=llm).query(QUESTION)) == ANSWER


def test_the_vectors_serve_an_index_of_the_app(shared: MMRagStore) -> None:
    vectors = MMRagVectorStore(shared)
    index = VectorStoreIndex.from_vector_store(vectors, embed_model=MMRagEmbedding(shared))
    nodes = index.as_retriever(similarity_top_k=4).retrieve("net debt of the company")
    assert len(nodes) == 4
    assert nodes[0].metadata["document"] == "annual-report.pdf"
    scores = [n.get_score() for n in nodes]
    assert scores == sorted(scores, reverse=True)
    only = MetadataFilters(filters=[MetadataFilter(key="document", value=RECEIPT)])
    scoped = index.as_retriever(similarity_top_k=4, filters=only).retrieve("net debt of the company")
    assert {n.metadata["document"] for n in scoped} == {RECEIPT}
    with pytest.raises(mmrag.UsageError, match="document"):
        index.as_retriever(filters=MetadataFilters(filters=[MetadataFilter(key="page", value=1)])).retrieve("x")
    with pytest.raises(mmrag.UsageError, match="read-only"):
        vectors.delete("doc-1")


def scripted(*turns: tuple[str, dict[str, object]]) -> MockFunctionCallingLLM:
    """A model that makes these calls one after the other, and then says what the last of them gave."""
    left = list(turns)

    def reply(messages: Sequence[ChatMessage], **_kwargs: object) -> ChatMessage:
        if left:
            name, arguments = left.pop(0)
            call = ToolCallBlock(tool_call_id=f"call-{len(left)}", tool_name=name, tool_kwargs=arguments)
            return ChatMessage(role=MessageRole.ASSISTANT, blocks=[call])
        return ChatMessage(role=MessageRole.ASSISTANT, content=str(messages[-1].content))

    return MockFunctionCallingLLM(response_generator=reply, is_chat_model=True)


async def test_a_function_agent_asks_and_gets_the_place(shared: MMRagStore) -> None:
    agent = FunctionAgent(
        tools=await aload_tools(shared), llm=scripted(("ask_documents", {"question": QUESTION})), streaming=False
    )
    said = str(await agent.run(QUESTION))
    assert ANSWER in said
    assert f"{RECEIPT}, page 1, box 0." in said


async def test_a_function_agent_works_with_the_tools_of_the_registry(shared: MMRagStore) -> None:
    llm = scripted(
        ("search_text", {"query": "Harbour Light Café total", "limit": 3}),
        ("open_page", {"document": RECEIPT, "picture": True}),
        ("open_page", {"document": "../../etc/passwd"}),
        ("calculate", {"expression": "33.05 * 2"}),
    )
    agent = FunctionAgent(tools=await aload_tools(shared), llm=llm, streaming=False)
    run = agent.run("Look at the receipt.")
    results = [event async for event in run.stream_events() if isinstance(event, ToolCallResult)]
    assert "66.1" in str(await run)
    searched, opened, refused, _ = (event.tool_output for event in results)
    assert RECEIPT in searched.content
    kinds = [type(block) for block in opened.blocks]
    assert kinds == [TextBlock, ImageBlock]
    assert refused.is_error
    assert "no document" in refused.content


def test_tools_load_without_a_loop_too(shared: MMRagStore) -> None:
    tools = {tool.metadata.name: tool for tool in load_tools(shared)}
    output = tools["list_documents"].call()
    assert all(name in output.content for name in NAMES)


def test_a_store_is_opened_again_after_it_was_closed(store: Path) -> None:
    opened = MMRagStore(store)
    engine = MMRagQueryEngine(opened)
    assert str(engine.query(QUESTION)) == ANSWER
    opened.close()
    opened.close()
    assert str(engine.query(QUESTION)) == ANSWER
    opened.close()
