"""Two hundred questions at once over a provider that takes 300 ms: how much of what it could give is taken.

The provider is another process on this machine, the client OpenAI's own package, with all wrappers: ledger, cache, budgets,
limits. First its calls alone, then whole questions with search and verification. Aims: 0.9 of the limit (calls at once by
0.3 s), memory that does not grow, and nobody who waits for longer than his place in the line. ``--quick`` asks fewer.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import math
import os
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import partial
from pathlib import Path

import psutil
from _provider import provider, seen_by
from _receipts import fill, price_file, settings_for

import mmrag
from mmrag.adapters.catalog.ledger import SqliteLedger
from mmrag.adapters.clock import SystemClock
from mmrag.api import Session
from mmrag.app import chat_models
from mmrag.domain.messages import ChatRequest, Message, Role
from mmrag.settings import Settings

SECONDS = 0.3
PROMPT = "A receipt of a shop with some lines of goods and their prices. " * 60
"""About 4,000 characters: what a question about a receipt sends."""


async def timed(work: Sequence[Callable[[], Awaitable[object]]]) -> tuple[float, list[float]]:
    """All at once: wall time, and when each was done, in the order in which they were begun. Seconds."""
    began = time.perf_counter()
    done = [0.0] * len(work)

    async def one(n: int) -> None:
        await work[n]()
        done[n] = time.perf_counter() - began

    await asyncio.gather(*(one(n) for n in range(len(work))))
    return time.perf_counter() - began, done


def report(label: str, count: int, concurrency: int, wall: float, done: list[float], cpu: float) -> float:
    """Print one row; returns the share of the limit that was reached."""
    limit = concurrency / SECONDS
    rounds = math.ceil(count / concurrency) * SECONDS
    share, mean = count / wall / limit, sum(done) / count
    overtaken = max(abs(n - place) for n, place in enumerate(ranks(done)))
    print(
        f"{label:<28}{concurrency:>9}{count / wall:>10.1f}{limit:>9.1f}{share:>8.2f}{rounds / wall:>9.2f}"
        f"{1000 * cpu / count:>9.1f}{mean:>8.2f}{max(done):>7.2f}{max(done) / mean:>8.2f}{overtaken:>9}"
    )
    return share


def ranks(values: list[float]) -> list[int]:
    order = sorted(range(len(values)), key=values.__getitem__)
    places = [0] * len(values)
    for place, n in enumerate(order):
        places[n] = place
    return places


HEAD = (
    f"{'':<28}{'at once':>9}{'calls/s':>10}{'limit':>9}{'share':>8}{'rounds':>9}{'cpu ms':>9}{'mean s':>8}{'max s':>7}"
    f"{'max/mn':>8}{'overtook':>9}"
)


async def calls_alone(settings: Settings, count: int, run: int) -> tuple[float, list[float], float]:
    ledger = SqliteLedger(settings.store.path / "ledger.sqlite")
    async with chat_models(settings, ledger, SystemClock(), keeper=None) as models:
        model = models["hosted"]
        request = ChatRequest(messages=(Message.text(Role.USER, PROMPT),), max_usd=Decimal(1))
        await model.reply(replace(request, question_id=f"warm-{run}", temperature=run / 1000))
        asked = [
            replace(request, messages=(Message.text(Role.USER, f"{run} {n} {PROMPT}"),), question_id=f"{run}-{n}")
            for n in range(count)
        ]
        used = time.process_time()
        wall, done = await timed([partial(model.reply, r) for r in asked])
        used = time.process_time() - used
    await ledger.close()
    return wall, done, used


async def questions_whole(session: Session, questions: list[str]) -> tuple[float, list[float], float, int]:
    answered = 0

    async def ask(question: str) -> None:
        nonlocal answered
        answer = await session.ask(question)  # first: what is read before an await is old when it comes back
        answered += answer.answered

    used = time.process_time()
    wall, done = await timed([partial(ask, q) for q in questions])
    return wall, done, time.process_time() - used, answered


async def memory(settings: Settings, count: int, runs: int) -> list[float]:
    """Megabytes of this process after each of several runs of calls."""
    sizes = []
    for run in range(runs):
        await calls_alone(settings, count, 100 + run)
        gc.collect()
        sizes.append(psutil.Process().memory_info().rss / 1e6)
    return sizes


async def measure(count: int, widths: list[int]) -> None:
    with tempfile.TemporaryDirectory() as folder, provider(SECONDS) as url:
        prices = price_file(Path(folder), url)
        settings = settings_for(Path(folder, "store"), url, prices=prices)
        questions = await fill(settings, count)
        print(HEAD)
        for run, width in enumerate(widths):
            seen_by(url, reset=True)
            wide = settings_for(settings.store.path, url, concurrency=width, prices=prices)
            wall, done, used = await calls_alone(wide, count, run)
            report("calls alone", count, width, wall, done, used)
            assert seen_by(url).most_at_once <= width
        for width in widths:
            seen_by(url, reset=True)
            wide = settings_for(settings.store.path, url, concurrency=width, prices=prices)
            cold = wide.model_copy(update={"cache": wide.cache.model_copy(update={"enabled": False})})
            async with mmrag.open(settings=cold) as session:
                await session.ask(questions[0])
                wall, done, used, answered = await questions_whole(session, questions)
            report("whole questions", count, width, wall, done, used)
            seen = seen_by(url)
            print(f"{'':<28}{answered} of {count} answered, {seen.calls - 1} calls, at most {seen.most_at_once} at once")
        sizes = await memory(settings_for(settings.store.path, url, concurrency=50, prices=prices), count, 6)
        print("memory after each run of calls, MB: " + ", ".join(f"{size:.1f}" for size in sizes))


def main() -> None:
    parser = argparse.ArgumentParser(description="Ask many questions at once over a provider of 300 ms.")
    parser.add_argument("--quick", action="store_true", help="ask fewer")
    quick = parser.parse_args().quick
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; provider of {SECONDS} s")
    asyncio.run(measure(40 if quick else 200, [8] if quick else [4, 8, 25, 50]))


if __name__ == "__main__":
    main()
