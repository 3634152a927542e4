"""``mmrag mcp``: the store for hosts that speak the Model Context Protocol."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from mmrag.cli import terminal
from mmrag.cli.options import store_option


@click.command("mcp")
@store_option
@click.option("--offline", is_flag=True, help="Use nothing beyond this machine.")
def mcp(store: Path | None, offline: bool) -> int:
    """Offer the store to a host (an assistant, an editor, an agent) over standard input and output.

    The host starts this command itself. It gets the tools, `ask` with progress, and the documents as resources; everything
    only reads.
    """
    from mmrag import api
    from mmrag.settings import load_settings

    settings = load_settings(store=store)
    if offline:
        settings = api.offline(settings)

    async def serve() -> None:
        from mmrag.integrations.mcp import serve_stdio

        async with api.open_session(settings=settings) as session:
            terminal.say(f"mmrag: offering {settings.store.path} over standard input and output")
            await serve_stdio(session)

    asyncio.run(serve())
    return 0
