"""Ask questions of scanned documents: every claim with a box on the page, or an honest refusal.

    import mmrag

    async with mmrag.open("my-store") as store:
        await store.ingest(["scans/"])
        answer = await store.ask("What is the total of the receipt from Golden Key?")
        print(answer.answer, answer.claims[0].citations[0].bbox)

``mmrag.ask_sync`` asks one question from code that is not async. Names are imported when they are used, so ``import mmrag``
costs nothing and imports no vendor's package.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mmrag.api import Session, ask_sync
    from mmrag.api import open_session as open  # mmrag.open is the name to be read, as in gzip.open
    from mmrag.domain.answers import (
        Abstention,
        AbstentionReason,
        Answer,
        Citation,
        CitedClaim,
        VerdictKind,
    )
    from mmrag.domain.documents import Document
    from mmrag.domain.evidence import Hit
    from mmrag.domain.geometry import BBox
    from mmrag.errors import (
        EmptyStoreError,
        MMRagError,
        ModelError,
        StoreBusyError,
        StoreError,
        UnreadableFileError,
        UsageError,
    )
    from mmrag.ingester import IngestSummary
    from mmrag.settings import Settings, load_settings

_HOMES = {
    "mmrag.api": ("Session", "ask_sync", "open"),
    "mmrag.domain.answers": ("Abstention", "AbstentionReason", "Answer", "Citation", "CitedClaim", "VerdictKind"),
    "mmrag.domain.documents": ("Document",),
    "mmrag.domain.evidence": ("Hit",),
    "mmrag.domain.geometry": ("BBox",),
    "mmrag.errors": (
        "EmptyStoreError",
        "MMRagError",
        "ModelError",
        "StoreBusyError",
        "StoreError",
        "UnreadableFileError",
        "UsageError",
    ),
    "mmrag.ingester": ("IngestSummary",),
    "mmrag.settings": ("Settings", "load_settings"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "Abstention",
    "AbstentionReason",
    "Answer",
    "BBox",
    "Citation",
    "CitedClaim",
    "Document",
    "EmptyStoreError",
    "Hit",
    "IngestSummary",
    "MMRagError",
    "ModelError",
    "Session",
    "Settings",
    "StoreBusyError",
    "StoreError",
    "UnreadableFileError",
    "UsageError",
    "VerdictKind",
    "ask_sync",
    "load_settings",
    "open",
]


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'mmrag' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOME_OF[name]), "open_session" if name == "open" else name)


def __dir__() -> list[str]:
    return sorted(__all__)
