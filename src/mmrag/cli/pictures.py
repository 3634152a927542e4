"""Page pictures out of the store and onto the disk, with boxes drawn.

File names are made here. What a document is called decides nothing about where a file goes: only its letters, digits and
dots are used, and a file is replaced as a whole, so a link in its place is not followed.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
import anyio.to_thread

from mmrag.domain.answers import Answer, Citation
from mmrag.domain.documents import Page, document_id
from mmrag.drawing import Mark, crop, draw
from mmrag.errors import UsageError
from mmrag.ports import PageRef

if TYPE_CHECKING:
    from mmrag.app import App


def safe_name(document: str) -> str:
    """A file name stem made of the last part of a document's name; ``document`` when nothing of it is left."""
    last = document.replace("\\", "/").rsplit("/", 1)[-1]
    return re.sub(r"[^A-Za-z0-9.]+", "-", last).strip("-.")[:80] or "document"


async def picture_of(page: Page, app: App) -> bytes:
    """The stored picture of a page. Raises ``UsageError`` when the page could not be drawn at ingestion."""
    if page.image is None:
        raise UsageError(f"Page {page.number} has no picture: it could not be drawn when it was ingested.")
    return await app.blobs.get(page.image)


async def write_picture(path: Path, data: bytes) -> None:
    """Write ``data`` to ``path`` at once. Raises ``UsageError`` when that is not possible."""
    try:
        await anyio.to_thread.run_sync(_replace, path, data)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}. Name another file.") from error


def _replace(path: Path, data: bytes) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".mmrag-", suffix=path.suffix)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


async def save_citations(answer: Answer, app: App, folder: Path) -> list[str]:
    """Write every cited place to ``folder``: cut out, and drawn on its page. Returns a line to say about each file.

    Raises ``UsageError`` when the folder cannot be made or written to.
    """
    notes: list[str] = []
    by_page: dict[tuple[str, str, int], list[tuple[str, Citation]]] = {}
    for number, claim in enumerate(answer.claims, 1):
        for place, citation in enumerate(claim.citations, 1):
            key = (citation.document, citation.sha256, citation.page)
            by_page.setdefault(key, []).append((f"{number}-{place}", citation))
    for (document, sha256, number), cited in by_page.items():
        page = await app.catalog.page(PageRef(document_id=document_id(document, sha256), page=number))
        if page is None or page.image is None:
            notes.append(f"no picture of {document} page {number} is stored: nothing to cut out")
            continue
        picture = await app.blobs.get(page.image)
        await _make(folder)
        stem = f"{safe_name(document)}-page-{number}"
        marks = [Mark(box=citation.bbox) for _, citation in cited]
        notes.append(await _save(folder / f"{cited[0][0]}-{stem}.png", await _drawn(picture, marks)))
        for label, citation in cited:
            piece = await anyio.to_thread.run_sync(crop, picture, citation.bbox)
            notes.append(await _save(folder / f"{label}-{stem}-crop.png", piece))
    return notes


async def _make(folder: Path) -> None:
    try:
        await anyio.Path(folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{folder} cannot be used as a folder: {error.strerror}. Name another one.") from error


async def _drawn(picture: bytes, marks: Sequence[Mark]) -> bytes:
    return await anyio.to_thread.run_sync(draw, picture, marks)


async def save_picture(path: Path, data: bytes) -> str:
    """Write a picture, with its folder where that is not there. Raises ``UsageError`` when that is not possible."""
    await _make(path.parent)
    return await _save(path, data)


async def _save(path: Path, data: bytes) -> str:
    await write_picture(path, data)
    return f"wrote {path}"
