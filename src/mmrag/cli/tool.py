"""``mmrag tool NAME``: run one tool over the store, without a model and without an agent."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mmrag.cli import terminal
from mmrag.cli.options import json_option, store_option
from mmrag.cli.tools import described, known
from mmrag.errors import UsageError

if TYPE_CHECKING:
    from mmrag.agent.tools import Tool, ToolResult
    from mmrag.settings import Settings


@click.command("tool")
@click.argument("name")
@click.argument("arguments", nargs=-1, metavar="[ARGUMENT=VALUE...]")
@click.option(
    "--save-pictures",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write the pictures of the result there, as PNG files.",
)
@store_option
@json_option
def tool(name: str, arguments: tuple[str, ...], folder: Path | None, store: Path | None, as_json: bool) -> int:
    """Run the tool NAME over the store and print what it gives, as JSON.

    Arguments are given one by one (mmrag tool read_again document=a.pdf page=2) or as one JSON object. 'mmrag tools' lists
    the tools, 'mmrag tools NAME' the arguments of one.
    """
    from mmrag.settings import load_settings

    given = read_arguments(known(name, described()), arguments)
    result, written = asyncio.run(_run(name, given, folder, load_settings(store=store)))
    told = result.to_json()
    if as_json:
        terminal.emit_json({"tool": name, "result": told, "elements": list(result.element_ids), "pictures": list(written)})
        return 0
    click.echo(terminal.printable_lines(json.dumps(told, ensure_ascii=False, indent=2)))
    if result.pictures and folder is None:
        terminal.say(f"{len(result.pictures)} pictures: --save-pictures DIR writes them.")
    return 0


def read_arguments(tool: Tool[Any], given: Sequence[str]) -> dict[str, object]:
    """Arguments from ``name=value`` pairs, or from one JSON object.

    A value is read as JSON where the argument takes no text. Raises ``UsageError`` for what is neither.
    """
    if len(given) == 1 and given[0].lstrip().startswith("{"):
        return _object(given[0])
    properties: Mapping[str, Mapping[str, Any]] = tool.input_schema.get("properties", {})
    read: dict[str, object] = {}
    for pair in given:
        name, equals, value = pair.partition("=")
        if not equals:
            raise UsageError(f"{pair!r} is no argument: write {next(iter(properties), 'name')}=..., or one JSON object.")
        read[name] = value if _takes_text(properties.get(name, {})) else _value(name, value)
    return read


def _object(text: str) -> dict[str, object]:
    try:
        read = json.loads(text)
    except ValueError as error:
        raise UsageError(f"The arguments are no JSON: {error}.") from error
    if not isinstance(read, dict):
        raise UsageError("The arguments are no JSON object.")
    return read


def _value(name: str, text: str) -> object:
    try:
        return json.loads(text)
    except ValueError as error:
        raise UsageError(f"{name} takes JSON here ({error}): mmrag tools says what.") from error


def _takes_text(field: Mapping[str, Any]) -> bool:
    """True for an argument that may be text, as far as its schema says; one that is not known is left to the tool."""
    kinds = [field, *field.get("anyOf", ())]
    return not field or any(kind.get("type") == "string" or "enum" in kind or "const" in kind for kind in kinds)


async def _run(
    name: str, arguments: dict[str, object], folder: Path | None, settings: Settings
) -> tuple[ToolResult, tuple[str, ...]]:
    from mmrag.api import open_session
    from mmrag.cli.pictures import safe_name, save_picture

    async with open_session(settings=settings) as session:
        result = await (await session.tools())[name].call(arguments)
    written = []
    for number, picture in enumerate(result.pictures if folder is not None else (), 1):
        file = (folder or Path()) / f"{number}-{safe_name(picture.label)}.png"
        terminal.say(await save_picture(file, picture.data))
        written.append(str(file))
    return result, tuple(written)
