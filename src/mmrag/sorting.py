"""Pictures by a person's own labels or the kinds of pages, whether they are files or pages of the store."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from mmrag.domain.pictures import Guess
from mmrag.errors import UsageError
from mmrag.settings import Settings

if TYPE_CHECKING:
    from mmrag.app import App
    from mmrag.ports import Pixels


async def sorted_picture(
    picture: str | PathLike[str],
    settings: Settings,
    opened: Callable[[], Awaitable[App]],
    *,
    labels: Sequence[str] | None,
    page: int,
) -> tuple[Guess, ...]:
    """Which label fits best, likeliest first. ``opened`` gives the store, and is only asked where ``picture`` is no file.

    Raises ``UsageError``, ``ModelMissingError``.
    """
    from mmrag.adapters.sight import find_sight
    from mmrag.errors import ModelMissingError
    from mmrag.retrieval.by_image import NO_MODEL
    from mmrag.retrieval.kinds import own_sorter, page_sorter

    sight = await anyio.to_thread.run_sync(partial(find_sight, settings.models, captions=False))
    if sight.embedder is None:
        raise ModelMissingError(NO_MODEL)
    sorter = page_sorter(sight.embedder) if labels is None else own_sorter(sight.embedder, labels)
    is_file = await anyio.Path(picture).is_file()
    pixels = await (picture_file(Path(picture), settings) if is_file else _stored(str(picture), page, await opened()))
    return (await sorter.of_pictures([pixels]))[0]


async def picture_file(path: Path, settings: Settings) -> Pixels:
    """Raises ``UsageError`` when it is no picture."""
    from mmrag.adapters.picture_files import read_picture

    return await anyio.to_thread.run_sync(partial(read_picture, path, max_pixels=settings.ingest.max_pixels))


async def _stored(name: str, page: int, app: App) -> Pixels:
    from mmrag.adapters.picture_files import decode_picture
    from mmrag.ports import PageRef

    document = next((d for d in await app.catalog.documents() if d.name == name), None)
    if document is None:
        raise UsageError(f"{name!r} is neither a picture file nor a document in the store.")
    found = await app.catalog.page(PageRef(document_id=document.id, page=page))
    if found is None or found.image is None:
        raise UsageError(f"{name!r} has no picture of page {page}.")
    return await anyio.to_thread.run_sync(decode_picture, await app.blobs.get(found.image))
