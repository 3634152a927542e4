"""``kill -9`` and Ctrl-C at any moment of an ingestion: the same command again ends in the store of an undisturbed run."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest
from ingest_support import Dump, dump, settings_for
from kill_support import MMRAG, kill_after, make_files, orphans, start_ingest, text_pdf

MOMENTS = 20
KILLS_A_STORE = 2
QUARANTINED = 3


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_files(tmp_path_factory.mktemp("kill") / "in")


@pytest.fixture(scope="module")
def undisturbed(folder: Path) -> tuple[Path, float]:
    """A store made in one go, and the seconds that it took."""
    store = folder.parent / "undisturbed"
    finish(folder, folder.parent / "warm")  # what is made once for all stores (the text model's ONNX form) is made now
    began = time.monotonic()
    finish(folder, store)
    return store, time.monotonic() - began


def finish(folder: Path, store: Path) -> None:
    process = start_ingest(folder, store)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == QUARANTINED, errors.decode()
    assert b"Traceback" not in errors


async def dump_of(store: Path) -> Dump:
    return await dump(settings_for(store))


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_kill_at_random_moments(folder: Path, undisturbed: tuple[Path, float]) -> None:
    expected = await dump_of(undisturbed[0])
    assert len(expected.pages) == 20
    moments = random.Random(20)
    killed = stores = 0
    seconds = undisturbed[1]
    while killed < MOMENTS:
        store = folder.parent / f"killed-{stores}"
        stores += 1
        assert stores <= 2 * MOMENTS, "most of the moments are after the end"
        for _ in range(KILLS_A_STORE):
            process = start_ingest(folder, store)
            in_time = kill_after(process, moments.uniform(0.15, 0.95) * seconds)
            assert orphans(process.pid) == [], "reading processes end with the process that was killed"
            killed += in_time
            if not in_time:
                seconds *= 0.85  # the machine is quicker now than when the undisturbed run was timed
                break
        finish(folder, store)
        found = await dump_of(store)
        for one, other in zip(found.documents, expected.documents, strict=True):
            assert one == other, f"store {stores}"
        assert found == expected, f"store {stores}"


def test_ctrl_c_stops_cleanly_and_says_so(tmp_path: Path) -> None:
    text_pdf(tmp_path / "long.pdf", [[f"Page {n}", f"Item number {n}", "Some more words on it"] for n in range(150)])
    store = tmp_path / "store"
    process = start_ingest(tmp_path / "long.pdf", store)
    wait_until_staged(store, pages=3)
    process.send_signal(signal.SIGINT)
    out, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors.decode()
    assert out == b""
    assert b"Stopped" in errors
    assert b"of long.pdf" in errors
    assert b"Traceback" not in errors
    assert orphans(process.pid) == []


def test_two_ingestions_at_once_do_not_mix(folder: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    first = start_ingest(folder, store)
    wait_until_staged(store, pages=0)
    second = subprocess.run(
        [MMRAG, "ingest", folder, "--store", store],
        capture_output=True,
        env={**os.environ, "MMRAG_STORE__LOCK_TIMEOUT_S": "0.1"},
        timeout=30,
    )
    first.communicate(timeout=120)
    assert first.returncode == QUARANTINED
    assert second.returncode == 1
    assert b"Another mmrag is writing" in second.stderr


def wait_until_staged(store: Path, *, pages: int) -> None:
    """Until so many page pictures are there, or the store itself for 0."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        found = (
            sum(path.is_file() for path in (store / "blobs").rglob("*")) if pages else (store / "catalog.sqlite").exists()
        )
        if found and found >= pages:
            return
        time.sleep(0.02)
    raise AssertionError("nothing was staged")
