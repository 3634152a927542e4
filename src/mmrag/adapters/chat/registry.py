"""From a tier of the settings to a chat model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from mmrag.adapters.chat.anthropic_messages import AnthropicMessages
from mmrag.adapters.chat.gemini import Gemini
from mmrag.adapters.chat.openai_chat import OpenAIChat
from mmrag.adapters.chat.openai_responses import OpenAIResponses
from mmrag.adapters.chat.provider import Endpoint, ProviderModel
from mmrag.errors import SettingsError
from mmrag.middleware.prices import price_list
from mmrag.settings import TierSettings

_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "anthropic": ("ANTHROPIC_API_KEY",),
    "openai": ("OPENAI_API_KEY",),
    "gemini": ("GEMINI_API_KEY", "GOOGLE_API_KEY"),
}


def chat_model(tier: TierSettings, environ: Mapping[str, str], *, timeout_s: float) -> ProviderModel:
    """The model of ``tier``. Its key is the value of ``api_key_env`` in ``environ``, else of the provider's variable; a
    provider's own key is never sent to another address.

    Raises ``SettingsError`` for a provider that there is none of, and for a key that is not there.
    """
    provider, _, model = tier.model.partition(":")
    if provider not in _KEYS or not model:
        known = ", ".join(f"{name}:MODEL" for name in sorted(_KEYS))
        raise SettingsError(f"Tier {tier.name}: nothing here can run {tier.model}. There are reader, {known}.")
    family = price_list().family_of(model)
    endpoint = Endpoint(
        provider=provider,
        model=model,
        key=_key(tier, provider, environ),
        base_url=tier.base_url.rstrip("/") if tier.base_url else None,
        rejects=frozenset(family.rejects if family else ()),
        timeout_s=timeout_s,
    )
    if provider == "anthropic":
        return AnthropicMessages(endpoint)
    if provider == "gemini":
        return Gemini(endpoint)
    return OpenAIResponses(endpoint) if tier.base_url is None else OpenAIChat(endpoint)


def _key(tier: TierSettings, provider: str, environ: Mapping[str, str]) -> str:
    if tier.api_key_env:
        names: tuple[str, ...] = (tier.api_key_env,)
    elif tier.base_url:
        return "none"
    else:
        names = _KEYS[provider]
    for name in names:
        if environ.get(name):
            return environ[name]
    raise SettingsError(f"Tier {tier.name}: {' or '.join(names)} is not set, and {tier.model} needs a key.")
