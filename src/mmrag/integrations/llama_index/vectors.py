"""The vectors of a store for an app that has a ``VectorStoreIndex``: read-only, with the embedder they were made with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.schema import BaseNode
from llama_index.core.vector_stores.types import (
    BasePydanticVectorStore,
    FilterOperator,
    MetadataFilter,
    MetadataFilters,
    VectorStoreQuery,
    VectorStoreQueryResult,
)
from pydantic import PrivateAttr

from mmrag.api import Session
from mmrag.domain.documents import DocumentStatus
from mmrag.errors import UsageError
from mmrag.integrations.llama_index.nodes import box_list, node
from mmrag.integrations.llama_index.store import Connection, StoreLike, connected

_READ_ONLY = "mmrag's vectors are read-only here: add and remove documents with `mmrag ingest`."


class MMRagEmbedding(BaseEmbedding):
    """The text embedder of a store: queries have to be embedded as its elements were."""

    _store: Connection = PrivateAttr()

    def __init__(self, store: StoreLike, **kwargs: Any) -> None:
        super().__init__(model_name="mmrag", **kwargs)
        self._store = connected(store)

    def _get_query_embedding(self, query: str) -> list[float]:
        return self._get_text_embeddings([query])[0]

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return (await self._store.arun(lambda session: _embedded(session, [query])))[0]

    def _get_text_embedding(self, text: str) -> list[float]:
        return self._get_text_embeddings([text])[0]

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        return self._store.run(lambda session: _embedded(session, texts))


class MMRagVectorStore(BasePydanticVectorStore):
    """The text vectors of a store, with the elements they stand for.

    ``VectorStoreIndex.from_vector_store(MMRagVectorStore(store), embed_model=MMRagEmbedding(store))`` searches by meaning
    alone; ``MMRagRetriever`` searches better, by words, values and names as well. Filters: ``document`` with ``==`` or
    ``in``. Raises ``UsageError`` for others, and for whatever would write.
    """

    stores_text: bool = True
    _store: Connection = PrivateAttr()

    def __init__(self, store: StoreLike, **kwargs: Any) -> None:
        super().__init__(stores_text=True, **kwargs)
        self._store = connected(store)

    @property
    def client(self) -> Connection:
        return self._store

    def add(self, nodes: Sequence[BaseNode], **_kwargs: Any) -> list[str]:
        raise UsageError(_READ_ONLY)

    def delete(self, ref_doc_id: str, **_kwargs: Any) -> None:
        raise UsageError(_READ_ONLY)

    def query(self, query: VectorStoreQuery, **_kwargs: Any) -> VectorStoreQueryResult:
        return self._store.run(lambda session: _queried(session, query))

    async def aquery(self, query: VectorStoreQuery, **_kwargs: Any) -> VectorStoreQueryResult:
        return await self._store.arun(lambda session: _queried(session, query))


async def _embedded(session: Session, texts: Sequence[str]) -> list[list[float]]:
    vectors = await (await session.app()).embedder.embed(texts)
    return [[float(value) for value in row] for row in vectors]


async def _queried(session: Session, query: VectorStoreQuery) -> VectorStoreQueryResult:
    app = await session.app()
    if query.query_embedding is None:
        raise UsageError("A query has to come with its embedding: give the index MMRagEmbedding as its embed_model.")
    documents = {d.id: d for d in await app.catalog.documents() if d.status is DocumentStatus.READY}
    names = _documents_wanted(query.filters)
    scope = None if names is None else [d.id for d in documents.values() if d.name in names]
    scored = await app.vectors.query(query.query_embedding, query.similarity_top_k, documents=scope)
    elements = {e.id: e for e in await app.catalog.elements([s.id for s in scored])}
    found = [(elements[s.id], s.score) for s in scored if s.id in elements and elements[s.id].document_id in documents]
    nodes: list[BaseNode] = []
    for element, _ in found:
        metadata = {
            "document": documents[element.document_id].name,
            "page": element.page,
            "kind": element.kind.value,
            "bbox": box_list(element.bbox),
            "sha256": documents[element.document_id].sha256,
            "element": element.id,
        }
        nodes.append(node(element, metadata))
    return VectorStoreQueryResult(nodes=nodes, similarities=[s for _, s in found], ids=[e.id for e, _ in found])


def _documents_wanted(filters: MetadataFilters | None) -> frozenset[str] | None:
    """Names of documents, None for all. Raises ``UsageError`` for a filter that is none on ``document``."""
    if filters is None or not filters.filters:
        return None
    (only,) = filters.filters if len(filters.filters) == 1 else (None,)
    if isinstance(only, MetadataFilter) and only.key == "document":
        if only.operator is FilterOperator.EQ and isinstance(only.value, str):
            return frozenset({only.value})
        if only.operator is FilterOperator.IN and isinstance(only.value, list):
            return frozenset(map(str, only.value))
    raise UsageError("Only a filter on `document`, with == or in, can be kept to.")
