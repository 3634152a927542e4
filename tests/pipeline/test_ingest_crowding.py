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
from mmrag_ingest.crowding import Queueing, Standing, standings, within
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
    idle = Standing(0.0, 0.0, ready=False)
    monkeypatch.setattr(
        crowding,
        "standings",
        lambda pid: {1: Standing(0.0, min(0.4, (time.monotonic() - began) * 0.9), ready=False), 2: idle},
    )
    assert await within(asyncio.ensure_future(asyncio.sleep(0.3, "late")), 0.1, NOBODY) == "late"


async def test_waiting_in_line_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    began = time.monotonic()
    monkeypatch.setattr(crowding, "standings", lambda pid: {1: Standing(0.0, time.monotonic() - began, ready=False)})
    monkeypatch.setattr(crowding, "MOST", 5.0)
    with pytest.raises(TimeoutError):
        await within(asyncio.ensure_future(asyncio.sleep(60)), 0.1, NOBODY)
    assert 0.4 < time.monotonic() - began < 5


def test_of_several_threads_the_one_that_waited_longest_counts_and_never_more_than_passed() -> None:
    def slept(**waited: float) -> dict[int, Standing]:
        return {int(name[1:]): Standing(0.0, seconds, ready=False) for name, seconds in waited.items()}

    looks = iter([slept(t1=0.0, t2=5.0), slept(t1=0.5, t2=5.1), slept(t1=0.6, t2=5.4, t3=9.0)])
    times = iter([10.0, 11.0, 13.0])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(crowding, "standings", lambda pid: next(looks))
        line = Queueing(NOBODY, lambda: next(times))
        assert line.look() == pytest.approx(0.5)
        assert line.look() == pytest.approx(2.5), "a thread that is new waited at most the time since the last look"


@pytest.mark.parametrize(
    ("ready", "ran", "waited"), [(True, 0.25, 1.75), (True, 2.0, 0.0), (False, 0.25, 0.0)], ids=["in line", "runs", "sleeps"]
)
def test_a_wait_that_goes_on_counts_though_it_is_not_written_down_yet(ready: bool, ran: float, waited: float) -> None:
    looks = iter([{1: Standing(3.0, 1.0, ready=True)}, {1: Standing(3.0 + ran, 1.0, ready=ready)}])
    times = iter([10.0, 12.0])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(crowding, "standings", lambda pid: next(looks))
        assert Queueing(NOBODY, lambda: next(times)).look() == pytest.approx(waited)


@pytest.mark.parametrize(("runners", "waited"), [(0.0, 0.0), (0.8, 0.0), (4.0, 1.5)])
def test_where_the_system_keeps_no_times_its_load_says_how_long_one_waits(
    monkeypatch: pytest.MonkeyPatch, runners: float, waited: float
) -> None:
    times = iter([10.0, 12.0])
    monkeypatch.setattr(crowding, "standings", lambda pid: {})
    monkeypatch.setattr(crowding, "runners_a_core", lambda: runners)
    assert Queueing(NOBODY, lambda: next(times)).look() == pytest.approx(waited)


@pytest.mark.skipif(not os.path.exists("/proc/self/schedstat"), reason="the system does not tell")
def test_the_kernel_tells_who_stands_in_line() -> None:
    with _pinned_to_one_core(), _busy(3) as pids:
        before = standings(pids[0])[pids[0]]
        time.sleep(0.6)
        after = standings(pids[0])[pids[0]]
        assert after.ready
        assert after.waited - before.waited > 0.2, "three processes share one core"
    assert standings(2**22 + 1) == {}


WORKS = "import time\nwhile time.process_time() < 0.2: pass"
SLEEPS = "import time\ntime.sleep(60)"


@pytest.mark.skipif(not os.path.exists("/proc/self/schedstat"), reason="the system does not tell")
async def test_work_on_a_core_that_fourteen_others_want_is_given_its_time() -> None:
    """It takes some fifteen times as long as alone, and its limit is one and a half times that."""
    with _pinned_to_one_core(), _busy(14):
        began = time.monotonic()
        worker = await asyncio.create_subprocess_exec(sys.executable, "-S", "-c", WORKS)
        assert await within(asyncio.ensure_future(worker.wait()), 0.3, worker.pid) == 0
        assert time.monotonic() - began > 6 * 0.3, "nothing was shown: there was no crowd"


async def test_what_sleeps_in_a_crowd_is_over_at_its_limit() -> None:
    with _pinned_to_one_core(), _busy(4):
        worker = await asyncio.create_subprocess_exec(sys.executable, "-S", "-c", SLEEPS)
        await asyncio.sleep(0.5)
        began = time.monotonic()
        with pytest.raises(TimeoutError):
            await within(asyncio.ensure_future(worker.wait()), 0.3, worker.pid)
        assert time.monotonic() - began < 3
        worker.kill()
        await worker.wait()


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
    assert patience.limit() == 17.0
    patience.failed(DamagedFileError("no reason to hurry"), 1.0)
    assert patience.limit() == 17.0
    patience.failed(ReadTimeoutError("too long"), 17.0)
    assert patience.limit() == pytest.approx(0.9)
    patience.failed(DamagedFileError("broken"), 0.4)
    assert patience.limit() == pytest.approx(0.5)
    patience.failed(ReadTimeoutError("too long"), 0.5)
    assert patience.limit() <= 0


def test_a_dense_page_after_easy_ones_has_the_whole_limit_though_another_timed_out() -> None:
    patience = Patience(page_limit_s=18.0)
    patience.succeeded(0.1)
    patience.failed(ReadTimeoutError("too long"), 18.0)
    assert patience.limit() == 18.0


def test_once_too_many_timed_out_the_others_prove_themselves() -> None:
    patience = Patience(page_limit_s=18.0)
    for _ in range(10):
        patience.succeeded(1.5)
    for _ in range(4):
        assert patience.limit() == 18.0
        patience.failed(ReadTimeoutError("too long"), 18.0)
    assert patience.limit() == 6.0
    patience.succeeded(0.1)
    assert patience.limit() == 6.0
