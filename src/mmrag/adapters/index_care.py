"""Bringing the embedded index in step when the store is opened for writing, whatever the last run left behind."""

from __future__ import annotations

import logging

import anyio.to_thread

from mmrag.adapters.chroma import ChromaEmbedded
from mmrag.adapters.chroma_check import ids_by_child
from mmrag.adapters.steady import CountedFeed
from mmrag.errors import StoreDamagedError
from mmrag.retrieval.index import IndexKeeper

_log = logging.getLogger(__name__)


async def bring_in_step(index: ChromaEmbedded, feed: CountedFeed, keeper: IndexKeeper) -> None:
    """Drain the outbox, and mend or rebuild an index that was left half written. Costs two queries when all is well."""
    state = await anyio.to_thread.run_sync(index.gate.state)
    if state is None:
        if await feed.count():
            _log.warning("The vector index is missing and is made from the catalog.")
            await keeper.rebuild()
        return
    whole = await anyio.to_thread.run_sync(index.gate.is_whole, state)
    if whole and not await feed.pending(1):
        return
    try:
        # A child looks first: an index that was left half written may end the process that opens it.
        folder = index.gate.folder(state)
        await anyio.to_thread.run_sync(ids_by_child, folder, index.name)
        await keeper.drain()
        if not whole and await anyio.to_thread.run_sync(ids_by_child, folder, index.name) != await feed.vector_ids():
            raise StoreDamagedError("The vector index differs from the catalog.")
    except StoreDamagedError as error:
        _log.warning("%s It is made again from the catalog.", error)
        await keeper.rebuild()
    else:
        if not whole:
            await anyio.to_thread.run_sync(index.gate.mend)
