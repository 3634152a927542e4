"""Single flight: the same call made twice at once is made once."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Awaitable, Callable

from mmrag.domain.costs import Usage
from mmrag.domain.messages import Delta, Reply
from mmrag.errors import ModelError
from mmrag.middleware.tab import Tab, current_tab, finished
from mmrag.ports import OnDelta

Begin = Callable[[OnDelta | None], Awaitable[Reply]]


class Flight:
    """One call on its way and those who want its reply. It goes on while one of them is aboard, and pays from the tab of the
    one who began it, even when that one has left.
    """

    def __init__(self, begin: Begin, *, streamed: bool, landed: Callable[[], None]) -> None:
        self._tab: Tab = current_tab()
        self._pieces: list[Delta] = []
        self._changed = asyncio.Event()
        self._aboard = 0
        self._landed = landed
        self._task = asyncio.create_task(self._fly(begin, self._push if streamed else None))
        self._task.add_done_callback(self._done)

    async def ride(self, on_delta: OnDelta | None, *, leads: bool) -> Reply:
        """The reply, its pieces from the first on, or what the call raised. Leaving, even cancelled, lets others go on."""
        self._aboard += 1
        try:
            told = await self._listen(on_delta) if on_delta is not None else 0
            if not self._task.done():
                await asyncio.wait([self._task])
            reply = self._outcome(leads)
            if on_delta is not None and not told and reply.text:
                await on_delta(Delta(text=reply.text))
            return reply
        finally:
            self._aboard -= 1
            if not self._task.done():
                await self._leave(leads)

    async def _listen(self, on_delta: OnDelta) -> int:
        """Pass on pieces until the end; returns how many there were."""
        told = 0
        while True:
            while told < len(self._pieces):
                told += 1
                await on_delta(self._pieces[told - 1])
            if self._task.done():
                return told
            await self._changed.wait()

    def _outcome(self, leads: bool) -> Reply:
        try:
            return self._task.result()
        except ModelError as error:
            if leads:
                raise
            shared = copy.copy(error)
            shared.usage = Usage()  # the one who began the call pays for it
            raise shared from error

    async def _leave(self, leads: bool) -> None:
        if self._aboard:
            self._tab.handed_over = self._tab.handed_over or leads
            return
        self._landed()  # nobody joins what is about to be cancelled
        self._task.cancel()
        await finished(_ended(self._task))

    async def _fly(self, begin: Begin, on_delta: OnDelta | None) -> Reply:
        try:
            return await begin(on_delta)
        finally:
            self._landed()
            if self._tab.handed_over:
                await finished(self._tab.close())

    async def _push(self, piece: Delta) -> None:
        self._pieces.append(piece)
        self._notify()

    def _done(self, task: asyncio.Task[Reply]) -> None:
        if not task.cancelled():
            task.exception()  # it is raised to those aboard; with none of them left, nobody asks
        self._notify()

    def _notify(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


class Flights:
    """The calls that are on their way, by key."""

    def __init__(self) -> None:
        self._flying: dict[str, Flight] = {}

    def __len__(self) -> int:
        return len(self._flying)

    def join(self, key: str, begin: Begin, *, streamed: bool) -> tuple[Flight, bool]:
        """The flight of ``key``, begun now when there is none, and whether it was begun."""
        flight = self._flying.get(key)
        if flight is not None:
            return flight, False
        flight = Flight(begin, streamed=streamed, landed=lambda: self._landed(key, flight))
        self._flying[key] = flight
        return flight, True

    def _landed(self, key: str, flight: Flight | None) -> None:
        if self._flying.get(key) is flight:
            del self._flying[key]


async def _ended(task: asyncio.Task[Reply]) -> None:
    await asyncio.wait([task])
