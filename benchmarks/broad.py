"""Whether summaries help broad questions find their page, and what they cost the others.

    python benchmarks/broad.py CORPUS --store DIR [--questions FILE]

--store is a store made of CORPUS. Broad questions ("which document is about X?", "summarise X") were written by hand for its
longer documents, with the pages where a reader would look; where none are named, any page of the document counts. Search
with summaries stands beside search without them: page recall at 1, 5 and 10 pages, mean reciprocal rank of the first right
page, seconds. Then the questions of CORPUS itself: how many of them are taken for broad, and so searched differently.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from _ingesting import table

from mmrag.agent.plan import make_plan
from mmrag.api import open_session
from mmrag.app import App
from mmrag.domain.evidence import Hit
from mmrag.retrieval.broad import is_broad
from mmrag.retrieval.search import SearchParts, search

OWN = Path(__file__).with_name("annotations") / "broad.jsonl"
DEPTHS = (1, 5, 10)
HITS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """``pages`` are those where a reader would look, from 1; None stands for every page of ``file``."""

    question: str
    file: str
    pages: tuple[int, ...] | None


def read_questions(path: Path) -> list[Asked]:
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [Asked(question=r["question"], file=r["file"], pages=tuple(r["pages"]) if r["pages"] else None) for r in rows]


def parts_of(app: App) -> SearchParts:
    return SearchParts(
        catalog=app.catalog, lexical=app.lexical, vectors=app.vectors, embedder=app.embedder, summaries=app.summaries,
        pictures=app.pictures, image_embedder=app.sight.embedder,
    )  # fmt: skip


def first_right(hits: Sequence[Hit], asked: Asked) -> int | None:
    """Rank, from 1, of the first right page among the pages in the order of their best hits."""
    pages = dict.fromkeys((hit.document, hit.element.page) for hit in hits)
    for rank, (name, page) in enumerate(pages, 1):
        if f"/{asked.file}".endswith(f"/{name}") and (asked.pages is None or page in asked.pages):
            return rank
    return None


async def ranks_of(asked: Sequence[Asked], parts: SearchParts) -> tuple[list[int | None], float]:
    started = time.perf_counter()
    found = [first_right((await search(make_plan(one.question), parts, k=HITS)).hits, one) for one in asked]
    return found, (time.perf_counter() - started) / len(asked)


def row(name: str, ranks: Sequence[int | None], seconds: float) -> list[str]:
    recalls = [sum(r is not None and r <= depth for r in ranks) / len(ranks) for depth in DEPTHS]
    mrr = sum(1 / r for r in ranks if r is not None) / len(ranks)
    return [name, str(len(ranks)), *(f"{value:.3f}" for value in (*recalls, mrr)), f"{seconds * 1000:.0f} ms"]


async def main(corpus: Path, store: Path, questions: Path) -> None:
    asked = read_questions(questions)
    named = [n for n, one in enumerate(asked) if one.pages is not None]
    rows = []
    async with open_session(store) as session:
        parts = parts_of(await session.app())
        for name, used in (("without summaries", replace(parts, summaries=None)), ("with summaries", parts)):
            ranks, seconds = await ranks_of(asked, used)
            rows.append(row(name, ranks, seconds))
            rows.append(row(f"{name}, one page meant", [ranks[n] for n in named], seconds))
            rows.append(row(f"{name}, a document meant", [r for n, r in enumerate(ranks) if n not in named], seconds))
    table([["search", "n", *(f"page recall@{depth}" for depth in DEPTHS), "MRR", "a question"], *rows])
    known = sum(is_broad(one.question) for one in asked)
    lines = (corpus / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    others = [row["corpus_question"] or row["question"] for row in map(json.loads, lines)]
    print(
        f"\ntaken for broad: {known} of {len(asked)} broad questions, {sum(map(is_broad, others))} of {len(others)} others"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--questions", type=Path, default=OWN)
    wish = parser.parse_args()
    asyncio.run(main(wish.corpus, wish.store, wish.questions))
