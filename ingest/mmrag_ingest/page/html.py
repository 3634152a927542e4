"""The report of an ingestion as a page. Everything from files and their names is data: escaped, never read as HTML."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Final

from mmrag.errors import UsageError
from mmrag.ports import Blobs, Catalog
from mmrag_ingest.page.collect import DocumentCard, PageCard, cards
from mmrag_ingest.report import IngestReport, Outcome

PAGE_FILE: Final = "index.html"
GOOD, FAIR = 0.9, 0.75
"""Mean confidence from which a page counts as well read, and under which as badly."""
POOR: Final = "poor"
_MOST_WARNINGS: Final = 12
_MOST_OPEN: Final = 40
"""Files whose pages are all unfolded; of more, only those with something to look at are."""


async def write_page(report: IngestReport, folder: Path, catalog: Catalog, blobs: Blobs) -> Path:
    """Write the page into ``folder``, which is made where it is not there. Returns its path.

    Raises ``UsageError`` when the folder cannot be written to.
    """
    text = page_html(report, [card async for card in cards(report, catalog, blobs)])
    path = folder / PAGE_FILE
    try:
        await asyncio.to_thread(_write, path, text)
    except OSError as error:
        why = (error.strerror or "unknown error").lower()
        raise UsageError(f"The report cannot be written to {str(folder)!r}: {why}.") from error
    return path


def page_html(report: IngestReport, documents: Sequence[DocumentCard]) -> str:
    """The whole page as text. ``documents`` has a card for each row of the report, in their order."""
    from jinja2 import Environment, StrictUndefined

    source = resources.files("mmrag_ingest.page").joinpath("report.html.j2").read_text(encoding="utf-8")
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(source).render(
        tiles=_tiles(report),
        notes=report.notes,
        quarantined=[card for card in documents if card.row.reason],
        doubtful=[card for card in documents if card.row.report.unreadable_pages],
        poor=[(card, numbers) for card in documents if (numbers := [p.number for p in card.pages if grade(p) == POOR])],
        noted=[card for card in documents if card.notes],
        documents=[(f"d{n}", card) for n, card in enumerate(documents, start=1)],
        removed=report.removed,
        grade=grade,
        percent=_percent,
        runs=runs,
        most_warnings=_MOST_WARNINGS,
        most_open=_MOST_OPEN,
        good=GOOD,
        fair=FAIR,
    )


def grade(page: PageCard) -> str:
    """How well a page was read, as one word."""
    if page.unreadable:
        return "unreadable"
    if page.source != "ocr":
        return "blank" if page.source == "none" else "exact"
    return "good" if page.confidence >= GOOD else "fair" if page.confidence >= FAIR else POOR


def runs(numbers: Sequence[int]) -> str:
    """Page numbers with neighbours joined: ``1-3, 7``."""
    parts: list[list[int]] = []
    for number in sorted(numbers):
        if parts and number == parts[-1][-1] + 1:
            parts[-1].append(number)
        else:
            parts.append([number])
    return ", ".join(str(part[0]) if len(part) == 1 else f"{part[0]}-{part[-1]}" for part in parts)


def _tiles(report: IngestReport) -> list[tuple[str, str, str]]:
    """The figures to see first: what, how much, and a remark."""
    rows = report.documents
    unreadable = sum(len(row.report.unreadable_pages) for row in rows)
    ocr = sum(row.report.pages_ocr for row in rows)
    confidence = sum((row.report.mean_ocr_confidence or 0.0) * row.report.pages_ocr for row in rows)
    stored = ", ".join(f"{report.count(s)} {s.value}" for s in Outcome if report.count(s) and s is not Outcome.QUARANTINED)
    speed = f"{report.pages_read} read now, {report.pages_per_second:.2f} a second" if report.pages_read else "none read now"
    return [
        ("Files", f"{len(rows):,}", stored or "none stored"),
        ("Pages", f"{sum(row.pages for row in rows):,}", speed),
        ("In quarantine", f"{report.count(Outcome.QUARANTINED):,}", "files that could not be read"),
        ("Unreadable pages", f"{unreadable:,}", "in files that were stored"),
        ("Confidence of OCR", _percent(confidence / ocr if ocr else None), f"over {ocr:,} pages read by OCR"),
        ("Time", f"{report.seconds:,.1f} s", "of this run"),
    ]


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f} %"


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
