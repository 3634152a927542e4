"""``mmrag show``: a page as a picture, with boxes around what was found on it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mmrag.cli.options import Corners, boxes_of, store_option
from mmrag.cli.terminal import clean

if TYPE_CHECKING:
    from mmrag.app import App
    from mmrag.domain.documents import Document, Page
    from mmrag.settings import Settings


@click.command("show")
@click.argument("document")
@click.option(
    "--page", type=click.IntRange(min=1), metavar="N", help="Which page.  [default: the first one, or the cited one]"
)
@click.option("--boxes", is_flag=True, help="Draw the box of every element, coloured by kind.")
@click.option(
    "--box",
    "drawn",
    multiple=True,
    callback=boxes_of,
    metavar="X0,Y0,X1,Y1",
    help="Draw this box, as an answer cites it. May be repeated.",
)
@click.option(
    "--question-trace",
    "answer",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Draw what an answer cites: FILE is what `ask --json` printed or `ask --trace` wrote.",
)
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE.png", help="Where to write the picture."
)
@store_option
def show(
    document: str,
    page: int | None,
    boxes: bool,
    drawn: tuple[Corners, ...],
    answer: Path | None,
    output: Path | None,
    store: Path | None,
) -> int:
    """Write a page of DOCUMENT as a PNG picture and say what is on it.

    DOCUMENT is a document's name, or the beginning or the end of one that fits no other. Boxes given with --box are
    fractions of the page with the origin at the top left, as `mmrag ask` prints them.
    """
    from mmrag.settings import load_settings

    wish = Wish(document=document, page=page, boxes=boxes, drawn=drawn, answer=answer, output=output)
    click.echo("\n".join(asyncio.run(_show(wish, load_settings(store=store)))))
    return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be shown, as it was typed."""

    document: str
    page: int | None
    boxes: bool
    drawn: tuple[Corners, ...]
    answer: Path | None
    output: Path | None


async def _show(wish: Wish, settings: Settings) -> list[str]:
    import anyio.to_thread

    from mmrag.app import open_app
    from mmrag.cli.cited import places_in
    from mmrag.cli.pictures import picture_of, safe_name, write_picture
    from mmrag.domain.geometry import BBox
    from mmrag.drawing import Mark, draw, legend_of, marks_of

    async with open_app(settings) as app:
        document = find_document(wish.document, await app.catalog.documents())
        places = await anyio.to_thread.run_sync(places_in, wish.answer, document) if wish.answer is not None else ()
        number = wish.page or next((place.page for place in places), 1)
        page = await _page(document, number, app)
        cited = [*(BBox(*corners) for corners in wish.drawn), *(place.box for place in places if place.page == number)]
        marks = [*(marks_of(page.printed) if wish.boxes else ()), *(Mark(box=box) for box in cited)]
        legend = legend_of(page.printed) if wish.boxes else ()
        picture = await picture_of(page, app)
        drawn = await anyio.to_thread.run_sync(lambda: draw(picture, marks, legend=legend))
    target = wish.output or Path(f"{safe_name(document.name)}-page-{number}.png")
    await write_picture(target, drawn)
    return [f"wrote {target}", f"{clean(document.name)}, page {number} of {document.pages}", *about(page)]


def find_document(name: str, documents: Sequence[Document]) -> Document:
    """The one document that is called ``name``, or whose name alone begins or ends with it.

    Raises ``UsageError``: no such document, several of them, or one in quarantine (with the reason).
    """
    from mmrag.domain.documents import DocumentStatus
    from mmrag.errors import UsageError

    fits = [d for d in documents if d.name == name]
    fits = fits or [d for d in documents if d.name.startswith(name) or d.name.endswith(name)]
    if not fits:
        raise UsageError(_not_there(name, documents))
    if len(fits) > 1:
        some = ", ".join(repr(d.name) for d in fits[:4])
        raise UsageError(
            f"{len(fits)} documents fit {name!r} ({some}{', ...' if len(fits) > 4 else ''}): give more of the name."
        )
    if fits[0].status is DocumentStatus.QUARANTINED:
        raise UsageError(f"{fits[0].name!r} is in quarantine: {fits[0].reason}")
    return fits[0]


def _not_there(name: str, documents: Sequence[Document]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(name, [d.name for d in documents], n=3, cutoff=0.4)
    hint = f"did you mean {' or '.join(repr(c) for c in close)}?" if close else "see 'mmrag search' for what there is."
    return f"No document is called {name!r}; {hint}"


async def _page(document: Document, number: int, app: App) -> Page:
    from mmrag.errors import UsageError
    from mmrag.ports import PageRef

    page = await app.catalog.page(PageRef(document_id=document.id, page=number))
    if page is None:
        raise UsageError(f"{document.name!r} has {document.pages} pages; there is no page {number}.")
    return page


def about(page: Page) -> list[str]:
    """What is known about a page, in lines."""
    from mmrag.domain.documents import ElementKind

    kinds: dict[str, int] = {}
    for element in page.printed:
        kinds[element.kind.value] = kinds.get(element.kind.value, 0) + 1
    found = ", ".join(f"{count} {kind.replace('_', ' ')}" for kind, count in sorted(kinds.items(), key=lambda k: -k[1]))
    words = f"{len(page.words)} words ({page.source.value}, {clean(page.engine)}, mean confidence {page.confidence:.2f})"
    language = [f"language: {page.language}"] if page.language is not None else []
    looked = [f"kind: {page.kind.value} ({page.kind_probability or 0:.2f})"] if page.kind is not None else []
    captions = [f"caption: {clean(e.caption.short)}" for e in page.elements if e.caption is not None]
    summaries = [
        f"summary{' of the document' if e.is_of_document else ''}: {clean(' / '.join(c.text for c in e.cells))}"
        for e in page.elements
        if e.kind is ElementKind.SUMMARY
    ]
    return [
        words,
        *language,
        f"elements: {found or 'none'}",
        *looked,
        *captions,
        *summaries,
        *(f"warning: {clean(warning)}" for warning in page.warnings),
    ]
