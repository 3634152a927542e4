"""``mmrag mcp``: the store for hosts that speak the Model Context Protocol."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from mmrag.cli import terminal
from mmrag.cli.options import store_option


@click.command("mcp")
@store_option
@click.option("--http", is_flag=True, help="Listen for hosts over streamable HTTP, at /mcp, with the tokens of serve.")
@click.option("--host", metavar="H", help="With --http: address to listen at.  [default: serve.host, else 127.0.0.1]")
@click.option(
    "--port", type=click.IntRange(0, 65535), metavar="P", help="With --http: port.  [default: serve.port, else 8765]"
)
@click.option("--offline", is_flag=True, help="Use nothing beyond this machine.")
def mcp(store: Path | None, http: bool, host: str | None, port: int | None, offline: bool) -> int:
    """Offer the store to a host (an assistant, an editor, an agent) over standard input and output.

    The host starts this command itself. It gets the tools, `ask` with progress, and the documents as resources; everything
    only reads. With --http it listens instead; `mmrag serve` offers the same at /mcp beside its web page.
    """
    from mmrag import api
    from mmrag.settings import load_settings

    settings = load_settings(store=store)
    if offline:
        settings = api.offline(settings)

    given = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    if http:
        from mmrag.server.serving import serve as listen

        listen(settings.model_copy(update={"serve": settings.serve.model_copy(update=given)}), terminal.say, only_mcp=True)
        return 0
    if given:
        raise click.UsageError("--host and --port go with --http.")

    async def serve() -> None:
        from mmrag.integrations.mcp import serve_stdio

        async with api.open_session(settings=settings) as session:
            terminal.say(f"mmrag: offering {settings.store.path} over standard input and output")
            await serve_stdio(session)

    asyncio.run(serve())
    return 0
