"""What one question came to: kept as a line of JSON, so that a run can be stopped, continued and measured again.

These records are read back from disk, hence pydantic.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from mmrag.domain.answers import Answer
from mmrag.domain.evidence import Hit
from mmrag.domain.geometry import BBox


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class PageRank(_Record):
    """A page found by search. The order of a list of them is the ranking."""

    document: str
    page: int


class Cited(_Record):
    """A cited place; ``bbox`` is ``x0, y0, x1, y1`` in page fractions. ``claim`` counts the answer's claims from 0."""

    claim: int
    document: str
    page: int
    bbox: tuple[float, float, float, float]
    quote: str

    @property
    def box(self) -> BBox:
        return BBox.clamped(*self.bbox)


class Outcome(_Record):
    """One question, asked. ``draft`` is the first tier's first answer, before anything was checked.

    ``top_score`` is that of the best piece of evidence, None without any;
    ``usd`` is decimal text and covers priced calls only. ``error`` is set when no answer and no refusal came back.
    """

    id: str
    asked: str
    document: str | None = None
    answer: str | None = None
    reason: str | None = None
    detail: str | None = None
    confidence: float = 0.0
    claims: int = 0
    citations: tuple[Cited, ...] = ()
    ranking: tuple[PageRank, ...] = ()
    top_score: float | None = None
    draft: str | None = None
    flipped: bool = False
    revisions: int = 0
    tier: str = ""
    usd: str = "0"
    unpriced_calls: int = 0
    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    images: int = 0
    seconds: float = 0.0
    timings_ms: dict[str, float] = Field(default_factory=dict)
    error: str | None = None

    @property
    def answered(self) -> bool:
        return self.answer is not None


def outcome_of(
    question_id: str,
    asked: str,
    document: str | None,
    answer: Answer,
    hits: tuple[Hit, ...],
    *,
    draft: str | None,
    seconds: float,
) -> Outcome:
    """An answer as a record. ``hits`` is the ranking that is measured, best first; each page counts once, at its best
    rank.
    """
    pages = dict.fromkeys((hit.document, hit.element.page) for hit in hits)
    citations = tuple(
        Cited(claim=n, document=c.document, page=c.page, bbox=c.bbox.as_tuple(), quote=c.quote)
        for n, claim in enumerate(answer.claims)
        for c in claim.citations
    )
    refusal, bill = answer.abstention, answer.bill
    return Outcome(
        id=question_id,
        asked=asked,
        document=document,
        answer=answer.answer,
        reason=None if refusal is None else refusal.reason.value,
        detail=None if refusal is None else refusal.detail,
        confidence=answer.confidence,
        claims=len(answer.claims),
        citations=citations if answer.answered else (),
        ranking=tuple(PageRank(document=d, page=p) for d, p in pages),
        top_score=answer.evidence[0].score if answer.evidence else None,
        draft=draft,
        flipped=answer.flipped,
        revisions=answer.revisions,
        tier=answer.tier,
        usd=f"{bill.cost.usd:f}",
        unpriced_calls=bill.cost.unpriced_calls,
        calls=bill.calls,
        input_tokens=bill.usage.input_tokens,
        output_tokens=bill.usage.output_tokens,
        images=bill.usage.images,
        seconds=seconds,
        timings_ms=dict(answer.timings_ms),
    )
