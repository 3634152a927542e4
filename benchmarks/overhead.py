"""What a question costs beside its models: everything but OCR, text vectors and chat models.

Questions are asked one after the other, without a key, of a store that is there (``--store``). In a first pass the text
vectors are made and kept; in the second, with a new agent whose caches are empty, they come from memory. So what is timed is
planning, search over the real catalog and index, the reader, verification, the rules of the constitution, the workflow
itself, bill and trace.

Aim: under 30 ms of processor time a question. ``--profile`` says where it goes.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import json
import pstats
import random
import statistics
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mmrag.agent.asking import Agent
from mmrag.agent.tiers import build_tiers
from mmrag.api import Session, open_session
from mmrag.domain.answers import Answer
from mmrag.ports import TextEmbedder
from mmrag.settings import load_settings

if TYPE_CHECKING:
    from mmrag.ports import Vectors

SEED = 20_261_129
AIM_MS = 30.0


class Kept:
    """Text vectors, each made once."""

    def __init__(self, inner: TextEmbedder) -> None:
        self._inner = inner
        self._kept: dict[str, Vectors] = {}
        self.frozen = False

    @property
    def identity(self) -> str:
        return self._inner.identity

    @property
    def dimension(self) -> int:
        return self._inner.dimension

    async def embed(self, texts: Sequence[str]) -> Vectors:
        fresh = [text for text in dict.fromkeys(texts) if text not in self._kept]
        if fresh:
            if self.frozen:
                raise AssertionError(f"a vector that the first pass did not make: {fresh[0]!r}")
            for text, row in zip(fresh, await self._inner.embed(fresh), strict=True):
                self._kept[text] = row
        return np.stack([self._kept[text] for text in texts]) if texts else np.zeros((0, self.dimension), np.float32)


async def agent_of(session: Session, embedder: Kept) -> Agent:
    parts = await session._parts()
    search = replace(parts.search, embedder=embedder)
    tiers = build_tiers(session.settings, embedder=embedder, models={}, blobs=parts.blobs)
    return Agent(replace(parts, search=search, tiers=tiers))


async def measure(store: Path, questions: Sequence[str], profile: bool) -> dict[str, float]:
    settings = load_settings(store=store, environ={})
    async with open_session(settings=settings) as session:
        embedder = Kept((await session.app()).embedder)
        first = await agent_of(session, embedder)
        before = [await first.ask(question) for question in questions]
        embedder.frozen = True
        agent = await agent_of(session, embedder)
        await agent.ask(questions[0])
        profiler = cProfile.Profile()
        if profile:
            profiler.enable()
        busy, walls, answers = [], [], list[Answer]()
        for question in questions:
            cpu, wall = time.process_time(), time.perf_counter()
            answers.append(await agent.ask(question))
            busy.append(1000 * (time.process_time() - cpu))
            walls.append(1000 * (time.perf_counter() - wall))
        if profile:
            profiler.disable()
            pstats.Stats(profiler).sort_stats("cumtime").print_stats(70)
            pstats.Stats(profiler).sort_stats("tottime").print_stats(50)
        assert [a.answer for a in answers] == [a.answer for a in before]
        stages = {stage: statistics.fmean(a.timings_ms[stage] for a in answers) for stage in answers[0].timings_ms}
    return {
        "questions": len(questions),
        "cpu_ms_mean": round(statistics.fmean(busy), 1),
        "cpu_ms_p50": round(statistics.median(busy), 1),
        "cpu_ms_p95": round(float(np.percentile(busy, 95)), 1),
        "wall_ms_p50": round(statistics.median(walls), 1),
        "wall_ms_p95": round(float(np.percentile(walls, 95)), 1),
        **{f"wall_ms_{stage}": round(ms, 1) for stage, ms in stages.items()},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("questions", type=Path, help="JSON Lines with corpus_question, as 'mmrag eval' reads them")
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("-n", type=int, default=120)
    parser.add_argument("--kinds", nargs="*", help="only questions of these kinds")
    parser.add_argument("--profile", action="store_true")
    args = parser.parse_args()
    rows = [json.loads(line) for line in args.questions.read_text(encoding="utf-8").splitlines() if line.strip()]
    asked = [r["corpus_question"] for r in rows if r["corpus_question"] and (not args.kinds or r["kind"] in args.kinds)]
    chosen = random.Random(SEED).sample(asked, min(args.n, len(asked)))
    figures = asyncio.run(measure(args.store, chosen, args.profile))
    print(json.dumps(figures, indent=1))
    kept = "kept" if figures["cpu_ms_mean"] < AIM_MS else "missed"
    print(f"aim: under {AIM_MS:g} ms of processor time a question: {kept}")


if __name__ == "__main__":
    main()
