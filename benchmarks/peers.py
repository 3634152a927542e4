"""mmrag beside the usual ways of doing it: the same files, the same text of the same pages, one table.

    python benchmarks/peers.py [DATASET] [--store DIR] [--kinds KIND ...] [--quick]

DATASET is a JSON Lines file or a folder, as for ``mmrag eval``; without it the sample documents are ingested and asked
about.

* ``llama-index``: SentenceSplitter chunks of each page, MiniLM vectors (mmrag's own) in its SimpleVectorStore;
* ``bm25``: BM25 (bm25s) over whole pages;
* ``mmrag keyless``: search and the reader, without any key or download.

Neither of the first two answers without a language model, so only their finding is measured. docling and unstructured parse
files anew; they are named when they are not installed, never downloaded. A local server is asked when the settings have a
tier for it.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from _measuring import figure, measured, page_texts, show

from mmrag.api import Session, open_session
from mmrag.app import App
from mmrag.evaluation.asking import StoreAsker
from mmrag.evaluation.datasets.reading import read_dataset
from mmrag.evaluation.outcomes import Outcome, PageRank
from mmrag.evaluation.questions import Dataset
from mmrag.evaluation.scoring import Scored
from mmrag.evaluation.summary import mean_of

SAMPLES = Path(__file__).parents[1] / "examples" / "samples"
DEPTH = 50
HEAD = ("system", "kind", "n", "doc R@1", "R@5", "page R@1", "R@5", "MRR", "nDCG@10", "right", "ANLS", "attributed", "ms")
FINDING = ("document_recall@1", "document_recall@5", "page_recall@1", "page_recall@5", "page_mrr", "page_ndcg@10")
FIGURES = (*FINDING, "right", "anls", "strict_attributed")


class Bm25Pages:
    """BM25 over whole pages, with the package's own tokens and English stop words."""

    def __init__(self, texts: dict[tuple[str, int], str]) -> None:
        import bm25s

        self._pages = list(texts)
        self._index = bm25s.BM25()
        self._index.index(bm25s.tokenize(list(texts.values()), stopwords="en", show_progress=False), show_progress=False)

    async def ask(self, question_id: str, asked: str, document: str | None) -> Outcome:
        import bm25s

        began = time.perf_counter()
        tokens = bm25s.tokenize([asked], stopwords="en", show_progress=False)
        rows, _ = self._index.retrieve(tokens, k=min(DEPTH, len(self._pages)), show_progress=False)
        ranked = [self._pages[int(n)] for n in rows[0]]
        return finding(question_id, asked, ranked, time.perf_counter() - began)


class LlamaIndexPlain:
    """What a tutorial builds: split pages into chunks, embed them, take the nearest."""

    def __init__(self, app: App) -> None:
        from llama_index.core.vector_stores import SimpleVectorStore

        self._app = app
        self._store = SimpleVectorStore()
        self._places: dict[str, tuple[str, int]] = {}

    async def build(self, texts: dict[tuple[str, int], str]) -> LlamaIndexPlain:
        from llama_index.core import Document
        from llama_index.core.node_parser import SentenceSplitter

        documents = [
            Document(text=t, metadata={"name": name, "page": page}) for (name, page), t in texts.items() if t.strip()
        ]
        nodes = SentenceSplitter().get_nodes_from_documents(documents)
        vectors = await self._app.embedder.embed([n.get_content() for n in nodes])
        for node, vector in zip(nodes, vectors, strict=True):
            node.embedding = vector.tolist()
            self._places[node.node_id] = (str(node.metadata["name"]), int(node.metadata["page"]))
        self._store.add(list(nodes))
        return self

    async def ask(self, question_id: str, asked: str, document: str | None) -> Outcome:
        from llama_index.core.vector_stores import VectorStoreQuery

        began = time.perf_counter()
        vector = (await self._app.embedder.embed([asked]))[0].tolist()
        found = self._store.query(VectorStoreQuery(query_embedding=vector, similarity_top_k=DEPTH))
        ranked = list(dict.fromkeys(self._places[i] for i in found.ids or ()))
        return finding(question_id, asked, ranked, time.perf_counter() - began)


def finding(question_id: str, asked: str, ranked: Sequence[tuple[str, int]], seconds: float) -> Outcome:
    """The outcome of a system that finds and does not answer."""
    ranking = tuple(PageRank(document=d, page=p) for d, p in ranked)
    return Outcome(id=question_id, asked=asked, ranking=ranking, seconds=seconds, reason="finds only")


def rows_of(system: str, scored: Sequence[Scored], *, answers: bool) -> list[list[str]]:
    rows = []
    for kind in [*sorted({s.question.kind for s in scored}), "all"]:
        group = [s for s in scored if kind in (s.question.kind, "all")]
        shown = FIGURES if answers else FINDING
        cells = [figure(mean_of(group, name) if name in shown else None) for name in FIGURES]
        ms = 1000 * sum(s.outcome.seconds for s in group) / len(group)
        rows.append([system, kind, str(len(group)), *cells, f"{ms:.0f}"])
    return rows


async def compare(dataset: Dataset, session: Session, store: Path) -> None:
    app = await session.app()
    texts = await page_texts(app)
    rows: list[list[str]] = []
    if importlib.util.find_spec("llama_index.core") is not None:
        plain = await LlamaIndexPlain(app).build(texts)
        rows += rows_of("llama-index", await measured(dataset, app, plain), answers=False)
    rows += rows_of("bm25", await measured(dataset, app, Bm25Pages(texts)), answers=False)
    asker = StoreAsker(session, store / "traces")
    rows += rows_of("mmrag keyless", await measured(dataset, app, asker), answers=True)
    show(f"{dataset.name}: {len(texts)} pages", HEAD, rows)
    for name, package in (("llama-index", "llama_index"), ("docling", "docling"), ("unstructured", "unstructured")):
        if importlib.util.find_spec(package) is None:
            print(f"{name}: not installed")
    if all(t.provider == "reader" for t in session.settings.cascade.tiers):
        print("mmrag with a local server: no tier for it in the settings")


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", nargs="?", type=Path, default=SAMPLES)
    parser.add_argument("--store", type=Path, help="a store that holds the files already; without it they are ingested")
    parser.add_argument("--kinds", nargs="+")
    parser.add_argument("--quick", action="store_true", help="every fourth question")
    args = parser.parse_args()
    dataset = read_dataset(args.dataset)
    chosen = [q for q in dataset.questions if not args.kinds or q.kind in args.kinds][:: 4 if args.quick else 1]
    dataset = Dataset(name=dataset.name, folder=dataset.folder, questions=tuple(chosen))
    with tempfile.TemporaryDirectory() as place:
        store = args.store or Path(place, "store")
        async with open_session(store) as session:
            if args.store is None:
                await session.ingest([dataset.folder])
            await compare(dataset, session, store)


if __name__ == "__main__":
    asyncio.run(main())
