"""Fifty clients on loopback for a minute, each asking again as soon as it has its answer: ``mmrag serve`` over a fake tier.

The tier is a provider in another process that answers after a set time; replies and answers are not kept, so every question
is searched for, sent, and verified. Aims: no error, and p99 within three times p50. Clients are one process with
50 connections. ``--quick`` takes ten seconds.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import httpx
import numpy as np
import psutil
from _provider import provider
from _receipts import fill, price_file, settings_for
from _serving import Running, serving

THINKS_S = 0.1
_TIMEOUT_S = 120.0


async def clients(url: str, count: int, seconds: float, questions: Sequence[str]) -> tuple[list[float], Counter[str], float]:
    """Seconds of each answer, how each ended, and the seconds in all. Bounded: nobody asks after ``seconds``."""
    took, ended = list[float](), Counter[str]()
    began = time.perf_counter()

    async def one(number: int) -> None:
        async with httpx.AsyncClient(base_url=url, timeout=_TIMEOUT_S) as client:
            asked = 0
            while time.perf_counter() - began < seconds:
                question = questions[(number * 7 + asked) % len(questions)]
                asked += 1
                sent = time.perf_counter()
                try:
                    response = await client.post("/api/ask", json={"question": question})
                except httpx.HTTPError as error:
                    ended[type(error).__name__] += 1
                    continue
                took.append(time.perf_counter() - sent)
                ended[str(response.status_code)] += 1

    await asyncio.gather(*(one(number) for number in range(count)))
    return took, ended, time.perf_counter() - began


def report(server: Running, count: int, took: list[float], ended: Counter[str], wall: float, before: int) -> None:
    p50, p95, p99 = np.percentile(took, [50, 95, 99])
    errors = sum(n for how, n in ended.items() if how != "200")
    after = psutil.Process(server.pid).memory_info().rss
    print(
        f"{count} clients, {wall:.0f} s: {sum(ended.values())} questions, {len(took) / wall:.1f} a second, {errors} errors"
    )
    print(f"p50 {p50:.2f} s, p95 {p95:.2f} s, p99 {p99:.2f} s: p99 is {p99 / p50:.2f} times p50; slowest {max(took):.2f} s")
    print(f"endings: {dict(ended)}; memory of the server {before / 1e6:.0f} to {after / 1e6:.0f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--clients", type=int, default=50)
    args = parser.parse_args()
    seconds, receipts = (10.0, 50) if args.quick else (60.0, 200)
    with tempfile.TemporaryDirectory() as folder, provider(THINKS_S) as url:
        store = Path(folder) / "store"
        questions = asyncio.run(fill(settings_for(store, url), receipts))
        env = {
            "MMRAG_CASCADE__TIERS": f'[{{"name": "fake", "model": "openai:bench", "base_url": "{url}/v1"}}]',
            "MMRAG_CACHE__ENABLED": "false",
            "MMRAG_MODELS__FILE": str(price_file(Path(folder), url)),
        }
        with serving(store, log=Path(folder) / "log", env=env) as server:
            asyncio.run(clients(server.url, 4, 3, questions))  # what is loaded once is loaded
            before = psutil.Process(server.pid).memory_info().rss
            report(server, args.clients, *asyncio.run(clients(server.url, args.clients, seconds, questions)), before)


if __name__ == "__main__":
    main()
