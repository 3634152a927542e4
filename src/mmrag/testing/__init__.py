"""Fakes of the ports, and what helps to test with them. Nothing here is used by mmrag itself."""

from mmrag.testing.clock import FrozenClock
from mmrag.testing.embedder import HashEmbedder
from mmrag.testing.inspecting import fingerprint, inconsistencies, store_dump
from mmrag.testing.loop import responsive_loop
from mmrag.testing.memory import MemoryBlobs, MemoryLedger, MemoryReplies, MemoryTraces, MemoryVectors
from mmrag.testing.memory_catalog import MemoryCatalog
from mmrag.testing.models import ScriptedModel
from mmrag.testing.vision import ColourCaptioner, ColourEmbedder

__all__ = [
    "ColourCaptioner",
    "ColourEmbedder",
    "FrozenClock",
    "HashEmbedder",
    "MemoryBlobs",
    "MemoryCatalog",
    "MemoryLedger",
    "MemoryReplies",
    "MemoryTraces",
    "MemoryVectors",
    "ScriptedModel",
    "fingerprint",
    "inconsistencies",
    "responsive_loop",
    "store_dump",
]
