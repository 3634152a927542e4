"""Tiers: who drafts, from the cheapest on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from mmrag.agent.aggregate import AggregateDrafter
from mmrag.agent.critique_hostile import CautiousDrafter
from mmrag.agent.draft import ModelDrafter
from mmrag.agent.reader import ReaderDrafter
from mmrag.agent.starting import Skill
from mmrag.domain.capabilities import NOTHING_KNOWN, Capabilities
from mmrag.domain.events import OnEvent
from mmrag.errors import SettingsError, UsageError
from mmrag.middleware.capabilities import capabilities_of
from mmrag.middleware.prices import PriceList, price_list
from mmrag.ports import Blobs, ChatModel, Drafter, OnDelta, TextEmbedder
from mmrag.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One draft for one question: which, and the USD that it may cost in all. ``on_delta`` hears a model's reply as it
    comes in, ``on_event`` the tools that it calls; without them nothing is streamed."""

    question_id: str = ""
    max_usd: Decimal | None = None
    on_delta: OnDelta | None = None
    on_event: OnEvent | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """``drafter`` makes the drafter for one job.

    ``model`` is what is paid for, None when nothing is. ``sees`` says that it is shown pictures, ``reasons`` that it does
    more than copy printed words.
    """

    name: str
    drafter: Callable[[Job], Drafter]
    model: str | None = None
    sees: bool = False
    reasons: bool = False


def build_tiers(
    settings: Settings,
    *,
    embedder: TextEmbedder | None,
    models: Mapping[str, ChatModel],
    blobs: Blobs | None = None,
) -> tuple[Tier, ...]:
    """The tiers of ``settings`` in order. ``models`` holds the chat model of each tier that is not the reader; ``blobs``
    has the pictures of pages, without which no model is shown any.

    Raises ``SettingsError`` for a tier that has none, and for a list of models that cannot be read.
    """
    tiers: list[Tier] = []
    for tier in settings.cascade.tiers:
        if tier.provider == "reader":
            tiers.append(reader_tier(tier.name, AggregateDrafter(CautiousDrafter(ReaderDrafter(embedder)))))
        elif tier.name in models:
            can = capabilities_of(tier, settings.models.file)
            prices = price_list(settings.models.file)
            tiers.append(model_tier(tier.name, models[tier.name], can=can, blobs=blobs, prices=prices))
        else:
            raise SettingsError(f"Tier {tier.name}: nothing here can run {tier.model}. Take it out of cascade.tiers.")
    return tuple(tiers)


def reader_tier(name: str, reader: Drafter) -> Tier:
    """A tier that costs nothing: the same drafter for every question."""
    return Tier(name=name, drafter=lambda _job: reader)


def model_tier(
    name: str,
    model: ChatModel,
    *,
    can: Capabilities = NOTHING_KNOWN,
    blobs: Blobs | None = None,
    prices: PriceList | None = None,
) -> Tier:
    """A tier that drafts through ``model``, within its limits."""
    return Tier(
        name=name,
        drafter=lambda job: ModelDrafter(
            model,
            tier=name,
            question_id=job.question_id,
            max_usd=job.max_usd,
            can=can,
            blobs=blobs,
            prices=prices,
            on_delta=job.on_delta,
        ),
        model=model.identity,
        sees=can.images and blobs is not None,
        reasons=True,
    )


def skills(tiers: tuple[Tier, ...]) -> tuple[Skill, ...]:
    """What each tier can do, for choosing where to start."""
    return tuple(Skill(name=tier.name, sees=tier.sees, reasons=tier.reasons, paid=tier.model is not None) for tier in tiers)


def chosen(tiers: tuple[Tier, ...], name: str | None) -> tuple[Tier, ...]:
    """All tiers, or the one called ``name``. Raises ``UsageError`` when there is none of that name."""
    picked = tuple(t for t in tiers if name is None or t.name == name)
    if not picked:
        raise UsageError(f"There is no tier {name!r}: the settings have {', '.join(t.name for t in tiers) or 'none'}.")
    return picked
