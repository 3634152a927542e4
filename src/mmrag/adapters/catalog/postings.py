"""Ranking by BM25 from what the full-text index says of each phrase.

FTS5's ``bm25`` adds up what each phrase of a query earns a row, in the order of the query; what a phrase earns does not
depend on the others. So the sums here are the ranks that SQLite gives for the whole query, to the last bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import orjson

from mmrag.adapters.catalog.snapshots import NotInMemory, Postings, Snapshot

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

AT_ONCE: Final = 20_000
"""Rows added up at most on the event loop: 0.3 ms, and 1 ms where keys go into millions."""
_KEPT: Final = 250_000
"""Rows of a phrase that is kept at most. More are read anew each time."""
_DENSE: Final = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class FullText:
    """A full-text table: its name, and a query for the keys of its rows of one document."""

    table: str
    keys: str


ELEMENTS: Final = FullText(
    table="element_text",
    keys="SELECT json_group_array(e.key) FROM edition i JOIN page p ON p.edition = i.key JOIN element e ON e.page = p.key"
    " WHERE i.document_id = ? AND i.published = 1",
)
PAGES: Final = FullText(
    table="page_text",
    keys="SELECT json_group_array(p.key) FROM edition i JOIN page p ON p.edition = i.key"
    " WHERE i.document_id = ? AND i.published = 1",
)


def best(
    snapshot: Snapshot, text: FullText, phrases: Sequence[str], k: int, documents: Sequence[str] | None
) -> list[tuple[int, float]]:
    """The ``k`` rows with the highest BM25 score for any of ``phrases``, with it; equal ones by row; in ``documents``."""
    import numpy as np

    found = [postings(snapshot, text.table, phrase) for phrase in phrases]
    total = sum(len(one.keys) for one in found)
    if not total or k <= 0:
        return []
    if snapshot.is_at_hand and total > AT_ONCE:
        raise NotInMemory
    rows, at = distinct(np.concatenate([one.keys for one in found]))
    scores = np.bincount(at, np.concatenate([one.gains for one in found]))
    if documents is not None:
        allowed = [_rows(snapshot, (f"{text.table} of", document), text.keys) for document in dict.fromkeys(documents)]
        inside = np.isin(rows, np.concatenate([np.zeros(0, np.int64), *allowed]))
        rows, scores = rows[inside], scores[inside]
    if k < len(rows):
        above = scores >= np.partition(scores, -k)[-k]
        rows, scores = rows[above], scores[above]
    order = np.lexsort((rows, -scores))[:k]
    return list(zip(rows[order].tolist(), scores[order].tolist(), strict=True))


def postings(snapshot: Snapshot, table: str, phrase: str) -> Postings:
    """The rows of ``table`` that hold ``phrase``, with the BM25 score that it earns each of them."""
    import numpy as np

    kept = snapshot.kept.postings.get((table, phrase))
    if kept is not None:
        return kept
    rows = snapshot.connection.execute(f"SELECT rowid, -rank FROM {table} WHERE {table} MATCH ?", (phrase,))
    read = np.fromiter(rows, np.dtype([("key", np.int64), ("gain", np.float64)]))
    fresh = Postings(np.ascontiguousarray(read["key"]), np.ascontiguousarray(read["gain"]))
    if len(fresh.keys) <= _KEPT:
        snapshot.kept.postings.put((table, phrase), fresh)
    return fresh


def holding(snapshot: Snapshot, table: str, phrase: str) -> npt.NDArray[np.int64]:
    """The rows of ``table`` that hold ``phrase``, ascending: a tenth of the work of finding what it earns them."""
    return _rows(snapshot, (table, phrase), f"SELECT json_group_array(rowid) FROM {table} WHERE {table} MATCH ?")


def distinct(keys: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.intp]]:
    """The different ``keys``, ascending, and where each key stands among them: ``np.unique``, without sorting where their
    range is not much longer than they are."""
    import numpy as np

    size = int(keys.max()) + 1 if len(keys) else 0
    if size > _DENSE + 16 * len(keys):
        rows, at = np.unique(keys, return_inverse=True)
        return rows, at
    seen = np.zeros(size, np.bool_)
    seen[keys] = True
    rows = np.flatnonzero(seen)
    place = np.zeros(size, np.intp)
    place[rows] = np.arange(len(rows))
    return rows, place[keys]


def _rows(snapshot: Snapshot, name: tuple[str, str], sql: str) -> npt.NDArray[np.int64]:
    """What ``sql`` finds for the second part of ``name``, as one JSON list: half of the time that rows would take."""
    import numpy as np

    kept = snapshot.kept.rows.get(name)
    if kept is None:
        kept = np.array(orjson.loads(snapshot.connection.execute(sql, name[1:]).fetchone()[0]), np.int64)
        snapshot.kept.rows.put(name, kept)
    return kept
