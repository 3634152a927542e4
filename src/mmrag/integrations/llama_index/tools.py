"""The agent's tools as LlamaIndex ``FunctionTool``s, and ``ask`` beside them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from llama_index.core.base.llms.types import ImageBlock, TextBlock
from llama_index.core.tools import FunctionTool
from pydantic import BaseModel, Field

from mmrag.agent.tools import Tool, as_text
from mmrag.api import Session
from mmrag.integrations.llama_index.store import Connection, StoreLike, connected
from mmrag.integrations.wording import in_words

ASK = "ask_documents"
_ABOUT_ASK = (
    "Answer a question from the documents, with the place on the page of every claim, checked by something that did not "
    "write it; or refuse and say why. Prefer it for questions of fact."
)


class AskDocuments(BaseModel):
    question: str = Field(
        min_length=1, max_length=4_000, description="One question about the documents, as a person asks it."
    )
    document: str | None = Field(default=None, max_length=1_000, description="Only in this document, by its name.")


def load_tools(store: StoreLike, *, more: Sequence[Tool[Any]] = ()) -> list[FunctionTool]:
    """``ask_documents`` and the tools of the registry over ``store``, for a ``FunctionAgent`` or any other agent.

    They only read. ``more`` are tools of your own. Pictures come back as image blocks; a call that makes no sense raises
    ``UsageError``, which agents show to the model. Blocks until the store is open: in async code, or with a session, use
    ``aload_tools``.
    """
    connection = connected(store)
    return _tools(connection, [*connection.run(Session.tools).values(), *more])


async def aload_tools(store: StoreLike, *, more: Sequence[Tool[Any]] = ()) -> list[FunctionTool]:
    """The same, for async code."""
    connection = connected(store)
    return _tools(connection, [*(await connection.arun(Session.tools)).values(), *more])


def _tools(connection: Connection, tools: list[Tool[Any]]) -> list[FunctionTool]:
    return [_ask(connection), *(_function_tool(connection, tool) for tool in tools)]


def _function_tool(connection: Connection, tool: Tool[Any]) -> FunctionTool:
    async def call(**arguments: object) -> list[TextBlock | ImageBlock]:
        result = await connection.arun(lambda _session: tool.call(arguments))
        pictures = [ImageBlock(image=p.data, image_mimetype=p.media_type) for p in result.pictures]
        return [TextBlock(text=as_text(result)), *pictures]

    return FunctionTool.from_defaults(async_fn=call, name=tool.name, description=tool.description, fn_schema=tool.arguments)


def _ask(connection: Connection) -> FunctionTool:
    async def ask_documents(question: str, document: str | None = None) -> str:
        return in_words(await connection.arun(lambda session: session.ask(question, document=document)))

    return FunctionTool.from_defaults(async_fn=ask_documents, name=ASK, description=_ABOUT_ASK, fn_schema=AskDocuments)
