"""From a file to pictures of its pages, one at a time: what it is, how many pages it has, and what page N looks like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mmrag.errors import DamagedFileError, EmptyFileError, TooLargeError, UnsupportedFormatError
from mmrag_ingest import images, native, pdf, pdf_marks
from mmrag_ingest.mark_records import Marks
from mmrag_ingest.native import TextLayer
from mmrag_ingest.records import Limits, PageTask, Probe
from mmrag_ingest.sniff import HEAD_BYTES, PDF, is_readable, sniff, why_not


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A page as displayed: RGB, shape ``(h, w, 3)``. ``layer`` is the text layer of a PDF page, None for pictures; ``marks``
    are the form fields and annotations of a PDF page.
    """

    picture: NDArray[np.uint8] = field(repr=False)
    layer: TextLayer | None = None
    marks: Marks = field(default_factory=Marks)
    warnings: tuple[str, ...] = ()

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return int(self.picture.shape[1]), int(self.picture.shape[0])


def probe(path: Path, limits: Limits, passwords: Sequence[str] = ()) -> Probe:
    """Find out what ``path`` really is and count its pages. ``passwords`` are tried when it is locked.

    Raises an ``UnreadableFileError`` whose message is one line for a person: unsupported, encrypted, damaged, empty or
    too large. Hostile files can crash a decoder: call it in a worker process.
    """
    try:
        size = path.stat().st_size
        with open(path, "rb") as file:
            media_type = sniff(file.read(HEAD_BYTES))
    except OSError as error:
        raise DamagedFileError(f"it cannot be read: {(error.strerror or 'unknown error').lower()}") from error
    if size == 0:
        raise EmptyFileError("the file is empty")
    if size > limits.max_file_bytes:
        raise TooLargeError(
            f"the file has {size:,} bytes, more than the {limits.max_file_bytes:,} that ingest.max_file_bytes allows"
        )
    if media_type is None or not is_readable(media_type):
        raise UnsupportedFormatError(why_not(media_type))
    pages, notes = (
        pdf.survey(path, limits, passwords) if media_type == PDF else (images.frames(path, media_type, limits), ())
    )
    if pages < 1:
        raise EmptyFileError("the file has no pages")
    if pages > limits.max_pages:
        raise TooLargeError(f"the file has {pages:,} pages, more than the {limits.max_pages:,} that ingest.max_pages allows")
    return Probe(media_type=media_type, pages=pages, notes=notes)


def render(task: PageTask) -> Rendered:
    """Draw the page of ``task``. Raises an ``UnreadableFileError`` when it cannot be drawn."""
    if task.media_type != PDF:
        picture, notes = images.decode(task.path, task.media_type, task.number, task.limits)
        return Rendered(picture=picture, warnings=notes)
    with pdf.page_of(task.path, task.number, task.passwords) as page:
        picture = pdf.draw(page, task.limits)
        marks = pdf_marks.marks_of(page)
        merged = native.merge_form_fields(page)
        layer = None if merged else native.text_layer(page)
    if layer is None:
        # Only a page loaded anew shows the merged fields.
        with pdf.page_of(task.path, task.number, task.passwords) as page:
            layer = native.text_layer(page)
    return Rendered(picture=picture, layer=layer, marks=marks)
