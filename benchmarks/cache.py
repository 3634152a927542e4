"""The cache: fifty thousand replies and more within their size, how long a lookup takes, what a question costs again.

Lookups are timed as their caller sees them, beside doing nothing in such a thread (on a busy machine that is what he waits
for), and by the processor time that they take. A question goes through everything, twice, over a provider of 300 ms. Aims:
p99 of a lookup under 2 ms, the same question again in at most 2 percent of the first time and for nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import statistics
import tempfile
import time
from decimal import Decimal
from pathlib import Path

from _provider import provider, seen_by
from _receipts import fill, price_file, settings_for

import mmrag
from mmrag.adapters.catalog.batches import BatchedConnection
from mmrag.adapters.replies import SqliteReplies
from mmrag.domain.costs import Usage
from mmrag.domain.messages import Reply

BYTES = 120_000_000
"""For sixty thousand replies: less than they take, so that some have to go."""


def reply(n: int) -> Reply:
    """About as long as a draft with two citations and its log-probabilities is."""
    return Reply(text=f"{n} " + "x" * 1400, usage=Usage(input_tokens=1800, output_tokens=90), model="openai:bench")


def percentiles(label: str, ms: list[float]) -> None:
    ms.sort()
    print(f"{label:<44}{ms[len(ms) // 2]:>9.3f}{ms[round(0.99 * (len(ms) - 1))]:>9.3f}{ms[-1]:>9.3f}")


async def lookups(count: int, looks: int) -> None:
    rng = random.Random(1)
    with tempfile.TemporaryDirectory() as folder:
        replies = SqliteReplies(Path(folder, "replies.sqlite"), max_bytes=BYTES * count // 60_000)
        idle = BatchedConnection(Path(folder, "idle.sqlite"), prepare=lambda _: None)
        began = time.perf_counter()
        for start in range(0, count, 100):
            await asyncio.gather(*(replies.put(f"{n:064x}", reply(n)) for n in range(start, start + 100)))
        kept, size = await replies.size()
        print(f"{count} replies put in {time.perf_counter() - began:.1f} s: {kept} kept, {size:,} bytes")
        assert size <= BYTES * count // 60_000
        print(f"on the disk: {on_disk(Path(folder))}")
        hit, miss, nothing, cpu = [list[float]() for _ in range(4)]
        for _ in range(looks):
            for times, n in ((hit, count - 1 - rng.randrange(kept)), (miss, count + rng.randrange(count))):
                began, used = time.perf_counter(), time.process_time()
                found = await replies.get(f"{n:064x}")
                times.append(1000 * (time.perf_counter() - began))
                cpu.append(1000 * (time.process_time() - used))
                assert (found is not None) is (times is hit)
            began = time.perf_counter()
            await idle.read(lambda _: None)
            nothing.append(1000 * (time.perf_counter() - began))
        await replies.close()
        await idle.close()
    print(f"{'ms':<44}{'p50':>9}{'p99':>9}{'most':>9}")
    percentiles(f"hit, {looks} lookups", hit)
    percentiles("miss", miss)
    percentiles("nothing, in such a thread", nothing)
    percentiles("processor time of a lookup", cpu)


def on_disk(folder: Path) -> str:
    return ", ".join(f"{file.name} {file.stat().st_size:,} bytes" for file in sorted(folder.glob("replies.sqlite*")))


async def again(questions: int) -> None:
    with tempfile.TemporaryDirectory() as folder, provider(0.3) as url:
        settings = settings_for(Path(folder, "store"), url, prices=price_file(Path(folder), url))
        warm, *asked = await fill(settings, questions + 1)
        first: list[float] = []
        second: list[float] = []
        cost, hits = Decimal(0), 0
        async with mmrag.open(settings=settings) as session:
            await session.ask(warm)
            for question in asked:
                for times in (first, second):
                    began = time.perf_counter()
                    answer = await session.ask(question)
                    times.append(time.perf_counter() - began)
                cost, hits = cost + answer.bill.cost.usd, hits + answer.bill.cache_hits
        calls = seen_by(url).calls
    ratio = statistics.median(second) / statistics.median(first)
    medians = [1000 * statistics.median(times) for times in (first, second)]
    print(f"{questions} questions, first: median {medians[0]:.1f} ms; again: {medians[1]:.1f} ms")
    print(f"ratio {ratio:.3f} (aim 0.02), {calls - 1} calls in all, ${cost} and {hits} hits the second time")


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the cache of replies.")
    parser.add_argument("--quick", action="store_true", help="fewer replies, lookups and questions")
    quick = parser.parse_args().quick
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    asyncio.run(lookups(6_000 if quick else 60_000, 500 if quick else 5_000))
    asyncio.run(again(10 if quick else 40))


if __name__ == "__main__":
    main()
