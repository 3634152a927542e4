"""An answer in plain words, for models and for people who get text only."""

from __future__ import annotations

from mmrag.domain.answers import Answer, CitedClaim
from mmrag.domain.geometry import BBox

NEAREST = 3
"""Pieces of evidence that a refusal names."""


def in_words(answer: Answer) -> str:
    """The answer and where each claim stands; or why there is none, and what was nearest."""
    if answer.answer is not None:
        lines = [answer.answer, "", f"Confidence {answer.confidence:.2f}, by {answer.tier}."]
        lines += [line for claim in answer.claims for line in _claim(claim)]
    else:
        refusal = answer.abstention
        reason = "" if refusal is None else f" ({refusal.reason.value}): {refusal.detail}"
        lines = [f"No answer{reason}"]
        if answer.evidence:
            lines.append(
                "Nearest evidence: " + "; ".join(place(h.document, h.element.page) for h in answer.evidence[:NEAREST])
            )
    return "\n".join([*lines, *answer.notes])


def place(document: str, page: int) -> str:
    return f"{document}, page {page}"


def box_words(box: BBox) -> str:
    """``x0,y0,x1,y1`` in page fractions."""
    return ",".join(f"{value:.3f}" for value in box.as_tuple())


def _claim(claim: CitedClaim) -> list[str]:
    if not claim.citations:
        return [f"- {claim.verdict.value}: {claim.text} (no place)"]
    return [
        f"- {claim.verdict.value}: “{c.quote}” in {place(c.document, c.page)}, box {box_words(c.bbox)}"
        for c in claim.citations
    ]
