"""The typed events between the steps of the workflow. Each carries the case; most carry the round it is in."""

from __future__ import annotations

from typing import Annotated

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema
from workflows.events import Event, StartEvent, StopEvent

from mmrag.agent.case import Case, Outcome, Round
from mmrag.domain.answers import Abstention
from mmrag.domain.plans import Plan


class _AsItIs:
    """Marks a field that holds one of our own values: its type is checked, its inside is not rebuilt by pydantic."""

    def __get_pydantic_core_schema__(self, source: type[object], handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.is_instance_schema(source)


class Asked(StartEvent):
    case: Annotated[Case, _AsItIs()]


class Planned(Event):
    case: Annotated[Case, _AsItIs()]
    plan: Annotated[Plan, _AsItIs()]


class _InRound(Event):
    case: Annotated[Case, _AsItIs()]
    round: Annotated[Round, _AsItIs()]


class Found(_InRound):
    """Evidence is gathered; its pages are to be selected."""


class Ready(_InRound):
    """Pages are selected; the tier can draft."""


class Drafted(_InRound):
    """There is a draft, or a failure in its place."""


class Verified(_InRound):
    """Every claim of the draft has a verdict."""


class Settled(_InRound):
    """Nothing is left to try: ``refusal`` says why, None when a draft is accepted.

    ``tier`` is who answered, when it was not the one asked last.
    """

    confidence: float = 0.0
    tier: str | None = None
    refusal: Annotated[Abstention, _AsItIs()] | None = None


class Answered(StopEvent):
    outcome: Annotated[Outcome, _AsItIs()]
