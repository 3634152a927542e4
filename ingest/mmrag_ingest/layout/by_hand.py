"""What was put on a page afterwards: stamps, whose print runs across that of the page, and signatures."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mmrag.domain.documents import Element, ElementKind, Word
from mmrag.domain.geometry import BBox
from mmrag_ingest.layout.stamps import STAMPED, WHEN
from mmrag_ingest.relabelling import renumbered

_SIGN: Final = re.compile(r"^(?:signature|signatures|signed|sign|unterschrift|firma|assinatura)\W*$", re.IGNORECASE)
_FEWEST: Final = 2  # words that run across
_TOGETHER: Final = 0.05
"""Of the page's longer side, between words of one stamp."""
_REACH: Final = 6.0
"""Heights of the word that asks for a signature, within which one begins above, below or right of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    kind: ElementKind
    box: BBox
    words: tuple[int, ...] = ()
    text: str = ""


def stamps_on(words: Sequence[Word], upright: float, pictures: Sequence[BBox] = ()) -> list[Region]:
    """Groups of words that run up or down an upright page and say what a stamp says, or when.

    ``upright`` is the page's height to its width. What runs up inside ``pictures`` names an axis.
    """
    turned = [
        w
        for w in words
        if len(w.text) > 2
        and w.bbox.height * upright > 1.5 * w.bbox.width
        and not any(p.contains(*w.bbox.center) for p in pictures)
    ]
    if not turned or len(turned) > 0.5 * len(words):
        return []
    groups: list[list[Word]] = []
    for word in turned:
        near = [g for g in groups if any(_close(word, other, upright) for other in g)]
        groups = [g for g in groups if g not in near] + [[*(w for g in near for w in g), word]]
    found = []
    for group in groups:
        text = " ".join(w.text for w in sorted(group, key=lambda w: w.index))
        if len(group) >= _FEWEST and (STAMPED.search(text) or WHEN.search(text)):
            indexes = tuple(sorted(w.index for w in group))
            found.append(Region(kind=ElementKind.STAMP, box=BBox.around(w.bbox for w in group), words=indexes, text=text))
    return sorted(found, key=lambda r: (r.box.y0, r.box.x0))


def _close(a: Word, b: Word, upright: float) -> bool:
    return a.bbox.grown(_TOGETHER * max(1.0, upright), _TOGETHER).intersection(b.bbox) > 0


def signatures_of(unread: Sequence[BBox], words: Sequence[Word], known: Sequence[Element]) -> list[Region]:
    """Places of print that gave no text beside a word that asks for a signature. ``known`` are elements of the page: what
    asked for a signature in one of them has it."""
    found = frozenset(i for e in known if e.kind is ElementKind.SIGNATURE for i in e.words)
    asking = [w.bbox for w in words if _SIGN.match(w.text) and w.index not in found]
    return [Region(kind=ElementKind.SIGNATURE, box=box) for box in unread if any(_beside(box, word) for word in asking)]


def without_crossing(elements: Sequence[Element]) -> tuple[Element, ...]:
    """``elements`` of a page without the pairs that geometry made of the words of signatures and of other words."""
    signed = [frozenset(e.words) for e in elements if e.kind is ElementKind.SIGNATURE and e.words]
    every = frozenset[int]().union(*signed)
    wrong = [
        e
        for e in elements
        if e.kind is ElementKind.KEY_VALUE and not every.isdisjoint(e.words) and frozenset(e.words) not in signed
    ]
    doubled = {e.id for e in elements if e.kind is ElementKind.KEY_VALUE and frozenset(e.words) in signed}
    once = {frozenset(e.words): e.id for e in elements if e.id in doubled}
    gone = {e.id for e in wrong} | (doubled - set(once.values()))
    return renumbered([e for e in elements if e.id not in gone]) if gone else tuple(elements)


def _beside(box: BBox, word: BBox) -> bool:
    reach = _REACH * word.height
    apart = max(0.0, word.y0 - box.y1, box.y0 - word.y1)
    return apart < 0.5 * reach and box.x1 > word.x0 - reach and box.x0 < word.x1 + 4 * reach and box.height < 2 * reach
