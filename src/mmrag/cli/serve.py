"""``mmrag serve``: the web page, the HTTP API and the OpenAI-compatible route over a store."""

from __future__ import annotations

from pathlib import Path

import click

from mmrag.cli import terminal
from mmrag.cli.options import store_option


@click.command("serve")
@click.option("--host", metavar="H", help="Address to listen at.  [default: serve.host, else 127.0.0.1]")
@click.option(
    "--port", type=click.IntRange(0, 65535), metavar="P", help="Port; 0 takes any.  [default: serve.port, else 8765]"
)
@store_option
def serve(host: str | None, port: int | None, store: Path | None) -> int:
    """Serve the store to browsers, programs and chat clients until it is stopped.

    Beyond loopback every request needs a token: serve.token, or one that is made, kept in the store and printed. With
    Ctrl-C or SIGTERM questions under way are answered; files that wait to be read are read at the next start.
    """
    from mmrag.server.serving import serve as run
    from mmrag.settings import load_settings

    settings = load_settings(store=store)
    given = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    run(settings.model_copy(update={"serve": settings.serve.model_copy(update=given)}), terminal.say)
    return 0
