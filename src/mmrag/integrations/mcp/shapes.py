"""The shape of ``ask``'s structured result, as a schema that hosts check it against. It is that of ``mmrag ask --json``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from mmrag.domain.answers import AbstentionReason, VerdictKind, VerifyMethod

Box = Annotated[list[float], Field(min_length=4, max_length=4)]
"""``x0, y0, x1, y1`` in page fractions, origin at the top left."""


class _Shape(BaseModel):
    """Fields may be added; those here stay."""

    model_config = ConfigDict(extra="allow")


class CitationShape(_Shape):
    document: str
    sha256: str
    page: int = Field(ge=1)
    bbox: Box
    element: str
    quote: str
    ocr_confidence: float


class ClaimShape(_Shape):
    text: str
    verdict: VerdictKind
    method: VerifyMethod
    citations: list[CitationShape]


class AbstentionShape(_Shape):
    reason: AbstentionReason
    detail: str


class EvidenceShape(_Shape):
    document: str
    page: int = Field(ge=1)
    bbox: Box
    kind: str
    score: float
    text: str


class CostShape(_Shape):
    """``usd`` is decimal text; what it would have cost elsewhere is null where no price is known."""

    usd: str
    unpriced_calls: int
    calls: int
    if_all_flagship_usd: str | None
    if_all_cheap_usd: str | None


class AnswerShape(_Shape):
    question: str
    status: Literal["answered", "abstained"]
    answer: str | None
    abstention: AbstentionShape | None
    confidence: float
    claims: list[ClaimShape]
    evidence: list[EvidenceShape]
    tier: str
    cost: CostShape
    trace: str
