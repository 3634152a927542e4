"""The legend: phrases with a swatch of their series' colour on their left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mmrag_ingest.charting.colours import Colour, swatch_left, without_words
from mmrag_ingest.charting.items import Item, is_name, joined

_BULLETS = "■●◆▲▪•□◼█"
_GAP = 1.1
_SENTENCE = 5
"""Words from which an entry that reads like a piece of a text is none: keys say more than labels do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A series' name and the colour it is drawn in."""

    name: Item
    colour: Colour


def legend_of(lines: Sequence[Sequence[Item]], picture: NDArray[np.uint8], paper: Colour) -> list[Entry]:
    """The entries of the legend in reading order; empty when there is none of at least two entries of different colours."""
    found: list[Entry] = []
    blank = without_words(picture, [i for line in lines for i in line if len(_clean(i).text) > 1], paper)
    for line in lines:
        current: list[Item] = []
        colour: Colour | None = None
        for item in [_clean(i) for i in line]:
            swatch = None if item.is_value and not item.is_year else swatch_left(picture, blank, item, paper)
            if swatch is not None and item.text:
                _close(found, current, colour)
                current, colour = [item], swatch
            elif current and item.text and item.x0 - current[-1].x1 < _GAP * item.height:
                current.append(item)
            elif current and item.text:
                _close(found, current, colour)
                current, colour = [], None
        _close(found, current, colour)
    if not all(is_name(entry.name.text, _SENTENCE) for entry in found):
        return []  # a picture beside a text, and no key
    return found if len(found) > 1 else []


def _close(found: list[Entry], items: list[Item], colour: Colour | None) -> None:
    if items and colour is not None:
        found.append(Entry(name=joined(items), colour=colour))


def _clean(item: Item) -> Item:
    """Without the swatch, which OCR may have read as a letter of its own."""
    text = item.text.strip(_BULLETS + " ")
    return item if text == item.text else replace(item, text=text)
