"""PDF pages: pictures of pages, and a sheet that writes native text. The bytes are the same on every run."""

from __future__ import annotations

import io
from collections.abc import Sequence

from reportlab import rl_config
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from samples.ageing import Picture
from samples.fonts import Face
from samples.records import PagePicture
from samples.sheet import A4, BLACK, Align, Corners, Ink, corners

PAGE_DPI = 200
"""Marks of native pages are given in pixels of the page drawn at this resolution."""


def start_pdf(out: io.BytesIO, title: str) -> Canvas:
    rl_config.invariant = 1
    canvas = Canvas(out, pagesize=A4, pageCompression=1, invariant=1)
    canvas.setTitle(title)
    return canvas


def put_picture(canvas: Canvas, picture: Picture, dpi: int, quality: int = 62) -> None:
    """Fill the current page with a JPEG of the picture and end the page."""
    wide, high = (pixels / dpi * 72 for pixels in picture.image.size)
    canvas.setPageSize((wide, high))
    canvas.drawImage(ImageReader(io.BytesIO(picture.jpeg(quality, dpi=dpi))), 0, 0, wide, high)
    canvas.showPage()


def picture_pdf(pictures: Sequence[Picture], dpi: int, *, title: str) -> bytes:
    out = io.BytesIO()
    canvas = start_pdf(out, title)
    for picture in pictures:
        put_picture(canvas, picture, dpi)
    canvas.save()
    return out.getvalue()


def _colour(ink: Ink) -> tuple[float, float, float]:
    return ink[0] / 255, ink[1] / 255, ink[2] / 255


class PdfSheet:
    """One A4 page of native text and lines; call ``done`` to end it."""

    def __init__(self, canvas: Canvas) -> None:
        self.canvas = canvas
        self.marks: dict[str, Corners] = {}
        canvas.setPageSize(A4)

    def _font(self, face: Face) -> str:
        if face.name not in pdfmetrics.getRegisteredFontNames():
            pdfmetrics.registerFont(TTFont(face.name, str(face.path)))
        return face.name

    def width(self, text: str, face: Face, size: float) -> float:
        return float(pdfmetrics.stringWidth(text, self._font(face), size))

    def text(
        self,
        x: float,
        y: float,
        text: str,
        face: Face,
        size: float,
        *,
        ink: Ink = BLACK,
        align: Align = "left",
        mark: str | None = None,
    ) -> None:
        wide = self.width(text, face, size)
        x -= {"left": 0.0, "right": wide, "center": wide / 2}[align]
        self.canvas.setFont(self._font(face), size)
        self.canvas.setFillColorRGB(*_colour(ink))
        self.canvas.drawString(x, A4[1] - y, text)
        if mark is not None:
            self.marks[mark] = corners(x, y - 0.74 * size, x + wide, y + 0.22 * size) * (PAGE_DPI / 72)

    def rule(self, x0: float, y0: float, x1: float, y1: float, *, thick: float = 0.7, ink: Ink = BLACK) -> None:
        self.canvas.setStrokeColorRGB(*_colour(ink))
        self.canvas.setLineWidth(thick)
        self.canvas.line(x0, A4[1] - y0, x1, A4[1] - y1)

    def box(
        self,
        x0: float,
        y0: float,
        x1: float,
        y1: float,
        *,
        outline: Ink | None = BLACK,
        fill: Ink | None = None,
        thick: float = 0.7,
    ) -> None:
        self.canvas.setLineWidth(thick)
        if outline is not None:
            self.canvas.setStrokeColorRGB(*_colour(outline))
        if fill is not None:
            self.canvas.setFillColorRGB(*_colour(fill))
        self.canvas.rect(x0, A4[1] - y1, x1 - x0, y1 - y0, stroke=int(outline is not None), fill=int(fill is not None))

    def done(self) -> PagePicture:
        self.canvas.showPage()
        return PagePicture(size=(round(A4[0] / 72 * PAGE_DPI), round(A4[1] / 72 * PAGE_DPI)), marks=self.marks)
