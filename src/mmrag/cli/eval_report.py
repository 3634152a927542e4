"""Write a report's folder: ``report.json`` for programs, ``report.html`` for eyes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mmrag import api
from mmrag.domain.hashing import Json
from mmrag.errors import StoreDamagedError, UsageError
from mmrag.evaluation.page.crops import Crop, boxes_on, crop_uri, places_to_show
from mmrag.evaluation.page.html import Example, gallery, page_html
from mmrag.evaluation.report import REPORT_FILE
from mmrag.evaluation.scoring import Scored
from mmrag.ports import PageRef

if TYPE_CHECKING:
    from mmrag.app import App
    from mmrag.settings import Settings

PAGE_FILE = "report.html"


async def write_report(
    folder: Path, data: Mapping[str, Json], scored: Sequence[Scored], settings: Settings
) -> tuple[Path, ...]:
    """Write both files and return their paths. Raises ``UsageError`` when the folder cannot be written."""
    async with api.open_session(settings=settings) as session:
        app = await session.app()
        ids = {d.name: d.id for d in await app.catalog.documents()}
        examples = {r: [await _example(s, app, ids) for s in chosen] for r, chosen in gallery(scored).items()}
    html = await asyncio.to_thread(page_html, data, scored, examples)
    files = ((folder / REPORT_FILE, json.dumps(data, ensure_ascii=False, indent=1)), (folder / PAGE_FILE, html))
    try:
        await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
        for file, text in files:
            await asyncio.to_thread(file.write_bytes, text.encode("utf-8", "replace"))
    except OSError as error:
        raise UsageError(f"{folder} cannot be written: {error.strerror}. Name another folder.") from error
    return tuple(file for file, _ in files)


async def _example(s: Scored, app: App, ids: Mapping[str, str]) -> Example:
    crops = [await _crop(s, document, page, app, ids) for document, page in places_to_show(s)]
    return Example(scored=s, crops=tuple(c for c in crops if c is not None))


async def _crop(s: Scored, document: str, page: int, app: App, ids: Mapping[str, str]) -> Crop | None:
    """None when the page's picture is not kept: the example is then shown without it."""
    if document not in ids:
        return None
    stored = await app.catalog.page(PageRef(document_id=ids[document], page=page))
    if stored is None or stored.image is None:
        return None
    try:
        picture = await app.blobs.get(stored.image)
    except StoreDamagedError:
        return None
    uri = await asyncio.to_thread(crop_uri, picture, *boxes_on(s, document, page))
    return Crop(document=document, page=page, uri=uri)
