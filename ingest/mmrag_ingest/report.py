"""What an ingestion tells: events while it runs, and the report at its end (``mmrag ingest --json``)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from mmrag.domain.documents import Document, DocumentStatus, ReadReport
from mmrag.domain.hashing import Json


class Outcome(StrEnum):
    """What became of a file. ``REPLACED`` means that an older version of it was in the store."""

    INGESTED = "ingested"
    UNCHANGED = "unchanged"
    REPLACED = "replaced"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentRow:
    """One file in the report. ``seconds`` is wall time from its first look to its publication, 0 when nothing was read."""

    document: str
    sha256: str
    status: Outcome
    reason: str | None = None
    pages: int = 0
    report: ReadReport = field(default_factory=ReadReport)
    seconds: float = 0.0

    @classmethod
    def of(cls, document: Document, status: Outcome, *, seconds: float = 0.0) -> DocumentRow:
        """The row of a stored or quarantined document."""
        return cls(
            document=document.name,
            sha256=document.sha256,
            status=Outcome.QUARANTINED if document.status is DocumentStatus.QUARANTINED else status,
            reason=document.reason,
            pages=document.pages,
            report=document.report,
            seconds=seconds,
        )

    def to_json(self) -> Json:
        """The row as the contract writes it."""
        mean = self.report.mean_ocr_confidence
        return {
            "document": self.document,
            "sha256": self.sha256,
            "status": self.status.value,
            "reason": self.reason,
            "pages": self.pages,
            "elements": self.report.elements,
            "pages_ocr": self.report.pages_ocr,
            "pages_native": self.report.pages_native,
            "engines": list(self.report.engines),
            "mean_ocr_confidence": None if mean is None else round(mean, 4),
            "unreadable_pages": list(self.report.unreadable_pages),
            "captions": self.report.captions,
            "languages": list(self.report.languages),
            "warnings": list(self.report.warnings),
            "seconds": round(self.seconds, 3),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestReport:
    """The outcome of every file in the order of their names, the names of removed ones, and wall time.

    ``pages_read`` counts the pages read in this run, unchanged documents and pages kept from an interrupted run left out.
    ``notes`` say what this run had to do without, a line each. ``summaries_written`` counts those that a model wrote in this
    run, ``summaries_kept`` those for which it was asked and that stayed as printed sentences.
    """

    documents: tuple[DocumentRow, ...]
    removed: tuple[str, ...] = ()
    pages_read: int = 0
    seconds: float = 0.0
    notes: tuple[str, ...] = ()
    summaries_written: int = 0
    summaries_kept: int = 0

    @property
    def pages_per_second(self) -> float:
        return self.pages_read / self.seconds if self.seconds > 0 else 0.0

    def count(self, status: Outcome) -> int:
        return sum(row.status is status for row in self.documents)

    @property
    def quarantined(self) -> tuple[DocumentRow, ...]:
        return tuple(row for row in self.documents if row.status is Outcome.QUARANTINED)

    def to_json(self) -> Json:
        """The document that ``mmrag ingest --json`` prints."""
        return {
            "documents": [row.to_json() for row in self.documents],
            "removed": list(self.removed),
            "totals": {
                "documents": len(self.documents),
                **{status.value: self.count(status) for status in Outcome},
                "removed": len(self.removed),
                "pages": sum(row.pages for row in self.documents),
                "pages_read": self.pages_read,
                "elements": sum(row.report.elements for row in self.documents),
                "seconds": round(self.seconds, 3),
                "captions": sum(row.report.captions for row in self.documents),
                "summaries_written": self.summaries_written,
                "summaries_kept": self.summaries_kept,
                "pages_per_second": round(self.pages_per_second, 3),
            },
            "notes": list(self.notes),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesFound:
    """The paths were searched: this many files lie there, and of so many the content has to be read."""

    files: int
    to_read: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentOpened:
    """Reading of a document began. ``kept`` leading pages are there already from an interrupted run."""

    document: str
    pages: int
    kept: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PageStored:
    """One page is in the store (not visible before its document is complete). ``unreadable`` says that reading failed."""

    document: str
    page: int
    unreadable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentFinished:
    """A file has its outcome."""

    row: DocumentRow


@dataclass(frozen=True, slots=True, kw_only=True)
class SummariesDue:
    """Everything is read and can be asked about; summaries of so many documents are written now."""

    documents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryStored:
    """The summary of a page, or of the whole document (``page`` is None), was tried: ``written`` says that a model wrote
    it."""

    document: str
    page: int | None
    written: bool


Event: TypeAlias = FilesFound | DocumentOpened | PageStored | DocumentFinished | SummariesDue | SummaryStored
OnEvent: TypeAlias = Callable[[Event], None]
