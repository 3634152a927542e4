"""Labels by meaning: the cosine of a short text's embedding with that of what is asked; each text is embedded once."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mmrag.agent.reading.labels import Label
from mmrag.agent.reading.layout import Layout, Run
from mmrag.agent.reading.text import fold, words
from mmrag.ports import TextEmbedder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_KEPT = 20_000
_LONGEST = 8
_MOST = 96
"""Different texts that one question compares at most, embedded before or not: what was asked before changes no answer."""
_FLOOR = 0.5
"""Cosines under this say nothing about MiniLM's idea of two short texts."""


class MeaningIndex:
    """A cache of embeddings of short texts, least recently used dropped first. One call is one batch."""

    def __init__(self, embedder: TextEmbedder) -> None:
        self._embedder = embedder
        self._known: OrderedDict[str, NDArray[np.float32]] = OrderedDict()

    async def labels(self, asked: str, layouts: Sequence[Layout], *, most: int = 4) -> dict[int, list[Label]]:
        """The short runs whose meaning is nearest to ``asked``, by the position of their layout in ``layouts``.

        Their quality grows with the cosine.
        """
        short = [(number, run, _head(run)) for number, layout in enumerate(layouts) for run in layout.runs]
        short = _likeliest([s for s in short if s[2]])
        vectors = await self._vectors([asked, *(text for _, _, text in short)])
        question = vectors[asked]
        scored = sorted(
            ((float(vectors[text] @ question), number, run, text) for number, run, text in short), key=lambda s: -s[0]
        )
        found: dict[int, list[Label]] = {}
        for cosine, number, run, text in scored[:most]:
            if cosine >= _FLOOR:
                quality = min(0.75, 0.3 + (cosine - _FLOOR) * 1.2)
                found.setdefault(number, []).append(Label(run=run, start=0, end=len(text), quality=quality, key=fold(text)))
        return found

    async def _vectors(self, texts: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        missing = [t for t in dict.fromkeys(texts) if t not in self._known]
        if missing:
            rows = await self._embedder.embed(missing)
            self._known.update(zip(missing, rows, strict=True))
        found = {t: self._known[t] for t in texts}
        for text in found:
            self._known.move_to_end(text)
        while len(self._known) > max(_KEPT, len(found)):
            self._known.popitem(last=False)
        return found


def _likeliest(short: list[tuple[int, Run, str]]) -> list[tuple[int, Run, str]]:
    """Those whose texts are likeliest to be labels, since embedding is what costs time here: what a colon follows, then the
    shorter. Texts that stand on several pages count once."""
    ranks: dict[str, tuple[bool, int]] = {}
    for _, run, text in short:
        ranks[text] = min(ranks.get(text, (True, _LONGEST)), (":" not in run.text, len(words(text))))
    chosen = frozenset(sorted(ranks, key=lambda text: ranks[text])[:_MOST])  # stable: equals stay in the order of the pages
    return [s for s in short if s[2] in chosen]


def _head(run: Run) -> str:
    """The part of a run that could be a label: up to its colon, short, with letters; else empty."""
    head = run.text.split(":", 1)[0].strip()
    if not 1 <= len(words(head)) <= _LONGEST:
        return ""
    letters = sum(map(str.isalpha, head))
    return head if letters >= 3 and letters > sum(map(str.isdigit, head)) else ""
