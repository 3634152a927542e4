"""Systems to compare with: they find pages, on the same text of the same pages, and answer nothing."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mmrag.evaluation.outcomes import Outcome, PageRank
from mmrag.ports import TextEmbedder

DEPTH = 50
CHUNK_TOKENS = 200
"""Of a chunk for LlamaIndex, in its own tokens: MiniLM reads 256 of its own, and its default of 1024 would be cut off."""

PageTexts = Mapping[tuple[str, int], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A passage of one page; ``page`` counts from 1."""

    document: str
    page: int
    text: str


class Bm25Pages:
    """BM25 over whole pages, with the package's own tokens and English stop words."""

    def __init__(self, texts: PageTexts) -> None:
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


class NearestChunks:
    """What a tutorial builds of chunks: embed them (with mmrag's own MiniLM), keep them in LlamaIndex's SimpleVectorStore,
    and take the nearest. Pages are ranked by their best chunk.
    """

    def __init__(self, embedder: TextEmbedder) -> None:
        from llama_index.core.vector_stores import SimpleVectorStore

        self._embedder = embedder
        self._store = SimpleVectorStore()
        self._places: dict[str, tuple[str, int]] = {}

    async def build(self, chunks: Sequence[Chunk]) -> NearestChunks:
        from llama_index.core.schema import TextNode

        vectors = await self._embedder.embed([c.text for c in chunks])
        nodes = [
            TextNode(id_=str(n), text=c.text, embedding=v.tolist())
            for n, (c, v) in enumerate(zip(chunks, vectors, strict=True))
        ]
        self._places = {str(n): (c.document, c.page) for n, c in enumerate(chunks)}
        self._store.add(list(nodes))
        return self

    async def ask(self, question_id: str, asked: str, document: str | None) -> Outcome:
        from llama_index.core.vector_stores import VectorStoreQuery

        began = time.perf_counter()
        vector = (await self._embedder.embed([asked]))[0].tolist()
        found = self._store.query(VectorStoreQuery(query_embedding=vector, similarity_top_k=2 * DEPTH))
        ranked = list(dict.fromkeys(self._places[i] for i in found.ids or ()))[:DEPTH]
        return finding(question_id, asked, ranked, time.perf_counter() - began)


def split_by_sentences(texts: PageTexts) -> list[Chunk]:
    """Chunks by LlamaIndex's SentenceSplitter."""
    from llama_index.core.node_parser import SentenceSplitter

    splitter = SentenceSplitter(chunk_size=CHUNK_TOKENS, chunk_overlap=CHUNK_TOKENS // 8)
    return [
        Chunk(document=document, page=page, text=part)
        for (document, page), text in texts.items()
        if text.strip()
        for part in splitter.split_text(text)
    ]


def finding(question_id: str, asked: str, ranked: Sequence[tuple[str, int]], seconds: float) -> Outcome:
    """The outcome of a system that finds and does not answer."""
    ranking = tuple(PageRank(document=d, page=p) for d, p in ranked)
    return Outcome(id=question_id, asked=asked, ranking=ranking, seconds=seconds, reason="finds only")
