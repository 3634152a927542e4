"""From a quote to the words it quotes: models name an element and its words, the code finds which words those are."""

from __future__ import annotations

from collections.abc import Sequence

from rapidfuzz import fuzz

from mmrag.domain.documents import Word

_ALIKE = 85.0
"""A quote may differ from the page by a letter in seven: models correct OCR errors when they copy."""


def locate(quote: str, words: Sequence[Word], *, exact: bool = False) -> tuple[int, ...]:
    """Indexes (into the page's words) of the run of ``words`` that ``quote`` stands in; empty when it stands nowhere.

    Spaces, case and punctuation do not matter. The first exact place wins, else the best nearly equal one; with ``exact``
    only a place that begins and ends with a word counts.
    """
    letters: list[str] = []
    owners: list[int] = []
    for position, word in enumerate(words):
        for character in _bare(word.text):
            letters.append(character)
            owners.append(position)
    text, wanted = "".join(letters), _bare(quote)
    if not wanted:
        return ()
    start = text.find(wanted)
    if exact:
        edges = {n for n in range(len(owners) + 1) if n in (0, len(owners)) or owners[n - 1] != owners[n]}
        start = next((n for n in sorted(edges) if text.startswith(wanted, n) and n + len(wanted) in edges), -1)
        if start < 0:
            return ()
    end = start + len(wanted)
    if start < 0:
        near = fuzz.partial_ratio_alignment(wanted, text, score_cutoff=_ALIKE) if len(wanted) <= len(text) else None
        if near is None or near.dest_end <= near.dest_start:
            return ()
        start, end = near.dest_start, near.dest_end
    return tuple(words[position].index for position in range(owners[start], owners[end - 1] + 1))


def _bare(text: str) -> str:
    return "".join(c for c in text.casefold() if c.isalnum())
