"""Readers that play a script instead of reading pictures: what each page of each file does is written in the file."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from mmrag_ingest.records import Limits, PageRead, PageTask, Probe
from numpy.typing import NDArray

from mmrag.app import App, open_app
from mmrag.domain.documents import Document, Element, ElementKind, Page, TextSource, Word, element_id
from mmrag.domain.geometry import BBox, Polygon
from mmrag.domain.hashing import sha256_hex
from mmrag.errors import DamagedFileError, EncryptedFileError, ReadTimeoutError
from mmrag.ports import PageRef
from mmrag.settings import IngestSettings, Settings, StoreSettings

HEAD = "%PDF-1.7\n"


def write_file(path: Path, *pages: str) -> Path:
    """A file whose pages hold these texts. ``!timeout``, ``!crash``, ``!slow`` and ``!locked`` do as they say."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(HEAD + "\f".join(pages), encoding="utf-8")
    return path


def settings_for(store: Path, *, workers: int = 2, page_timeout_s: float = 5.0, images: bool = False) -> Settings:
    return Settings(
        store=StoreSettings(path=store), ingest=IngestSettings(workers=workers, page_timeout_s=page_timeout_s, images=images)
    )


@dataclass(slots=True)
class ScriptReaders:
    """Plays the scripts. ``log`` holds what was read; pages of odd number take longer, so that they finish out of order."""

    workers: int = 2
    slow_s: float = 60.0
    log: list[tuple[str, int]] = field(default_factory=list)
    probed: list[str] = field(default_factory=list)
    most_at_once: int = 0
    now: int = 0

    async def probe(self, path: Path, *, timeout_s: float) -> Probe:
        self.probed.append(path.name)
        pages = _pages(path)
        if pages[0] == "!locked":
            raise EncryptedFileError("it is protected by a password")
        return Probe(media_type="application/pdf", pages=len(pages))

    async def read(self, task: PageTask, *, timeout_s: float) -> PageRead:
        text = _pages(task.path)[task.number - 1]
        self.log.append((task.path.name, task.number))
        self.now += 1
        self.most_at_once = max(self.most_at_once, self.now)
        try:
            await asyncio.sleep(0.004 if task.number % 2 else 0.001)
            if text == "!timeout":
                await asyncio.sleep(timeout_s)
                raise ReadTimeoutError(f"page {task.number} took too long")
            if text == "!crash":
                raise DamagedFileError(f"page {task.number} ended its reader")
            if text == "!slow":
                await asyncio.sleep(self.slow_s)
        finally:
            self.now -= 1
        picture = f"picture of {text}".encode()
        return PageRead(page=_page(task, text, sha256_hex(picture)), picture=picture, values=(), seconds=0.002)

    @asynccontextmanager
    async def __call__(self, settings: IngestSettings, limits: Limits) -> AsyncIterator[ScriptReaders]:
        self.workers = settings.workers
        yield self


def _pages(path: Path) -> Sequence[str]:
    return path.read_text(encoding="utf-8").removeprefix(HEAD).split("\f")


def _page(task: PageTask, text: str, image: str) -> Page:
    words = tuple(
        Word(
            index=i,
            line=0,
            text=word,
            polygon=Polygon.from_bbox(BBox.clamped(0.1 + 0.02 * i, 0.1, 0.11 + 0.02 * i, 0.12)),
            confidence=0.9,
        )
        for i, word in enumerate(text.split())
    )
    element = Element(
        id=element_id(task.document_id, task.number, 0, ElementKind.TEXT, text),
        document_id=task.document_id,
        page=task.number,
        ordinal=0,
        kind=ElementKind.TEXT,
        bbox=BBox(0.1, 0.1, 0.9, 0.12),
        text=text,
        words=tuple(range(len(words))),
        confidence=0.9,
    )
    return Page(
        document_id=task.document_id,
        number=task.number,
        width=100,
        height=140,
        source=TextSource.OCR,
        confidence=0.9,
        engine="script",
        image=image,
        words=words,
        elements=(element,),
    )


@dataclass(frozen=True, slots=True)
class LetterEmbedder:
    """A vector from the letters of a text: fast, and the same everywhere. ``identity`` is that of the real one."""

    identity: str
    dimension: int = 384

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        rows = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for i, letter in enumerate(text):
                row[(ord(letter) * 31 + i) % self.dimension] += 1
            row[0] += 0.5
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        return rows


@asynccontextmanager
async def writing(settings: Settings) -> AsyncIterator[App]:
    """The store open for writing, with the fast embedder."""
    async with open_app(settings, write=True) as app:
        yield replace(app, embedder=LetterEmbedder(app.embedder.identity))


@dataclass(frozen=True, slots=True, kw_only=True)
class Dump:
    """What a store holds, in canonical order, without times. Two stores are the same when their dumps are equal."""

    documents: tuple[Document, ...]
    pages: tuple[Page, ...]
    vectors: tuple[tuple[str, tuple[float, ...]], ...]
    index_ids: tuple[str, ...]


async def dump(settings: Settings) -> Dump:
    """Read a store as a reader sees it; fails when a picture that a page names is not there, or the index differs."""
    pages: list[Page] = []
    async with open_app(settings) as app:
        documents = tuple(replace(d, report=replace(d.report, seconds=0.0)) for d in await app.catalog.documents())
        for document in documents:
            for number in range(1, document.pages + 1):
                page = await app.catalog.page(PageRef(document_id=document.id, page=number))
                assert page is not None, (document.name, number)
                pages.append(page)
                if page.image is not None:
                    assert await app.blobs.get(page.image)
        drift = await app.keeper.verify()
        assert not drift, drift
        index_ids = tuple(sorted(await app.vectors.ids()))
    async with open_app(settings, write=True) as app:
        assert app.feed is not None
        vectors = [record async for batch in app.feed.vectors(100) for record in batch]
    return Dump(
        documents=documents,
        pages=tuple(pages),
        vectors=tuple(sorted((v.element_id, tuple(v.vector)) for v in vectors)),
        index_ids=index_ids,
    )
