"""``kill -9`` at any moment: nothing published is lost, nothing is half there, and the next run ends as one alone would."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from store_run import DOCUMENTS, first_version, settings_for
from store_run import run as run_store

from mmrag.app import open_app
from mmrag.domain.documents import DocumentStatus
from mmrag.ports import PageRef
from mmrag.testing import inconsistencies, store_dump

KILLS = 7


def child(store: Path) -> subprocess.Popen[bytes]:
    script = Path(__file__).with_name("store_run.py")
    environment = {**os.environ, "PYTHONPATH": str(script.parents[1])}
    return subprocess.Popen([sys.executable, str(script), str(store)], stdout=subprocess.PIPE, env=environment)


def kill_after(process: subprocess.Popen[bytes], steps: int, pause_s: float) -> bool:
    """Kill the run after so many steps and a moment more; False when it had ended before."""
    assert process.stdout is not None
    for _ in range(steps):
        if not process.stdout.readline():
            break
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=pause_s)
    process.kill()
    process.stdout.close()
    return process.wait() == -signal.SIGKILL


async def check_as_reader(store: Path) -> None:
    """Every document is whole, old or new, with its pictures; the search finds what the catalog holds."""
    async with open_app(settings_for(store)) as app:
        documents = await app.catalog.documents()
        assert len(documents) in (DOCUMENTS, DOCUMENTS - 1)
        for document in documents:
            for number in range(1, document.pages + 1):
                page = await app.catalog.page(PageRef(document_id=document.id, page=number))
                assert page is not None
                assert page.image is not None
                assert await app.blobs.get(page.image)
        ready = [d for d in documents if d.status is DocumentStatus.READY]
        found = await app.vectors.query([1.0] * 8, 1000)
        assert len(found) == sum(6 * d.pages for d in ready)


def files(store: Path) -> list[str]:
    return sorted(p.name for p in (store / "blobs").rglob("*") if p.is_file())


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_killed_store_is_whole_and_ends_like_an_undisturbed_one(tmp_path: Path) -> None:
    start, calm, killed = tmp_path / "start", tmp_path / "calm", tmp_path / "killed"
    asyncio.run(first_version(start))
    shutil.copytree(start, calm)
    shutil.copytree(start, killed)
    asyncio.run(run_store(calm))
    chance = random.Random(20261120)
    hits = 0
    for _ in range(KILLS):
        hits += kill_after(child(killed), chance.randrange(0, 8), chance.random() * 0.1)
        assert inconsistencies(killed) == ()
        asyncio.run(check_as_reader(killed))
    assert hits >= KILLS / 2, "most runs must have been killed before their end"
    asyncio.run(run_store(killed))
    assert store_dump(killed) == store_dump(calm)
    assert files(killed) == files(calm)

    async def in_step(store: Path) -> bool:
        async with open_app(settings_for(store)) as app:
            return not await app.keeper.verify()

    assert asyncio.run(in_step(killed))
    assert asyncio.run(in_step(calm))
