"""Looking at an embedded index from a process of its own: what would end the process is an error here.

``python -m mmrag.adapters.chroma_check FOLDER COLLECTION`` opens the index, reads every vector, and writes their ids to
standard output as a JSON list.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import anyio.to_thread

from mmrag.adapters.chroma import ChromaEmbedded
from mmrag.adapters.chroma_terms import one, open_folder
from mmrag.domain.evidence import Scored
from mmrag.errors import StoreDamagedError
from mmrag.ports import VectorRecord

TIMEOUT_S: Final = 300.0
_PAGE: Final = 5000
_REBUILD: Final = "run mmrag index rebuild"


class CheckedIndex:
    """``VectorIndex`` that lists the ids of an embedded index in a child process, and does all else in this one."""

    def __init__(self, index: ChromaEmbedded) -> None:
        self._index = index

    async def ids(self) -> frozenset[str]:
        """Raises ``StoreDamagedError`` when the child cannot read the index or does not survive it, ``IndexDriftError``
        while a change is under way or was cut short."""
        return await anyio.to_thread.run_sync(self._ids)

    def _ids(self) -> frozenset[str]:
        with self._index.gate.alone() as turn:
            if turn.state is None:
                return frozenset()
            return ids_by_child(self._index.gate.folder(turn.state), self._index.name)

    async def upsert(self, records: Sequence[VectorRecord]) -> None:
        await self._index.upsert(records)

    async def delete(self, element_ids: Sequence[str]) -> None:
        await self._index.delete(element_ids)

    async def query(self, vector: Sequence[float], k: int, *, documents: Sequence[str] | None = None) -> tuple[Scored, ...]:
        return await self._index.query(vector, k, documents=documents)

    async def count(self) -> int:
        return await self._index.count()

    async def clear(self) -> None:
        await self._index.clear()


def ids_by_child(folder: Path, name: str) -> frozenset[str]:
    """All ids of a collection that have their vector, read by a child process. Blocks. Raises ``StoreDamagedError``."""
    command = [sys.executable, "-m", "mmrag.adapters.chroma_check", str(folder), name]
    try:
        done = subprocess.run(command, check=False, capture_output=True, stdin=subprocess.DEVNULL, timeout=TIMEOUT_S)  # noqa: S603 -- our own module
    except subprocess.TimeoutExpired as error:
        raise StoreDamagedError(f"The vector index does not open within {TIMEOUT_S:.0f} s: {_REBUILD}.") from error
    if done.returncode != 0:
        last = (done.stderr.decode(errors="replace").strip().splitlines() or [""])[-1]
        how = f"signal {-done.returncode}" if done.returncode < 0 else last[:200]
        raise StoreDamagedError(f"The vector index is damaged (reading it ended with {how}): {_REBUILD}.")
    return frozenset(json.loads(done.stdout))


def read_ids(folder: Path, name: str) -> list[str]:
    """The ids of a collection that have a vector."""
    if not folder.is_dir():
        return []
    client = open_folder(folder)
    try:
        if not any(c.name == name for c in client.list_collections()):
            return []
        collection = client.get_collection(name, embedding_function=None)
        found: list[str] = []
        count = collection.count()
        for start in range(0, count, _PAGE):
            # The vectors come from the graph, the ids from a table: an id without its vector would never be found.
            rows = collection.get(limit=_PAGE, offset=start, include=["embeddings"])
            vectors = list(rows["embeddings"]) if rows["embeddings"] is not None else []
            if start == 0 and vectors:
                # The other way round: the graph may lead to a vector whose id is not in the table.
                collection.query(query_embeddings=one(list(vectors[0])), n_results=min(count, _PAGE), include=[])
            found += [i for i, v in zip(rows["ids"], vectors, strict=True) if len(v)]
        return found
    finally:
        client.close()


if __name__ == "__main__":
    json.dump(read_ids(Path(sys.argv[1]), sys.argv[2]), sys.stdout)
