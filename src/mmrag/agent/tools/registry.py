"""The toolbox: one list of tools for model loops, LlamaIndex and MCP."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Any, TypeVar

from mmrag.agent.tools.base import Arguments, Tool, Toolbox, ToolParts, ToolResult
from mmrag.agent.tools.calculating import Calculate, calculate
from mmrag.agent.tools.charts import ReadChart, read_chart
from mmrag.agent.tools.fields import ExtractFields, extract_fields
from mmrag.agent.tools.pages import OpenPage, ReadTable, open_page, read_table
from mmrag.agent.tools.pictures import CompareImages, LookAt, compare_images, look_at
from mmrag.agent.tools.rereading import ReadAgain, read_again
from mmrag.agent.tools.searching import (
    CountMatches,
    ListDocuments,
    SearchText,
    count_matches,
    list_documents,
    search_text,
)
from mmrag.agent.tools.seeing import (
    ClassifyImage,
    SearchImages,
    classify_image,
    search_images,
)

A = TypeVar("A", bound=Arguments)


def build_tools(parts: ToolParts) -> Toolbox:
    """Every tool over one store, by name. None of them writes, takes a path, or leaves the process."""
    return {
        function.__name__: Tool(
            name=function.__name__, description=said, arguments=arguments, run=partial(_called, function, parts)
        )
        for arguments, function, said in _TOOLS
    }


_TOOLS: tuple[tuple[type[Any], Callable[[Any, ToolParts], Coroutine[Any, Any, ToolResult]], str], ...] = (
    (SearchText, search_text, "Find the elements of all documents that fit a query best; gives their ids and text."),
    (SearchImages, search_images, "Find figures, charts and photos by words or by a picture like them."),
    (ListDocuments, list_documents, "List the documents of the store by name."),
    (OpenPage, open_page, "Read one page: its elements in reading order with ids and boxes, on wish its picture."),
    (ReadTable, read_table, "Read a table cell by cell: [row, column, text, header, box]."),
    (ReadChart, read_chart, "Read a chart as points: [category, series, text, number, box]."),
    (CountMatches, count_matches, "Count the elements and documents in which some words stand together."),
    (ExtractFields, extract_fields, "Read typed fields (totals, dates, names) off a document, with boxes."),
    (LookAt, look_at, "See a region of a page enlarged, from the original file, by an element's id or a box."),
    (ReadAgain, read_again, "Read a region by OCR once more, at higher resolution and with other settings."),
    (CompareImages, compare_images, "Compare two regions: both pictures, what is alike, what differs, a judgement."),
    (ClassifyImage, classify_image, "Say which of your labels, or which kind of page, a region looks like."),
    (Calculate, calculate, "Work out an arithmetic expression in exact decimals."),
)
"""``Any``: each takes arguments of its own type, which ``Tool.call`` checks."""


async def _called(function: Callable[[A, ToolParts], Awaitable[ToolResult]], parts: ToolParts, arguments: A) -> ToolResult:
    return await function(arguments, parts)
