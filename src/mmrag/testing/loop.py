"""Catching code that holds up the event loop."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

_BEAT_S: Final = 0.01


@contextmanager
def responsive_loop(limit_s: float = 0.2) -> Iterator[None]:
    """Raises ``AssertionError`` at its end when a single callback on an event loop held it up for over ``limit_s``.

    A callback that computes is measured by its processor time; one that waits by the time it took, less the time during
    which no other thread got a turn either: then the machine was busy, or another thread kept the interpreter. The garbage
    collector's time is left out: it falls on whoever runs when it is due.
    """
    slow: list[tuple[float, str]] = []
    run = asyncio.Handle._run
    with _heartbeat() as heart, _collections() as collecting:

        def timed(handle: asyncio.Handle) -> object:
            what = repr(handle)
            start, computed, late, collected = time.perf_counter(), time.thread_time(), heart.late(), collecting()
            try:
                return run(handle)
            finally:
                waited = time.perf_counter() - start - (heart.late() - late)
                held = max(time.thread_time() - computed, waited) - (collecting() - collected)
                if held > limit_s:
                    slow.append((held, what))

        asyncio.Handle._run = timed  # type: ignore[method-assign,assignment]  # the only place where every callback passes
        try:
            yield
        finally:
            asyncio.Handle._run = run  # type: ignore[method-assign]  # put back what was there
    if slow:
        held, what = max(slow)
        raise AssertionError(f"the event loop was held up for {held * 1000:.0f} ms by {what}")


class _Heart(threading.Thread):
    """Wakes up every ten milliseconds and adds up how late it was."""

    def __init__(self) -> None:
        super().__init__(name="heartbeat", daemon=True)
        self.stop = threading.Event()
        self._late = 0.0
        self._due = time.perf_counter() + _BEAT_S

    def run(self) -> None:
        while not self.stop.wait(_BEAT_S):
            self._late = self.late()
            self._due = time.perf_counter() + _BEAT_S

    def late(self) -> float:
        """Seconds of lateness so far, a beat that is due now included."""
        return self._late + max(0.0, time.perf_counter() - self._due)


@contextmanager
def _heartbeat() -> Iterator[_Heart]:
    heart = _Heart()
    heart.start()
    try:
        yield heart
    finally:
        heart.stop.set()
        heart.join()


@contextmanager
def _collections() -> Iterator[Callable[[], float]]:
    """A clock that runs while the garbage collector does."""
    total = began = 0.0

    def watch(phase: str, _info: object) -> None:
        nonlocal total, began
        if phase == "start":
            began = time.perf_counter()
        else:
            total += time.perf_counter() - began

    gc.callbacks.append(watch)
    try:
        yield lambda: total
    finally:
        gc.callbacks.remove(watch)
