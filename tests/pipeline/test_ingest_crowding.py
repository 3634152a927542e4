"""Time limits that count the time in which a process could run."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from mmrag_ingest import crowding
from mmrag_ingest.crowding import seconds_in_line, within
from mmrag_ingest.reading import Patience

from mmrag.errors import DamagedFileError, ReadTimeoutError

NOBODY = -1


async def test_work_that_ends_in_time_gives_its_result() -> None:
    assert await within(asyncio.ensure_future(asyncio.sleep(0.01, "done")), 5.0, NOBODY) == "done"


async def test_work_that_hangs_is_cancelled_at_its_limit() -> None:
    work = asyncio.ensure_future(asyncio.sleep(60))
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        await within(work, 0.1, NOBODY)
    assert time.monotonic() - began < 5
    await asyncio.sleep(0)
    assert work.cancelled()


async def test_an_error_of_the_work_comes_through() -> None:
    async def fail() -> None:
        raise DamagedFileError("broken")

    with pytest.raises(DamagedFileError, match="broken"):
        await within(asyncio.ensure_future(fail()), 5.0, NOBODY)


async def test_time_in_line_is_added_to_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    began = time.monotonic()
    monkeypatch.setattr(crowding, "seconds_in_line", lambda pid: min(0.4, (time.monotonic() - began) * 0.9))
    assert await within(asyncio.ensure_future(asyncio.sleep(0.3, "late")), 0.1, NOBODY) == "late"


async def test_waiting_in_line_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    began = time.monotonic()
    monkeypatch.setattr(crowding, "seconds_in_line", lambda pid: time.monotonic() - began)
    with pytest.raises(TimeoutError):
        await within(asyncio.ensure_future(asyncio.sleep(60)), 0.1, NOBODY)
    assert 0.5 < time.monotonic() - began < 5


@pytest.mark.skipif(not os.path.exists("/proc/self/schedstat"), reason="the system does not tell")
def test_the_kernel_tells_who_stands_in_line() -> None:
    with _pinned_to_one_core(), _busy(3) as pids:
        before = seconds_in_line(pids[0])
        time.sleep(0.6)
        assert seconds_in_line(pids[0]) - before > 0.2, "three processes share one core"
    assert seconds_in_line(2**22 + 1) == 0.0


@contextmanager
def _pinned_to_one_core() -> Iterator[None]:
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


@contextmanager
def _busy(count: int) -> Iterator[list[int]]:
    import subprocess

    running = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        time.sleep(0.3)
        yield [process.pid for process in running]
    finally:
        for process in running:
            process.kill()
            process.wait()


def test_a_file_without_a_readable_page_has_one_limit_and_a_second_chance() -> None:
    patience = Patience(page_limit_s=18.0, probe_s=1.0)
    assert patience.limit(100.0) == 17.0
    patience.failed(DamagedFileError("no reason to hurry"), 101.0)
    assert patience.limit(101.0) == 17.0
    patience.failed(ReadTimeoutError("too long"), 117.0)
    assert patience.limit(117.0) == pytest.approx(0.9)
    assert patience.limit(118.0) < 0


def test_once_pages_were_read_a_timeout_makes_the_others_prove_themselves() -> None:
    patience = Patience(page_limit_s=18.0)
    patience.succeeded(1.5)
    assert patience.limit(0.0) == 18.0
    patience.failed(ReadTimeoutError("too long"), 20.0)
    assert patience.limit(20.0) == 6.0
    patience.succeeded(0.1)
    assert patience.limit(30.0) == 6.0
