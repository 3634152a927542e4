"""The recipe: what, beside a file's bytes, decides how it is read. Another recipe means that the file is read again.

How its pictures are looked at (captions, image vectors, page kinds) is a part by itself: when only that changes, nothing is
read by OCR again, and the stored pages are looked at anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from typing import Final

from mmrag.domain.documents import Document, DocumentStatus
from mmrag.domain.hashing import Json, content_id
from mmrag.settings import IngestSettings

PIPELINE_VERSION: Final = 6
"""Raised by hand when the code reads pages differently than before: then everything is read again once."""

_AND: Final = "+"
_ENGINES: Final = ("pypdfium2", "rapidocr")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """``read`` identifies how pages are read. ``limited`` adds the guards and is recorded on files in quarantine. ``looks``
    identifies how pictures are looked at, None when nothing here can look at them.

    So a file that is too large today is tried again when the limit is raised, and nothing else is; a locked file is tried
    again whenever there are passwords. Which ones were tried is not kept: a digest of a password can be guessed from.
    """

    read: str
    limited: str
    looks: str | None = None
    has_passwords: bool = False

    @property
    def locked(self) -> str:
        """What a locked file in quarantine is recorded with."""
        return f"{self.limited}{_AND}locked"

    @property
    def whole(self) -> str:
        """What a document is stored with."""
        return self.read if self.looks is None else f"{self.read}{_AND}{self.looks}"

    @classmethod
    def of(cls, settings: IngestSettings, embedder: str, looks: str | None = None) -> Recipe:
        """The recipe of these settings with the installed engines. ``embedder`` is the identity of the text embedder,
        ``looks`` that of what looks at pictures."""
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
        return cls(
            read=read,
            limited=content_id("recipe", guards),
            looks=looks,
            has_passwords=bool(settings.passwords) or settings.passwords_file is not None,
        )

    def made(self, document: Document) -> bool:
        """True when reading ``document``'s bytes again with this recipe would give what is stored.

        Where nothing can look at pictures, what was once seen on them stands.
        """
        if document.status is not DocumentStatus.READY:
            return document.recipe == self.limited or (document.recipe == self.locked and not self.has_passwords)
        return document.recipe == self.whole or (self.looks is None and self.read_alike(document))

    def read_alike(self, document: Document) -> bool:
        """True when at most the pictures of ``document`` would be looked at differently."""
        return document.status is DocumentStatus.READY and document.recipe.split(_AND)[0] == self.read
