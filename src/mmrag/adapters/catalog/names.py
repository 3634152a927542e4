"""How well a page shows a name, in spite of spacing, punctuation and OCR errors. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Final

from rapidfuzz import fuzz

from mmrag.adapters.catalog.text import squash

_WHOLE_SHARE: Final = 0.3
_SAME_BY_CHANCE: Final = 0.6
"""Similarity that a word finds in a foreign text of a name's length by chance; it earns nothing up to here."""
_AROUND: Final = 3
"""Characters on both sides of the aligned stretch in which the words of the name are looked for."""


def words_of(name: str) -> tuple[str, ...]:
    return tuple(w.lower() for w in re.findall(r"\w+", name))


def name_score(name: str, page: str, frequency: Mapping[str, float]) -> float:
    """Score in ``[0, 1]`` of ``name`` on a squashed page text.

    The stretch of the page most similar to the whole name is found first (Indel similarity of the best alignment). Within
    it each word of the name is looked for, weighted by its rarity: ``KBS America, Inc.`` is not shown by a page that only
    has ``America, Inc.``. ``frequency`` gives the share of pages that hold each word of :func:`words_of`.
    """
    whole = squash(name)
    if not whole or not page:
        return 0.0
    aligned = fuzz.partial_ratio_alignment(whole, page, score_cutoff=50)
    if aligned is None:
        return 0.0
    stretch = page[max(0, aligned.dest_start - _AROUND) : aligned.dest_end + _AROUND]
    found = total = 0.0
    for word in words_of(name):
        letters = squash(word)
        if not letters:
            continue
        weight = (math.log(1.0 / max(frequency.get(word, 0.0), 1e-4)) + 0.1) * math.sqrt(len(letters))
        similar = (fuzz.partial_ratio if len(letters) <= len(stretch) else fuzz.ratio)(letters, stretch) / 100
        found += weight * max(0.0, (similar - _SAME_BY_CHANCE) / (1 - _SAME_BY_CHANCE))
        total += weight
    return _WHOLE_SHARE * aligned.score / 100 + (1 - _WHOLE_SHARE) * (found / total if total else 0.0)
