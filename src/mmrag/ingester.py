"""The function that ingests files: what it looks like, and where it is found. It comes from a package of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from mmrag.domain.hashing import Json
from mmrag.errors import SettingsError

if TYPE_CHECKING:
    from mmrag.app import App

INGESTER_GROUP = "mmrag.ingesters"
"""The entry point group where a distribution offers the function that ingests files."""


class FileOutcome(Protocol):
    """What became of one file: ``ingested``, ``unchanged``, ``replaced``, or ``quarantined`` for a ``reason``."""

    @property
    def document(self) -> str: ...
    @property
    def sha256(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def reason(self) -> str | None: ...
    @property
    def pages(self) -> int: ...


class IngestSummary(Protocol):
    """What an ingestion gives back: every file's outcome, the names of removed documents, and wall time in seconds."""

    @property
    def documents(self) -> Sequence[FileOutcome]: ...
    @property
    def removed(self) -> Sequence[str]: ...
    @property
    def seconds(self) -> float: ...

    def to_json(self) -> Json: ...


class Ingester(Protocol):
    """The function behind ``Session.ingest``."""

    async def __call__(
        self, app: App, paths: Sequence[Path], *, prune: bool = False, on_event: Callable[[object], None] | None = None
    ) -> IngestSummary: ...


def find_ingester() -> Ingester:
    """The function that ingests, as its distribution registered it. Raises ``SettingsError`` when there is none."""
    found = list(entry_points(group=INGESTER_GROUP))
    if not found:
        raise SettingsError(
            "Nothing here can ingest files: install the complete mmrag distribution (mmrag doctor says what is missing)."
        )
    return cast(Ingester, found[0].load())
