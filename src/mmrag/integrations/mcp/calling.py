"""The tools of the agent as tools of MCP: schemas as they are, results as JSON and as pictures."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any, Final

import mcp_types as types

from mmrag.agent.tools import Tool, ToolResult, as_text
from mmrag.domain.messages import ImagePart

READS_ONLY: Final = types.ToolAnnotations(
    read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)


def described(tool: Tool[Any]) -> types.Tool:
    """The tool as a host is told of it."""
    return types.Tool(
        name=tool.name,
        title=tool.name.replace("_", " ").capitalize(),
        description=tool.description,
        input_schema=tool.input_schema,
        annotations=READS_ONLY,
    )


async def called(tool: Tool[Any], arguments: Mapping[str, object]) -> types.CallToolResult:
    """Run the tool. Raises ``UsageError`` for arguments that it does not take or places that are not there."""
    result: ToolResult = await tool.call(arguments)
    return types.CallToolResult(
        content=[types.TextContent(text=as_text(result)), *(image(picture) for picture in result.pictures)],
        structured_content=result.to_json(),
    )


def failed(message: str) -> types.CallToolResult:
    """A result that says what went wrong, for the model to read."""
    return types.CallToolResult(content=[types.TextContent(text=message)], is_error=True)


def image(picture: ImagePart) -> types.ImageContent:
    return types.ImageContent(data=base64.b64encode(picture.data).decode(), mime_type=picture.media_type)
