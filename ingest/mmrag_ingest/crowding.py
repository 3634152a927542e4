"""How long a process could not run for want of a core: on a crowded machine that time is not the file's fault.

Such time prolongs a limit by its whole length, however crowded the machine is: a page that waits takes nothing from
anybody. What hangs is still over in time, because it runs or sleeps, and does not stand in line.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar

T = TypeVar("T")

MOST: Final = 400.0
"""A limit is prolonged at most to this many times its length: an end for what the system counts wrongly. The lowest
priority gets 1/400 of a core beside one of the highest (``sched_prio_to_weight``)."""
_LONGEST, _SHORTEST = 1 / 4, 1 / 20
"""Of a limit, for how long nobody looks at the line."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Seconds that a thread has run and that it has stood in line, until it last got a core. ``ready``: it runs, or stands
    in line now."""

    ran: float
    waited: float
    ready: bool


def standings(pid: int) -> Mapping[int, Standing]:
    """Of each thread of the process. Empty where the system does not tell.

    Linux keeps both times in nanoseconds in ``/proc/PID/task/TID/schedstat``
    (https://docs.kernel.org/scheduler/sched-stats.html), and the state of a thread behind its name in ``stat``.
    """
    found: dict[int, Standing] = {}
    try:
        threads = list(Path(f"/proc/{pid}/task").iterdir())
    except OSError:
        return found
    for thread in threads:
        try:
            ran, waited = (thread / "schedstat").read_text(encoding="ascii").split()[:2]
            state = (thread / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[0]
            found[int(thread.name)] = Standing(int(ran) / 1e9, int(waited) / 1e9, state == "R")
        except (OSError, IndexError, ValueError):
            continue  # it ended, or nothing is kept of it
    return found


def runners_a_core() -> float:
    """How many want to run for each core, the average of a minute; 0 where the system does not tell."""
    try:
        return os.getloadavg()[0] / (os.cpu_count() or 1)
    except OSError:
        return 0.0


@dataclass(slots=True)
class Queueing:
    """Adds up how long the process ``pid`` was kept from running, in seconds of the clock on the wall.

    Between two looks the thread that waited longest counts: the others may have waited for it. Where the system keeps no
    such times, its load says how little of a core a process got.
    """

    pid: int
    clock: Callable[[], float]
    waited: float = 0.0
    _looked: float = field(init=False)
    _before: Mapping[int, Standing] = field(init=False)

    def __post_init__(self) -> None:
        self._looked, self._before = self.clock(), standings(self.pid)

    def look(self) -> float:
        """Seconds waited until now."""
        now, line = self.clock(), standings(self.pid)
        passed = now - self._looked
        if line:
            longest = max(_kept_from_running(at, self._before.get(thread), passed) for thread, at in line.items())
        else:
            longest = passed * (1 - 1 / max(1.0, runners_a_core()))
        self.waited += min(max(0.0, longest), passed)
        self._looked, self._before = now, line
        return self.waited


def _kept_from_running(now: Standing, before: Standing | None, passed: float) -> float:
    """Of ``passed`` seconds, those in line. A wait is written down when it ends: of a thread that is ready, all that it did
    not run is one."""
    ran, waited = (0.0, 0.0) if before is None else (before.ran, before.waited)
    return passed - (now.ran - ran) if now.ready and before is not None else now.waited - waited


async def within(work: asyncio.Future[T], timeout_s: float, pid: int) -> T:
    """The result of ``work``, which the process ``pid`` does, when it comes within ``timeout_s`` without time in line.

    Raises ``TimeoutError`` when it does not; ``work`` is cancelled then, and when the caller is.
    """
    loop = asyncio.get_running_loop()
    began, line = loop.time(), Queueing(pid, loop.time)
    left = timeout_s
    try:
        while left > 0:
            done, _ = await asyncio.wait({work}, timeout=min(max(left, _SHORTEST * timeout_s), _LONGEST * timeout_s))
            if done:
                return work.result()
            left = min(timeout_s + line.look(), MOST * timeout_s) - (loop.time() - began)
        raise TimeoutError
    finally:
        work.cancel()
