"""``mmrag doctor``: is everything here that mmrag needs?"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mmrag.cli import terminal
from mmrag.cli.options import json_option, store_option
from mmrag.cli.terminal import clean

if TYPE_CHECKING:
    from mmrag.cli.checks import Check
    from mmrag.domain.hashing import Json
    from mmrag.settings import Settings


@click.command("doctor")
@store_option
@json_option
def doctor(store: Path | None, as_json: bool) -> int:
    """Check this machine and the store, and say what to repair.

    Exits with 0 when all that is required is in order. Of keys only the names are shown.
    """
    from mmrag.cli.checks import State
    from mmrag.settings import load_settings

    checks = asyncio.run(_all(load_settings(store=store)))
    healthy = not any(check.required and check.state is State.FAILED for check in checks)
    if as_json:
        rows = [
            {"name": c.name, "state": c.state.value, "required": c.required, "detail": c.detail, "fix": c.fix}
            for c in checks
        ]
        terminal.emit_json({"healthy": healthy, "checks": rows})
    elif terminal.is_terminal():
        _print_table(checks)
    else:
        click.echo("\n".join(_plain(checks)))
    return 0 if healthy else 1


async def _all(settings: Settings) -> list[Check]:
    from mmrag.cli.checks import machine_checks, store_checks

    machine, store = await asyncio.gather(asyncio.to_thread(machine_checks, settings), store_checks(settings))
    return [*machine, *store]


def _json(check: Check) -> Json:
    return {
        "name": check.name,
        "state": check.state.value,
        "required": check.required,
        "detail": check.detail,
        "fix": check.fix,
    }


def _plain(checks: Sequence[Check]) -> list[str]:
    lines = []
    for line, check in zip(
        terminal.aligned([[c.state.value, c.name, clean(c.detail)] for c in checks]), checks, strict=True
    ):
        lines.append(line)
        if check.fix is not None:
            lines.append(f"        {check.fix}")
    return lines


def _print_table(checks: Sequence[Check]) -> None:
    from rich.table import Table
    from rich.text import Text

    from mmrag.cli.checks import State

    styles = {State.OK: "green", State.NOTE: "cyan", State.FAILED: "bold red"}
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for check in checks:
        text = Text(clean(check.detail))
        if check.fix is not None:
            text.append(f"\n{check.fix}", style="yellow")
        table.add_row(Text(check.state.value, style=styles[check.state]), Text(check.name, style="bold"), text)
    terminal.console().print(table)
