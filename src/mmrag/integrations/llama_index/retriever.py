"""Search as a LlamaIndex retriever."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from llama_index.core.retrievers import BaseRetriever
from llama_index.core.schema import NodeWithScore, QueryBundle

from mmrag.api import Session
from mmrag.integrations.llama_index.nodes import nodes_of
from mmrag.integrations.llama_index.store import StoreLike, connected


class MMRagRetriever(BaseRetriever):
    """The ``k`` elements that fit a query best, as nodes, best first; ``score`` is comparable within one query only.

    Metadata: ``document``, ``page`` (from 1), ``bbox`` (page fractions, origin top left), ``kind``, ``element``, ``sha256``,
    and ``legs``, the rank in each way of searching. ``kinds`` restricts to kinds of pages (see ``mmrag search``). Figures,
    photos and charts come as ``ImageNode`` unless ``images`` is false. Raises what ``mmrag.Session.search`` raises.
    """

    def __init__(
        self, store: StoreLike, *, k: int = 10, kinds: Sequence[str] | None = None, images: bool = True, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self._store = connected(store)
        self._k = k
        self._kinds = kinds
        self._images = images

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        return self._store.run(lambda session: self._found(session, query_bundle.query_str))

    async def _aretrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        return await self._store.arun(lambda session: self._found(session, query_bundle.query_str))

    async def _found(self, session: Session, query: str) -> list[NodeWithScore]:
        hits = await session.search(query, self._k, kinds=self._kinds)
        return await nodes_of(hits, session, images=self._images)
