"""The typed events between the steps of the workflow. Each carries the case; most carry the round it is in."""

from __future__ import annotations

from pydantic import InstanceOf
from workflows.events import Event, StartEvent, StopEvent

from mmrag.agent.case import Case, Round
from mmrag.domain.answers import Abstention, Answer
from mmrag.domain.plans import Plan


class Asked(StartEvent):
    case: InstanceOf[Case]


class Planned(Event):
    case: InstanceOf[Case]
    plan: InstanceOf[Plan]


class _InRound(Event):
    case: InstanceOf[Case]
    round: InstanceOf[Round]


class Found(_InRound):
    """Evidence is gathered; its pages are to be selected."""


class Ready(_InRound):
    """Pages are selected; the tier can draft."""


class Drafted(_InRound):
    """There is a draft, or a failure in its place."""


class Verified(_InRound):
    """Every claim of the draft has a verdict."""


class Settled(_InRound):
    """Nothing is left to try: ``refusal`` says why, None when the draft is accepted."""

    confidence: float = 0.0
    refusal: InstanceOf[Abstention] | None = None


class Answered(StopEvent):
    answer: InstanceOf[Answer]
