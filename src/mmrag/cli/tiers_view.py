"""The tiers that would be asked, for ``mmrag models list`` and ``mmrag doctor``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from mmrag import api
from mmrag.agent.default_tiers import PACKAGES, is_installed, left_out
from mmrag.domain.hashing import Json
from mmrag.middleware.capabilities import capabilities_of
from mmrag.middleware.prices import price_list
from mmrag.settings import Settings, TierSettings, key_of

HEAD = ("tier", "model", "where", "USD in/out per million tokens", "pictures", "state")


@dataclass(frozen=True, slots=True, kw_only=True)
class TierRow:
    """``where`` is ``this process``, an address, or a provider; ``state`` is ``ready``, or what is missing."""

    name: str
    model: str
    where: str
    price: str
    pictures: bool
    state: str


def tier_rows(settings: Settings) -> tuple[TierRow, ...]:
    """The tiers of ``settings`` in the order in which they are asked. Nothing is sent anywhere."""
    return tuple(_row(tier, settings) for tier in api.with_tiers(settings).cascade.tiers)


def without_package(settings: Settings) -> tuple[str, ...]:
    """For each provider whose key is there and whose package is not: the line that installs it."""
    return tuple(f'pip install "mmrag[{provider}]"' for provider in left_out(settings))


def cells(row: TierRow) -> Sequence[str]:
    return [row.name, row.model, row.where, row.price, "yes" if row.pictures else "no", row.state]


def to_json(row: TierRow) -> Json:
    return {
        "tier": row.name,
        "model": row.model,
        "where": row.where,
        "usd_per_million_tokens": row.price,
        "pictures": row.pictures,
        "state": row.state,
    }


def _row(tier: TierSettings, settings: Settings) -> TierRow:
    if tier.provider == "reader":
        return TierRow(name=tier.name, model="reader", where="this process", price="0", pictures=False, state="ready")
    price = price_list(settings.models.file).price_of(_priced_name(tier), on=datetime.now(UTC).date())
    return TierRow(
        name=tier.name,
        model=tier.model,
        where=tier.base_url or ("this process" if tier.provider == "transformers" else tier.provider),
        price="unknown" if price is None else f"{price.input_usd}/{price.output_usd}",
        pictures=capabilities_of(tier, settings.models.file).images,
        state=_state(tier),
    )


def _priced_name(tier: TierSettings) -> str:
    return f"{tier.model}@{tier.base_url}" if tier.base_url else tier.model


def _state(tier: TierSettings) -> str:
    if tier.provider in PACKAGES and not is_installed(tier.provider):
        return f'its package is missing: pip install "mmrag[{tier.provider}]"'
    return "its key is missing" if key_of(tier) is None else "ready"
