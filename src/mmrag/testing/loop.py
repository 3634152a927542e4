"""Catching code that holds up the event loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_SCHEDULE: Final = Path("/proc/thread-self/schedstat")


@contextmanager
def responsive_loop(limit_s: float = 0.2) -> Iterator[None]:
    """Raises ``AssertionError`` at its end when a single callback on an event loop of this thread took over ``limit_s``.

    Time during which the machine was busy with other programs is left out where the system tells it (Linux).
    """
    slow: list[tuple[float, str]] = []
    run = asyncio.Handle._run

    def timed(handle: asyncio.Handle) -> object:
        what = repr(handle)
        start, waited = time.perf_counter(), _waited()
        try:
            return run(handle)
        finally:
            taken = time.perf_counter() - start - (_waited() - waited)
            if taken > limit_s:
                slow.append((taken, what))

    asyncio.Handle._run = timed  # type: ignore[method-assign,assignment]  # asyncio's only place where every callback passes
    try:
        yield
    finally:
        asyncio.Handle._run = run  # type: ignore[method-assign]  # put back what was there
    if slow:
        taken, what = max(slow)
        raise AssertionError(f"the event loop was held up for {taken * 1000:.0f} ms by {what}")


def _waited() -> float:
    """Seconds that this thread was ready to run while others ran."""
    try:
        return int(_SCHEDULE.read_text().split()[1]) / 1e9
    except (OSError, IndexError):
        return 0.0
