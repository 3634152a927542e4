"""Questions, from the turn in line to the last event, with what is counted and traced of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import anyio
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event

from mmrag.api import Session
from mmrag.domain.answers import Answer
from mmrag.domain.events import AnswerEvent, AnswerGiven
from mmrag.domain.hashing import Json, canonical_bytes
from mmrag.errors import MMRagError
from mmrag.server.schemas import Ask
from mmrag.server.store import Store

KEEP_ALIVE_S = 15.0
"""Of silence, after which a comment is sent, so that proxies keep the connection."""
_PIECES_WAITING = 16
"""Pieces that may wait for a slow client. After that the question waits for it."""


async def events(store: Store, ask: Ask) -> AsyncGenerator[AnswerEvent, None]:
    """What happens while the question is answered, the answer last. Raises what ``Session.stream`` does, and ``Problem``."""
    async with store.turns.turn():
        with store.tracing.question() as span:
            try:
                async with aclosing(_stream(store.session, ask)) as told:
                    async for event in told:
                        span.hear(event)
                        if isinstance(event, AnswerGiven):
                            store.metrics.answered(event.answer)
                        yield event
            except MMRagError as error:
                store.metrics.errors.inc()
                span.failed(error)
                raise


async def answer_to(store: Store, ask: Ask) -> Answer:
    """Ask, and wait for the answer."""
    async with aclosing(events(store, ask)) as told:
        async for event in told:
            if isinstance(event, AnswerGiven):
                return event.answer
    raise RuntimeError("the question ended without an answer")


def _stream(session: Session, ask: Ask) -> AsyncGenerator[AnswerEvent, None]:
    """A client may ask for less than the settings allow to be spent, never for more."""
    most = session.settings.cascade.max_usd
    max_usd = None if ask.max_usd is None else min(ask.max_usd, most)
    return session.stream(ask.question, document=ask.document, tier=ask.tier, max_usd=max_usd, conversation=ask.conversation)


def server_sent(event: str, data: Json) -> bytes:
    """One event on the wire."""
    return format_sse_event(event=event, data_str=canonical_bytes(data).decode("utf-8", "replace"))


async def kept_alive(pieces: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    """``pieces``, with a comment whenever there is none for a while. Closing it closes ``pieces``."""
    send, receive = anyio.create_memory_object_stream[bytes](_PIECES_WAITING)

    async def pump() -> None:
        async with send, aclosing(pieces):
            async for piece in pieces:
                await send.send(piece)

    task = asyncio.create_task(pump())
    try:
        async with receive:
            while True:
                piece = KEEPALIVE_COMMENT
                try:
                    with anyio.move_on_after(KEEP_ALIVE_S):
                        piece = await receive.receive()
                except anyio.EndOfStream:
                    break
                yield piece
        await task
    finally:
        # Shielded: the server cancels a response whose client is gone, and the question has to be ended all the same.
        with anyio.CancelScope(shield=True):
            task.cancel()
            await asyncio.wait([task])
