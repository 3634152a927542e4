"""What the embedded and the served form of Chroma share: names, settings, and records in Chroma's terms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypedDict, TypeVar, cast

from mmrag.domain.evidence import Scored
from mmrag.domain.hashing import sha256_hex
from mmrag.ports import VectorRecord

if TYPE_CHECKING:
    from chromadb.api.client import Client
    from chromadb.api.collection_configuration import CreateCollectionConfiguration
    from chromadb.api.types import Metadata, Where
    from chromadb.config import Settings

T = TypeVar("T")

CONFIGURATION: Final[CreateCollectionConfiguration] = {"hnsw": {"space": "cosine"}}


class Columns(TypedDict):
    """Keyword arguments of Chroma's ``upsert``."""

    ids: list[str]
    embeddings: list[Sequence[float]]
    metadatas: list[Metadata]


def collection_name(store_id: str, embedder: str) -> str:
    """One collection for each store and each embedder: vectors of different embedders never meet."""
    return f"mmrag-{store_id}-{sha256_hex(embedder.encode())[:12]}"


def client_settings() -> Settings:
    """No telemetry, certificates checked."""
    from chromadb.config import Settings

    return Settings(anonymized_telemetry=False, chroma_server_ssl_verify=True)


def open_folder(folder: Path) -> Client:
    """Chroma inside this process over ``folder``, which is created when it is not there. Blocks; close it after use."""
    import chromadb

    # Declared as an interface that lacks close().
    return cast("Client", chromadb.PersistentClient(path=str(folder), settings=client_settings()))


def columns(records: Sequence[VectorRecord]) -> Columns:
    return Columns(
        ids=[r.element_id for r in records],
        embeddings=[list(r.vector) for r in records],
        metadatas=[{"document_id": r.document_id, "page": r.page, "kind": r.kind} for r in records],
    )


def parts(items: Sequence[T], size: int) -> Iterator[list[T]]:
    """``items`` in lists of at most ``size``."""
    for start in range(0, len(items), size):
        yield list(items[start : start + size])


def where_documents(documents: Sequence[str] | None) -> Where | None:
    if documents is None:
        return None
    # Chroma types the operator as a Literal that a plain dict literal does not match.
    return cast("Where", {"document_id": {"$in": list(documents)}})


def one(vector: Sequence[float]) -> list[Sequence[float] | Sequence[int]]:
    """A single query vector, as Chroma takes several."""
    return [list(vector)]


def scored(ids: Sequence[Sequence[str]], distances: Sequence[Sequence[float]] | None) -> tuple[Scored, ...]:
    """The answer to one query vector. Chroma's cosine distance is 1 minus the similarity."""
    rows = zip(ids[0], distances[0] if distances else (), strict=True)
    found = [Scored(id=i, score=1.0 - float(d)) for i, d in rows]
    return tuple(sorted(found, key=lambda s: (-s.score, s.id)))
