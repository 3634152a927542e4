"""A store with a few invented pages, and a real server over it on loopback."""

from __future__ import annotations

import asyncio
import io
import socket
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import uvicorn
from fastapi import FastAPI
from PIL import Image
from store_support import make_page, values_of

from mmrag.app import open_app
from mmrag.domain.documents import Document, DocumentStatus, document_id
from mmrag.ports import VectorRecord
from mmrag.server.app import create_app
from mmrag.settings import ServeSettings, Settings, StoreSettings

INVOICE = ("Fernhill Garden Supplies", "Invoice number: F-2291", "Invoice date: 14 March 2024", "Total: 46.65")
RECEIPT = ("Golden Key Cafe", "Receipt 118", "Coffee 3.20", "Total: 7.40")
DISAGREEING = {
    f"copy-{number}.pdf": (*INVOICE[:-1], f"Invoice total: {total}") for number, total in ((1, "46.65"), (2, "64.65"))
}
"""Two copies of an invoice that disagree about the total, and what to ask of them."""
WHICH_TOTAL = "What is the invoice total of Fernhill Garden Supplies, invoice number F-2291?"
QUESTION = "What is the invoice number of the invoice from Fernhill Garden Supplies?"
TOKEN = "a-token-that-is-long-enough"  # noqa: S105


async def fill(store: Path, pages: Mapping[str, Sequence[str]]) -> None:
    """One document of one page for each name, with a white picture, and a file in quarantine."""
    async with open_app(settings_for(store), write=True) as app:
        assert app.writer is not None
        picture = io.BytesIO()
        Image.new("RGB", (1000, 1400), "white").save(picture, format="JPEG")
        blob = await app.blobs.put(picture.getvalue())
        for number, (name, lines) in enumerate(pages.items()):
            sha = f"{number:064x}"
            page = make_page(document_id(name, sha), 1, *lines, image=blob)
            vectors = [
                VectorRecord(element_id=e.id, document_id=e.document_id, page=1, kind=e.kind.value, vector=vector)
                for e, vector in zip(page.elements, await app.embedder.embed([e.text for e in page.elements]), strict=True)
            ]
            await app.writer.stage_page(page, recipe="r", vectors=vectors, values=values_of(page))
            await app.writer.publish(_document(name, sha, pages=1))
        await app.writer.quarantine(_document("broken.pdf", "f" * 64, pages=0))
        await app.keeper.drain()


def filled_store(store: Path, pages: Mapping[str, Sequence[str]]) -> Path:
    """``fill`` in a thread: where Playwright runs, this one has an event loop already."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: asyncio.run(fill(store, pages))).result()
    return store


def _document(name: str, sha: str, *, pages: int) -> Document:
    ready = pages > 0
    return Document(
        id=document_id(name, sha),
        name=name,
        location=f"/scans/{name}",
        sha256=sha,
        media_type="image/jpeg",
        size=10,
        pages=pages,
        status=DocumentStatus.READY if ready else DocumentStatus.QUARANTINED,
        recipe="r",
        reason=None if ready else "It is encrypted.",
    )


def settings_for(store: Path, **serve: object) -> Settings:
    unlimited = {"requests_per_minute": 0, "questions_per_minute": 0, "uploads_per_minute": 0}
    return Settings(store=StoreSettings(path=store), serve=ServeSettings.model_validate({**unlimited, **serve}))


@dataclass(frozen=True, slots=True)
class Served:
    url: str
    app: FastAPI

    def client(self, **headers: str) -> httpx.Client:
        return httpx.Client(base_url=self.url, headers=headers, timeout=60)


@contextmanager
def served(settings: Settings, *, only_mcp: bool = False) -> Iterator[Served]:
    """The application on a free port of loopback, in a thread of its own."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    app = create_app(settings, only_mcp=only_mcp)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="on", ws="none"))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listening])), daemon=True)
    thread.start()
    deadline = time.monotonic() + 60
    while not server.started:
        if time.monotonic() > deadline or not thread.is_alive():
            raise RuntimeError("the server did not start")
        time.sleep(0.02)
    try:
        yield Served(f"http://127.0.0.1:{listening.getsockname()[1]}", app)
    finally:
        server.should_exit = True
        thread.join(timeout=20)
        server.force_exit = True
        listening.close()
