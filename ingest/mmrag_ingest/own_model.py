"""The model of one's own that the settings name, for work that no hosted one is asked to do unasked."""

from __future__ import annotations

import ipaddress
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from urllib.parse import urlsplit

from mmrag.app import App, chat_models
from mmrag.errors import SettingsError
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
    if tier.provider == "transformers":
        return True
    host = urlsplit(tier.base_url).hostname if tier.base_url is not None else None
    if host is None:
        return False
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return "." not in host or host.endswith((".local", ".localhost", ".internal"))
    return address.is_loopback or address.is_private


@asynccontextmanager
async def own_model(app: App) -> AsyncIterator[ChatModel]:
    """The chat model of ``own_tier``, with retries, limits, kept replies and its calls in the ledger."""
    tier = own_tier(app.settings)
    cascade = app.settings.cascade.model_copy(update={"tiers": (tier,)})
    async with chat_models(app.settings.model_copy(update={"cascade": cascade}), app.ledger, app.clock) as models:
        yield models[tier.name]
