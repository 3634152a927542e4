"""An event loop whose clock leaps to the next timer when there is nothing to do: an hour of pauses takes no time."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


_TURN_S = 1e-9
"""What one turn of the loop takes: a clock that stands still leaves those who are due within a rounding error to spin."""


class _Leaping(selectors.DefaultSelector):
    """``now`` is in seconds from the start of the loop."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if timeout is None and not ready:
            raise AssertionError("every task waits for another one, and no timer runs")
        self.now += _TURN_S if ready or not timeout else timeout + _TURN_S
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """For code that waits by the loop's clock only: no threads, no network."""

    def __init__(self) -> None:
        self._leaping = _Leaping()
        super().__init__(self._leaping)

    def time(self) -> float:
        return self._leaping.now


def run_virtually(main: Coroutine[Any, Any, T]) -> T:
    """``asyncio.run`` on a ``VirtualLoop``. Raises ``AssertionError`` when a task is left over at the end."""

    async def alone() -> T:
        result = await main
        left = [t for t in asyncio.all_tasks() if t is not asyncio.current_task()]
        assert left == [], f"left over: {left}"
        return result

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(alone())
