"""Several readings of one page: where two agree against the chosen one, they are believed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from mmrag_ingest.engines.lines import OcrLine

_NEARLY: Final = 0.05
"""Confidence by which a line that two readings agree on may be behind the one that it replaces."""
_SHORTER: Final = 1
"""Characters that it may have fewer: two views that see less of a line agree on that as well."""
_APART: Final = 0.4
"""Heights of a line that its ends may lie apart in two readings of it."""


def agreed(lines: Sequence[OcrLine], others: Sequence[Sequence[OcrLine]]) -> tuple[OcrLine, ...]:
    """``lines``, and for each that two of the ``others`` read alike and otherwise, the surer of those two.

    All in the pixels of one picture. Noise and the blocks of a strong JPEG make letters into others, and not into the same
    ones in every view, while each reading by itself is sure of its own.
    """
    return tuple(_believed(line, [mate for other in others if (mate := _mate(line, other)) is not None]) for line in lines)


def _believed(line: OcrLine, mates: Sequence[OcrLine]) -> OcrLine:
    surest: dict[str, OcrLine] = {}
    for mate in sorted(mates, key=lambda m: m.confidence):
        same = [m for m in mates if m.text == mate.text]
        sure = min(m.confidence for m in same) >= line.confidence - _NEARLY
        if len(same) > 1 and sure and len(mate.text) >= len(line.text) - _SHORTER:
            surest[mate.text] = mate
    if not surest or any(mate.text == line.text for mate in mates):
        return line
    return max(surest.values(), key=lambda m: m.confidence)


def _mate(line: OcrLine, others: Sequence[OcrLine]) -> OcrLine | None:
    """The line of another reading with its ends where those of ``line`` are."""
    far = _APART * line.height
    for other in others:
        if all(math.dist(a, b) < far for a, b in zip(line.quad, other.quad, strict=True)):
            return other
    return None
