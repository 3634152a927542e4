"""What is known of a picture, be it a page or a region of one: its caption, and the kind of page it is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mmrag.domain.geometry import BBox
from mmrag.domain.hashing import content_id


class PageKind(StrEnum):
    """What a page is, as a person would sort it. The value is the name that is shown and searched by."""

    RECEIPT = "receipt"
    INVOICE = "invoice"
    CONTRACT = "contract"
    FORM = "form"
    REPORT = "report"
    LETTER = "letter"
    NOTE = "handwritten note"
    SCREENSHOT = "screenshot"
    PRESENTATION = "presentation"
    CHART = "chart"
    TABLE = "table"
    DIAGRAM = "diagram"
    MAP = "map"
    TICKET = "ticket"
    CARD = "card"
    COVER = "cover"
    PHOTO = "photo"
    BLANK = "blank"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caption:
    """What a model says about a picture. It may lead to a page; it is never evidence.

    ``short`` is one line. What the model cannot give is None or empty. ``confidence`` in ``[0, 1]`` is the mean probability
    of the words of ``short``, 1.0 when the model does not tell.
    """

    short: str
    detailed: str | None = None
    keywords: tuple[str, ...] = ()
    alt_text: str | None = None
    confidence: float = 1.0

    @property
    def text(self) -> str:
        """All of it, to be searched: one line each."""
        parts = [self.short, self.detailed or "", ", ".join(self.keywords), self.alt_text or ""]
        return "\n".join(dict.fromkeys(part for part in parts if part))


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A page picture or a region of one that has an image vector. ``element_id`` is None for a whole page."""

    id: str
    document_id: str
    page: int
    bbox: BBox
    element_id: str | None = None


def picture_id(document_id: str, page: int, bbox: BBox) -> str:
    """The content id of a picture: the same region of the same page has the same id."""
    return content_id("pic", [document_id, page, *bbox.as_tuple()])


@dataclass(frozen=True, slots=True, kw_only=True)
class Guess:
    """A label and its probability among the labels that were asked about."""

    label: str
    probability: float
