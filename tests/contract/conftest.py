"""The things under contract: every implementation of a port goes through the same tests."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

import pytest
from store_support import Parts, open_parts

from mmrag.adapters.blobs import FileBlobs
from mmrag.adapters.catalog.ledger import SqliteLedger
from mmrag.adapters.chroma import ChromaEmbedded
from mmrag.adapters.chroma_server import ChromaServer
from mmrag.adapters.embeddings import MiniLmEmbedder
from mmrag.adapters.exact import ExactVectors
from mmrag.adapters.traces import FileTraces
from mmrag.ports import (
    Blobs,
    IndexChange,
    Ledger,
    TextEmbedder,
    TraceSink,
    VectorIndex,
    VectorRecord,
)
from mmrag.testing import (
    HashEmbedder,
    MemoryBlobs,
    MemoryCatalog,
    MemoryLedger,
    MemoryTraces,
    MemoryVectors,
    inconsistencies,
)


class ListedFeed:
    """An ``IndexFeed`` of vectors that were put in by hand."""

    def __init__(self) -> None:
        self.records: dict[str, VectorRecord] = {}

    async def pending(self, limit: int) -> tuple[IndexChange, ...]:
        return ()

    async def acknowledge(self, sequences: Sequence[int]) -> None:
        return None

    async def requeue_all(self) -> None:
        return None

    async def vector_ids(self) -> frozenset[str]:
        return frozenset(self.records)

    async def vectors(self, batch: int) -> AsyncIterator[tuple[VectorRecord, ...]]:
        every = tuple(self.records.values())
        for start in range(0, len(every), 2):  # smaller than asked for: several batches
            yield every[start : start + 2]


class FedExact(ExactVectors):
    """``ExactVectors`` whose catalog changes with the calls that tell an index about a change."""

    def __init__(self, feed: ListedFeed) -> None:
        super().__init__(feed)
        self._records = feed.records

    async def upsert(self, records: Sequence[VectorRecord]) -> None:
        self._records.update({r.element_id: r for r in records})

    async def delete(self, element_ids: Sequence[str]) -> None:
        for element_id in element_ids:
            self._records.pop(element_id, None)

    async def clear(self) -> None:
        self._records.clear()


@pytest.fixture(scope="session")
def chroma_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real Chroma server on loopback, stopped at the end of the session."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = tmp_path_factory.mktemp("chroma-server")
    chroma = Path(sys.executable).with_name("chroma")
    command = [str(chroma), "run", "--path", str(folder), "--host", "127.0.0.1", "--port", str(port)]
    with (folder / "log.txt").open("wb") as log:
        server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{url}/api/v2/heartbeat", server, folder / "log.txt")
        yield url
    finally:
        server.terminate()
        server.wait(timeout=20)


def _wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2):  # noqa: S310 -- our own server on loopback
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"chroma run did not start: {log.read_text(errors='replace')[-2000:]}")


@pytest.fixture(params=["memory", "exact", "embedded", "server"])
def kind(request: pytest.FixtureRequest) -> tuple[str, str]:
    """Which vector index, and the server's address when it is that one: started here, not on the event loop."""
    return request.param, request.getfixturevalue("chroma_url") if request.param == "server" else ""


@pytest.fixture
async def index(kind: tuple[str, str], tmp_path: Path) -> AsyncIterator[VectorIndex]:
    """Each vector index in turn, empty."""
    name, url = kind
    if name == "memory":
        yield MemoryVectors()
    elif name == "exact":
        yield FedExact(ListedFeed())
    elif name == "embedded":
        embedded = ChromaEmbedded(tmp_path / "index", name="mmrag-contract", writable=True)
        yield embedded
        await embedded.close()
    else:
        server = ChromaServer(url, name="mmrag-contract")
        await server.clear()
        yield server
        await server.close()


@pytest.fixture(params=["memory", "sqlite", "kept"])
def parts(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Parts]:
    """Each catalog in turn, empty."""
    if request.param == "memory":
        memory = MemoryCatalog()
        yield Parts(memory, memory, memory, summaries=memory)
        return
    with open_parts(tmp_path, keeps=request.param == "kept") as opened:
        yield opened
    assert inconsistencies(tmp_path) == ()


@pytest.fixture(params=["memory", "files"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    return MemoryBlobs() if request.param == "memory" else FileBlobs(tmp_path / "blobs")


@pytest.fixture(params=["memory", "sqlite"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Ledger:
    return MemoryLedger() if request.param == "memory" else SqliteLedger(tmp_path / "ledger.sqlite")


@pytest.fixture(params=["memory", "files"])
def traces(request: pytest.FixtureRequest, tmp_path: Path) -> TraceSink:
    return MemoryTraces() if request.param == "memory" else FileTraces(tmp_path / "traces")


@pytest.fixture(params=["hashing", "minilm"])
def embedder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> TextEmbedder:
    if request.param == "hashing":
        return HashEmbedder()
    return MiniLmEmbedder(tmp_path_factory.getbasetemp() / "models", threads=1)
