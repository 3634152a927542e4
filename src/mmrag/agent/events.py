"""The typed events between the steps of the workflow. Each carries the case and the round it is in."""

from __future__ import annotations

from typing import Annotated

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema
from workflows.events import Event, StartEvent, StopEvent

from mmrag.agent.case import Case, Outcome, Round


class _AsItIs:
    """Marks a field that holds one of our own values: its type is checked, its inside is not rebuilt by pydantic."""

    def __get_pydantic_core_schema__(self, source: type[object], handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.is_instance_schema(source)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, object]:
        return {"type": "object"}  # for whoever draws the workflow; events stay in the process


class Asked(StartEvent):
    """A question is asked."""

    case: Annotated[Case, _AsItIs()]


class _InRound(Event):
    case: Annotated[Case, _AsItIs()]
    round: Annotated[Round, _AsItIs()]


class Planned(_InRound):
    """The question is taken apart."""


class Found(_InRound):
    """Evidence is gathered; its pages are to be selected."""


class Ready(_InRound):
    """Pages are selected; the tier can draft."""


class Drafted(_InRound):
    """There is a draft, or a failure in its place."""


class Verified(_InRound):
    """Every claim of the draft has a verdict."""


class Judged(_InRound):
    """The draft is held to the constitution."""


class Missing(_InRound):
    """Something is missing that a further search is to find, for the same tier."""


class Unsure(_InRound):
    """The next tier is to be asked."""


class Settled(_InRound):
    """Nothing is left to try: there is an answer to give, or a refusal."""


class Answered(StopEvent):
    """The question is over."""

    outcome: Annotated[Outcome, _AsItIs()]
