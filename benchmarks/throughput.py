"""Questions a second at several numbers of questions at once, and pages a second of reading: ratios within one run.

    python benchmarks/throughput.py [--store DIR] [--quick]

Without a store, the sample documents are ingested; the questions are the samples' own. Each number is measured in several
rounds, in turn, and its best round counts: what else the machine does only ever slows a round down.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import tempfile
import time
from pathlib import Path

from _measuring import show

from mmrag.api import Session, open_session
from mmrag.evaluation.datasets.reading import read_dataset

SAMPLES = Path(__file__).parents[1] / "examples" / "samples"
AT_ONCE = (1, 2, 4, 8)


async def rate(session: Session, questions: list[str], at_once: int) -> float:
    """Questions a second with ``at_once`` of them in flight."""
    gate = asyncio.Semaphore(at_once)

    async def one(question: str) -> None:
        async with gate:
            await session.ask(question)

    began = time.perf_counter()
    await asyncio.gather(*(one(q) for q in questions))
    return len(questions) / (time.perf_counter() - began)


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", type=Path, help="a store that holds the sample documents")
    parser.add_argument("--quick", action="store_true", help="fewer questions")
    args = parser.parse_args()
    asked = [q.corpus_question or q.question for q in read_dataset(SAMPLES).questions]
    questions = list(itertools.islice(itertools.cycle(asked), 24 if args.quick else 60))
    with tempfile.TemporaryDirectory() as place:
        async with open_session(args.store or Path(place, "store")) as session:
            if args.store is None:
                began = time.perf_counter()
                done = await session.ingest([SAMPLES])
                pages, seconds = sum(d.pages for d in done.documents), time.perf_counter() - began
                print(f"reading: {pages} pages in {seconds:.1f} s, {pages / seconds:.2f} pages a second")
            await rate(session, questions[:4], 1)  # models load when they are first used
            rounds = [{n: await rate(session, questions, n) for n in AT_ONCE} for _ in range(3 if args.quick else 5)]
    best = {n: max(r[n] for r in rounds) for n in AT_ONCE}
    worst = {n: min(r[n] for r in rounds) for n in AT_ONCE}
    rows = [[str(n), f"{best[n]:.2f}", f"{worst[n]:.2f}", f"{best[n] / best[1]:.2f}"] for n in AT_ONCE]
    head = ("at once", "questions/s, best round", "worst round", "best against one at a time")
    show(f"{len(questions)} questions, {len(rounds)} rounds", head, rows)


if __name__ == "__main__":
    asyncio.run(main())
