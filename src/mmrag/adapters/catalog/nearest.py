"""Comparing a vector with every stored one of a chosen few: exact, and quicker than an index that has to filter."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from typing import Final

from mmrag.adapters.catalog import codec
from mmrag.domain.evidence import Scored

_BATCH: Final = 4096
_DIGITS: Final = 6
"""Of a score; those of float32 beyond it are noise."""


def within(
    vector: Sequence[float], k: int, *, embedder: str, documents: Sequence[str], at_most: int, count: str, rows: str
) -> Callable[[sqlite3.Connection], tuple[Scored, ...] | None]:
    """Work for a reader: the ``k`` nearest inside ``documents``; None when more than ``at_most`` vectors stand there.

    ``count`` and ``rows`` are queries by embedder (?1) and documents as JSON (?2); ``rows`` also by bytes of a vector (?3).
    """
    packed, wanted = codec.pack_vector(vector), json.dumps(list(documents))

    def work(connection: sqlite3.Connection) -> tuple[Scored, ...] | None:
        if connection.execute(count, (embedder, wanted)).fetchone()[0] > at_most:
            return None
        return nearest(connection.execute(rows, (embedder, wanted, len(packed))), packed, k)

    return work


def nearest(rows: sqlite3.Cursor, packed: bytes, k: int) -> tuple[Scored, ...]:
    """The ``k`` of ``rows`` with the highest cosine similarity to ``packed``; equal scores in order of id.

    ``rows`` yields ids and vectors as ``codec.pack_vector`` writes them, as long as ``packed``. Read in batches: memory
    stays flat.
    """
    best: list[Scored] = []
    while batch := rows.fetchmany(_BATCH):
        best = _best(batch, packed, best, k)
    return tuple(best)


def _best(batch: Sequence[tuple[str, bytes]], packed: bytes, so_far: Sequence[Scored], k: int) -> list[Scored]:
    import numpy as np

    matrix = np.frombuffer(b"".join(data for _, data in batch), "<f4").reshape(len(batch), -1)
    query = np.frombuffer(packed, "<f4")
    lengths = np.sqrt(np.einsum("ij,ij->i", matrix, matrix)) * np.sqrt(query @ query)
    # Not by a matrix product, which adds up in an order that depends on the place of the row: elements of the same text
    # would differ in the last digit, and with it in their rank.
    products = np.einsum("ij,j->i", matrix, query)
    scores = np.divide(products, lengths, out=np.zeros(len(batch), np.float32), where=lengths > 0).round(_DIGITS)
    # All that are level with the last one kept stay in: their ids decide, not their place in the batch.
    least = np.partition(scores, -k)[-k] if 0 < k < len(batch) else -np.inf
    chosen = np.flatnonzero(scores >= least)
    found = [*so_far, *(Scored(id=batch[i][0], score=float(scores[i])) for i in chosen.tolist())]
    return sorted(found, key=lambda s: (-s.score, s.id))[: max(0, k)]
