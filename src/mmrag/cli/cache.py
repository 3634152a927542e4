"""``mmrag cache``: the kept replies of models, shown and dropped."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mmrag.cli import terminal
from mmrag.cli.options import json_option, store_option

if TYPE_CHECKING:
    from mmrag.settings import Settings


@click.group("cache")
def cache() -> None:
    """Show or drop the kept replies of models."""


@cache.command("stats")
@store_option
@json_option
def stats(store: Path | None, as_json: bool) -> int:
    """How many replies are kept, what they take, and how many of all calls in the ledger were answered from them."""
    from mmrag.settings import load_settings

    settings = load_settings(store=store)
    replies, size, calls, hits = asyncio.run(_stats(settings))
    if as_json:
        limit = settings.cache.max_bytes
        terminal.emit_json({"replies": replies, "bytes": size, "max_bytes": limit, "calls": calls, "cache_hits": hits})
    else:
        click.echo(f"{replies} replies, {size:,} of {settings.cache.max_bytes:,} bytes; {hits} of {calls} calls were hits.")
    return 0


@cache.command("clear")
@store_option
def clear(store: Path | None) -> int:
    """Drop all kept replies."""
    from mmrag.settings import load_settings

    click.echo(f"Dropped {asyncio.run(_clear(load_settings(store=store)))} replies.")
    return 0


async def _stats(settings: Settings) -> tuple[int, int, int, int]:
    from mmrag.app import kept_replies, open_app

    async with open_app(settings) as app, kept_replies(settings) as kept:
        entries = await app.ledger.entries()
        return (*await kept.size(), len(entries), sum(entry.cache_hit for entry in entries))


async def _clear(settings: Settings) -> int:
    from mmrag.app import kept_replies, open_app

    async with open_app(settings), kept_replies(settings) as kept:
        return await kept.clear()
