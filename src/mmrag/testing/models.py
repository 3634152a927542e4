"""A chat model that says what the test told it to say."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

from mmrag.domain.costs import Usage
from mmrag.domain.messages import ChatRequest, Delta, Reply, TextPart
from mmrag.ports import OnDelta

Line: TypeAlias = str | Reply | Exception | Callable[[ChatRequest], str]


class ScriptedModel:
    """``ChatModel`` that plays ``lines`` in order: a text, a whole ``Reply``, an exception to raise, or a function of the
    request. ``requests`` holds what it was asked. Raises ``AssertionError`` when it is asked more than it has lines for.

    Usage of a plain text counts its words, so that costs in tests are known beforehand. Streamed, it comes word by word.
    """

    def __init__(self, lines: Iterable[Line], *, identity: str = "scripted") -> None:
        self._lines: Iterator[Line] = iter(lines)
        self._identity = identity
        self.requests: list[ChatRequest] = []

    @property
    def identity(self) -> str:
        return self._identity

    async def reply(self, request: ChatRequest, on_delta: OnDelta | None = None) -> Reply:
        self.requests.append(request)
        line = next(self._lines, None)
        if line is None:
            raise AssertionError(f"the script of {self._identity} ends after {len(self.requests) - 1} replies")
        if isinstance(line, Exception):
            raise line
        reply = line if isinstance(line, Reply) else self._said(line if isinstance(line, str) else line(request), request)
        if on_delta is not None:
            for piece in re.findall(r"\S+\s*|\s+", reply.text):
                await on_delta(Delta(text=piece))
        return reply

    def _said(self, text: str, request: ChatRequest) -> Reply:
        asked = sum(len(p.text.split()) for m in request.messages for p in m.parts if isinstance(p, TextPart))
        return Reply(text=text, usage=Usage(input_tokens=asked, output_tokens=len(text.split())), model=self._identity)
