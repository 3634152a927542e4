"""The reference page ``docs/reference/tools.md``: every tool with its arguments, made from the registry."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from mmrag.agent.tools import Tool, ToolParts, build_tools

_INTRO = """\
The same functions serve the tool loop of model tiers, MCP hosts, LlamaIndex agents, and whoever has none of these:
`mmrag tools` lists them, `mmrag tool NAME argument=value` runs one, `POST /api/tools/NAME` does over HTTP, and in Python
`await session.tools()` gives them by name. The keyless reader calls none of them: it works on the pages that were selected,
by the same search, the same tables and the same exact decimals that are under the tools
([ADR 0034](../adr/0034-tools-and-original-files.md)).

Each checks its arguments, refuses unknown ones, returns JSON with the ids of the elements it shows, and bounds what it
returns. None writes, takes a path or leaves the process.

Boxes are `[x0, y0, x1, y1]` in fractions of the page as displayed, from the top left corner. Pages count from 1."""


def tools_page(made: str) -> str:
    lines = ["# Tools", "", made, "", _INTRO]
    # The parts are used when a tool is called. Here it is only described.
    for tool in build_tools(cast(ToolParts, None)).values():
        lines += ["", f"## {tool.name}", "", tool.description, "", *_arguments(tool)]
    return "\n".join(lines) + "\n"


def _arguments(tool: Tool[Any]) -> Iterator[str]:
    schema = tool.input_schema
    properties: dict[str, dict[str, Any]] = schema.get("properties", {})
    if not properties:
        yield "No arguments."
        return
    yield "| argument | type | default | meaning |"
    yield "| --- | --- | --- | --- |"
    for name, field in properties.items():
        default = "required" if name in schema.get("required", ()) else _value(field.get("default"))
        yield f"| `{name}` | {_type(field)} | {default} | {_meaning(field)} |"


def _type(field: dict[str, Any]) -> str:
    """The JSON type in a word; alternatives with "or"."""
    if "anyOf" in field:
        return " or ".join(_type(option) for option in field["anyOf"] if option.get("type") != "null")
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    if "$ref" in field:
        return str(field["$ref"]).rsplit("/", 1)[-1]
    if field.get("type") == "array":
        inside = field.get("items") or (field.get("prefixItems") or [{}])[0]
        return f"list of {_type(inside)}"
    return str(field.get("type", "any"))


def _value(default: object) -> str:
    return "" if default is None or default == "" else f"`{default}`"


def _meaning(field: dict[str, Any]) -> str:
    bounds = [f"{word} {field[key]}" for key, word in _BOUNDS.items() if key in field]
    return " ".join(filter(None, (str(field.get("description", "")), f"({', '.join(bounds)})" if bounds else "")))


_BOUNDS = {"minimum": "at least", "maximum": "at most", "maxLength": "at most characters:", "maxItems": "at most items:"}
