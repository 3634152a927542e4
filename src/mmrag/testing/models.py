"""A chat model that says what the test told it to say."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

from mmrag.domain.costs import Usage
from mmrag.domain.messages import ChatRequest, Reply

Line: TypeAlias = str | Reply | Exception | Callable[[ChatRequest], str]


class ScriptedModel:
    """``ChatModel`` that plays ``lines`` in order: a text, a whole ``Reply``, an exception to raise, or a function of the
    request. ``requests`` holds what it was asked. Raises ``AssertionError`` when it is asked more than it has lines for.

    Usage of a plain text counts its words, so that costs in tests are known beforehand.
    """

    def __init__(self, lines: Iterable[Line], *, identity: str = "scripted") -> None:
        self._lines: Iterator[Line] = iter(lines)
        self._identity = identity
        self.requests: list[ChatRequest] = []

    @property
    def identity(self) -> str:
        return self._identity

    async def reply(self, request: ChatRequest) -> Reply:
        self.requests.append(request)
        line = next(self._lines, None)
        if line is None:
            raise AssertionError(f"the script of {self._identity} ends after {len(self.requests) - 1} replies")
        if isinstance(line, Exception):
            raise line
        if isinstance(line, Reply):
            return line
        text = line if isinstance(line, str) else line(request)
        asked = sum(len(part.text.split()) for m in request.messages for part in m.parts if hasattr(part, "text"))
        return Reply(text=text, usage=Usage(input_tokens=asked, output_tokens=len(text.split())), model=self._identity)
