"""What every vector index does, in memory, by comparison, in this process and on a server."""

from __future__ import annotations

import pytest
from store_support import unit

from mmrag.ports import VectorIndex, VectorRecord

pytestmark = pytest.mark.usefixtures("loop_guard")


def record(name: str, *vector: float, document: str = "doc-a", page: int = 1) -> VectorRecord:
    return VectorRecord(element_id=name, document_id=document, page=page, kind="text", vector=unit(*vector))


THREE = (record("el-x", 1, 0, 0), record("el-y", 0, 1, 0), record("el-xy", 1, 1, 0, document="doc-b"))


async def test_an_empty_index_finds_nothing(index: VectorIndex) -> None:
    assert await index.count() == 0
    assert await index.ids() == frozenset()
    assert await index.query(unit(1, 0, 0), 5) == ()


async def test_neighbours_come_nearest_first_with_their_cosine(index: VectorIndex) -> None:
    await index.upsert(THREE)
    found = await index.query(unit(1, 0.1, 0), 3)
    assert [s.id for s in found] == ["el-x", "el-xy", "el-y"]
    assert [s.score for s in found] == pytest.approx([0.99504, 0.77400, 0.09950], abs=1e-4)


async def test_at_most_k_are_given(index: VectorIndex) -> None:
    await index.upsert(THREE)
    assert [s.id for s in await index.query(unit(0, 1, 0), 1)] == ["el-y"]
    assert await index.query(unit(0, 1, 0), 0) == ()
    assert len(await index.query(unit(0, 1, 0), 50)) == 3


async def test_documents_restrict_the_search(index: VectorIndex) -> None:
    await index.upsert(THREE)
    assert [s.id for s in await index.query(unit(1, 0, 0), 5, documents=["doc-b"])] == ["el-xy"]
    assert {s.id for s in await index.query(unit(1, 0, 0), 5, documents=["doc-a", "doc-none"])} == {"el-x", "el-y"}
    assert await index.query(unit(1, 0, 0), 5, documents=["doc-none"]) == ()
    assert await index.query(unit(1, 0, 0), 5, documents=[]) == ()


async def test_the_same_id_again_replaces(index: VectorIndex) -> None:
    await index.upsert(THREE)
    await index.upsert([record("el-x", 0, 0, 1, document="doc-c")])
    assert await index.count() == 3
    assert [s.id for s in await index.query(unit(0, 0, 1), 1, documents=["doc-c"])] == ["el-x"]


async def test_what_was_deleted_is_gone_and_deleting_twice_is_nothing(index: VectorIndex) -> None:
    await index.upsert(THREE)
    await index.delete(["el-x", "el-none"])
    await index.delete(["el-x"])
    assert await index.ids() == {"el-y", "el-xy"}
    assert "el-x" not in {s.id for s in await index.query(unit(1, 0, 0), 5)}


async def test_a_cleared_index_can_be_filled_again(index: VectorIndex) -> None:
    await index.upsert(THREE)
    await index.clear()
    assert (await index.count(), await index.ids()) == (0, frozenset())
    await index.upsert(THREE[:1])
    assert await index.ids() == {"el-x"}


async def test_nothing_to_do_is_fine(index: VectorIndex) -> None:
    await index.upsert([])
    await index.delete([])
    await index.clear()
    assert await index.count() == 0


async def test_more_than_one_batch(index: VectorIndex) -> None:
    many = [record(f"el-{i:05}", i % 7 + 1, i % 11, i % 13, document=f"doc-{i % 3}") for i in range(6000)]
    await index.upsert(many)
    assert await index.count() == 6000
    await index.delete([r.element_id for r in many[:5900]])
    assert await index.ids() == {r.element_id for r in many[5900:]}
