"""How often one client may ask, by the library ``limits``: a sliding window of a minute, in memory."""

from __future__ import annotations

import time
from enum import StrEnum

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter

from mmrag.server.problems import Problem
from mmrag.settings import ServeSettings


class Kind(StrEnum):
    REQUEST = "requests"
    QUESTION = "questions"
    UPLOAD = "uploads"


class Rates:
    """Counts by client and kind."""

    def __init__(self, settings: ServeSettings) -> None:
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())
        amounts = {
            Kind.REQUEST: settings.requests_per_minute,
            Kind.QUESTION: settings.questions_per_minute,
            Kind.UPLOAD: settings.uploads_per_minute,
        }
        self._items = {kind: RateLimitItemPerMinute(amount) for kind, amount in amounts.items() if amount}

    async def count(self, kind: Kind, client: str) -> None:
        """Raises ``Problem`` 429 with the seconds to wait when ``client`` has used up its minute."""
        item = self._items.get(kind)
        if item is None or await self._limiter.hit(item, kind.value, client):
            return
        stats = await self._limiter.get_window_stats(item, kind.value, client)
        wait = max(1.0, stats.reset_time - time.time())
        message = f"Too many {kind.value}: {item.amount} a minute are allowed. Try again in {round(wait)} s."
        raise Problem(429, "rate_limited", message, retry_after_s=wait)
