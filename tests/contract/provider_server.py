"""A loopback server that speaks the providers' wire formats, as the test tells it to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What is sent back. ``pause_s`` is waited before each of ``chunks``; ``cut`` closes the connection after them."""

    status: int = 200
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()
    chunks: tuple[bytes, ...] = ()
    pause_s: float = 0.0
    cut: bool = False


@dataclass(frozen=True, kw_only=True)
class Received:
    path: str
    headers: dict[str, str]
    body: dict[str, object]


@dataclass
class Server:
    """Answers requests in the order of ``answers``; the last one stays."""

    answers: list[Answer] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in head[1:] if line)}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            self.received.append(Received(path=head[0].split(" ")[1], headers=headers, body=json.loads(body)))
            await self._send(self.answers.pop(0) if len(self.answers) > 1 else self.answers[0], writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            self.port = self.port  # the client went away, as some tests want it to
        finally:
            writer.close()

    async def _send(self, answer: Answer, writer: asyncio.StreamWriter) -> None:
        lines = [f"HTTP/1.1 {answer.status} X", f"Content-Type: {answer.content_type}", "Transfer-Encoding: chunked"]
        lines += [f"{name}: {value}" for name, value in answer.headers] + ["Connection: close", "", ""]
        if not (answer.cut and not answer.chunks):
            writer.write("\r\n".join(lines).encode())
        for chunk in answer.chunks:
            await asyncio.sleep(answer.pause_s)
            writer.write(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n")
            await writer.drain()
        if answer.cut:
            writer.transport.abort()
        else:
            writer.write(b"0\r\n\r\n")
            await writer.drain()


@asynccontextmanager
async def serving() -> AsyncIterator[Server]:
    server = Server()
    listener = await asyncio.start_server(server.handle, "127.0.0.1", 0)
    server.port = listener.sockets[0].getsockname()[1]
    async with listener:
        yield server


def of_json(value: object, *, status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> Answer:
    return Answer(status=status, headers=headers, chunks=(json.dumps(value).encode(),))


def events(
    *values: dict[str, object], named: bool = False, done: bool = False, cut: bool = False, pause_s: float = 0
) -> Answer:
    """Server-sent events; ``named`` writes the ``event`` line from the value's type, ``done`` the ``[DONE]`` at the end."""
    chunks = [
        (f"event: {value['type']}\n" if named else "").encode() + f"data: {json.dumps(value)}\n\n".encode()
        for value in values
    ]
    if done:
        chunks.append(b"data: [DONE]\n\n")
    return Answer(content_type="text/event-stream", chunks=tuple(chunks), cut=cut, pause_s=pause_s)
