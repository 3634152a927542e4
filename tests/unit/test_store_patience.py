"""Every call to Chroma ends: one that hangs is an error that says what to do."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from store_support import unit

from mmrag.adapters import chroma, chroma_server
from mmrag.adapters.chroma import ChromaEmbedded
from mmrag.adapters.chroma_server import ChromaServer
from mmrag.errors import StoreDamagedError, StoreError, StoreFullError


@pytest.fixture
def silent_server() -> Iterator[str]:
    """Accepts connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


async def test_a_server_that_says_nothing(silent_server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chroma_server, "READ_TIMEOUT_S", 1.5)
    index = ChromaServer(silent_server, name="mmrag-test")
    started = time.monotonic()
    with pytest.raises(StoreError, match="did not answer in 2 s"):
        await index.count()
    assert time.monotonic() - started < 10
    await index.close()


async def test_an_embedded_index_that_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chroma, "READ_TIMEOUT_S", 0.2)
    index = ChromaEmbedded(tmp_path, name="mmrag-test", writable=False)
    release = threading.Event()
    monkeypatch.setattr(index.gate, "state", release.wait)
    tmp_path.joinpath("use.lock").touch()
    with pytest.raises(StoreError, match="run mmrag index rebuild"):
        await index.query(unit(1), 1)
    release.set()


class PanicException(BaseException):
    """As Chroma's native part raises it."""


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (PanicException("index out of range"), StoreDamagedError),
        (ValueError("no such segment"), StoreDamagedError),
        (RuntimeError("(code: 13) database or disk is full"), StoreFullError),
        (OSError(28, "No space left on device"), StoreFullError),
        (KeyboardInterrupt(), KeyboardInterrupt),
    ],
)
def test_errors_of_chroma_get_our_names(error: BaseException, expected: type[BaseException]) -> None:
    with pytest.raises(expected), chroma._chroma_errors():
        raise error
