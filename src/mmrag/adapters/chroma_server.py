"""A Chroma server, over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import anyio
import anyio.to_thread

from mmrag.adapters.chroma_terms import CONFIGURATION, client_settings, columns, one, parts, scored, where_documents
from mmrag.domain.evidence import Scored
from mmrag.errors import MMRagError, SettingsError, StoreError
from mmrag.ports import VectorRecord

if TYPE_CHECKING:
    from chromadb.api import AsyncClientAPI
    from chromadb.api.models.AsyncCollection import AsyncCollection

READ_TIMEOUT_S: Final = 15.0
WRITE_TIMEOUT_S: Final = 300.0
_PAGE: Final = 20_000


class ChromaServer:
    """``VectorIndex`` over a Chroma server. Connects at the first call.

    Every error of the server or the network is a ``StoreError`` that names the address.
    """

    def __init__(self, url: str, *, name: str) -> None:
        """Raises ``SettingsError`` when ``url`` is not ``http(s)://host[:port]``."""
        address = urlsplit(url)
        if address.scheme not in ("http", "https") or not address.hostname or address.path not in ("", "/"):
            raise SettingsError(f'store.vectors: {url} is not "embedded" nor an address such as http://127.0.0.1:8000.')
        self._url = url
        self._host = address.hostname
        self._ssl = address.scheme == "https"
        self._port = address.port or (443 if self._ssl else 8000)
        self._name = name
        self._opening = anyio.Lock()
        self._stack = AsyncExitStack()
        self._client: AsyncClientAPI | None = None
        self._collection: AsyncCollection | None = None

    async def upsert(self, records: Sequence[VectorRecord]) -> None:
        async with self._talking(WRITE_TIMEOUT_S) as (collection, batch):
            for part in parts(records, batch):
                await collection.upsert(**await anyio.to_thread.run_sync(columns, part))

    async def delete(self, element_ids: Sequence[str]) -> None:
        async with self._talking(WRITE_TIMEOUT_S) as (collection, batch):
            for part in parts(element_ids, batch):
                await collection.delete(ids=part)

    async def clear(self) -> None:
        async with self._talking(WRITE_TIMEOUT_S):
            client, self._collection = self._client, None
            if client is not None:
                await client.delete_collection(self._name)

    async def query(self, vector: Sequence[float], k: int, *, documents: Sequence[str] | None = None) -> tuple[Scored, ...]:
        if k <= 0 or (documents is not None and not documents):
            return ()
        async with self._talking(READ_TIMEOUT_S) as (collection, _):
            found = await collection.query(
                query_embeddings=one(vector), n_results=k, where=where_documents(documents), include=["distances"]
            )
            return scored(found["ids"], found["distances"])

    async def ids(self) -> frozenset[str]:
        found: set[str] = set()
        async with self._talking(WRITE_TIMEOUT_S) as (collection, _):
            while rows := (await collection.get(include=[], limit=_PAGE, offset=len(found)))["ids"]:
                found.update(rows)
        return frozenset(found)

    async def count(self) -> int:
        async with self._talking(READ_TIMEOUT_S) as (collection, _):
            return await collection.count()

    async def close(self) -> None:
        self._client, self._collection = None, None
        await self._stack.aclose()

    @asynccontextmanager
    async def _talking(self, timeout_s: float) -> AsyncIterator[tuple[AsyncCollection, int]]:
        """The collection and how many records one call may carry. Errors inside become ``StoreError``."""
        try:
            with anyio.fail_after(timeout_s):
                collection, batch = await self._connected()
                yield collection, batch
        except MMRagError:
            raise
        except TimeoutError as error:
            raise StoreError(f"The Chroma server at {self._url} did not answer in {timeout_s:.0f} s.") from error
        except Exception as error:
            self._collection = None  # another process may have made it anew: ask again next time
            raise StoreError(
                f"The Chroma server at {self._url} cannot be used ({type(error).__name__}: {error}): start it, or set"
                ' store.vectors to "embedded" and run mmrag index rebuild.'
            ) from error

    async def _connected(self) -> tuple[AsyncCollection, int]:
        async with self._opening:
            if self._client is None:
                self._client = await self._connect()
            if self._collection is None:
                self._collection = await self._client.get_or_create_collection(
                    self._name, embedding_function=None, configuration=CONFIGURATION
                )
            return self._collection, await self._client.get_max_batch_size()

    async def _connect(self) -> AsyncClientAPI:
        # Half a second of imports: not on the event loop.
        chromadb = await anyio.to_thread.run_sync(import_module, "chromadb")
        await anyio.to_thread.run_sync(import_module, "chromadb.api.async_fastapi")
        client: AsyncClientAPI = await chromadb.AsyncHttpClient(
            host=self._host, port=self._port, ssl=self._ssl, settings=client_settings()
        )
        # Chroma offers no way to close its HTTP connections but through the object behind its client.
        self._stack.push_async_exit(getattr(client, "_server").__aexit__)  # noqa: B009 -- says that it is not public
        return client
