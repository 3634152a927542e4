"""Inside a few documents the catalog's own vectors are compared: exact, and whatever the state of the index."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from store_support import make_document, make_page, open_parts, put, unit, vectors_of

from mmrag.adapters.catalog.feed import SqliteFeed
from mmrag.adapters.exact import ExactVectors
from mmrag.adapters.steady import SteadyVectors
from mmrag.domain.evidence import Scored
from mmrag.testing import MemoryVectors

pytestmark = pytest.mark.usefixtures("loop_guard")

QUERY = unit(0.3, -0.2, 0.9, 0.1)
PAGES = [make_page(f"doc-{d}", n, *(f"line {d} {n} {i}" for i in range(9))) for d in "abc" for n in (1, 2)]


class Asked(MemoryVectors):
    """Remembers which documents it was asked to search."""

    def __init__(self) -> None:
        super().__init__()
        self.documents: list[tuple[str, ...]] = []

    async def query(self, vector: Sequence[float], k: int, *, documents: Sequence[str] | None = None) -> tuple[Scored, ...]:
        self.documents.append(tuple(documents or ()))
        return await super().query(vector, k, documents=documents)


async def test_the_nearest_within_documents_are_those_of_comparing_with_all(tmp_path: Path) -> None:
    with open_parts(tmp_path) as parts:
        for document in "abc":
            await put(
                parts.writer, make_document(f"doc-{document}", pages=2), [p for p in PAGES if p.document_id[-1] == document]
            )
        feed = parts.feed
        assert isinstance(feed, SqliteFeed)
        for k in (1, 5, 18, 100):
            for documents in (["doc-a"], ["doc-c", "doc-a"], ["doc-x"], []):
                found = await feed.nearest(QUERY, k, documents=documents, at_most=1000)
                exact = await ExactVectors(feed).query(QUERY, k, documents=documents)
                assert found is not None
                assert [s.id for s in found] == [s.id for s in exact]
                assert [s.score for s in found] == pytest.approx([s.score for s in exact], abs=1e-6)
        assert await feed.nearest(QUERY, 5, documents=["doc-a", "doc-b"], at_most=35) is None
        assert len(await feed.nearest(QUERY, 5, documents=["doc-a", "doc-b"], at_most=36) or ()) == 5


async def test_the_index_is_asked_only_where_there_are_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mmrag.adapters.steady._FEW", 18)
    with open_parts(tmp_path) as parts:
        index = Asked()
        for document in "abc":
            pages = [p for p in PAGES if p.document_id[-1] == document]
            await put(parts.writer, make_document(f"doc-{document}", pages=2), pages)
            await index.upsert([v for page in pages for v in vectors_of(page)])
        feed = parts.feed
        assert isinstance(feed, SqliteFeed)
        await feed.acknowledge([c.sequence for c in await feed.pending(100)])
        steady = SteadyVectors(index, feed, version=lambda: 1)
        few = await steady.query(QUERY, 4, documents=["doc-b"])
        assert index.documents == []
        many = await steady.query(QUERY, 4, documents=["doc-a", "doc-b"])
        every = await steady.query(QUERY, 4)
        assert index.documents == [("doc-a", "doc-b"), ()]
        exact = ExactVectors(feed)
        assert [s.id for s in few] == [s.id for s in await exact.query(QUERY, 4, documents=["doc-b"])]
        assert [s.id for s in many] == [s.id for s in await exact.query(QUERY, 4, documents=["doc-a", "doc-b"])]
        assert [s.id for s in every] == [s.id for s in await exact.query(QUERY, 4)]
