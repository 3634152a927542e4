"""How long a process has stood in line for a core: on a crowded machine that time is not the file's fault."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final, TypeVar

T = TypeVar("T")

MOST: Final = 6.0
"""Waiting in line prolongs a time limit at most to this many times its length."""


def seconds_in_line(pid: int) -> float:
    """Seconds that the process's main thread was ready to run and had no core; 0 where the system does not tell.

    Linux keeps it as the second number, in nanoseconds, of ``/proc/PID/schedstat``
    (https://docs.kernel.org/scheduler/sched-stats.html).
    """
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii").split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return 0.0


async def within(work: asyncio.Future[T], timeout_s: float, pid: int) -> T:
    """The result of ``work``, which the process ``pid`` does, when it comes within ``timeout_s`` without time in line.

    Raises ``TimeoutError`` when it does not; ``work`` is cancelled then, and when the caller is.
    """
    loop = asyncio.get_running_loop()
    began, in_line = loop.time(), seconds_in_line(pid)
    left = timeout_s
    try:
        while left > 0:
            done, _ = await asyncio.wait({work}, timeout=left)
            if done:
                return work.result()
            allowed = min(timeout_s + seconds_in_line(pid) - in_line, MOST * timeout_s)
            # Less than a twentieth of the limit is not worth another round.
            left = began + allowed - loop.time()
            left = 0.0 if left < timeout_s / 20 else left
        raise TimeoutError
    finally:
        work.cancel()
