"""The tiers that are asked when the settings name none: the reader, a model of one's own, and hosted models with a key."""

from __future__ import annotations

from importlib.util import find_spec

from mmrag.middleware.models_file import ProviderRow
from mmrag.middleware.prices import price_list
from mmrag.settings import KEYS_OF_PROVIDERS, Settings, TierSettings, keys_present

PACKAGES = {"anthropic": "anthropic", "openai": "openai", "gemini": "google.genai"}
"""What has to be installed to ask a provider."""


def with_tiers(settings: Settings, *, environ: dict[str, str] | None = None) -> Settings:
    """``settings`` with the tiers that will be asked, named. Tiers that the settings name stay as they are.

    Raises ``SettingsError`` for a ``models.file`` that cannot be read.
    """
    if "tiers" in settings.cascade.model_fields_set:
        return settings
    tiers = default_tiers(settings, environ=environ)
    return settings.model_copy(update={"cascade": settings.cascade.model_copy(update={"tiers": tiers})})


def default_tiers(settings: Settings, *, environ: dict[str, str] | None = None) -> tuple[TierSettings, ...]:
    """Reader, local, cheap, flagship: those of them that there are.

    Of several providers the first in the list of models that has a key and its package gives the hosted tiers.
    """
    tiers = [TierSettings(name="reader", model="reader")]
    local = settings.cascade.local
    if local is not None:
        named = {"model": local.model, "base_url": local.base_url, "api_key_env": local.api_key_env}
        tiers.append(TierSettings.model_validate({"name": "local", **named}))
    ready = [row for row in _with_keys(settings, environ) if is_installed(row.name)]
    if ready:
        tiers.append(TierSettings(name="cheap", model=f"{ready[0].name}:{ready[0].cheap}"))
        tiers.append(TierSettings(name="flagship", model=f"{ready[0].name}:{ready[0].flagship}"))
    return tuple(tiers)


def left_out(settings: Settings, *, environ: dict[str, str] | None = None) -> tuple[str, ...]:
    """Providers whose key is there, and whose package is not."""
    if "tiers" in settings.cascade.model_fields_set:
        return ()
    return tuple(row.name for row in _with_keys(settings, environ) if not is_installed(row.name))


def is_installed(provider: str) -> bool:
    """Whether the provider's package is there. Nothing of it is imported but the folder that holds it."""
    try:
        return find_spec(PACKAGES[provider]) is not None
    except ModuleNotFoundError:
        return False


def _with_keys(settings: Settings, environ: dict[str, str] | None) -> list[ProviderRow]:
    present = set(keys_present(settings, environ=environ))
    rows = price_list(settings.models.file).file.provider
    return [row for row in rows if row.name in PACKAGES and present & set(KEYS_OF_PROVIDERS[row.name])]
