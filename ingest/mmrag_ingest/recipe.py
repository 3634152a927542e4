"""The recipe: what, beside a file's bytes, decides how it is read. Another recipe means that the file is read again."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from typing import Final

from mmrag.domain.documents import Document, DocumentStatus
from mmrag.domain.hashing import Json, content_id
from mmrag.settings import IngestSettings

PIPELINE_VERSION: Final = 1
"""Raised by hand when the code reads pages differently than before: then everything is read again once."""

_ENGINES: Final = ("pypdfium2", "rapidocr")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """``read`` identifies how pages are read. ``limited`` adds the guards and is recorded on files in quarantine.

    So a file that is too large today is tried again when the limit is raised, and nothing else is.
    """

    read: str
    limited: str

    @classmethod
    def of(cls, settings: IngestSettings, embedder: str) -> Recipe:
        """The recipe of these settings with the installed engines. ``embedder`` is the identity of the text embedder."""
        read = content_id(
            "recipe",
            {
                "pipeline": PIPELINE_VERSION,
                "dpi": settings.dpi,
                "engines": {name: version(name) for name in _ENGINES},
                "embedder": embedder,
            },
        )
        guards: dict[str, Json] = {
            "read": read,
            "max_pixels": settings.max_pixels,
            "max_pages": settings.max_pages,
            "max_file_bytes": settings.max_file_bytes,
            "page_timeout_s": settings.page_timeout_s,
            "worker_memory_bytes": settings.worker_memory_bytes,
        }
        return cls(read=read, limited=content_id("recipe", guards))

    def made(self, document: Document) -> bool:
        """True when reading ``document``'s bytes again with this recipe would give what is stored."""
        return document.recipe == (self.read if document.status is DocumentStatus.READY else self.limited)
