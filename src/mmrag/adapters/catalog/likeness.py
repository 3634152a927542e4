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
_LEAST_PART: Final = 6
"""Letters of a part that may stand apart; shorter ones, such as ``Inc.``, belong to the name before the comma."""
_AROUND: Final = 3
"""Characters on both sides of the aligned stretch in which the words of the name are looked for."""


def words_of(name: str) -> tuple[str, ...]:
    return tuple(w.lower() for w in re.findall(r"\w+", name))


def name_score(name: str, page: str, frequency: Mapping[str, float]) -> float:
    """Score in ``[0, 1]`` of ``name`` on a squashed page text.

    The stretch of the page most similar to the whole name is found first (Indel similarity of the best alignment). Within
    it each word of the name is looked for, weighted by its rarity: ``KBS America, Inc.`` is not shown by a page that only
    has ``America, Inc.``. The parts around commas may stand apart, as a name and its city do on a letterhead: the better of
    both scores counts. ``frequency`` gives the share of pages that hold each word of :func:`words_of`.
    """
    whole, _ = _stretch_score(name, page, frequency)
    parts = name.split(",")
    if len(parts) < 2 or any(len(squash(part)) < _LEAST_PART for part in parts):
        return whole
    scored = [_stretch_score(part, page, frequency) for part in parts]
    total = sum(weight for _, weight in scored)
    return max(whole, sum(score * weight for score, weight in scored) / total) if total else whole


def _stretch_score(name: str, page: str, frequency: Mapping[str, float]) -> tuple[float, float]:
    """Score of ``name`` where it fits best, and the weight of its words."""
    weighted = [(letters, _weight(word, letters, frequency)) for word in words_of(name) if (letters := squash(word))]
    total = sum(weight for _, weight in weighted)
    whole = squash(name)
    aligned = fuzz.partial_ratio_alignment(whole, page, score_cutoff=50) if whole and page else None
    if aligned is None or not total:
        return 0.0, total
    stretch = page[max(0, aligned.dest_start - _AROUND) : aligned.dest_end + _AROUND]
    found = sum(weight * _similarity(letters, stretch) for letters, weight in weighted)
    # Rounded, so that a name shown letter by letter has exactly 1, whatever the order of its weights.
    return round(_WHOLE_SHARE * aligned.score / 100 + (1 - _WHOLE_SHARE) * found / total, 6), total


def _weight(word: str, letters: str, frequency: Mapping[str, float]) -> float:
    return (math.log(1.0 / max(frequency.get(word, 0.0), 1e-4)) + 0.1) * math.sqrt(len(letters))


def _similarity(letters: str, stretch: str) -> float:
    """Similarity of a word with the best part of ``stretch``, above what chance gives, in ``[0, 1]``."""
    compare = fuzz.partial_ratio if len(letters) <= len(stretch) else fuzz.ratio
    return max(0.0, (compare(letters, stretch) / 100 - _SAME_BY_CHANCE) / (1 - _SAME_BY_CHANCE))
