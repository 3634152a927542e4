"""``mmrag index``: the vector index against the catalog, which is the record of truth."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mmrag.cli import terminal
from mmrag.cli.options import json_option, store_option

if TYPE_CHECKING:
    from mmrag.retrieval.index import Drift
    from mmrag.settings import Settings


@click.group("index", no_args_is_help=False)
def index() -> None:
    """Verify or rebuild the vector index."""


@index.command("verify")
@store_option
@json_option
def verify(store: Path | None, as_json: bool) -> int:
    """Compare the vector index with the catalog. Exits with 1 when they differ."""
    from mmrag.settings import load_settings

    drift, vectors = asyncio.run(_verify(load_settings(store=store)))
    missing, surplus = len(drift.missing), len(drift.surplus)
    same = not missing and not surplus
    if as_json:
        terminal.emit_json({"in_step": same, "vectors": vectors, "missing": missing, "surplus": surplus})
    elif same:
        click.echo(f"The index is in step with the catalog: {vectors} vectors.")
    else:
        click.echo(f"The index differs from the catalog: {missing} missing, {surplus} surplus of {vectors} vectors.")
        terminal.say("Run 'mmrag index rebuild' to make it anew from the catalog.")
    return 0 if same else 1


@index.command("rebuild")
@store_option
@json_option
def rebuild(store: Path | None, as_json: bool) -> int:
    """Make the vector index anew from the catalog. Nothing is read or embedded again."""
    from mmrag.settings import load_settings

    written = asyncio.run(_rebuild(load_settings(store=store)))
    if as_json:
        terminal.emit_json({"vectors": written})
    else:
        click.echo(f"The index has been rebuilt: {written} vectors.")
    return 0


async def _verify(settings: Settings) -> tuple[Drift, int]:
    from mmrag.app import open_app

    async with open_app(settings) as app:
        counts = await app.catalog.counts()
        return await app.keeper.verify(), counts.vectors + (counts.pictures if app.pictures is not None else 0)


async def _rebuild(settings: Settings) -> int:
    from mmrag.app import open_app

    async with open_app(settings, write=True) as app:
        return await app.keeper.rebuild()
