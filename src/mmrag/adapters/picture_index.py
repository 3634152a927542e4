"""The index of image vectors: opened beside that of text vectors, in a folder or collection of its own."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass

import anyio.to_thread

from mmrag.adapters.catalog.connect import Readers, Writer
from mmrag.adapters.catalog.feed import SqliteFeed
from mmrag.adapters.catalog.feed_sql import PICTURES
from mmrag.adapters.chroma import ChromaEmbedded
from mmrag.adapters.chroma_check import CheckedIndex
from mmrag.adapters.chroma_server import ChromaServer
from mmrag.adapters.chroma_terms import collection_name
from mmrag.adapters.index_care import bring_in_step
from mmrag.adapters.steady import SteadyVectors
from mmrag.ports import VectorIndex
from mmrag.retrieval.index import IndexKeeper
from mmrag.settings import StoreSettings

FOLDER = "pictures"


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureIndex:
    vectors: VectorIndex
    keeper: IndexKeeper


async def open_pictures(
    store: StoreSettings, embedder: str, readers: Readers, writer: Writer | None, stack: AsyncExitStack
) -> PictureIndex:
    """The index of what ``embedder`` (an identity) made. With a ``writer`` it is brought in step. Closed with ``stack``."""
    feed = SqliteFeed(readers, embedder=embedder, writer=writer, sql=PICTURES)
    name = collection_name(await anyio.to_thread.run_sync(readers.store_id), embedder)
    index: ChromaEmbedded | ChromaServer
    if store.vectors == "embedded":
        index = ChromaEmbedded(store.path / FOLDER, name=name, writable=writer is not None)
        keeper = IndexKeeper(feed, CheckedIndex(index))
    else:
        index = ChromaServer(store.vectors, name=name)
        keeper = IndexKeeper(feed, index)
    stack.push_async_callback(index.close)
    if writer is not None:
        await (bring_in_step(index, feed, keeper) if isinstance(index, ChromaEmbedded) else keeper.drain())
    return PictureIndex(vectors=SteadyVectors(index, feed, version=readers.version), keeper=keeper)
