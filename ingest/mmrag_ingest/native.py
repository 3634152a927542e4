"""The text layer of a PDF page: words with boxes, and what is needed to judge whether it can be believed."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Iterator
from dataclasses import dataclass

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c

from mmrag.domain.geometry import BBox, Polygon
from mmrag_ingest.records import RawWord

_DEVICE = 1_000_000
"""pdfium maps points to whole device pixels: a device this large keeps six digits of the fraction."""

_MAX_CHARS = 200_000
_HYPHENS = {0x02: "-", 0xFFFE: "-", 0xAD: "-"}
"""How pdfium marks a hyphen at the end of a line."""

_GAP = 0.35
"""A jump to the right of this many letter heights starts a new word even without a space."""

_LEAST_IMAGE = 0.01
"""Images below this share of the page are decoration: logos, rules, bullets."""


@dataclass(frozen=True, slots=True)
class _Char:
    text: str
    box: BBox | None
    invisible: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TextLayer:
    """What a PDF says about the text of a page.

    ``invisible`` is the share of characters in text render mode 3 (an OCR layer under a scan). ``outside`` is the share of
    characters whose box lies off the page. ``images`` are the boxes of larger images.
    """

    words: tuple[RawWord, ...] = ()
    images: tuple[BBox, ...] = ()
    invisible: float = 0.0
    outside: float = 0.0

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)


class Frame:
    """Maps page space (points, origin bottom left, before rotation) to fractions of the page as displayed."""

    def __init__(self, page: pdfium.PdfPage) -> None:
        self._page = page
        origin, right, up = self._device(0.0, 0.0), self._device(1000.0, 0.0), self._device(0.0, 1000.0)
        self._origin = origin
        self._dx = ((right[0] - origin[0]) / 1000.0, (right[1] - origin[1]) / 1000.0)
        self._dy = ((up[0] - origin[0]) / 1000.0, (up[1] - origin[1]) / 1000.0)

    def _device(self, x: float, y: float) -> tuple[float, float]:
        to_x, to_y = ctypes.c_int(), ctypes.c_int()
        pdfium_c.FPDF_PageToDevice(self._page, 0, 0, _DEVICE, _DEVICE, 0, x, y, to_x, to_y)
        return to_x.value / _DEVICE, to_y.value / _DEVICE

    def point(self, x: float, y: float) -> tuple[float, float]:
        return (
            self._origin[0] + x * self._dx[0] + y * self._dy[0],
            self._origin[1] + x * self._dx[1] + y * self._dy[1],
        )

    def corners(self, left: float, bottom: float, right: float, top: float) -> tuple[float, float, float, float]:
        """The box in page fractions, not cut to the page: ``(x0, y0, x1, y1)`` with ``x0 <= x1``, ``y0 <= y1``."""
        ax, ay = self.point(left, bottom)
        bx, by = self.point(right, top)
        return min(ax, bx), min(ay, by), max(ax, bx), max(ay, by)


def text_layer(page: pdfium.PdfPage) -> TextLayer:
    """Read the text layer of ``page``, values of form fields included. Raises nothing: a broken layer is an empty one."""
    frame = Frame(page)
    images = tuple(_images(page, frame))
    try:
        textpage = page.get_textpage()
    except pdfium.PdfiumError:
        return TextLayer(images=images)
    try:
        chars, outside = _chars(textpage, frame)
    finally:
        textpage.close()
    drawn = [c for c in chars if c.box is not None and not c.text.isspace()]
    return TextLayer(
        words=tuple(_words(chars)),
        images=images,
        invisible=sum(c.invisible for c in drawn) / len(drawn) if drawn else 0.0,
        outside=outside,
    )


def merge_form_fields(page: pdfium.PdfPage) -> bool:
    """Make the values of form fields part of the page's text, in memory only. True when the page must be loaded again."""
    if pdfium_c.FPDFPage_GetAnnotCount(page) < 1:
        return False
    return bool(pdfium_c.FPDFPage_Flatten(page, pdfium_c.FLAT_NORMALDISPLAY) == pdfium_c.FLATTEN_SUCCESS)


def _chars(textpage: pdfium.PdfTextPage, frame: Frame) -> tuple[list[_Char], float]:
    """All characters in pdfium's order, and the share of them that lies off the page."""
    raw = textpage.raw
    chars: list[_Char] = []
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    modes: dict[int, bool] = {}
    outside = total = 0
    high = 0
    for index in range(min(textpage.count_chars(), _MAX_CHARS)):
        code = pdfium_c.FPDFText_GetUnicode(raw, index)
        if 0xD800 <= code < 0xDC00:
            high = code
            continue
        if 0xDC00 <= code < 0xE000:
            code = 0x10000 + ((high - 0xD800) << 10) + (code - 0xDC00) if high else 0xFFFD
            high = 0
        text = _HYPHENS.get(code) or (chr(code) if 0 < code < 0x110000 else "\ufffd")
        if text in "\r\n" or pdfium_c.FPDFText_IsGenerated(raw, index) == 1:
            chars.append(_Char("\n" if text in "\r\n" else text, None, False))
            continue
        if not pdfium_c.FPDFText_GetCharBox(raw, index, left, right, bottom, top):
            chars.append(_Char(text, None, False))
            continue
        x0, y0, x1, y1 = frame.corners(left.value, bottom.value, right.value, top.value)
        if not all(map(math.isfinite, (x0, y0, x1, y1))):
            continue
        if not text.isspace():
            total += 1
            if x1 <= 0.0 or y1 <= 0.0 or x0 >= 1.0 or y0 >= 1.0:
                outside += 1
                continue
        chars.append(_Char(text, BBox.clamped(x0, y0, x1, y1), _is_invisible(raw, index, modes)))
    return chars, outside / total if total else 0.0


def _is_invisible(raw: object, index: int, modes: dict[int, bool]) -> bool:
    handle = pdfium_c.FPDFText_GetTextObject(raw, index)
    if not handle:
        return False
    address = ctypes.cast(handle, ctypes.c_void_p).value or 0
    if address not in modes:
        modes[address] = pdfium_c.FPDFTextObj_GetTextRenderMode(handle) == pdfium_c.FPDF_TEXTRENDERMODE_INVISIBLE
    return modes[address]


def _words(chars: list[_Char]) -> Iterator[RawWord]:
    """Cut the characters into words at spaces, line ends and wide gaps.

    A new line starts where pdfium breaks one, and where the next character stands far above or below.
    """
    line = 0
    run: list[_Char] = []
    last: _Char | None = None
    for char in chars:
        falls = last is not None and not char.text.isspace() and _falls(last, char)
        if char.text.isspace() or falls or (run and _jumps(run[-1], char)):
            if run:
                yield _word(run, line)
                run = []
            if char.text == "\n" or falls:
                line, last = line + 1, None
        if char.box is not None and not char.text.isspace():
            run.append(char)
            last = char
    if run:
        yield _word(run, line)


def _jumps(last: _Char, char: _Char) -> bool:
    if last.box is None or char.box is None:
        return False
    height = max(last.box.height, char.box.height)
    width = max(last.box.width, char.box.width)
    # Fractions of a page that is not square: compare along x with widths, along y with heights.
    gap = max(0.0, char.box.x0 - last.box.x1, last.box.x0 - char.box.x1)
    return gap > max(_GAP * height, 1.5 * width)


def _falls(last: _Char, char: _Char) -> bool:
    """True for a character so far above or below the last one that it is of another line."""
    if last.box is None or char.box is None:
        return False
    drop = max(0.0, char.box.y0 - last.box.y1, last.box.y0 - char.box.y1)
    return drop > 2.0 * max(last.box.height, char.box.height) + 0.002


def _word(run: list[_Char], line: int) -> RawWord:
    box = BBox.around(char.box for char in run if char.box is not None)
    return RawWord(text="".join(char.text for char in run), polygon=Polygon.from_bbox(box), confidence=1.0, line=line)


def _images(page: pdfium.PdfPage, frame: Frame) -> Iterator[BBox]:
    try:
        for image in page.get_objects(filter=[pdfium_c.FPDF_PAGEOBJ_IMAGE], max_depth=4):
            bounds = _bounds(image)
            if bounds is None:
                continue
            x0, y0, x1, y1 = frame.corners(*bounds)
            if all(map(math.isfinite, (x0, y0, x1, y1))):
                box = BBox.clamped(x0, y0, x1, y1)
                if box.area >= _LEAST_IMAGE:
                    yield box
    except pdfium.PdfiumError:
        return


def _bounds(image: pdfium.PdfObject) -> tuple[float, float, float, float] | None:
    try:
        left, bottom, right, top = image.get_bounds()
    except pdfium.PdfiumError:
        return None
    return float(left), float(bottom), float(right), float(top)
