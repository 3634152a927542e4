"""The guard of the event loop sees what holds it up, and nothing else."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import pytest

from mmrag.testing import responsive_loop


def compute(seconds: float) -> None:
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        sum(range(1000))


async def call(work: Callable[[], object]) -> None:
    work()


@pytest.mark.parametrize("work", [lambda: time.sleep(0.5), lambda: compute(0.4)], ids=["waits", "computes"])
def test_a_callback_that_holds_the_loop_is_named(work: Callable[[], object]) -> None:
    with pytest.raises(AssertionError, match="held up for"), responsive_loop(0.2):
        asyncio.run(call(work))


def test_work_in_threads_and_many_short_steps_are_fine() -> None:
    async def main() -> bool:
        await asyncio.gather(*(asyncio.to_thread(time.sleep, 0.3) for _ in range(3)), asyncio.to_thread(compute, 0.3))
        for _ in range(20):
            compute(0.02)
            await asyncio.sleep(0)
        return True

    with responsive_loop(0.2):  # it raises where the loop is held up
        assert asyncio.run(main())


def test_asyncio_is_left_as_it_was() -> None:
    before = asyncio.Handle._run
    with responsive_loop():
        assert asyncio.Handle._run is not before
    assert asyncio.Handle._run is before
