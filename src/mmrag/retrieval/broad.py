"""Broad questions: what something is about, and which document deals with a subject. Only they search summaries."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TypeVar

from mmrag.domain.documents import Element, ElementKind, ElementPlace
from mmrag.domain.evidence import Hit, Leg
from mmrag.ports import Catalog, SummaryIndex
from mmrag.retrieval.fusion import fuse, order, ranks

_ABOUT = re.compile(
    r"\bwhat (?:is|are|was|were) (?:.{0,80}? )?about\b|\bwhat (?:does|do|did) .{1,80}? (?:deal with|discuss|cover)\b"
    r"|\bsummar(?:y|i[sz]e)\b|\boverview of\b|\bmain (?:topic|subject|theme|message|idea)s?\b",
    re.IGNORECASE,
)
_WHICH = re.compile(
    r"\b(?:which|what) (?:documents?|reports?|pages?|papers?|slides?|decks?|files?|letters?|presentations?)\b.*"
    r"\b(?:about|deals? with|discuss(?:es)?|covers?|describes?|explains?|treats?)\b",
    re.IGNORECASE,
)
Found = TypeVar("Found", Element, ElementPlace)

_DEPTH = 20
_LESS = 0.8
"""What a summary's score counts beside that of printed text: the most from which no broad question of the development set
loses its page (``benchmarks/broad.py``)."""


def is_overview(question: str) -> bool:
    """True when a question asks what something is about."""
    return bool(_ABOUT.search(question)) and not _WHICH.search(question)


def is_broad(question: str) -> bool:
    """True when a question asks what something is about, or which document is about something."""
    return bool(_ABOUT.search(question) or _WHICH.search(question))


def findable(elements: Iterable[Found]) -> list[Found]:
    """What questions are answered from: neither a summary nor a part of a chart takes the place of anything printed."""
    summary = ElementKind.SUMMARY
    return [e for e in elements if not (e.kind is summary or e.kind.is_part)]


async def summary_hits(
    question: str,
    vector: Sequence[float],
    summaries: SummaryIndex,
    catalog: Catalog,
    k: int,
    documents: Sequence[str] | None,
) -> tuple[Hit, ...]:
    """The ``k`` summaries nearest to a question, by meaning and by words; ``score`` in (0, 1], 1 for the best."""
    near = await summaries.near(vector, _DEPTH, documents=documents)
    matching = await summaries.matching(question, _DEPTH, documents=documents)
    fused = fuse({"near": ranks((s.id, s.score) for s in near), "matching": ranks((s.id, s.score) for s in matching)})
    best = order(fused)[:k]
    hits = []
    for rank, element in enumerate(await catalog.elements(best), 1):
        document = await catalog.document(element.document_id)
        if document is not None:
            legs = MappingProxyType({Leg.SUMMARY: rank})
            score = fused[element.id] / fused[best[0]]
            hits.append(Hit(element=element, document=document.name, sha256=document.sha256, score=score, legs=legs))
    return tuple(hits)


def beside(printed: Sequence[Hit], summaries: Sequence[Hit], k: int) -> tuple[Hit, ...]:
    """Printed text and summaries in one list, best first."""
    led = [replace(hit, score=hit.score * _LESS) for hit in summaries]
    return tuple(sorted([*printed, *led], key=lambda hit: -hit.score)[:k])
