"""Time that stands still until it is told to go on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


class FrozenClock:
    """``Clock`` for tests. ``advance`` moves both the date and the seconds counter."""

    def __init__(self, start: datetime | None = None) -> None:
        self._now = start or datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
        self._monotonic = 0.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._monotonic

    def advance(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)
        self._monotonic += seconds
