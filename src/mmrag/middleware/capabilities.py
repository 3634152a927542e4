"""From a tier of the settings to what its model can take."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from mmrag.domain.capabilities import Capabilities
from mmrag.middleware.models_file import Family
from mmrag.middleware.prices import price_list
from mmrag.settings import TierSettings

LOCAL_CONTEXT_TOKENS = 8_192
"""What a model on a machine of one's own is taken to hold when nobody says: servers are seldom started with less."""


def capabilities_of(tier: TierSettings, models_file: Path | None = None) -> Capabilities:
    """What is known of the model of ``tier``, from the list of models and from its settings, which win.

    A model at an address of one's own is shown pictures only when it is known to look at them, or its tier says so. A
    hosted one of which nothing is known is shown them. A server whose address is none of a network of one's own is hosted
    for what has to stay (``ask.keep_local``), unless its tier says that it is not. Raises ``SettingsError`` for a
    ``models_file`` that cannot be read.
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
    elsewhere = tier.base_url is not None and not is_own_address(tier.base_url)
    return replace(
        known,
        is_elsewhere=elsewhere if tier.hosted == "auto" else tier.hosted,
        is_local=known.is_local or tier.hosted is False,
        images=known.images if tier.images == "auto" else tier.images,
        context_tokens=tier.context_tokens or known.context_tokens,
    )


_OWN_NAMES = (".localhost", ".local", ".lan", ".internal", ".home.arpa")
"""Ends of names that are given to machines of a network of one's own (RFC 6761, 6762, 8375; .internal by ICANN, 2024)."""


def is_own_address(url: str) -> bool:
    """True for an address of this machine or of a private network; a name without a dot is one of those."""
    name = (urlsplit(url).hostname or "").rstrip(".")
    try:
        address = ip_address(name)
    except ValueError:
        return bool(name) and ("." not in name or name.endswith(_OWN_NAMES))
    return address.is_private or address.is_loopback or address.is_link_local


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
