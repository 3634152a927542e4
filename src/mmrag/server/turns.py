"""Questions take turns: so many at once, so many waiting in line, the others are told to come back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from mmrag.server.problems import Problem


class Turns:
    """First come, first served. ``at_once`` are inside, ``most_waiting`` may stand in line."""

    def __init__(self, *, at_once: int, most_waiting: int) -> None:
        self._places = asyncio.Semaphore(at_once)
        self._most_waiting = most_waiting
        self.waiting = 0
        self.inside = 0

    def check(self) -> None:
        """Raises ``Problem`` 503 when the line is full."""
        if self._places.locked() and self.waiting >= self._most_waiting:
            message = f"{self.waiting} questions are waiting already. Try again in a few seconds."
            raise Problem(503, "busy", message, retry_after_s=2)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a place and hold it. Raises ``Problem`` 503 when the line is full."""
        self.check()
        self.waiting += 1
        try:
            await self._places.acquire()
        finally:
            self.waiting -= 1
        self.inside += 1
        try:
            yield
        finally:
            self.inside -= 1
            self._places.release()
