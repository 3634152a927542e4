"""Pairs as they are found, and which words have a part in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from mmrag_ingest.layout.colons import Pair
from mmrag_ingest.layout.labels import clean_label, entry_label, is_label
from mmrag_ingest.layout.pieces import Piece, is_leader


@dataclass(slots=True)
class Found:
    """Pairs so far, and which words have a part in them: a value is not a label, and a label has one value."""

    pairs: list[Pair] = field(default_factory=list)
    taken: set[int] = field(default_factory=set)

    def add(self, pairs: Sequence[Pair]) -> None:
        for pair in pairs:
            self.pairs.append(pair)
            self.taken.update(w.raw for w in pair.words)

    def is_free(self, piece: Piece) -> bool:
        return not any(w.raw in self.taken for w in piece.words)


def pairs_of_pieces(label: Piece, values: Sequence[Piece]) -> list[Pair]:
    """The pair of a label and its value, or nothing when one of them is none."""
    name = entry_label(label.text) or clean_label(label.text)
    words = tuple(w for v in values for w in v.words if not is_leader(w.text))
    text = " ".join(w.text for w in words)
    if not is_label(name) or not any(c.isalnum() for c in text):
        return []
    return [Pair(label=name, value=text, label_words=label.words, value_words=words)]
