"""A click group that imports a command when it is called, so that ``mmrag --help`` imports none of them.

Commands of mmrag are listed with their summaries. Other distributions add commands under the entry point group
``mmrag.commands``; a name of mmrag's own is never replaced by one of those.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points

import click

ENTRY_POINT_GROUP = "mmrag.commands"


@dataclass(slots=True)
class State:
    """What one run of the command line carries beside its arguments."""

    debug: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LazyCommand:
    """Where a command is (``module:name``) and the line that the list of commands shows for it."""

    target: str
    summary: str


def _set_debug(ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if value:
        ctx.ensure_object(State).debug = True


def debug_option() -> click.Option:
    """``--debug``, added to every command so that it can stand wherever a person types it."""
    return click.Option(
        ["--debug"],
        is_flag=True,
        expose_value=False,
        is_eager=True,
        callback=_set_debug,
        help="Show the traceback of an error.",
    )


def with_debug(command: click.Command) -> click.Command:
    """``command`` with ``--debug``, and all of its subcommands too."""
    if not any("--debug" in parameter.opts for parameter in command.params):
        command.params.append(debug_option())
    if isinstance(command, click.Group) and not isinstance(command, LazyGroup):
        for child in command.commands.values():
            with_debug(child)
    return command


class LazyGroup(click.Group):
    """``lazy`` maps names of commands to where they are."""

    def __init__(self, name: str, *, lazy: Mapping[str, LazyCommand], **attrs: object) -> None:
        super().__init__(name, **attrs)  # type: ignore[arg-type]  # click types its keyword arguments one by one
        self.lazy = lazy

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*self.lazy, *_plugins()})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in self.lazy:
            module, attribute = self.lazy[cmd_name].target.split(":")
            return with_debug(getattr(import_module(module), attribute))
        plugin = _plugins().get(cmd_name)
        return None if plugin is None else _load(plugin)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        if not args[0].startswith("-") and args[0] not in (known := self.list_commands(ctx)):
            ctx.fail(f"There is no command {args[0]!r}; {_nearest(args[0], known)}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, with the summaries as declared: nothing of mmrag's own is imported for it."""
        rows = [(name, self.summary_of(ctx, name)) for name in self.list_commands(ctx)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def summary_of(self, ctx: click.Context, name: str) -> str:
        if name in self.lazy:
            return self.lazy[name].summary
        command = self.get_command(ctx, name)
        return command.get_short_help_str(limit=100) if command is not None else ""


def _plugins() -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=ENTRY_POINT_GROUP)}


def _load(plugin: EntryPoint) -> click.Command:
    """The command of another distribution; when it cannot be loaded, one in its place that says why."""
    try:
        command = plugin.load()
    except Exception as error:  # noqa: BLE001  # another distribution's fault must not take the other commands away
        return _broken(plugin, f"{type(error).__name__}: {error}")
    if not isinstance(command, click.Command):
        return _broken(plugin, "it is not a click command")
    return with_debug(command)


def _broken(plugin: EntryPoint, why: str) -> click.Command:
    def fail() -> None:
        raise click.ClickException(f"The command {plugin.name!r} ({plugin.value}) cannot be loaded: {why}")

    return with_debug(click.Command(plugin.name, callback=fail, help=f"Cannot be loaded: {why}"))


def _nearest(name: str, known: list[str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, known, n=1)
    return f"did you mean {close[0]!r}?" if close else f"there are {', '.join(known)}."
