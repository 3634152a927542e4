"""What a PDF page carries beside its print: values of form fields, and annotations. Read in a worker process.

Must be read before form fields are merged into the page (``native.merge_form_fields``), which takes annotations away.
"""

from __future__ import annotations

import ctypes
import math
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from mmrag.domain.geometry import BBox
from mmrag_ingest.mark_records import Annotation, FormField, MarkKind, Marks
from mmrag_ingest.native import Frame

MOST_MARKS: Final = 1_000
"""Fields and annotations of one page that are looked at."""
MOST_CHARACTERS: Final = 10_000
"""Of one value or note; what is longer is cut."""
_MOST_BYTES: Final = 1 << 20

_KINDS: Final = {
    pdfium_c.FPDF_ANNOT_TEXT: MarkKind.NOTE,
    pdfium_c.FPDF_ANNOT_FREETEXT: MarkKind.NOTE,
    pdfium_c.FPDF_ANNOT_CARET: MarkKind.NOTE,
    pdfium_c.FPDF_ANNOT_STAMP: MarkKind.STAMP,
    pdfium_c.FPDF_ANNOT_HIGHLIGHT: MarkKind.HIGHLIGHT,
    pdfium_c.FPDF_ANNOT_UNDERLINE: MarkKind.UNDERLINE,
    pdfium_c.FPDF_ANNOT_SQUIGGLY: MarkKind.UNDERLINE,
    pdfium_c.FPDF_ANNOT_STRIKEOUT: MarkKind.STRUCK_OUT,
    pdfium_c.FPDF_ANNOT_SQUARE: MarkKind.DRAWN,
    pdfium_c.FPDF_ANNOT_CIRCLE: MarkKind.DRAWN,
    pdfium_c.FPDF_ANNOT_LINE: MarkKind.DRAWN,
    pdfium_c.FPDF_ANNOT_POLYGON: MarkKind.DRAWN,
    pdfium_c.FPDF_ANNOT_POLYLINE: MarkKind.DRAWN,
    pdfium_c.FPDF_ANNOT_INK: MarkKind.DRAWN,
    pdfium_c.FPDF_ANNOT_FILEATTACHMENT: MarkKind.FILE,
}
_UNSEEN: Final = pdfium_c.FPDF_ANNOT_FLAG_HIDDEN | pdfium_c.FPDF_ANNOT_FLAG_NOVIEW

_TEXTS: Final = frozenset(
    {pdfium_c.FPDF_FORMFIELD_TEXTFIELD, pdfium_c.FPDF_FORMFIELD_COMBOBOX, pdfium_c.FPDF_FORMFIELD_LISTBOX}
)
_CHOICES: Final = frozenset({pdfium_c.FPDF_FORMFIELD_COMBOBOX, pdfium_c.FPDF_FORMFIELD_LISTBOX})
_BOXES: Final = frozenset({pdfium_c.FPDF_FORMFIELD_CHECKBOX, pdfium_c.FPDF_FORMFIELD_RADIOBUTTON})
_SAYS_SOMETHING: Final = re.compile(r"[^\W\d_]{3,}")
_NOT_A_NAME: Final = re.compile(
    r"\[\d+\]|^(text|field|check ?box|radio|button|undefined|untitled|untagged)[ _.\d]*$", re.IGNORECASE
)
"""Names of fields that a program gave them: ``f1_02[0]``, ``Text7``."""

_Fill = Callable[[object, int], int]


def marks_of(page: pdfium.PdfPage) -> Marks:
    """The form fields and annotations of ``page`` that are meant to be seen, in the order of the file. Raises nothing."""
    frame = Frame(page)
    fields: list[FormField] = []
    annotations: list[Annotation] = []
    for index in range(min(pdfium_c.FPDFPage_GetAnnotCount(page), MOST_MARKS)):
        with _annotation(page, index) as annot:
            if not annot or pdfium_c.FPDFAnnot_GetFlags(annot) & _UNSEEN:
                continue
            box = _box(annot, frame)
            if box is None:
                continue
            kind = pdfium_c.FPDFAnnot_GetSubtype(annot)
            if kind == pdfium_c.FPDF_ANNOT_WIDGET:
                fields += _field(page.formenv, annot, box)
            elif kind in _KINDS:
                annotations += _mark(annot, _KINDS[kind], box, frame)
    return Marks(fields=tuple(fields), annotations=tuple(annotations))


def attachments_of(document: pdfium.PdfDocument) -> tuple[str, ...]:
    """The names of the files that a PDF carries (a portfolio has little else), at most ``MOST_MARKS``."""
    names = []
    for index in range(min(pdfium_c.FPDFDoc_GetAttachmentCount(document), MOST_MARKS)):
        attachment = pdfium_c.FPDFDoc_GetAttachment(document, index)
        names.append(_attachment_name(attachment) if attachment else "")
    return tuple(name or "a file without a name" for name in names)


@contextmanager
def _annotation(page: pdfium.PdfPage, index: int) -> Iterator[object]:
    annot = pdfium_c.FPDFPage_GetAnnot(page, index)
    try:
        yield annot
    finally:
        if annot:
            pdfium_c.FPDFPage_CloseAnnot(annot)


def _field(formenv: object, annot: object, box: BBox) -> Iterator[FormField]:
    """The field of a widget that holds text or has a state."""
    if formenv is None:
        return
    kind = pdfium_c.FPDFAnnot_GetFormFieldType(formenv, annot)
    label = _label(formenv, annot)
    if kind in _BOXES:
        ticked = bool(pdfium_c.FPDFAnnot_IsChecked(formenv, annot))
        group = ""
        if kind == pdfium_c.FPDF_FORMFIELD_RADIOBUTTON:  # all buttons of a group share its name
            exported = _text(lambda buffer, size: pdfium_c.FPDFAnnot_GetFormFieldExportValue(formenv, annot, buffer, size))
            group, label = label, exported if _is_name(exported) else ""
        yield FormField(label=label, value="", box=box, ticked=ticked, group=group)
    elif kind in _TEXTS:
        flags = pdfium_c.FPDFAnnot_GetFormFieldFlags(formenv, annot)
        if kind == pdfium_c.FPDF_FORMFIELD_TEXTFIELD and flags & pdfium_c.FPDF_FORMFLAG_TEXT_PASSWORD:
            return
        value = _text(lambda buffer, size: pdfium_c.FPDFAnnot_GetFormFieldValue(formenv, annot, buffer, size))
        chosen = _chosen(formenv, annot) if kind in _CHOICES else ""
        yield FormField(label=label, value=chosen or value, box=box)


def _chosen(formenv: object, annot: object) -> str:
    """What a list shows as chosen, one choice a line: its value may be a code that nobody sees."""
    count = min(pdfium_c.FPDFAnnot_GetOptionCount(formenv, annot), MOST_MARKS)
    chosen = [n for n in range(count) if pdfium_c.FPDFAnnot_IsOptionSelected(formenv, annot, n)]
    return "\n".join(filter(None, (_option(formenv, annot, n) for n in chosen)))


def _option(formenv: object, annot: object, number: int) -> str:
    return _text(lambda buffer, size: pdfium_c.FPDFAnnot_GetOptionLabel(formenv, annot, number, buffer, size))


def _label(formenv: object, annot: object) -> str:
    """What a person calls the field: its description, else its name where that is a word."""
    said = _text(lambda buffer, size: pdfium_c.FPDFAnnot_GetFormFieldAlternateName(formenv, annot, buffer, size))
    if said:
        return " ".join(said.split())
    name = _text(lambda buffer, size: pdfium_c.FPDFAnnot_GetFormFieldName(formenv, annot, buffer, size)).split(".")[-1]
    return name if _is_name(name) else ""


def _is_name(text: str) -> bool:
    return bool(_SAYS_SOMETHING.search(text)) and not _NOT_A_NAME.search(text)


def _mark(annot: object, kind: MarkKind, box: BBox, frame: Frame) -> Iterator[Annotation]:
    text = _value(annot, b"Contents")
    areas = tuple(_areas(annot, frame)) if kind.is_on_text else ()
    if kind is MarkKind.FILE:
        attachment = pdfium_c.FPDFAnnot_GetFileAttachment(annot)
        text = (_attachment_name(attachment) if attachment else "") or text
    if text or areas:
        yield Annotation(kind=kind, text=text, author=" ".join(_value(annot, b"T").split()), box=box, areas=areas)


def _areas(annot: object, frame: Frame) -> Iterator[BBox]:
    """The places of text that an annotation lies on."""
    points = pdfium_c.FS_QUADPOINTSF()
    for index in range(min(pdfium_c.FPDFAnnot_CountAttachmentPoints(annot), MOST_MARKS)):
        if pdfium_c.FPDFAnnot_GetAttachmentPoints(annot, index, points):
            xs, ys = (points.x1, points.x2, points.x3, points.x4), (points.y1, points.y2, points.y3, points.y4)
            box = _on_page(frame, min(xs), min(ys), max(xs), max(ys))
            if box is not None:
                yield box


def _box(annot: object, frame: Frame) -> BBox | None:
    rect = pdfium_c.FS_RECTF()
    if not pdfium_c.FPDFAnnot_GetRect(annot, rect):
        return None
    return _on_page(frame, rect.left, rect.bottom, rect.right, rect.top)


def _on_page(frame: Frame, left: float, bottom: float, right: float, top: float) -> BBox | None:
    """The box in page fractions, None when it lies off the page."""
    if not all(map(math.isfinite, (left, bottom, right, top))):
        return None
    x0, y0, x1, y1 = frame.corners(left, bottom, right, top)
    if not all(map(math.isfinite, (x0, y0, x1, y1))) or x1 <= 0 or y1 <= 0 or x0 >= 1 or y0 >= 1:
        return None
    return BBox.clamped(x0, y0, x1, y1)


def _value(annot: object, key: bytes) -> str:
    return _text(lambda buffer, size: pdfium_c.FPDFAnnot_GetStringValue(annot, key, buffer, size))


def _attachment_name(attachment: object) -> str:
    return _text(lambda buffer, size: pdfium_c.FPDFAttachment_GetName(attachment, buffer, size))


def _text(fill: _Fill) -> str:
    """A string of pdfium: asked for its length in bytes first, then for UTF-16 with a zero at its end."""
    size = int(fill(None, 0))
    if not 2 < size <= _MOST_BYTES:
        return ""
    buffer = ctypes.create_string_buffer(size)
    fill(ctypes.cast(buffer, ctypes.POINTER(ctypes.c_ushort)), size)
    text = buffer.raw[: size - 2].decode("utf-16-le", errors="replace").replace("\0", "")
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()[:MOST_CHARACTERS]
