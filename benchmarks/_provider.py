"""A provider for benchmarks, in a process of its own: speaks chat completions, thinks for a set time, and answers with the
total it is shown. ``python benchmarks/_provider.py SECONDS`` prints its port; ``GET /stats`` tells what it has seen.
"""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

_TOTAL = re.compile(r"\b(E\d+)\b[^\n]*?\bTOTAL:?\s+(\d+\.\d\d)")


@dataclass
class Seen:
    """``times`` are the seconds at which calls came in, on the loop's clock."""

    calls: int = 0
    at_once: int = 0
    most_at_once: int = 0
    times: list[float] = field(default_factory=list)


async def serve(seconds: float) -> None:
    seen = Seen()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                length = re.search(r"content-length: (\d+)", head, re.IGNORECASE)
                body = await reader.readexactly(int(length[1]) if length else 0)
                value: object = asdict(seen)
                if head.startswith("GET /reset"):
                    seen.__init__()  # type: ignore[misc]  # as new
                elif not head.startswith("GET"):
                    value = await think(body)
                out = json.dumps(value).encode()
                writer.write(
                    f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(out)}\r\n\r\n".encode()
                )
                writer.write(out)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def think(body: bytes) -> object:
        seen.calls += 1
        seen.at_once += 1
        seen.most_at_once = max(seen.most_at_once, seen.at_once)
        seen.times.append(asyncio.get_running_loop().time())
        await asyncio.sleep(seconds)
        seen.at_once -= 1
        return reply_to(str(json.loads(body)["messages"][-1]["content"]))

    listener = await asyncio.start_server(handle, "127.0.0.1", 0, backlog=1000, limit=2**24)
    print(listener.sockets[0].getsockname()[1], flush=True)
    async with listener:
        await listener.serve_forever()


def reply_to(prompt: str) -> object:
    found = _TOTAL.search(prompt)
    drafted: dict[str, object] = {"answer": None, "citations": [], "confidence": 0.9}
    if found:
        drafted |= {"answer": found[2], "citations": [{"element": found[1], "quote": found[2]}]}
    choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": json.dumps(drafted)}}
    usage = {"prompt_tokens": len(prompt) // 4, "completion_tokens": 40, "total_tokens": len(prompt) // 4 + 40}
    return {"id": "c", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice], "usage": usage}


@contextmanager
def provider(seconds: float) -> Iterator[str]:
    """The address of a provider that thinks for ``seconds``, stopped at the end."""
    command = [sys.executable, str(Path(__file__).resolve()), str(seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.terminate()


def seen_by(url: str, *, reset: bool = False) -> Seen:
    with urllib.request.urlopen(f"{url}/{'reset' if reset else 'stats'}", timeout=5) as answer:  # noqa: S310 -- loopback
        return Seen(**json.load(answer))


if __name__ == "__main__":
    asyncio.run(serve(float(sys.argv[1])))
