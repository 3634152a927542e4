"""From a draft to an answer: claims, verdicts, citations, and the honest refusal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from mmrag.domain.costs import Bill
from mmrag.domain.documents import PageRef
from mmrag.domain.evidence import Hit
from mmrag.domain.geometry import BBox


class VerdictKind(StrEnum):
    SUPPORTED = "supported"
    PARTLY = "partly"
    UNSUPPORTED = "unsupported"
    CONTRADICTED = "contradicted"
    UNREADABLE = "unreadable"


class VerifyMethod(StrEnum):
    VALUE = "value"
    LEXICAL = "lexical"
    ENTAILMENT = "entailment"
    MODEL = "model"


class AbstentionReason(StrEnum):
    NO_EVIDENCE = "no_evidence"
    UNSUPPORTED = "unsupported"
    LOW_CONFIDENCE = "low_confidence"
    OVER_BUDGET = "over_budget"
    UNSAFE = "unsafe"
    MODEL_UNAVAILABLE = "model_unavailable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A run of words of one element that a drafter points at. ``words`` are indexes into the page's words.

    A drafter names an element and words; boxes are computed from them by the code, never written by a model. ``cell`` is the
    row and column of a chart's value that was measured and no word prints: the words are then those that name it.
    """

    element_id: str
    words: tuple[int, ...]
    quote: str
    cell: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One statement of a draft that can be right or wrong on its own, and the words it leans on.

    ``formula`` is set on one that was worked out of the claims that follow it, ``expression`` on one that was worked out of
    the numbers in them in another way.
    """

    text: str
    spans: tuple[Span, ...]
    formula: Formula | None = None
    expression: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompted:
    """What a model was shown for a draft. ``images`` are the labels of its pictures with their size in pixels and detail;
    ``estimated_tokens`` were reckoned before the call, None where nobody knows how; ``billed_tokens`` came with the reply.
    """

    elements: int
    images: tuple[str, ...] = ()
    estimated_tokens: int | None = None
    billed_tokens: int = 0
    notes: tuple[str, ...] = ()


class Formula(StrEnum):
    """How an answer was worked out of two values that stand on the page, the first one first."""

    DIFFERENCE = "difference"
    """The second less the first, without its sign."""
    PERCENT_CHANGE = "percent_change"
    """By how many percent of the first the second differs from it, without the sign, to two decimals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A tier's proposal. ``answer`` is None when the tier finds nothing to answer with.

    ``confidence`` is the tier's own score in ``[0, 1]``, not calibrated. ``rivals`` are other answers it considered, best
    first, with their scores. ``operands`` are the values that an answer was worked out from, each with its own words,
    by ``formula`` where they are two values of one page, by ``expression`` where a model has said how, or where things were
    counted; ``items`` are the parts of a list, which stand or fall alone;
    ``why`` says why there is no answer, where the tier knows. ``token_probability`` in ``[0, 1]`` is how likely the model
    found the words of its answer, where it tells; ``prompted`` is what it was shown. ``opened`` are pages that it cites and
    was not given, as document id and number: it has opened them with tools. ``looked`` are all pages that tools have shown
    it; ``notes`` say what a person should know of how it came about.
    """

    answer: str | None
    spans: tuple[Span, ...]
    confidence: float
    tier: str
    rivals: tuple[tuple[str, float], ...] = ()
    operands: tuple[Claim, ...] = ()
    items: tuple[Claim, ...] = ()
    formula: Formula | None = None
    expression: str = ""
    why: str = ""
    token_probability: float | None = None
    prompted: Prompted | None = None
    opened: tuple[tuple[str, int], ...] = ()
    looked: tuple[PageRef, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the verifier found. ``confidence`` carries that of the words it was read from; ``final`` says that no further
    check may change it."""

    claim: Claim
    kind: VerdictKind
    method: VerifyMethod
    confidence: float
    detail: str = ""
    final: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Entailed:
    """Whether a text carries a statement: ``kind`` is not ``unreadable``; ``confidence`` in ``[0, 1]``."""

    kind: VerdictKind
    confidence: float
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """A place on a page. ``bbox`` goes around the quoted words."""

    document: str
    sha256: str
    page: int
    bbox: BBox
    element: str
    quote: str
    ocr_confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CitedClaim:
    text: str
    verdict: VerdictKind
    method: VerifyMethod
    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradiction:
    """Another document that fits the question gives another ``value`` by the same label. ``answer`` is where the answer
    stands, ``other`` where this value does."""

    value: str
    answer: Citation
    other: Citation


@dataclass(frozen=True, slots=True, kw_only=True)
class Abstention:
    """A refusal: why, in one sentence, and what would help."""

    reason: AbstentionReason
    detail: str
    help: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What ``mmrag ask`` gives back: an answer with its claims and boxes, or an abstention. Never both, never neither.

    ``notes`` say what a person should know beside it: tiers that failed, and why. ``contradictions`` are the values of other
    documents that the answer does not agree with; a note says each of them too. ``read`` are the pages that it was read
    from, cited or not.
    """

    question: str
    answer: str | None
    abstention: Abstention | None
    confidence: float
    claims: tuple[CitedClaim, ...]
    evidence: tuple[Hit, ...]
    tier: str
    tiers_tried: tuple[str, ...]
    trace: str
    revisions: int = 0
    flipped: bool = False
    bill: Bill = field(default_factory=Bill)
    timings_ms: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    notes: tuple[str, ...] = ()
    contradictions: tuple[Contradiction, ...] = ()
    read: tuple[PageRef, ...] = ()

    def __post_init__(self) -> None:
        if (self.answer is None) == (self.abstention is None):
            raise ValueError("an answer is either given or refused")

    @property
    def answered(self) -> bool:
        return self.answer is not None
