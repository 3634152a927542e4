"""What comes in and goes out, for the OpenAPI description. Answers have the shape of ``mmrag ask --json``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from mmrag.domain.answers import AbstentionReason, VerdictKind, VerifyMethod
from mmrag.server.files import FileState

MOST_QUESTION = 4_000
"""Characters of a question."""


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Out(BaseModel):
    """Fields may be added; those here stay."""

    model_config = ConfigDict(extra="allow")


Box = Annotated[list[float], Field(min_length=4, max_length=4, examples=[[0.61, 0.72, 0.80, 0.74]])]
"""``x0, y0, x1, y1`` in page fractions, origin at the top left."""


class Ask(_In):
    """A question. ``document`` restricts it to one document, ``tier`` to one tier; ``max_usd`` is the most it may cost,
    never more than the settings allow. ``conversation`` is a name of your choice: a question may lean on those that were
    asked under it before ("and in March?")."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"question": "What is the total of the invoice from Fernhill?"}]},
    )

    question: str = Field(min_length=1, max_length=MOST_QUESTION)
    document: str | None = Field(default=None, max_length=1_000)
    tier: str | None = Field(default=None, max_length=100)
    max_usd: float | None = Field(default=None, ge=0, le=1_000)
    conversation: str | None = Field(default=None, pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,63}$")


class Citation(_Out):
    """A place on a page. ``page_image`` and ``crop_image`` are links that need no token, for a day."""

    document: str = Field(examples=["invoice-scan.pdf"])
    document_id: str = Field(examples=["doc-5f4dcc3b5aa765d61d8327de"])
    sha256: str
    page: int = Field(ge=1)
    bbox: Box
    element: str
    quote: str = Field(examples=["46.65"])
    ocr_confidence: float
    page_image: str
    crop_image: str


class Claim(_Out):
    text: str
    verdict: VerdictKind
    method: VerifyMethod
    citations: list[Citation]


class ContradictionOut(_Out):
    """Another document gives another ``value`` by the same label: where the ``answer`` stands, and the ``other`` value."""

    value: str
    answer: Citation
    other: Citation


class EvidenceItem(_Out):
    document: str
    document_id: str
    page: int
    bbox: Box
    kind: str
    score: float
    text: str
    page_image: str
    crop_image: str


class AbstentionOut(_Out):
    reason: AbstentionReason
    detail: str
    help: str = ""


class CostOut(_Out):
    """Money is decimal text in USD; null where no price is known."""

    usd: str = Field(examples=["0.000000"])
    unpriced_calls: int
    calls: int
    cache_hits: int
    if_all_flagship_usd: str | None
    if_all_cheap_usd: str | None


class AnswerOut(_Out):
    question: str
    status: Literal["answered", "abstained"]
    answer: str | None
    abstention: AbstentionOut | None
    confidence: float
    claims: list[Claim]
    evidence: list[EvidenceItem]
    tier: str
    tiers_tried: list[str]
    cost: CostOut
    timings_ms: dict[str, float]
    notes: list[str]
    contradictions: list[ContradictionOut]
    trace: str


class SearchOut(_Out):
    query: str
    hits: list[EvidenceItem]


class DocumentOut(_Out):
    """``status`` is ``ready`` or ``quarantined``; ``reason`` says why it is."""

    id: str
    name: str
    sha256: str
    media_type: str
    size: int
    pages: int
    status: str
    reason: str | None
    pages_ocr: int
    pages_native: int
    mean_ocr_confidence: float | None
    unreadable_pages: list[int]
    elements: int


class DocumentsOut(_Out):
    documents: list[DocumentOut]
    total: int


class WordOut(_Out):
    text: str
    bbox: Box
    confidence: float


class ElementOut(_Out):
    id: str
    kind: str
    bbox: Box
    text: str
    confidence: float


class PageOut(_Out):
    """One page as displayed; ``width`` and ``height`` are pixels of its picture."""

    document_id: str
    document: str
    page: int
    pages: int
    width: int
    height: int
    source: str
    kind: str | None
    confidence: float
    elements: list[ElementOut]
    words: list[WordOut]
    page_image: str


class FileOut(_Out):
    """An uploaded file on its way into the store."""

    id: str
    name: str
    size: int
    state: FileState
    pages: int
    pages_done: int
    document_id: str | None
    reason: str | None


class FilesOut(_Out):
    files: list[FileOut]


class StoreOut(_Out):
    name: str
    version: str
    documents: int
    quarantined: int
    pages: int
    elements: int
    tiers: list[str]
    empty: bool


class HealthOut(_Out):
    status: Literal["ok"]


class ProblemDetail(_Out):
    message: str
    type: str
    code: str


class ProblemOut(_Out):
    error: ProblemDetail


class ToolOut(_Out):
    """``arguments`` is the JSON schema of what the tool takes."""

    name: str = Field(examples=["extract_fields"])
    description: str
    arguments: dict[str, object]


class ToolsOut(_Out):
    tools: list[ToolOut]


class PictureOut(_Out):
    """A picture of a result. ``data`` is base64; ``width`` and ``height`` are pixels."""

    label: str
    media_type: str = Field(examples=["image/png"])
    width: int
    height: int
    data: str


class ToolResultOut(_Out):
    """``elements`` are the ids of the elements that the result shows: what may be cited after it."""

    tool: str
    result: dict[str, object]
    elements: list[str]
    pictures: list[PictureOut]
