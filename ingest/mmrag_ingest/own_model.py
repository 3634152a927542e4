"""The model of one's own that the settings name, for work that no hosted one is asked to do unasked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from mmrag.app import App, chat_models
from mmrag.errors import SettingsError
from mmrag.middleware.capabilities import is_own_address
from mmrag.middleware.staying import Keeper
from mmrag.ports import ChatModel
from mmrag.settings import Settings, TierSettings

NONE_NAMED: Final = (
    "ingest.summaries is 'local', and no tier is: name a model of your own in cascade.local, or one in cascade.tiers whose"
    " base_url lies on this machine or in its network; or set ingest.summaries to 'extractive'."
)


def own_tier(settings: Settings) -> TierSettings:
    """``cascade.local``, or the first tier that runs here or at an address of one's own.

    Raises ``SettingsError`` where there is none.
    """
    local = settings.cascade.local
    if local is not None and (local.base_url is not None or local.model.startswith("transformers:")):
        return TierSettings(name="local", model=local.model, base_url=local.base_url, api_key_env=local.api_key_env)
    found = next((tier for tier in settings.cascade.tiers if is_own(tier)), None)
    if found is None:
        raise SettingsError(NONE_NAMED)
    return found


def is_own(tier: TierSettings) -> bool:
    """True for a model that runs in this process, at loopback, in a private network, or at a name without dots."""
    return tier.provider == "transformers" or (tier.base_url is not None and is_own_address(tier.base_url))


@asynccontextmanager
async def own_model(app: App) -> AsyncIterator[ChatModel]:
    """The chat model of ``own_tier``, with retries, limits, kept replies and its calls in the ledger."""
    tier = own_tier(app.settings)
    cascade = app.settings.cascade.model_copy(update={"tiers": (tier,)})
    settings = app.settings.model_copy(update={"cascade": cascade})
    keeper = Keeper(keep=frozenset(settings.ask.keep_local), topics=None, catalog=app.catalog)
    async with chat_models(settings, app.ledger, app.clock, keeper=keeper) as models:
        yield models[tier.name]
