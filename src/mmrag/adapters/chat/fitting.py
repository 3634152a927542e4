"""Before a request is sent: what its model would refuse is made to fit, or refused here, for nothing."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial

import anyio
import anyio.to_thread

from mmrag.domain.capabilities import Capabilities
from mmrag.domain.messages import ChatRequest, ImagePart, Message, TextPart, ToolCall, ToolResult
from mmrag.errors import ModelRequestError
from mmrag.imaging import within

_CHARACTERS_PER_TOKEN = 8
"""More than in any ordinary text: what is too long even so is too long for certain."""
_BASE64 = 4 / 3


async def fitted(request: ChatRequest, can: Capabilities, *, identity: str) -> tuple[ChatRequest, tuple[str, ...]]:
    """``request`` within the limits of its model, and what was changed, one line a change.

    Pictures come best first: those too many are left out from the end. Raises ``ModelRequestError`` for a prompt that is
    certainly longer than the model's context.
    """
    _check_length(request, can, identity)
    images = [part for message in request.messages for part in message.parts if isinstance(part, ImagePart)]
    if not images:
        return request, ()
    notes: list[str] = []
    kept = images if can.images else []
    if can.max_images is not None:
        kept = kept[: can.max_images]
    sized: dict[int, ImagePart] = {}
    room = math.inf if can.max_request_bytes is None else can.max_request_bytes - _characters(request)
    for image in kept:
        made = await _made_to_fit(image, can, side=can.side_for(len(kept)))
        if made is None:
            notes.append(f"{image.label} cannot be decoded and is left out.")
            continue
        room -= len(made.data) * _BASE64
        if room < 0:
            break
        if made is not image:
            notes.append(f"{image.label} is scaled to {made.width} x {made.height} pixels.")
        sized[id(image)] = made
    left_out = len(images) - len(sized)
    if left_out:
        notes.append(f"{left_out} of {len(images)} pictures are left out.")
    messages = tuple(_with(message, sized) for message in request.messages)
    return replace(request, messages=messages), tuple(notes)


def _with(message: Message, sized: dict[int, ImagePart]) -> Message:
    parts = [sized.get(id(p)) if isinstance(p, ImagePart) else p for p in message.parts]
    return replace(message, parts=tuple(p for p in parts if p is not None))


async def _made_to_fit(image: ImagePart, can: Capabilities, *, side: int | None) -> ImagePart | None:
    """The picture within the limits, the same object where it already is, None where it cannot be decoded."""
    small = can.max_image_bytes is None or len(image.data) * _BASE64 <= can.max_image_bytes
    if small and (side is None or 0 < max(image.width, image.height) <= side):
        return image
    most = None if can.max_image_bytes is None else int(can.max_image_bytes / _BASE64)
    try:
        made = await anyio.to_thread.run_sync(partial(within, image.data, image.media_type, longest=side, most_bytes=most))
    except ValueError:
        return None
    if made.data is image.data:
        return image
    return replace(image, data=made.data, media_type=made.media_type, width=made.width, height=made.height)


def _check_length(request: ChatRequest, can: Capabilities, identity: str) -> None:
    if can.context_tokens is None:
        return
    tokens = _characters(request) // _CHARACTERS_PER_TOKEN + request.max_output_tokens
    if tokens > can.context_tokens:
        raise ModelRequestError(
            f"The prompt and its reply, at least {tokens} tokens, are longer than the {can.context_tokens} that {identity} "
            "takes: ask about fewer pages, or use a model with a longer context."
        )


def _characters(request: ChatRequest) -> int:
    total = len(request.json_schema or "") + sum(len(t.description) + len(t.parameters) for t in request.tools)
    for part in (part for message in request.messages for part in message.parts):
        if isinstance(part, TextPart | ToolResult):
            total += len(part.text)
        elif isinstance(part, ToolCall):
            total += len(part.arguments)
    return total
