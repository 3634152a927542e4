"""From a tier of the settings to a chat model."""

from __future__ import annotations

from pathlib import Path

from mmrag.adapters.chat.anthropic_messages import AnthropicMessages
from mmrag.adapters.chat.gemini import Gemini
from mmrag.adapters.chat.openai_chat import OpenAIChat
from mmrag.adapters.chat.openai_responses import OpenAIResponses
from mmrag.adapters.chat.provider import Endpoint, ProviderModel
from mmrag.adapters.chat.vlm.model import TransformersVlm
from mmrag.errors import SettingsError
from mmrag.middleware.capabilities import capabilities_of
from mmrag.middleware.prices import price_list
from mmrag.settings import KEYS_OF_PROVIDERS, TierSettings, key_of, key_variables


def chat_model(
    tier: TierSettings,
    *,
    timeout_s: float,
    environ: dict[str, str] | None = None,
    models_file: Path | None = None,
) -> ProviderModel:
    """The model of ``tier``. ``timeout_s`` is for one call. Nothing of the provider's package is loaded yet.

    Without its key the model is made and says so when it is asked, so that the other tiers can still answer. Raises
    ``SettingsError`` for a provider that there is none of, and for a ``models_file`` that cannot be read.
    """
    provider, _, model = tier.model.partition(":")
    providers = {*KEYS_OF_PROVIDERS, "transformers"}
    if provider not in providers or not model:
        known = ", ".join(f"{name}:MODEL" for name in sorted(providers))
        raise SettingsError(f"Tier {tier.name}: nothing here can run {tier.model}. There are reader, {known}.")
    endpoint = Endpoint(
        provider=provider,
        model=model if tier.base_url else price_list(models_file).api_name(model),
        key=key_of(tier, environ=environ),
        key_variables=key_variables(tier),
        base_url=tier.base_url.rstrip("/") if tier.base_url else None,
        can=capabilities_of(tier, models_file),
        timeout_s=timeout_s,
    )
    if provider == "transformers":
        return TransformersVlm(endpoint, revision=tier.revision)
    if provider == "anthropic":
        return AnthropicMessages(endpoint)
    if provider == "gemini":
        return Gemini(endpoint)
    return OpenAIResponses(endpoint) if tier.base_url is None else OpenAIChat(endpoint)
