"""Tiers: who drafts, from the cheapest on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import partial

from mmrag.agent.aggregate import AggregateDrafter
from mmrag.agent.check import CheckDrafter
from mmrag.agent.critique_hostile import CautiousDrafter
from mmrag.agent.draft import ModelDrafter
from mmrag.agent.reader import ReaderDrafter
from mmrag.agent.starting import Skill
from mmrag.agent.tooldraft import ToolDrafter
from mmrag.agent.tools.base import Toolbox
from mmrag.domain.answers import Draft
from mmrag.domain.capabilities import NOTHING_KNOWN, Capabilities
from mmrag.domain.critique import Principle
from mmrag.domain.documents import PageRef
from mmrag.domain.events import OnEvent
from mmrag.domain.plans import Plan, Reading
from mmrag.errors import SettingsError, UsageError
from mmrag.middleware.capabilities import capabilities_of
from mmrag.middleware.prices import PriceList, price_list
from mmrag.middleware.staying import Keeper, StaysHere
from mmrag.ports import Blobs, Catalog, ChatModel, Drafter, OnDelta, TextEmbedder
from mmrag.prompting import constitution
from mmrag.settings import Settings

_OPERAND = 0.3
"""A reader's confidence in a value of its own, under which a model is asked for that value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One draft for one question: which, the USD that it may cost in all, and the principles in force. ``on_delta`` hears a
    model's reply as it comes in, ``on_event`` the tools that it calls; without them nothing is streamed. ``reach`` gives the
    model as it may be asked: see :meth:`Tier.guarded`."""

    question_id: str = ""
    max_usd: Decimal | None = None
    principles: tuple[Principle, ...] = field(default_factory=constitution)
    on_delta: OnDelta | None = None
    on_event: OnEvent | None = None
    reach: Callable[[ChatModel], ChatModel] = lambda model: model


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """``drafter`` makes the drafter for one job, ``tooled`` one that works with tools, None where there are none.

    ``model`` is what is paid for, None when nothing is, and ``chat`` the model itself. ``sees`` says that it is shown
    pictures, ``reasons`` that it does more than copy printed words, ``hosted`` that what it is shown leaves this machine: so
    it is taken of a model of which nobody says otherwise.
    """

    name: str
    drafter: Callable[[Job], Drafter]
    tooled: Callable[[Job], Drafter] | None = None
    model: str | None = None
    chat: ChatModel | None = None
    sees: bool = False
    reasons: bool = False
    hosted: bool = True

    def guarded(self, keeper: Keeper, *, told: tuple[PageRef, ...] | None = ()) -> Tier:
        """This tier as a question may ask it: where its model is hosted, everything it is asked passes ``keeper``, by
        whichever stage. ``told`` are pages that are in every request, None where which is not known."""
        if not self.hosted or self.chat is None or not keeper.keep:
            return self
        reach = partial(StaysHere, tier=self.name, keeper=keeper, told=told)

        def through(made: Callable[[Job], Drafter]) -> Callable[[Job], Drafter]:
            return lambda job: made(replace(job, reach=reach))

        tooled = None if self.tooled is None else through(self.tooled)
        return replace(self, chat=reach(self.chat), drafter=through(self.drafter), tooled=tooled)


def build_tiers(
    settings: Settings,
    *,
    embedder: TextEmbedder | None,
    models: Mapping[str, ChatModel],
    blobs: Blobs | None = None,
    toolbox: Toolbox | None = None,
    catalog: Catalog | None = None,
) -> tuple[Tier, ...]:
    """The tiers of ``settings`` in order. ``models`` holds the chat model of each tier that is not the reader; ``blobs``
    has the pictures of pages, without which no model is shown any; ``toolbox`` and ``catalog`` are for models that work with
    tools.

    Raises ``SettingsError`` for a tier that has none, and for a list of models that cannot be read.
    """
    reader = CautiousDrafter(ReaderDrafter(embedder))
    tiers: list[Tier] = []
    for tier in settings.cascade.tiers:
        if tier.provider == "reader":
            tiers.append(reader_tier(tier.name, CheckDrafter(AggregateDrafter(reader))))
        elif tier.name in models:
            tiers.append(
                model_tier(
                    tier.name,
                    models[tier.name],
                    can=capabilities_of(tier, settings.models.file),
                    blobs=blobs,
                    prices=price_list(settings.models.file),
                    reader=reader,
                    toolbox=toolbox,
                    catalog=catalog,
                )
            )
        else:
            raise SettingsError(f"Tier {tier.name}: nothing here can run {tier.model}. Take it out of cascade.tiers.")
    return tuple(tiers)


def reader_tier(name: str, reader: Drafter) -> Tier:
    """A tier that costs nothing: the same drafter for every question."""
    return Tier(name=name, drafter=lambda _job: reader, hosted=False)


def model_tier(
    name: str,
    model: ChatModel,
    *,
    can: Capabilities = NOTHING_KNOWN,
    blobs: Blobs | None = None,
    prices: PriceList | None = None,
    reader: Drafter | None = None,
    toolbox: Toolbox | None = None,
    catalog: Catalog | None = None,
) -> Tier:
    """A tier that drafts through ``model``, within its limits. With a ``reader`` it works aggregates out by the same plans
    as a tier without a model; with ``toolbox`` and ``catalog`` its model gathers for itself where a question needs that."""

    def drafter(job: Job) -> Drafter:
        drafts = ModelDrafter(
            job.reach(model),
            tier=name,
            question_id=job.question_id,
            max_usd=job.max_usd,
            can=can,
            blobs=blobs,
            prices=prices,
            principles=job.principles,
            on_delta=job.on_delta,
        )
        return drafts if reader is None else _ByPlan(CheckDrafter(AggregateDrafter(_FirstSure(reader, drafts))), drafts)

    def tooled(job: Job) -> Drafter:
        if toolbox is None or catalog is None:
            raise ValueError("there are no tools")
        return ToolDrafter(
            job.reach(model),
            toolbox,
            catalog,
            tier=name,
            principles=job.principles,
            question_id=job.question_id,
            max_usd=job.max_usd,
            on_event=job.on_event,
        )

    return Tier(
        name=name,
        drafter=drafter,
        tooled=tooled if toolbox is not None and catalog is not None and can.takes("tools") else None,
        model=model.identity,
        chat=model,
        sees=can.images and blobs is not None,
        reasons=True,
        hosted=can.is_hosted,
    )


class _ByPlan:
    """Hands what code works out or decides to one drafter, and everything else to another."""

    def __init__(self, worked_out: Drafter, others: Drafter) -> None:
        self._worked_out = worked_out
        self._others = others

    async def draft(self, plan: Plan, readings: Sequence[Reading]) -> Draft:
        by_code = plan.aggregate is not None or plan.check is not None
        return await (self._worked_out if by_code else self._others).draft(plan, readings)


class _FirstSure:
    """Asks the first drafter, and the second where the first is not sure of a value."""

    def __init__(self, first: Drafter, second: Drafter) -> None:
        self._first = first
        self._second = second

    async def draft(self, plan: Plan, readings: Sequence[Reading]) -> Draft:
        draft = await self._first.draft(plan, readings)
        if draft.answer is not None and draft.confidence >= _OPERAND:
            return draft
        return await self._second.draft(plan, readings)


def skills(tiers: tuple[Tier, ...]) -> tuple[Skill, ...]:
    """What each tier can do, for choosing where to start."""
    return tuple(Skill(name=tier.name, sees=tier.sees, reasons=tier.reasons, paid=tier.model is not None) for tier in tiers)


def chosen(tiers: tuple[Tier, ...], name: str | None) -> tuple[Tier, ...]:
    """All tiers, or the one called ``name``. Raises ``UsageError`` when there is none of that name."""
    picked = tuple(t for t in tiers if name is None or t.name == name)
    if not picked:
        raise UsageError(f"There is no tier {name!r}: the settings have {', '.join(t.name for t in tiers) or 'none'}.")
    return picked
