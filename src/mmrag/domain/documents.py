"""Documents, their pages, and what was found on a page."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NamedTuple

from mmrag.domain.geometry import BBox, Polygon
from mmrag.domain.hashing import content_id
from mmrag.domain.pictures import Caption, PageKind


class ElementKind(StrEnum):
    """What a region of a page is."""

    TITLE = "title"
    TEXT = "text"
    LIST = "list"
    KEY_VALUE = "key_value"
    CHECKBOX = "checkbox"
    TABLE = "table"
    FIGURE = "figure"
    PHOTO = "photo"
    CHART = "chart"
    AXIS = "axis"  # of a chart: its numbers, or the names along it
    AXIS_TITLE = "axis_title"  # what an axis says of its numbers or names: "Revenue (in millions)"
    LEGEND = "legend"
    DATA_LABELS = "data_labels"  # the values that a chart prints at its marks
    STAMP = "stamp"
    SIGNATURE = "signature"
    HEADER = "header"
    FOOTER = "footer"
    FOOTNOTE = "footnote"
    FIGURE_CAPTION = "figure_caption"  # printed on the page
    ANNOTATION = "annotation"  # put on a page by a reader of the file: a note, a highlight
    CAPTION = "caption"  # written by a model
    SUMMARY = "summary"
    UNREADABLE = "unreadable"

    def __init__(self, name: str) -> None:
        # Plain attributes, and no properties: a question asks hundreds of elements for them.
        self.is_generated: Final = name in ("caption", "summary")
        """True for text that a model or a summariser wrote: it may lead to evidence, it is never evidence."""
        self.is_part: Final = name in ("axis", "axis_title", "legend", "data_labels")
        """True for a part of a chart: its words are the chart's, and it is found and cited by the chart."""
        self.stands_alone: Final = not (self.is_generated or self.is_part)
        """True for what drafters and critics read: neither generated nor a part of a chart, whose words would come twice."""
        self.is_picture: Final = name in ("figure", "photo", "chart", "stamp", "signature")
        """True for a region that is to be looked at: its words, where it has some, are not what it shows."""


class TextSource(StrEnum):
    """Where the words of a page come from."""

    NATIVE = "native"
    OCR = "ocr"
    NONE = "none"


class DocumentStatus(StrEnum):
    READY = "ready"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One word as printed.

    ``index`` counts from 0 in the page's reading order; ``line`` is the number of the printed line it stands on, counted
    the same way. ``confidence`` is the OCR engine's in ``[0, 1]``, and 1.0 for a native text layer.
    """

    index: int
    line: int
    text: str
    polygon: Polygon
    confidence: float

    @property
    def bbox(self) -> BBox:
        return self.polygon.bbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One table cell; ``row`` and ``column`` count from 0. ``words`` are indexes into ``Page.words``.

    ``error`` is set on a value that no word prints: it was measured on a chart, and is right to within plus or minus this,
    in its own unit. Its ``bbox`` goes around what was measured.
    """

    row: int
    column: int
    text: str
    bbox: BBox
    words: tuple[int, ...] = ()
    row_span: int = 1
    column_span: int = 1
    is_header: bool = False
    error: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """A region of a page that can be found and cited.

    ``ordinal`` counts from 0 in reading order. ``words`` are indexes into ``Page.words`` (empty for figures and generated
    text). ``label`` and ``value`` are set on key-value pairs, and on check boxes: there the option's name, and ``ticked``
    or ``unticked``. ``cells`` are set on tables, on charts whose values are known, on parts of charts, where they are its
    single ticks, names or values in order, and on summaries, where they are the sentences quoted: ``row`` in their order,
    ``column`` the page, ``words`` those of that page. ``section`` is the path of titles above the element. ``belongs_to``
    is the id of another element of the document: of the figure or table that a printed caption is about, of the chart that
    an axis or a legend is a part of, of the table on an earlier page that a table carries on. ``author`` names the model
    that wrote a generated element (``label`` tells the summary of a whole document from that of a page), and ``caption``
    holds the parts of one that describes the picture in ``bbox``.
    """

    id: str
    document_id: str
    page: int
    ordinal: int
    kind: ElementKind
    bbox: BBox
    text: str
    words: tuple[int, ...] = ()
    confidence: float = 1.0
    label: str | None = None
    value: str | None = None
    cells: tuple[Cell, ...] = ()
    section: tuple[str, ...] = ()
    belongs_to: str | None = None
    author: str | None = None
    caption: Caption | None = None

    @property
    def is_of_document(self) -> bool:
        """True for the summary of a whole document, which stands with its first page."""
        return self.kind is ElementKind.SUMMARY and self.label == WHOLE_DOCUMENT


class ElementPlace(NamedTuple):
    """Where an element stands and what it is: all of it that ranking needs, in a tenth of the time that reading it takes."""

    id: str
    document_id: str
    page: int
    ordinal: int
    kind: ElementKind


WHOLE_DOCUMENT: Final = "document"
"""The ``label`` of a summary that is of more than its page."""


def element_id(document_id: str, page: int, ordinal: int, kind: ElementKind, text: str) -> str:
    """The content id of an element: the same document read by the same pipeline has the same ids."""
    return content_id("el", [document_id, page, ordinal, kind.value, text])


def document_id(name: str, sha256: str) -> str:
    """The content id of a document: its name as ingested and its bytes."""
    return content_id("doc", [name, sha256])


class PageRef(NamedTuple):
    """A page by its document's id and its number from 1. A tuple, since a question puts some two thousand of them into
    dictionaries."""

    document_id: str
    page: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page as displayed. ``number`` counts from 1; ``width`` and ``height`` are pixels of the stored page image.

    ``image`` is the SHA-256 of the stored picture in the blob store, None when it could not be drawn. ``kind`` is what the
    image model takes the page for, with ``kind_probability``; None where no image model looked at it. ``language`` is that
    of most of its words, in ISO 639-1, None where they are too few or too mixed to tell.
    """

    document_id: str
    number: int
    width: int
    height: int
    source: TextSource
    confidence: float
    engine: str
    image: str | None = None
    words: tuple[Word, ...] = ()
    elements: tuple[Element, ...] = ()
    warnings: tuple[str, ...] = ()
    kind: PageKind | None = None
    kind_probability: float | None = None
    language: str | None = None
    _text: list[str] = field(default_factory=list, init=False, repr=False, compare=False)

    @property
    def ref(self) -> PageRef:
        return PageRef(document_id=self.document_id, page=self.number)

    @property
    def printed(self) -> tuple[Element, ...]:
        """What stands on the page, without captions and summaries: what is counted wherever elements are counted."""
        return tuple(e for e in self.elements if not e.kind.is_generated)

    @property
    def is_unreadable(self) -> bool:
        """True when nothing could be read although the page is not known to be blank. Single places do not count."""
        kinds = {e.kind for e in self.printed}
        return ElementKind.UNREADABLE in kinds and all(k is ElementKind.UNREADABLE or k.is_picture for k in kinds)

    @property
    def text(self) -> str:
        """The words in reading order, one printed line a line. Put together once: a question asks for it several times."""
        if not self._text:
            lines: dict[int, list[str]] = {}
            for word in self.words:
                lines.setdefault(word.line, []).append(word.text)
            self._text.append("\n".join([" ".join(words) for words in lines.values()]))
        return self._text[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadReport:
    """How the reading of a document went, kept with it.

    ``engines`` read its pages, in the order of their first page. ``notes`` are about the file as a whole; ``warnings`` are
    all there is to say, these and those of single pages. ``languages`` are those of its pages, the commonest first.
    """

    pages_ocr: int = 0
    pages_native: int = 0
    mean_ocr_confidence: float | None = None
    unreadable_pages: tuple[int, ...] = ()
    elements: int = 0
    captions: int = 0
    seconds: float = 0.0
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    engines: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A file that was ingested, or put in quarantine with a ``reason`` that a person understands.

    ``name`` is the path relative to the ingested folder, with forward slashes. ``location`` is the absolute path it was
    read from. ``recipe`` identifies the pipeline and its settings: another recipe means that the file is read again.
    """

    id: str
    name: str
    location: str
    sha256: str
    media_type: str
    size: int
    pages: int
    status: DocumentStatus
    recipe: str
    reason: str | None = None
    report: ReadReport = field(default_factory=ReadReport)
