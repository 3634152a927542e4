"""``mmrag tools``: what can be done with the store beside asking, and with which arguments."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

import click

from mmrag.cli import terminal
from mmrag.cli.options import json_option
from mmrag.errors import UsageError

if TYPE_CHECKING:
    from mmrag.agent.tools import Tool, Toolbox


@click.command("tools")
@click.argument("name", required=False)
@json_option
def tools(name: str | None, as_json: bool) -> int:
    """List the tools, or the arguments of the tool NAME.

    They read, compare and count what the store holds; 'mmrag tool NAME' runs one. Agents have the same ones over MCP.
    """
    found = described()
    if name is not None:
        found = {name: known(name, found)}
    if as_json:
        told = [{"name": t.name, "description": t.description, "arguments": t.input_schema} for t in found.values()]
        terminal.emit_json(cast("Any", {"tools": told}))
    elif name is None:
        click.echo("\n".join(terminal.aligned([[t.name, t.description] for t in found.values()])))
    else:
        click.echo("\n".join([found[name].description, "", *arguments_of(found[name])]))
    return 0


def described() -> Toolbox:
    """Every tool, to be told of and not to be run: that takes a store."""
    from mmrag.agent.tools import ToolParts, build_tools

    return build_tools(cast("ToolParts", None))


def known(name: str, found: Toolbox) -> Tool[Any]:
    """Raises ``UsageError`` for a tool that there is none of."""
    if name not in found:
        raise UsageError(f"There is no tool {name!r}: there are {', '.join(found)}.")
    return found[name]


def arguments_of(tool: Tool[Any]) -> list[str]:
    """A line for each argument: its name, whether it has to be given, and what it means."""
    schema = tool.input_schema
    rows = []
    for name, field in schema.get("properties", {}).items():
        required = name in schema.get("required", ())
        default = "required" if required else f"[{json.dumps(field['default'])}]" if field.get("default") is not None else ""
        rows.append([name, default, str(field.get("description", ""))])
    return terminal.aligned(rows)
