"""PDF files by pdfium: opened once a worker, drawn one page at a time."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
from numpy.typing import NDArray

from mmrag.domain.geometry import BBox
from mmrag.errors import DamagedFileError, EncryptedFileError, TooLargeError
from mmrag_ingest.images import LONGEST_SIDE
from mmrag_ingest.pdf_marks import attachments_of
from mmrag_ingest.records import Limits
from mmrag_ingest.sources import printable_name

_POINTS_PER_INCH = 72.0
_PAGES_OPEN = 64
_UNLOCK = "give it with --password or ingest.passwords_file, or save a copy without one"
_OTHER_LOCK = "the PDF is locked in a way that is not read here: save a copy without it"
_NAMES_SAID, _NAME_WIDTH = 5, 60
_WHOLE = BBox(0.0, 0.0, 1.0, 1.0)


@dataclass(slots=True)
class _Cache:
    """The one document that is open. Keeping it open makes page 300 take the time that page 3 did.

    pdfium keeps what it has decoded of every page, so after ``_PAGES_OPEN`` pages the document is opened anew: then page 300
    takes the memory that page 3 did as well.
    """

    key: tuple[str, int, int] | None = None
    pages: int = 0
    document: pdfium.PdfDocument | None = field(default=None)


_cache = _Cache()


def survey(path: Path, limits: Limits, passwords: Sequence[str] = ()) -> tuple[int, tuple[str, ...]]:
    """The number of pages, and what a person should know of the whole file.

    Raises the errors of ``opened`` and ``TooLargeError`` over ``limits.max_pages``.
    """
    document = opened(path, passwords)
    pages = len(document)
    if pages > limits.max_pages:
        raise TooLargeError(f"the PDF has {pages:,} pages, more than the {limits.max_pages:,} that ingest.max_pages allows")
    return pages, tuple(_notes(attachments_of(document)))


def _notes(attached: tuple[str, ...]) -> Iterator[str]:
    """The content of a portfolio is in files that it carries: nothing of them is read, and nobody should think so."""
    if attached:
        names = [printable_name(name)[:_NAME_WIDTH] for name in attached[:_NAMES_SAID]]
        more = f" and {len(attached) - _NAMES_SAID} more" if len(attached) > _NAMES_SAID else ""
        what = "a file is attached to it" if len(attached) == 1 else f"{len(attached)} files are attached to it"
        yield f"{what} and not read ({', '.join(names)}{more}): save and ingest what is needed"


def opened(path: Path, passwords: Sequence[str] = ()) -> pdfium.PdfDocument:
    """The document at ``path``, opened if it is not the one already open. ``passwords`` are tried in turn if it is locked.

    Raises ``EncryptedFileError`` or ``DamagedFileError``.
    """
    status = path.stat()
    key = (str(path), status.st_mtime_ns, status.st_size)
    if _cache.key == key and _cache.document is not None:
        return _cache.document
    close()
    document = _unlocked(path, passwords)
    _cache.key, _cache.document = key, document
    try:
        document.init_forms()
    except pdfium.PdfiumError:
        # Without the form environment fields are not drawn, everything else is.
        document.formenv = None
    return document


def _unlocked(path: Path, passwords: Sequence[str]) -> pdfium.PdfDocument:
    """The document, by the first password that opens it. Most documents with a password open for reading without one."""
    for password in (None, *passwords):
        try:
            return pdfium.PdfDocument(path, password=password)
        except pdfium.PdfiumError as error:
            code = getattr(error, "err_code", None)
            if code == pdfium_c.FPDF_ERR_SECURITY:
                raise EncryptedFileError(_OTHER_LOCK) from error
            if code != pdfium_c.FPDF_ERR_PASSWORD:
                # pdfium does not tell a document without pages from one that is beyond repair.
                raise DamagedFileError("the PDF is damaged or empty: no page can be found in it") from error
    if not passwords:
        raise EncryptedFileError(f"the PDF needs a password: {_UNLOCK}")
    one = "the password given does not open"
    tried = one if len(passwords) == 1 else f"none of the {len(passwords)} passwords given opens"
    raise EncryptedFileError(f"{tried} the PDF: {_UNLOCK}")


def close() -> None:
    """Close the open document, if there is one."""
    if _cache.document is not None:
        _cache.document.close()
    _cache.key, _cache.document, _cache.pages = None, None, 0


@contextmanager
def page_of(path: Path, number: int, passwords: Sequence[str] = ()) -> Iterator[pdfium.PdfPage]:
    """Page ``number`` (from 1), closed afterwards. Raises ``DamagedFileError`` when that page cannot be loaded."""
    if _cache.pages >= _PAGES_OPEN:
        close()
    document = opened(path, passwords)
    _cache.pages += 1
    try:
        page = document[number - 1]
    except (pdfium.PdfiumError, IndexError) as error:
        raise DamagedFileError(f"page {number} of the PDF is damaged") from error
    try:
        yield page
    finally:
        page.close()


def draw(page: pdfium.PdfPage, limits: Limits) -> NDArray[np.uint8]:
    """Draw the page as displayed (rotation and crop box applied, annotations and form fields drawn), RGB ``(h, w, 3)``.

    At ``limits.dpi``, or less where the page is so large that it would break the pixel limit or ``LONGEST_SIDE``.
    """
    return draw_part(page, limits, _WHOLE, dpi=limits.dpi, longest=LONGEST_SIDE)


def draw_part(page: pdfium.PdfPage, limits: Limits, box: BBox, *, dpi: float, longest: int) -> NDArray[np.uint8]:
    """Draw the part of the displayed page in ``box`` as ``draw`` does, at ``dpi``, or less where one side would have more
    than ``longest`` pixels.
    """
    width, height = page.get_size()
    if not (math.isfinite(width) and math.isfinite(height) and width > 0 and height > 0):
        raise DamagedFileError("the page has no size")
    wide, high = max(box.width * width, 1.0), max(box.height * height, 1.0)
    scale = min(dpi / _POINTS_PER_INCH, longest / max(wide, high), math.sqrt(limits.max_pixels / (wide * high)))
    left, top, right, low = box.to_pixels(width, height)
    crop = (left, height - low, width - right, top)
    try:
        bitmap = page.render(scale=scale, rev_byteorder=True, limit_image_cache=True, crop=crop)
    except (pdfium.PdfiumError, ValueError) as error:
        raise DamagedFileError("the page cannot be drawn") from error
    try:
        return np.ascontiguousarray(bitmap.to_numpy()[:, :, :3])
    finally:
        bitmap.close()
