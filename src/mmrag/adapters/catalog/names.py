"""Finding pages that show a name in spite of OCR errors: candidates by shared trigrams, then by how well they show it."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Final, NamedTuple

from mmrag.adapters.catalog.likeness import Likeness, words_of
from mmrag.adapters.catalog.postings import distinct, holding
from mmrag.adapters.catalog.snapshots import Snapshot, SquashedPage
from mmrag.adapters.catalog.text import squash, trigrams
from mmrag.ports import PageRef, PageScored

_WITHIN: Final = """
SELECT p.key FROM edition i JOIN page p ON p.edition = i.key
WHERE i.published = 1 AND i.document_id IN (SELECT value FROM json_each(?))
"""
_PAGES: Final = """
SELECT p.key, i.document_id, p.number, p.squashed FROM page p JOIN edition i ON i.key = p.edition
WHERE p.key IN (SELECT value FROM json_each(?))
"""
_HOLDING: Final = "SELECT count(*) FROM (SELECT 1 FROM page_text WHERE page_text MATCH ? LIMIT ?)"
_ENOUGH: Final = 20_000
"""Pages counted for a word at most: beyond, it is common whatever the exact number."""
_LEAST_SHARED: Final = 0.35
_CANDIDATES: Final = 60
_POSTINGS: Final = 20_000
"""How many index entries are looked at to find candidates: all of them in a small store, those of the rarest trigrams in a
large one. They tell pages apart; the common ones are on every second page."""
_SMALL: Final = 2_000
"""Pages of a store in which no trigram is on many."""


def pages_with(snapshot: Snapshot, name: str, k: int, *, documents: Sequence[str] | None = None) -> tuple[PageScored, ...]:
    """The ``k`` pages that show ``name`` best, with their score by :class:`Likeness`, best first.

    With ``documents``, of these ones only. Candidates share the most of the name's rarer trigrams, weighted by inverse
    document frequency; the name is then looked for on each candidate's own text.
    """
    asked = name, k, None if documents is None else tuple(documents)
    kept = snapshot.kept.named.get(asked)
    if kept is not None:
        return kept
    connection = snapshot.connection  # from here on it takes a worker thread
    wanted = trigrams(squash(name))
    within = None if documents is None else [key for (key,) in connection.execute(_WITHIN, (json.dumps(list(documents)),))]
    chosen, others = _candidates(snapshot, wanted, max(_CANDIDATES, 4 * k), within)
    pages = _pages(snapshot, [candidate.key for candidate in chosen])
    likeness = Likeness(name, _frequencies(snapshot, words_of(name)))
    scored = [
        (likeness.score(page.letters), candidate.weight, *page.ref)
        for candidate in chosen
        for page in (pages[candidate.key],)
        # Aligning is dear and asking for trigrams is cheap: a page that lacks most of them cannot score well.
        if candidate.shared + sum(t in page.letters for t in others) >= _LEAST_SHARED * len(wanted)
    ]
    scored.sort(key=lambda s: (-s[0], -s[1], s[2], s[3]))
    found = tuple([PageScored(ref=PageRef(document_id=d, page=n), score=score) for score, _, d, n in scored[:k]])
    snapshot.kept.named.put(asked, found)
    return found


class _Candidate(NamedTuple):
    """A page by its row number, with the number of trigrams that it shares and the ``weight`` that these have together."""

    key: int
    weight: float
    shared: int


def _candidates(
    snapshot: Snapshot, wanted: Sequence[str], most: int, within: Sequence[int] | None
) -> tuple[list[_Candidate], list[str]]:
    """The ``most`` pages with the highest weights, and the trigrams that were not looked up in finding them."""
    import numpy as np

    present = sorted((pages, term) for term in wanted if (pages := _pages_holding(snapshot, term)))
    taken = present[:3]
    seen = sum(pages for pages, _ in taken)
    for pages, term in present[3:]:
        seen += pages
        if seen > _POSTINGS:
            break
        taken.append((pages, term))
    found = [holding(snapshot, "page_name", f'"{term}"') for _, term in taken]
    if not found:
        return [], []
    keys = np.concatenate(found)
    rows, at = distinct(keys)
    gains = np.array([math.log(1 + present[-1][0] / pages) for pages, _ in taken])
    weights = np.bincount(at, np.repeat(gains, [len(one) for one in found]))
    shared = np.bincount(at)
    if within is None:
        first = np.empty(len(rows), np.intp)
        first[at[::-1]] = np.arange(len(at))[::-1]
        eligible = np.argsort(first)  # equal ones in the order in which they were met
    else:
        place = {key: number for number, key in enumerate(rows.tolist())}
        eligible = np.array([place[key] for key in within if key in place], np.intp)
    chosen = eligible[np.argsort(-weights[eligible], kind="stable")[:most]]
    candidates = map(_Candidate, rows[chosen].tolist(), weights[chosen].tolist(), shared[chosen].tolist())
    return list(candidates), [term for _, term in present[len(taken) :]]


def _pages_holding(snapshot: Snapshot, term: str) -> int:
    """How many pages hold a trigram. In a small store they are looked up right away: they will be wanted next."""
    if _all_pages(snapshot) <= _SMALL:
        return len(holding(snapshot, "page_name", f'"{term}"'))
    kept = snapshot.kept.counts.get(("page_name", term))
    if kept is None:
        row = snapshot.connection.execute("SELECT doc FROM page_name_terms WHERE term = ?", (term,)).fetchone()
        kept = 0 if row is None else int(row[0])
        snapshot.kept.counts.put(("page_name", term), kept)
    return kept


def _all_pages(snapshot: Snapshot) -> int:
    return _count(snapshot, "", "SELECT count(*) FROM page_text_docsize")


def _frequencies(snapshot: Snapshot, words: Sequence[str]) -> dict[str, float]:
    """Share of pages that hold each word, with one page more than there is so that a new word is rare, not impossible."""
    pages = _all_pages(snapshot)
    return {w: (_count(snapshot, f'"{w}"', _HOLDING, f'"{w}"', _ENOUGH) + 1) / (pages + 1) for w in dict.fromkeys(words)}


def _count(snapshot: Snapshot, phrase: str, sql: str, *parameters: object) -> int:
    kept = snapshot.kept.counts.get(("page_text", phrase))
    if kept is None:
        kept = int(snapshot.connection.execute(sql, parameters).fetchone()[0])
        snapshot.kept.counts.put(("page_text", phrase), kept)
    return kept


def _pages(snapshot: Snapshot, keys: Sequence[int]) -> dict[int, SquashedPage]:
    found = {key: page for key in keys if (page := snapshot.kept.squashed.get(key)) is not None}
    missing = [key for key in keys if key not in found]
    for key, document_id, number, squashed in snapshot.connection.execute(_PAGES, (json.dumps(missing),)) if missing else ():
        found[key] = SquashedPage(PageRef(document_id=document_id, page=number), squashed)
        snapshot.kept.squashed.put(key, found[key])
    return found
