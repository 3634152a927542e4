"""Citations: boxes computed from the stored words of the page, never written by a model."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from mmrag.agent.evidence_words import Cited, Places
from mmrag.domain.answers import Citation, CitedClaim, Span, Verdict
from mmrag.domain.documents import ElementKind
from mmrag.domain.geometry import BBox
from mmrag.domain.plans import Reading

_PUT_ON = frozenset({ElementKind.SIGNATURE, ElementKind.STAMP})
"""What is more than its words: their box alone would show the label of a signature, and not the signature."""


def cite(verdicts: Sequence[Verdict], readings: Sequence[Reading]) -> tuple[CitedClaim, ...]:
    """Every claim with its verdict and places.

    One citation for each span, that is for each element a claim leans on: one box around the cited words of that element,
    over several lines if they run over several. ``ocr_confidence`` is the mean of the words, weighted by their lengths. A
    span that cannot be found on the pages read gives no citation; its verdict has said so.
    """
    places = Places(readings)
    return tuple(
        CitedClaim(
            text=verdict.claim.text,
            verdict=verdict.kind,
            method=verdict.method,
            citations=tuple(
                _citation(place, span) for span in verdict.claim.spans if not isinstance(place := places.cited(span), str)
            ),
        )
        for verdict in verdicts
    )


def cite_one(span: Span, readings: Sequence[Reading]) -> Citation | None:
    """The place of one span; None when it is not on the pages read."""
    place = Places(readings).cited(span)
    return None if isinstance(place, str) else _citation(place, span)


def _citation(place: Cited, span: Span) -> Citation:
    words = place.words
    letters = sum(len(word.text) for word in words) or 1
    boxes = [*(word.bbox for word in words), *(() if place.cell is None else (place.cell.bbox,))]
    if not words or place.element.kind in _PUT_ON:
        boxes.append(place.element.bbox)
    return Citation(
        document=place.reading.document.name,
        sha256=place.reading.document.sha256,
        page=place.reading.page.number,
        bbox=BBox.around(boxes),
        element=place.element.id,
        quote=_quote(place, span),
        ocr_confidence=round(sum(word.confidence * len(word.text) for word in words) / letters, 4)
        if words
        else place.element.confidence,
    )


def _quote(place: Cited, span: Span) -> str:
    """The words as printed, line by line; the drafter's own quote where it is a part of them (``39.80`` of ``RM39.80``)."""
    if place.cell is not None:
        return f"{' '.join(w.text for w in place.words)}: ≈ {place.cell.text}"
    if not place.words:
        return place.element.text
    parts = [place.words[0].text]
    for before, word in pairwise(place.words):
        parts.append(("\n" if word.line != before.line else " ") + word.text)
    printed = "".join(parts)
    quote = span.quote.strip()
    return quote if quote and "".join(quote.split()) in "".join(printed.split()) else printed
