"""``mmrag classify``: what kind of page a picture shows, by the kinds that mmrag knows or by a person's own labels."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mmrag.cli import terminal
from mmrag.cli.options import json_option, store_option

if TYPE_CHECKING:
    from mmrag.domain.hashing import Json
    from mmrag.domain.pictures import Guess
    from mmrag.settings import Settings


@click.command("classify")
@click.argument("picture")
@click.option("--labels", metavar="A,B,C", help="Your own labels, with commas between.  [default: the kinds of pages]")
@click.option("--page", type=click.IntRange(min=1), default=1, show_default=True, metavar="N", help="Page of a document.")
@click.option("-k", type=click.IntRange(1, 200), default=5, show_default=True, metavar="N", help="How many to show.")
@store_option
@json_option
def classify(picture: str, labels: str | None, page: int, k: int, store: Path | None, as_json: bool) -> int:
    """Say what kind of page PICTURE shows, with probabilities.

    PICTURE is a picture file, or the name of a document in the store. The model has not learned the labels: it compares the
    picture with them, so the probabilities are among these labels only.
    """
    from mmrag.settings import load_settings

    own = labels.split(",") if labels is not None else None
    guesses = asyncio.run(_classify(picture, own, page, load_settings(store=store)))
    shown = guesses[:k]
    if as_json:
        rows: list[Json] = [{"label": g.label, "probability": round(g.probability, 4)} for g in shown]
        terminal.emit_json({"picture": picture, "labels": rows})
    else:
        click.echo("\n".join(terminal.aligned([[g.label, f"{g.probability:.3f}"] for g in shown])))
    return 0


async def _classify(picture: str, labels: list[str] | None, page: int, settings: Settings) -> tuple[Guess, ...]:
    from mmrag.api import open_session

    async with open_session(settings=settings) as session:
        return await session.classify(picture, labels=labels, page=page)
