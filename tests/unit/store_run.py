"""A run that fills a store step by step, to be killed at any of them: ``python store_run.py STORE``.

It replaces the documents of an earlier version, puts one in quarantine and removes one, and goes on where an earlier run
stopped. It writes a line for each step.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from store_support import make_document, make_page, put, stage

from mmrag.app import App, open_app
from mmrag.settings import Settings, StoreSettings

DOCUMENTS = 18
PAGES = 3


def settings_for(store: Path) -> Settings:
    return Settings(store=StoreSettings(path=store, lock_timeout_s=10))


def lines(version: str, n: int, page: int) -> list[str]:
    return [f"{version} document {n} page {page} line {i} total {n}.{page}{i}" for i in range(6)]


async def first_version(store: Path) -> None:
    """What the store holds before the run."""
    async with open_app(settings_for(store), write=True) as app:
        assert app.writer is not None
        for n in range(DOCUMENTS):
            page = make_page(f"doc-old-{n}", 1, *lines("old", n, 1), image=await app.blobs.put(b"old %d" % n))
            await put(app.writer, make_document(f"doc-old-{n}", pages=1, location=f"/in/{n}"), [page])
        await app.keeper.drain()


async def run(store: Path) -> None:
    async with open_app(settings_for(store), write=True) as app:
        assert app.writer is not None
        say("open")
        known = await app.writer.known()
        for n in range(DOCUMENTS - 2):
            if known[f"/in/{n}"].id != f"doc-new-{n}":
                await replace_document(app, n)
        if known[f"/in/{DOCUMENTS - 2}"].pages:
            await app.writer.quarantine(make_document("doc-bad", pages=0, location=f"/in/{DOCUMENTS - 2}"))
            say("quarantined")
        await app.writer.remove([f"doc-old-{DOCUMENTS - 1}"])
        await app.keeper.drain()
        say("drained")
        await app.blobs.discard(await app.writer.sweep())
    say("closed")


async def replace_document(app: App, n: int) -> None:
    assert app.writer is not None
    done = await app.writer.staged_pages(f"doc-new-{n}", "r1")
    for number in range(done + 1, PAGES + 1):
        image = await app.blobs.put(b"new %d %d" % (n, number))
        await stage(app.writer, make_page(f"doc-new-{n}", number, *lines("new", n, number), image=image))
        say("staged")
    await app.writer.publish(make_document(f"doc-new-{n}", pages=PAGES, location=f"/in/{n}"))
    say("published")
    if n % 3 == 0:
        await app.keeper.drain()
        say("drained")


def say(step: str) -> None:
    sys.stdout.write(f"{step}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    asyncio.run(run(Path(sys.argv[1])))
