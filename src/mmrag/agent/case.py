"""What one question carries through the stages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal

from mmrag.agent.cascade import Failure
from mmrag.agent.second_look import Rereader
from mmrag.agent.starting import Need
from mmrag.agent.tiers import Tier, chosen
from mmrag.agent.trace import Trace
from mmrag.domain.answers import Abstention, Answer, Draft, Verdict
from mmrag.domain.calibration import UNCALIBRATED, Calibration
from mmrag.domain.critique import Principle
from mmrag.domain.documents import PageRef
from mmrag.domain.events import AnswerEvent, OnEvent
from mmrag.domain.hashing import content_id
from mmrag.domain.plans import Gathered, Plan, Reading
from mmrag.errors import UsageError
from mmrag.middleware.prices import PriceList, price_list
from mmrag.middleware.staying import Keeper
from mmrag.ports import Blobs, Clock, Entailment, Ledger, Receipts, Topics, TraceSink
from mmrag.prompting import constitution
from mmrag.retrieval.search import SearchParts
from mmrag.settings import Settings

STAGES = ("plan", "gather", "draft", "critique", "verify")
"""The names under which time is reported: selecting counts as gathering; deciding and citing as verifying."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentParts:
    """What the agent works with. Built once by the composition root, shared by all questions. What is None is not there:
    nothing is read again, no local model judges claims, nobody looks what a page shows."""

    search: SearchParts
    tiers: tuple[Tier, ...]
    traces: TraceSink
    ledger: Ledger
    clock: Clock
    settings: Settings
    blobs: Blobs | None = None
    rereader: Rereader | None = None
    entailment: Entailment | None = None
    topics: Topics | None = None
    calibration: Calibration = UNCALIBRATED
    receipts: Receipts | None = None
    principles: tuple[Principle, ...] = field(default_factory=constitution)

    @property
    def prices(self) -> PriceList:
        """The list that ships with mmrag, with the user's own over it."""
        return price_list(self.settings.models.file)

    @property
    def keeper(self) -> Keeper:
        """Who says which pages stay on this machine."""
        return Keeper(keep=frozenset(self.settings.ask.keep_local), topics=self.topics, catalog=self.search.catalog)

    def reachable(self, *, told: tuple[PageRef, ...] | None = ()) -> tuple[Tier, ...]:
        """The tiers as a question may ask them: what has to stay on this machine does not reach those that are elsewhere.
        ``told`` are pages that the question itself was put together from."""
        return tuple(tier.guarded(self.keeper, told=told) for tier in self.tiers)


# The workflow's runtime takes the repr of every event for its own records, three times a step. Case, Round and Outcome hold
# whole pages: they do without the long repr of a dataclass.


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Case:
    """One question being asked. ``budget`` is in USD; ``timings`` are milliseconds by stage and fill up on the way, and so
    does ``kept``: the best answers so far, the latest last, in case time runs out.
    """

    id: str
    question: str
    document: str | None
    tiers: tuple[Tier, ...]
    budget: Decimal
    clock: Clock
    trace: Trace
    on_event: OnEvent | None = None
    started: float = 0.0
    timings: dict[str, float] = field(default_factory=dict)
    kept: list[Standing] = field(default_factory=list)

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Add the time inside to ``stage``."""
        began = self.clock.monotonic()
        try:
            yield
        finally:
            spent = (self.clock.monotonic() - began) * 1000
            self.timings[stage] = self.timings.get(stage, 0.0) + spent

    async def tell(self, event: AnswerEvent) -> None:
        """Tell whoever listens, if anybody does."""
        if self.on_event is not None:
            await self.on_event(event)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Outcome:
    """What a case ended with."""

    answer: Answer


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Round:
    """One attempt: a tier, the pages it reads, what it drafted and what became of that.

    ``pages`` is how many pages may be read, ``shown`` what care they ask for, None when nobody has looked; ``order`` are the
    tiers to ask and ``tier`` is the index in it of this one; ``attempt`` counts drafts from 1, ``tried`` names the tiers
    asked so far. ``repairs`` counts all of them, ``repaired`` is about this tier; ``revised`` counts revisions that were
    kept. ``flipped`` says that the verifier has stopped a draft that its tier was sure enough of. ``notes`` say which tiers
    failed, and why; ``best`` is the best answer of the tiers before that clears its threshold.

    A round that is settled has a ``refusal``, or a draft to give with its ``confidence``; ``answered_by`` is the tier that
    it comes from, when that was not the one asked last.
    """

    plan: Plan
    pages: int
    gathered: Gathered = field(default_factory=Gathered)
    readings: tuple[Reading, ...] = ()
    shown: frozenset[str] | None = None
    needs: frozenset[Need] = frozenset()
    order: tuple[Tier, ...] = ()
    tier: int = 0
    attempt: int = 0
    tried: tuple[str, ...] = ()
    repairs: int = 0
    repaired: bool = False
    revised: int = 0
    flipped: bool = False
    draft: Draft | None = None
    failure: Failure | None = None
    verdicts: tuple[Verdict, ...] = ()
    notes: tuple[str, ...] = ()
    best: Standing | None = None
    refusal: Abstention | None = None
    confidence: float = 0.0
    answered_by: str | None = None

    @property
    def refs(self) -> tuple[PageRef, ...]:
        """Every page that the draft may hold words of: those read, and those that its tools have shown."""
        return (*(reading.ref for reading in self.readings), *(self.draft.looked if self.draft else ()))

    @property
    def asked(self) -> Tier:
        """The tier of this round."""
        return self.order[self.tier]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Standing:
    """An answer that may be given: its round and its confidence. ``tier`` is the name of the tier it comes from."""

    round: Round
    confidence: float
    tier: str


def open_case(
    parts: AgentParts,
    question: str,
    number: int,
    *,
    document: str | None,
    tier: str | None,
    max_usd: float | None,
    on_event: OnEvent | None,
    told: tuple[PageRef, ...] | None = (),
) -> Case:
    """A new case. ``number`` tells apart questions asked at the same moment; ``told`` are pages that the question holds
    words of, None where that is not known.

    Raises ``UsageError`` for an empty question, and for a tier that is not there.
    """
    text = question.strip()
    if not text:
        raise UsageError("The question is empty.")
    at = parts.clock.now().isoformat()
    case_id = content_id("ask", [text, at, number])
    return Case(
        id=case_id,
        question=text,
        document=document,
        tiers=chosen(parts.reachable(told=told), tier),
        budget=Decimal(str(parts.settings.cascade.max_usd if max_usd is None else max_usd)),
        clock=parts.clock,
        trace=Trace(id=case_id, question=text, at=at),
        on_event=on_event,
        started=parts.clock.monotonic(),
    )
