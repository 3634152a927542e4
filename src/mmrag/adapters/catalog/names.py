"""Finding names in spite of OCR errors, by shared character trigrams."""

from __future__ import annotations

import heapq
import json
import math
import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from mmrag.ports import PageRef, PageScored

_CANDIDATES: Final = 60
_POSTINGS: Final = 20_000
"""How many index entries are looked at to find candidates: all of them in a small store, those of the rarest trigrams in a
large one. They tell pages apart; the common ones are on every second page."""


def pages_with(connection: sqlite3.Connection, wanted: Sequence[str], k: int) -> tuple[PageScored, ...]:
    """The ``k`` pages with the largest share of the trigrams ``wanted``, best first.

    Candidates share the most of the rarer trigrams, weighted by inverse document frequency; the share is then counted on
    each candidate's own text.
    """
    weights = _candidates(connection, wanted)
    chosen = heapq.nlargest(max(_CANDIDATES, 4 * k), weights, key=weights.__getitem__)
    rows = connection.execute(
        "SELECT p.key, i.document_id, p.number, p.squashed FROM page p JOIN edition i ON i.key = p.edition"
        " WHERE p.key IN (SELECT value FROM json_each(?))",
        (json.dumps(chosen),),
    )
    scored = [
        (sum(t in squashed for t in wanted) / len(wanted), weights[key], document_id, number)
        for key, document_id, number, squashed in rows
    ]
    scored.sort(key=lambda s: (-s[0], -s[1], s[2], s[3]))
    return tuple(PageScored(ref=PageRef(document_id=d, page=n), score=share) for share, _, d, n in scored[:k])


def _candidates(connection: sqlite3.Connection, wanted: Sequence[str]) -> dict[int, float]:
    """Row numbers of pages with the summed weight of the trigrams they share."""
    sql = "SELECT term, doc FROM page_name_terms WHERE term = ?"
    present = [row for t in wanted if (row := connection.execute(sql, (t,)).fetchone()) is not None]
    present.sort(key=lambda row: (row[1], row[0]))
    most = present[-1][1] if present else 0
    weights: dict[int, float] = defaultdict(float)
    seen = 0
    for rank, (term, pages) in enumerate(present):
        if rank >= 3 and seen + pages > _POSTINGS:
            break
        seen += pages
        weight = math.log(1 + most / pages)
        for (key,) in connection.execute("SELECT rowid FROM page_name WHERE page_name MATCH ?", (f'"{term}"',)):
            weights[key] += weight
    return weights
