"""Chroma inside this process, over one folder. See ``index_gate`` for how several processes share it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

import anyio
import anyio.to_thread

from mmrag.adapters.chroma_terms import CONFIGURATION, columns, one, open_folder, parts, scored, where_documents
from mmrag.adapters.index_gate import IndexGate, IndexState
from mmrag.domain.evidence import Scored
from mmrag.errors import IndexDriftError, MMRagError, StoreDamagedError, StoreError, StoreFullError
from mmrag.ports import VectorRecord

if TYPE_CHECKING:
    from chromadb.api.client import Client
    from chromadb.api.models.Collection import Collection

T = TypeVar("T")

READ_TIMEOUT_S: Final = 15.0
WRITE_TIMEOUT_S: Final = 300.0
_PAGE: Final = 20_000
_ATTEMPTS: Final = 5


class ChromaEmbedded:
    """``VectorIndex`` over Chroma's embedded form. Everything, its import too, happens in a worker thread.

    Raises ``IndexDriftError`` while another process writes, ``StoreDamagedError`` when Chroma cannot read its files.
    """

    def __init__(self, root: Path, *, name: str, writable: bool) -> None:
        self.gate = IndexGate(root, writable=writable)
        self.name = name
        self._limiter = anyio.CapacityLimiter(1)
        self._client: Client | None = None
        self._collection: Collection | None = None
        self._opened: IndexState | None = None

    async def upsert(self, records: Sequence[VectorRecord]) -> None:
        items = list(records)

        def work() -> None:
            with self._changing() as collection:
                for part in parts(items, self._batch()):
                    collection.upsert(**columns(part))

        await self._run(work, WRITE_TIMEOUT_S)

    async def delete(self, element_ids: Sequence[str]) -> None:
        items = list(element_ids)

        def work() -> None:
            with self._changing() as collection:
                for part in parts(items, self._batch()):
                    collection.delete(ids=part)

        await self._run(work, WRITE_TIMEOUT_S)

    async def clear(self) -> None:
        """Start over in a new folder: works whatever state the old one is in."""

        def work() -> None:
            with self.gate.changing(anew=True) as state:
                self._create(state)
                self._opened = state

        await self._run(work, WRITE_TIMEOUT_S)

    async def query(self, vector: Sequence[float], k: int, *, documents: Sequence[str] | None = None) -> tuple[Scored, ...]:
        if k <= 0 or (documents is not None and not documents):
            return ()
        wanted = list(vector)
        where = where_documents(documents)

        def work() -> tuple[Scored, ...]:
            with self._reading() as collection:
                if collection is None:
                    return ()
                found = collection.query(query_embeddings=one(wanted), n_results=k, where=where, include=["distances"])
                return scored(found["ids"], found["distances"])

        return await self._run(work, READ_TIMEOUT_S)

    async def ids(self) -> frozenset[str]:
        def work() -> frozenset[str]:
            with self._reading() as collection:
                if collection is None:
                    return frozenset()
                starts = range(0, max(1, collection.count()), _PAGE)
                return frozenset(i for s in starts for i in collection.get(include=[], limit=_PAGE, offset=s)["ids"])

        return await self._run(work, WRITE_TIMEOUT_S)

    async def count(self) -> int:
        def work() -> int:
            with self._reading() as collection:
                return 0 if collection is None else collection.count()

        return await self._run(work, READ_TIMEOUT_S)

    async def close(self) -> None:
        await anyio.to_thread.run_sync(self._close, limiter=self._limiter)

    async def _run(self, work: Callable[[], T], timeout_s: float) -> T:
        """Run ``work`` in the worker thread. A call that hangs is given up on; its thread is not waited for."""

        def guarded() -> T:
            with _chroma_errors():
                return work()

        try:
            with anyio.fail_after(timeout_s):
                return await anyio.to_thread.run_sync(guarded, limiter=self._limiter, abandon_on_cancel=True)
        except TimeoutError as error:
            raise StoreError(f"The vector index did not answer in {timeout_s:.0f} s: run mmrag index rebuild.") from error

    @contextlib.contextmanager
    def _reading(self) -> Iterator[Collection | None]:
        """The collection as it is now: opened again when somebody else changed it since."""
        for _ in range(_ATTEMPTS):
            with self.gate.reading() as state:
                if state is None or _same(state, self._opened):
                    yield None if state is None else self._collection
                    return
            self._reopen()
        raise IndexDriftError("The vector index is being written right now.")

    @contextlib.contextmanager
    def _changing(self) -> Iterator[Collection]:
        with self.gate.changing() as state:
            before = replace(state, epoch=state.epoch - 1)
            collection = self._collection
            if collection is None or not _same(before, self._opened):
                collection = self._create(state)
            self._opened = None  # nothing is known when this breaks off
            yield collection
            self._opened = state

    def _create(self, state: IndexState) -> Collection:
        self._close()
        client = self._client = open_folder(self.gate.folder(state))
        collection = client.get_or_create_collection(self.name, embedding_function=None, configuration=CONFIGURATION)
        self._collection = collection
        return collection

    def _reopen(self) -> None:
        self._close()
        import chromadb  # noqa: F401 -- half a second that others need not wait for

        with self.gate.alone() as turn:
            if turn.state is not None:
                client = self._client = open_folder(self.gate.folder(turn.state))
                if any(c.name == self.name for c in client.list_collections()):
                    self._collection = client.get_collection(self.name, embedding_function=None)
                    self._collection.count()  # takes in what Chroma only noted so far, and may write it to the graph
        self._opened = turn.state

    def _batch(self) -> int:
        return self._client.get_max_batch_size() if self._client is not None else 1000

    def _close(self) -> None:
        client, self._client, self._collection, self._opened = self._client, None, None, None
        if client is not None:
            client.close()


def _same(state: IndexState, opened: IndexState | None) -> bool:
    """Whether nothing happened to the index since it was opened."""
    return opened is not None and (opened.number, opened.epoch) == (state.number, state.epoch)


@contextlib.contextmanager
def _chroma_errors() -> Iterator[None]:
    """Chroma's errors in our words. A panic of its native part is no ``Exception``, yet must not end the process."""
    try:
        yield
    except (MMRagError, KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:
        if "disk is full" in str(error) or "No space left" in str(error):
            raise StoreFullError("The disk is full: free some space and run the same command again.") from error
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        raise StoreDamagedError(f"The vector index cannot be used ({error}): run mmrag index rebuild.") from error
