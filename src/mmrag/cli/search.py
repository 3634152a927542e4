"""``mmrag search``: the elements that fit some words, and which leg found them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mmrag.cli import terminal
from mmrag.cli.options import json_option, store_option
from mmrag.cli.terminal import clean, shorten

if TYPE_CHECKING:
    from mmrag.domain.evidence import Hit
    from mmrag.domain.hashing import Json
    from mmrag.settings import Settings


@click.command("search")
@click.argument("query", required=False, default="")
@click.option(
    "--image",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Find pages and figures that look like this picture.",
)
@click.option("--kind", "kinds", multiple=True, metavar="KIND", help="Only on pages of this kind. May be repeated.")
@click.option(
    "--language",
    "languages",
    multiple=True,
    metavar="CODE",
    help="Only on pages in this language (en, de). May be repeated.",
)
@store_option
@click.option("-k", type=click.IntRange(1, 200), default=10, show_default=True, metavar="N", help="How many to show.")
@json_option
def search(
    query: str,
    image: Path | None,
    kinds: tuple[str, ...],
    languages: tuple[str, ...],
    store: Path | None,
    k: int,
    as_json: bool,
) -> int:
    """Find the elements of pages that fit QUERY best, or what looks like a picture, or both.

    Legs are the ways an element was found (text: meaning; lexical: words; image: the look of the page; value: dates, amounts
    and identifiers; name: names in spite of OCR errors), each with its rank there. Kinds are what the image model takes a
    page for: receipt, invoice, contract, form, report, letter, handwritten note, screenshot, presentation, chart, table,
    diagram, map, ticket, card, cover, photo, blank, unreadable.
    """
    from mmrag.settings import load_settings

    if not query.strip() and image is None:
        raise click.UsageError("The query is empty.")
    if image is not None and languages:
        raise click.UsageError("A picture has no language: leave out --language or --image.")
    wish = Wish(query=query, image=image, kinds=kinds or None, languages=languages or None, k=k)
    hits = asyncio.run(_search(wish, load_settings(store=store)))
    if as_json:
        named = {} if image is None else {"image": str(image)}
        terminal.emit_json({"query": query, **named, "hits": [_json(rank, hit) for rank, hit in enumerate(hits, 1)]})
    elif not hits:
        terminal.say("Nothing fits.")
    elif terminal.is_terminal():
        _print_table(hits)
    else:
        click.echo("\n".join(terminal.aligned([_HEAD, *(_cells(rank, hit, 90) for rank, hit in enumerate(hits, 1))])))
    return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is looked for, as it was typed."""

    query: str
    image: Path | None
    kinds: Sequence[str] | None
    languages: Sequence[str] | None
    k: int


async def _search(wish: Wish, settings: Settings) -> tuple[Hit, ...]:
    from mmrag.api import open_session

    async with open_session(settings=settings) as session:
        if wish.image is not None:
            return await session.search_image(wish.image, wish.k, query=wish.query.strip() or None, kinds=wish.kinds)
        return await session.search(wish.query, wish.k, kinds=wish.kinds, languages=wish.languages)


_HEAD = ["rank", "document", "page", "kind", "score", "legs", "text"]


def _cells(rank: int, hit: Hit, limit: int) -> list[str]:
    legs = " ".join(f"{leg.value}:{place}" for leg, place in hit.legs.items())
    kind = hit.element.kind.value.replace("_", " ")
    text = shorten(hit.element.text, limit)
    return [str(rank), clean(hit.document), str(hit.element.page), kind, f"{hit.score:.3f}", legs, text]


def _json(rank: int, hit: Hit) -> Json:
    from mmrag.agent.presenting import hit_json

    return {"rank": rank, **hit_json(hit)}


def _print_table(hits: Sequence[Hit]) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, header_style="dim", pad_edge=False)
    for name in _HEAD:
        right = name in {"rank", "page", "score"}
        table.add_column(name, justify="right" if right else "left", no_wrap=right or name == "kind", overflow="fold")
    for rank, hit in enumerate(hits, 1):
        rank_, document, page, kind, score, legs, text = _cells(rank, hit, 200)
        table.add_row(rank_, Text(document), page, kind, score, Text(legs, style="dim"), Text(text))
    terminal.console().print(table)
