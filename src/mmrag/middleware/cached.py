"""Cached: the same call is not paid twice.

The key is the SHA-256 of everything that changes the reply: the model and where it is, the messages with the digests of
their pictures, tools, schema, and the parameters of the call. What is only for the books (stage, question, budget) and what
only serves an estimate (the size of a picture in pixels) is not in it.
"""

from __future__ import annotations

import json
from dataclasses import replace

from mmrag.domain.hashing import Json, canonical_bytes, sha256_hex
from mmrag.domain.messages import ChatRequest, ImagePart, Part, Reply, StopReason, TextPart, ToolCall
from mmrag.errors import BudgetExceededError
from mmrag.middleware.flights import Flights
from mmrag.middleware.tab import current_tab
from mmrag.ports import ChatModel, OnDelta, ReplyCache

_KEPT = frozenset({StopReason.END, StopReason.TOOLS})


def cache_key(identity: str, request: ChatRequest) -> str:
    """64 hexadecimal digits, the same for calls that a model cannot tell apart."""
    return sha256_hex(
        canonical_bytes(
            {
                "model": identity,
                "messages": [{"role": m.role.value, "parts": [_part(p) for p in m.parts]} for m in request.messages],
                "max_output_tokens": request.max_output_tokens,
                "json_schema": request.json_schema,
                "tools": [[t.name, t.description, t.parameters] for t in request.tools],
                "temperature": request.temperature,
                "logprobs": request.logprobs,
            }
        )
    )


class Cached:
    """Looks in ``replies`` first. Refusals, errors, and replies that are cut off or garbled are never kept.

    The same call made while one is on its way joins that one, and hears its pieces from the first on; what becomes of it
    holds for all, but for a refusal of a budget, which is that of the one who began it. A kept reply is streamed as one
    piece. Its usage is that of the call that was paid for; ``cached`` says that this one was not.
    """

    def __init__(self, model: ChatModel, replies: ReplyCache) -> None:
        self._model = model
        self._replies = replies
        self._flights = Flights()

    @property
    def identity(self) -> str:
        return self._model.identity

    async def reply(self, request: ChatRequest, on_delta: OnDelta | None = None) -> Reply:
        """Raises what the model raises, and ``StoreError`` when the cache cannot be used."""
        key = cache_key(self.identity, request)

        async def begin(hears: OnDelta | None) -> Reply:
            return await self._found_or_asked(key, request, hears)

        while True:
            flight, leads = self._flights.join(key, begin, streamed=on_delta is not None)
            try:
                reply = await flight.ride(on_delta, leads=leads)
            except BudgetExceededError:
                if leads:
                    raise
                continue
            return reply if leads else replace(reply, cached=True)

    async def _found_or_asked(self, key: str, request: ChatRequest, on_delta: OnDelta | None) -> Reply:
        kept = await self._replies.get(key)
        if kept is not None:
            return replace(kept, cached=True)
        reply = await self._model.reply(request, on_delta)
        if _is_whole(request, reply):
            # What earlier attempts lost is this call's, not the reply's.
            attempts = current_tab().attempts or [reply.usage]
            own = replace(attempts[-1], unreported_calls=0)
            await self._replies.put(key, replace(reply, usage=own, cached=False))
        return reply


def _is_whole(request: ChatRequest, reply: Reply) -> bool:
    """False for what another attempt may do better: cut off, or no JSON where JSON was asked for."""
    if reply.stop not in _KEPT:
        return False
    if request.json_schema is None or reply.stop is StopReason.TOOLS:
        return True
    try:
        json.loads(reply.text[reply.text.find("{") : reply.text.rfind("}") + 1])
    except ValueError:
        return False
    return True


def _part(part: Part) -> Json:
    if isinstance(part, TextPart):
        return ["text", part.text]
    if isinstance(part, ImagePart):
        return ["image", part.label, part.media_type, part.detail.value, sha256_hex(part.data)]
    if isinstance(part, ToolCall):
        return ["call", part.id, part.name, part.arguments, part.signature]
    return ["result", part.call_id, part.name, part.text]
