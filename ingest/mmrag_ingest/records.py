"""What passes between the stages of reading a page. Everything here can be pickled: it crosses process borders."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from mmrag.domain.documents import Page, TextSource
from mmrag.domain.geometry import BBox, Polygon
from mmrag.domain.rereading import Way
from mmrag.domain.values import FoundValue


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Guards against files made to exhaust a reader. Pixels are counted per page after decoding; ``page_s`` is the time in
    seconds after which a page is given up."""

    dpi: int = 200
    max_pixels: int = 60_000_000
    max_pages: int = 5_000
    max_file_bytes: int = 1_000_000_000
    page_s: float = 18.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file to ingest. ``name`` is relative to the ingested folder, with forward slashes."""

    path: Path
    name: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What a look at the file's own structure says: its real type, whatever its name ends in, its pages, and ``notes`` on
    the file as a whole for a person. ``seconds`` is what looking took, without waiting for a core.
    """

    media_type: str
    pages: int
    notes: tuple[str, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PageTask:
    """An order to a worker: read page ``number`` (from 1) of ``path``. ``passwords`` are tried when it is locked."""

    path: Path
    media_type: str
    document_id: str
    number: int
    limits: Limits
    passwords: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionTask:
    """An order to a worker: draw the part of page ``number`` (from 1) in ``box`` once more, and read it in each of ``ways``.

    ``sha256`` is what the file had when it was read: a file that has changed since is another one. With ``stored``, an
    encoded picture of the whole page, the file is not touched. ``longest`` bounds the sides of the picture in pixels;
    ``passwords`` are tried when the file is locked.
    """

    path: Path
    sha256: str
    media_type: str
    number: int
    box: BBox
    longest: int
    limits: Limits
    ways: tuple[Way, ...] = ()
    stored: bytes | None = field(default=None, repr=False)
    passwords: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RawWord:
    """A word before reading order is known. ``line`` numbers the engine's own text lines from 0."""

    text: str
    polygon: Polygon
    confidence: float
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RawPage:
    """Words as the text layer or the OCR engine gave them, with polygons on the page as displayed.

    ``figures`` are picture regions known from the file itself. ``turn``: quarter turns counter-clockwise that make the page
    upright. ``unread`` are places with print that gave no text.
    """

    width: int
    height: int
    source: TextSource
    engine: str
    confidence: float
    words: tuple[RawWord, ...]
    figures: tuple[BBox, ...] = ()
    turn: int = 0
    unread: tuple[BBox, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRead:
    """A worker's result: the understood page, the encoded page picture (JPEG or PNG), its values, and seconds spent."""

    page: Page
    picture: bytes = field(repr=False)
    values: tuple[FoundValue, ...]
    seconds: float
