"""The port through which tools look at ingested files again, filled by the reading processes of ingestion."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from mmrag.domain.documents import Document
from mmrag.domain.geometry import BBox
from mmrag.domain.rereading import RegionPicture, Reread, Way
from mmrag.errors import ReadTimeoutError, UnreadableFileError
from mmrag_ingest.records import Limits, RegionTask

if TYPE_CHECKING:
    from mmrag.ports import Originals
    from mmrag.settings import Settings


class Rereaders(Protocol):
    """Worker processes that read regions."""

    async def reread(self, task: RegionTask, *, timeout_s: float) -> Reread: ...


class OriginalFiles:
    """``mmrag.ports.Originals`` over reading processes. A region may take as long as a page, ``timeout_s``."""

    def __init__(self, readers: Rereaders, limits: Limits, *, timeout_s: float) -> None:
        self._readers = readers
        self._limits = limits
        self._timeout_s = timeout_s

    async def draw(self, document: Document, page: int, box: BBox, *, longest: int, stored: bytes) -> RegionPicture:
        return (await self.read(document, page, box, ways=(), longest=longest, stored=stored)).picture

    async def read(
        self, document: Document, page: int, box: BBox, *, ways: Sequence[Way], longest: int, stored: bytes
    ) -> Reread:
        task = RegionTask(
            path=Path(document.location),
            sha256=document.sha256,
            media_type=document.media_type,
            number=page,
            box=box,
            longest=longest,
            limits=self._limits,
            ways=tuple(ways),
        )
        try:
            return await self._readers.reread(task, timeout_s=self._timeout_s)
        except ReadTimeoutError:
            raise
        except UnreadableFileError as error:
            again = await self._readers.reread(replace(task, stored=stored), timeout_s=self._timeout_s)
            note = f"from the stored picture of the page: {error}"
            return replace(again, picture=replace(again.picture, note=note))


@asynccontextmanager
async def open_originals(settings: Settings) -> AsyncIterator[Originals]:
    """The files of a store, to be looked at again. One process at most, started when it is first needed."""
    from mmrag_ingest.guard import open_pool

    ingest = settings.ingest
    limits = Limits(
        dpi=ingest.dpi,
        max_pixels=ingest.max_pixels,
        max_pages=ingest.max_pages,
        max_file_bytes=ingest.max_file_bytes,
        page_s=ingest.page_timeout_s,
    )
    async with open_pool(ingest.model_copy(update={"workers": 1}), limits) as pool:
        yield OriginalFiles(pool, limits, timeout_s=ingest.page_timeout_s)
