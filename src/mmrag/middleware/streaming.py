"""A reply as an async iterator of its pieces."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from mmrag.domain.messages import ChatRequest, Delta, Reply
from mmrag.ports import ChatModel


async def stream(model: ChatModel, request: ChatRequest) -> AsyncGenerator[Delta | Reply, None]:
    """The pieces of the reply as they come, then the whole ``Reply``, once, as the last item.

    Close it (``contextlib.aclosing``) when you stop early: that cancels the call. Raises what the model raises.
    """
    pieces: asyncio.Queue[Delta | None] = asyncio.Queue()

    async def call() -> Reply:
        try:
            return await model.reply(request, pieces.put)
        finally:
            pieces.put_nowait(None)

    task = asyncio.create_task(call())
    try:
        while (piece := await pieces.get()) is not None:
            yield piece
        yield await task
    finally:
        task.cancel()
        await asyncio.wait([task])  # a closed stream leaves no call behind
