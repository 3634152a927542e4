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
_PARTED: Final = re.compile(r"[,:;]|\s[-–—|/]\s|—")
_AROUND: Final = 3
"""Characters on both sides of the aligned stretch in which the words of the name are looked for."""


def words_of(name: str) -> tuple[str, ...]:
    return tuple(w.lower() for w in re.findall(r"\w+", name))


class Likeness:
    """How well pages show one ``name``. ``frequency`` gives the share of pages that hold each word of :func:`words_of`.

    The stretch of the page most similar to the whole name is found first (Indel similarity of the best alignment). Within
    it each word of the name is looked for, weighted by its rarity: ``KBS America, Inc.`` is not shown by a page that only
    has ``America, Inc.``. The parts around commas may stand apart, as a name and its city do on a letterhead, and so may
    those around a colon or a dash, which a cover sets in lines of their own: the better of both scores counts.
    """

    def __init__(self, name: str, frequency: Mapping[str, float]) -> None:
        self._whole = _Stretch(name, frequency)
        parts = _PARTED.split(name)
        apart = len(parts) > 1 and all(len(squash(part)) >= _LEAST_PART for part in parts)
        self._parts = [_Stretch(part, frequency) for part in parts] if apart else []
        self._total = sum(part.total for part in self._parts)

    def score(self, page: str) -> float:
        """Score in ``[0, 1]`` of the name on a squashed page text."""
        whole = self._whole.score(page)
        if not self._total:
            return whole
        return max(whole, sum(part.score(page) * part.total for part in self._parts) / self._total)


class _Stretch:
    """Letters that stand together, and the words they are of with their weights."""

    def __init__(self, name: str, frequency: Mapping[str, float]) -> None:
        self._letters = squash(name)
        words = [(letters, _weight(word, letters, frequency)) for word in words_of(name) if (letters := squash(word))]
        self._words = words
        self.total = sum(weight for _, weight in words)

    def score(self, page: str) -> float:
        """Score where the letters fit best."""
        aligned = fuzz.partial_ratio_alignment(self._letters, page, score_cutoff=50) if self._letters and page else None
        if aligned is None or not self.total:
            return 0.0
        stretch = page[max(0, aligned.dest_start - _AROUND) : aligned.dest_end + _AROUND]
        found = sum(weight * _similarity(letters, stretch) for letters, weight in self._words)
        # Rounded, so that a name shown letter by letter has exactly 1, whatever the order of its weights.
        return round(_WHOLE_SHARE * aligned.score / 100 + (1 - _WHOLE_SHARE) * found / self.total, 6)


def _weight(word: str, letters: str, frequency: Mapping[str, float]) -> float:
    return (math.log(1.0 / max(frequency.get(word, 0.0), 1e-4)) + 0.1) * math.sqrt(len(letters))


def _similarity(letters: str, stretch: str) -> float:
    """Similarity of a word with the best part of ``stretch``, above what chance gives, in ``[0, 1]``."""
    compare = fuzz.partial_ratio if len(letters) <= len(stretch) else fuzz.ratio
    return max(0.0, (compare(letters, stretch) / 100 - _SAME_BY_CHANCE) / (1 - _SAME_BY_CHANCE))
