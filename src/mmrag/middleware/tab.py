"""The tab of a call: what it has run up so far, whatever becomes of it.

A call passes through several wrappers, and may be cancelled in any of them. What its attempts have used is noted where they
are made and written where the call ends, so that nothing in between can lose it.
"""

from __future__ import annotations

import asyncio
import math
import secrets
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeVar

from mmrag.domain.costs import Usage
from mmrag.domain.messages import ChatRequest, Reply
from mmrag.errors import ModelError
from mmrag.ports import ChatModel, OnDelta

T = TypeVar("T")


async def _nothing() -> None:
    return None


@dataclass(slots=True, eq=False)
class Tab:
    """One call of ``tier``, from the moment it is made to its line in the ledger.

    ``attempts`` holds the usage of each attempt that ended. ``began`` and ``deadline`` are times of the event loop: when the
    call was made, and after which no attempt begins. ``held_usd`` is the most that one attempt may cost, None when that is
    not known; ``afford`` is awaited before a further attempt and raises ``BudgetExceededError`` when it cannot be paid.
    ``claimed``: the ledger may hold a claim with the tab's id. ``close`` writes the tab into the ledger;
    ``handed_over`` says that whoever goes on with the call will do so.
    """

    tier: str = ""
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    attempts: list[Usage] = field(default_factory=list)
    began: float = field(default_factory=lambda: asyncio.get_running_loop().time())
    deadline: float = math.inf
    held_usd: Decimal | None = None
    claimed: bool = False
    afford: Callable[[], Awaitable[None]] = _nothing
    close: Callable[[], Coroutine[Any, Any, None]] = _nothing
    handed_over: bool = False

    @property
    def usage(self) -> Usage:
        return sum(self.attempts, Usage())

    async def send(self, model: ChatModel, request: ChatRequest, on_delta: OnDelta | None) -> Reply:
        """One attempt. When it does not end by itself, nobody knows what it cost."""
        try:
            reply = await model.reply(request, on_delta)
        except ModelError as error:
            self.attempts.append(error.usage)
            raise
        except BaseException:
            self.attempts.append(Usage(unreported_calls=1))
            raise
        self.attempts.append(reply.usage)
        return reply


_current: ContextVar[Tab | None] = ContextVar("mmrag_tab", default=None)


def current_tab() -> Tab:
    """The tab of the call that is being made, or one that nobody reads."""
    return _current.get() or Tab()


@contextmanager
def opened_tab(tier: str) -> Iterator[Tab]:
    """A new tab for the call inside."""
    tab = Tab(tier=tier)
    token = _current.set(tab)
    try:
        yield tab
    finally:
        _current.reset(token)


async def finished(work: Coroutine[Any, Any, T]) -> T:
    """The result of ``work``, which is brought to its end even when the caller is cancelled; that is raised afterwards."""
    task = asyncio.create_task(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None and task.exception() is None:
        raise cancelled
    return task.result()
