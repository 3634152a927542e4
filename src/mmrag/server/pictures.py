"""Pages and parts of pages as PNG. Decoding takes processor time: it happens in few worker threads."""

from __future__ import annotations

from functools import partial
from typing import Final

import anyio
import anyio.to_thread
from anyio.lowlevel import RunVar

from mmrag.domain.geometry import BBox
from mmrag.drawing import crop, draw

_PNG: Final = b"\x89PNG\r\n\x1a\n"
_AT_ONCE: Final = 2
"""Pictures that are worked on at the same time; a page is some tens of megabytes when it is decoded."""


_limiters: RunVar[anyio.CapacityLimiter] = RunVar("mmrag_server_pictures")
"""A limiter belongs to one event loop."""


def is_png(data: bytes) -> bool:
    return data.startswith(_PNG)


async def as_png(data: bytes) -> bytes:
    """The stored picture as PNG."""
    return data if is_png(data) else await _in_thread(partial(draw, data, ()))


async def cropped(data: bytes, box: BBox, margin: float) -> bytes:
    """What is inside ``box``, with ``margin`` (a fraction of the page) around it."""
    return await _in_thread(partial(crop, data, box, margin=margin))


async def _in_thread(work: partial[bytes]) -> bytes:
    try:
        limiter = _limiters.get()
    except LookupError:
        limiter = anyio.CapacityLimiter(_AT_ONCE)
        _limiters.set(limiter)
    return await anyio.to_thread.run_sync(work, limiter=limiter)
