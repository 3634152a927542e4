"""What a question tells while it is answered: typed events in the order in which things happen, the answer last.

| event | ``type`` | told |
| --- | --- | --- |
| ``PlanMade`` | ``plan`` | once, first: what is looked for |
| ``EvidenceFound`` | ``evidence`` | after each search, the best hits first |
| ``ToolStarted`` | ``tool_started`` | when a model calls a tool, and with the same ``call_id`` |
| ``ToolFinished`` | ``tool_finished`` | when that tool has given its result |
| ``DraftText`` | ``draft`` | as an answer is drafted; all texts of one ``attempt`` make up its draft |
| ``ClaimChecked`` | ``verdict`` | once for each claim of a draft |
| ``CostSoFar`` | ``cost`` | after each draft was checked |
| ``AnswerGiven`` | ``answer`` | once, last: the answer or the refusal |

A draft is not an answer: it may be refuted and drafted again, by another tier or with more pages, as the next ``attempt``.
``mmrag.agent.presenting.event_json`` gives the JSON of each.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from mmrag.domain.answers import Answer, VerdictKind, VerifyMethod
from mmrag.domain.costs import Bill
from mmrag.domain.evidence import Hit
from mmrag.domain.plans import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanMade:
    type: ClassVar[str] = "plan"
    plan: Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceFound:
    type: ClassVar[str] = "evidence"
    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolStarted:
    """``arguments`` is JSON text as the model wrote it; ``step`` counts the model's turns from 1."""

    type: ClassVar[str] = "tool_started"
    call_id: str
    name: str
    arguments: str
    step: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolFinished:
    """``text`` is what the model is told, ``failed`` that it says what was wrong, ``repeated`` that it was not run again."""

    type: ClassVar[str] = "tool_finished"
    call_id: str
    name: str
    text: str
    element_ids: tuple[str, ...] = ()
    failed: bool = False
    repeated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftText:
    """The next piece of the draft that ``tier`` makes in this ``attempt``, counted from 1."""

    type: ClassVar[str] = "draft"
    tier: str
    attempt: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimChecked:
    """What the verifier says of one claim. ``text`` is the claim, ``detail`` why it does not simply stand."""

    type: ClassVar[str] = "verdict"
    tier: str
    attempt: int
    text: str
    verdict: VerdictKind
    method: VerifyMethod
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CostSoFar:
    """``bill`` holds the question's calls until now, without the comparison with other tiers."""

    type: ClassVar[str] = "cost"
    bill: Bill


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerGiven:
    type: ClassVar[str] = "answer"
    answer: Answer


AnswerEvent: TypeAlias = (
    PlanMade | EvidenceFound | ToolStarted | ToolFinished | DraftText | ClaimChecked | CostSoFar | AnswerGiven
)
OnEvent: TypeAlias = Callable[[AnswerEvent], Awaitable[None]]
"""Hears each event in turn. The question waits for it: whoever cannot keep up slows the question down."""
