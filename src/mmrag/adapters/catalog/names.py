"""Finding pages that show a name in spite of OCR errors: candidates by shared trigrams, then by how well they show it."""

from __future__ import annotations

import heapq
import json
import math
import sqlite3
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from mmrag.adapters.catalog.likeness import Likeness, words_of
from mmrag.adapters.catalog.text import squash, trigrams
from mmrag.ports import PageRef, PageScored

_WITHIN: Final = """
SELECT p.key FROM edition i JOIN page p ON p.edition = i.key
WHERE i.published = 1 AND i.document_id IN (SELECT value FROM json_each(?))
"""
_HOLDING: Final = "SELECT count(*) FROM (SELECT 1 FROM page_text WHERE page_text MATCH ? LIMIT ?)"
_ENOUGH: Final = 20_000
"""Pages counted for a word at most: beyond, it is common whatever the exact number."""
_LEAST_SHARED: Final = 0.35
_CANDIDATES: Final = 60
_POSTINGS: Final = 20_000
"""How many index entries are looked at to find candidates: all of them in a small store, those of the rarest trigrams in a
large one. They tell pages apart; the common ones are on every second page."""


def pages_with(
    connection: sqlite3.Connection, name: str, k: int, *, documents: Sequence[str] | None = None
) -> tuple[PageScored, ...]:
    """The ``k`` pages that show ``name`` best, with their score by :class:`Likeness`, best first.

    With ``documents``, of these ones only. Candidates share the most of the name's rarer trigrams, weighted by inverse
    document frequency; the name is then looked for on each candidate's own text.
    """
    wanted = trigrams(squash(name))
    candidates = _candidates(connection, wanted)
    weights = candidates.weights
    if documents is not None:
        within = connection.execute(_WITHIN, (json.dumps(list(documents)),))
        weights = {key: weights[key] for (key,) in within if key in weights}
    chosen = heapq.nlargest(max(_CANDIDATES, 4 * k), weights, key=weights.__getitem__)
    rows = connection.execute(
        "SELECT p.key, i.document_id, p.number, p.squashed FROM page p JOIN edition i ON i.key = p.edition"
        " WHERE p.key IN (SELECT value FROM json_each(?))",
        (json.dumps(chosen),),
    )
    likeness = Likeness(name, _frequencies(connection, words_of(name)))
    scored = [
        (likeness.score(squashed), weights[key], document_id, number)
        for key, document_id, number, squashed in rows
        # Aligning is dear and asking for trigrams is cheap: a page that lacks most of them cannot score well.
        if candidates.shared(key, squashed) >= _LEAST_SHARED * len(wanted)
    ]
    scored.sort(key=lambda s: (-s[0], -s[1], s[2], s[3]))
    return tuple(PageScored(ref=PageRef(document_id=d, page=n), score=score) for score, _, d, n in scored[:k])


def _frequencies(connection: sqlite3.Connection, words: Sequence[str]) -> dict[str, float]:
    """Share of pages that hold each word, with one page more than there is so that a new word is rare, not impossible."""
    pages = connection.execute("SELECT count(*) FROM page_text_docsize").fetchone()[0]
    return {
        w: (connection.execute(_HOLDING, (f'"{w}"', _ENOUGH)).fetchone()[0] + 1) / (pages + 1) for w in dict.fromkeys(words)
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Candidates:
    """``weights`` and ``counts`` of the trigrams that each page shares, by its row number; ``others`` were not looked up."""

    weights: Mapping[int, float]
    counts: Mapping[int, int]
    others: Sequence[str]

    def shared(self, key: int, squashed: str) -> int:
        return self.counts[key] + sum(t in squashed for t in self.others)


def _candidates(connection: sqlite3.Connection, wanted: Sequence[str]) -> _Candidates:
    sql = "SELECT term, doc FROM page_name_terms WHERE term = ?"
    present = [row for t in wanted if (row := connection.execute(sql, (t,)).fetchone()) is not None]
    present.sort(key=lambda row: (row[1], row[0]))
    most = present[-1][1] if present else 0
    weights: dict[int, float] = defaultdict(float)
    counts: dict[int, int] = defaultdict(int)
    seen = 0
    for rank, (term, pages) in enumerate(present):
        if rank >= 3 and seen + pages > _POSTINGS:
            return _Candidates(weights=weights, counts=counts, others=[t for t, _ in present[rank:]])
        seen += pages
        weight = math.log(1 + most / pages)
        for (key,) in connection.execute("SELECT rowid FROM page_name WHERE page_name MATCH ?", (f'"{term}"',)):
            weights[key] += weight
            counts[key] += 1
    return _Candidates(weights=weights, counts=counts, others=())
