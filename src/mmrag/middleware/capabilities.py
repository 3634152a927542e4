"""From a tier of the settings to what its model can take."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from mmrag.domain.capabilities import Capabilities
from mmrag.middleware.models_file import Family
from mmrag.middleware.prices import price_list
from mmrag.settings import TierSettings

LOCAL_CONTEXT_TOKENS = 8_192
"""What a model on a machine of one's own is taken to hold when nobody says: servers are seldom started with less."""


def capabilities_of(tier: TierSettings, models_file: Path | None = None) -> Capabilities:
    """What is known of the model of ``tier``, from the list of models and from its settings, which win.

    A model at an address of one's own is shown pictures only when it is known to look at them, or its tier says so. A
    hosted one of which nothing is known is shown them. Raises ``SettingsError`` for a ``models_file`` that cannot be read.
    """
    provider, _, name = tier.model.partition(":")
    family = price_list(models_file).family_of(name)
    known = _of_family(family) if family is not None else Capabilities()
    if provider == "transformers" or tier.base_url is not None:
        known = replace(
            known,
            is_local=True,
            logprobs=known.takes("logprobs"),
            images=provider == "transformers" or (family is not None and family.images),
            context_tokens=known.context_tokens or LOCAL_CONTEXT_TOKENS,
        )
    return replace(
        known,
        images=known.images if tier.images == "auto" else tier.images,
        context_tokens=tier.context_tokens or known.context_tokens,
    )


def _of_family(family: Family) -> Capabilities:
    return Capabilities(
        rejects=family.rejects,
        images=family.images,
        max_images=family.max_images,
        max_image_side=family.max_image_side,
        crowd=family.crowd,
        crowd_side=family.crowd_side,
        max_image_bytes=family.max_image_bytes,
        max_request_bytes=family.max_request_bytes,
        context_tokens=family.context_tokens,
        effort=family.effort,
        thinking_tokens=family.thinking_tokens,
    )
