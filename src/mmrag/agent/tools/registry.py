"""The toolbox: one list of tools for model loops, LlamaIndex and MCP."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

from mmrag.agent.tools.base import Arguments, Tool, Toolbox, ToolParts, ToolResult
from mmrag.agent.tools.calculating import Calculate, calculate
from mmrag.agent.tools.fields import ExtractFields, extract_fields
from mmrag.agent.tools.pages import OpenPage, ReadTable, open_page, read_table
from mmrag.agent.tools.pictures import CompareImages, LookAt, compare_images, look_at
from mmrag.agent.tools.searching import (
    CountMatches,
    ListDocuments,
    SearchText,
    count_matches,
    list_documents,
    search_text,
)

A = TypeVar("A", bound=Arguments)


def build_tools(parts: ToolParts) -> Toolbox:
    """Every tool over one store, by name. None of them writes, opens a file by its path, or leaves the process."""
    tools: Toolbox = {}

    def add(arguments: type[A], function: Callable[[A, ToolParts], Awaitable[ToolResult]], description: str) -> None:
        name = getattr(function, "__name__", "")
        run = partial(_called, function, parts)
        tools[name] = Tool(name=name, description=description, arguments=arguments, run=run)

    add(SearchText, search_text, "Find the elements of all documents that fit a query best; gives their ids and text.")
    add(ListDocuments, list_documents, "List the documents of the store by name.")
    add(OpenPage, open_page, "Read one page: its elements in reading order with ids and boxes, on wish its picture.")
    add(ReadTable, read_table, "Read a table cell by cell: rows as [row, column, text, header, box].")
    add(CountMatches, count_matches, "Count the elements and documents in which some words stand together.")
    add(ExtractFields, extract_fields, "Read typed fields (totals, dates, names, numbers) off one document, with boxes.")
    add(LookAt, look_at, "See a region of a page enlarged, by an element's id or by a box.")
    add(CompareImages, compare_images, "See two regions as two separate pictures, with how alike they are.")
    tools["calculate"] = Tool(
        name="calculate",
        description="Work out an arithmetic expression in exact decimals.",
        arguments=Calculate,
        run=calculate,
    )
    return tools


async def _called(function: Callable[[A, ToolParts], Awaitable[ToolResult]], parts: ToolParts, arguments: A) -> ToolResult:
    return await function(arguments, parts)
