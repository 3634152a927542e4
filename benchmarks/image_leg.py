"""What captions and image vectors are good for, and what they cost.

    python benchmarks/image_leg.py CORPUS [--store DIR] [--kinds chart slide photo receipt form] [--pages N]

CORPUS holds ``questions.jsonl`` and the files it names; --store is a store made of it (default: it is made, which takes a
while). Three tables: retrieval by printed text alone, with captions, and with captions and the image leg; the kind of page
that the image model sees against the folder that a file lies in; time and memory of ingestion without and with them.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from _ingesting import MMRAG, SAMPLES, MemoryWatch, ingest_json, scans, table

from mmrag.agent.plan import make_plan
from mmrag.api import open_session
from mmrag.app import App
from mmrag.domain.evidence import Scored
from mmrag.ports import LexicalIndex, PageRef, VectorIndex
from mmrag.retrieval.search import SearchParts, search

KINDS = ("chart", "slide", "photo", "receipt", "form", "pdf")
EXPECTED = {
    "receipts": {"receipt"},
    "forms": {"form", "contract", "invoice"},
    "charts": {"chart"},
    "slides": {"presentation", "cover"},
    "photos": {"photo"},
    "pdfs": {"report", "letter", "table", "cover"},
}
"""Kinds that fit what lies in a folder; forms are registrations, contracts and invoices."""


@dataclass(frozen=True, slots=True)
class Printed:
    """A vector index and a lexical index without what models wrote."""

    vectors: VectorIndex
    lexical: LexicalIndex
    written: frozenset[str]

    async def query(self, vector: Sequence[float], k: int, *, documents: Sequence[str] | None = None) -> tuple[Scored, ...]:
        found = await self.vectors.query(vector, k + 200, documents=documents)
        return tuple(s for s in found if s.id not in self.written)[:k]

    async def search_elements(self, query: str, k: int, *, documents: Sequence[str] | None = None) -> tuple[Scored, ...]:
        found = await self.lexical.search_elements(query, k + 200, documents=documents)
        return tuple(s for s in found if s.id not in self.written)[:k]

    def __getattr__(self, name: str) -> object:
        return getattr(self.lexical, name)


async def pages_of(app: App) -> list[tuple[str, PageRef]]:
    documents = await app.catalog.documents()
    return [(d.name, PageRef(document_id=d.id, page=n)) for d in documents for n in range(1, d.pages + 1)]


async def variants(app: App) -> dict[str, SearchParts]:
    written = set()
    for _, ref in await pages_of(app):
        written |= {e.id for e in await app.catalog.elements_of([ref]) if e.kind.is_generated}
    full = SearchParts(
        catalog=app.catalog, lexical=app.lexical, vectors=app.vectors, embedder=app.embedder,
        pictures=app.pictures, image_embedder=app.sight.embedder,
    )  # fmt: skip
    printed = Printed(app.vectors, app.lexical, frozenset(written))
    plain = replace(full, pictures=None, image_embedder=None)
    return {
        "printed text": replace(plain, vectors=printed, lexical=printed),  # type: ignore[arg-type]  # what search uses
        "and captions": plain,
        "and the image leg": full,
    }


async def retrieval(app: App, corpus: Path, kinds: Sequence[str]) -> list[tuple[str, ...]]:
    lines = (corpus / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    names = {d.name for d in await app.catalog.documents()}
    rows: list[tuple[str, ...]] = [("kind", "questions", "found by", "recall@1", "recall@5", "MRR@10")]
    found: dict[tuple[str, str], list[tuple[float, float, float]]] = defaultdict(list)
    parts_of = await variants(app)
    for question in map(json.loads, lines):
        file = question["file"]
        if not file or not question["corpus_question"] or question["kind"] not in kinds or not question["answers"]:
            continue
        if not any(f"/{file}".endswith(f"/{name}") for name in names):
            continue
        for variant, parts in parts_of.items():
            hits = (await search(make_plan(question["corpus_question"]), parts, k=40)).hits
            ranked = list(dict.fromkeys(hit.document for hit in hits))
            rank = next((i for i, name in enumerate(ranked, 1) if f"/{file}".endswith(f"/{name}")), None)
            score = (float(rank == 1), float(rank is not None and rank <= 5), 1 / rank if rank and rank <= 10 else 0.0)
            found[question["kind"], variant].append(score)
    for (kind, variant), scores in found.items():
        means = (sum(column) / len(scores) for column in zip(*scores, strict=True))
        rows.append((kind, str(len(scores)), variant, *(f"{mean:.3f}" for mean in means)))
    return rows


async def page_kinds(app: App) -> list[tuple[str, ...]]:
    """For each folder: how often the first page's kind fits, and what it was taken for."""
    folder_of = {path.name: path.parent.name for path in CORPUS_FILES}
    seen: dict[str, Counter[str]] = defaultdict(Counter)
    for name, ref in await pages_of(app):
        page, folder = await app.catalog.page(ref), folder_of.get(Path(name).name)
        if page is not None and page.kind is not None and folder in EXPECTED:
            seen[folder][page.kind.value] += 1
    rows: list[tuple[str, ...]] = [("folder", "pages", "fits", "taken for")]
    for folder, counts in sorted(seen.items()):
        fits = sum(n for kind, n in counts.items() if kind in EXPECTED[folder])
        said = ", ".join(f"{kind} {n}" for kind, n in counts.most_common(6))
        rows.append((folder, str(counts.total()), f"{fits / counts.total():.3f}", said))
    return rows


CORPUS_FILES: list[Path] = []


def costs(pages: int) -> list[tuple[str, ...]]:
    """Ingestion of the same scans without and with looking at pictures."""
    rows: list[tuple[str, ...]] = [("ingestion", "pages/s", "cpu s a page", "peak MB", "captions")]
    cpu: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as place:
        scans(SAMPLES, Path(place) / "in", pages)
        for name, flag in (("OCR alone", "false"), ("with captions and vectors", "true")):
            store = Path(place) / flag
            run, totals = ingest_with(Path(place) / "in", store, flag)
            cpu[name] = run[1] / pages
            rows.append((name, f"{pages / run[0]:.2f}", f"{cpu[name]:.3f}", f"{run[2] / 1e6:.0f}", f"{totals:.0f}"))
    alone, both = cpu.values()
    rows.append(("more processor time a page", "", f"{100 * (both / alone - 1):+.1f} %", "aim 1500", "aim +25 %"))
    return rows


def ingest_with(folder: Path, store: Path, images: str) -> tuple[tuple[float, float, int], float]:
    """Wall and processor seconds and peak memory of one ingestion, and how many captions it made."""
    import os
    import resource
    import time

    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    command = [str(MMRAG), "ingest", str(folder), "--store", str(store), "--json"]
    env = {**os.environ, "MMRAG_INGEST__IMAGES": images}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=env, text=True) as process, MemoryWatch(process.pid) as watch:
        output, _ = process.communicate()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if process.returncode:
        raise RuntimeError(f"ingestion ended with {process.returncode}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return (time.perf_counter() - began, cpu, watch.peak), json.loads(output)["totals"]["captions"]


async def look(store: Path, corpus: Path, kinds: Sequence[str]) -> None:
    async with open_session(store) as session:
        app = await session.app()
        if app.pictures is None:
            print("No image model is here: what follows is printed text alone.", file=sys.stderr)
        table(await retrieval(app, corpus, kinds))
        print()
        table(await page_kinds(app))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", nargs="?", type=Path)
    parser.add_argument("--store", type=Path)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--pages", type=int, default=24, help="pages of the measurement of time and memory, 0 for none")
    parser.add_argument("--quick", action="store_true", help="measure few pages")
    arguments = parser.parse_args()
    if arguments.corpus is not None:
        CORPUS_FILES.extend(path for path in arguments.corpus.rglob("*") if path.is_file())
        with tempfile.TemporaryDirectory() as place:
            store = arguments.store or Path(place)
            if arguments.store is None:
                ingest_json(arguments.corpus, store)
            asyncio.run(look(store, arguments.corpus, arguments.kinds))
    pages = min(arguments.pages, 8) if arguments.quick else arguments.pages
    if pages:
        print()
        table(costs(pages))


if __name__ == "__main__":
    main()
