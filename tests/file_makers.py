"""Small files made for tests: pictures in odd modes, PDFs with odd pages, and files that are not what they say."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import pypdfium2 as pdfium
from mmrag_ingest.records import Limits, PageTask
from PIL import Image, ImageDraw
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

PAGE = (400, 300)
"""Points: a page wider than high, so that turning it shows."""

NO_PAGES = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
    b"2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>\n"
)


def picture(size: tuple[int, int] = (120, 80), mode: str = "RGB") -> Image.Image:
    """White with a black square in the upper left quarter: enough to see which way is up."""
    image = Image.new("RGB", size, "white")
    ImageDraw.Draw(image).rectangle((10, 8, size[0] // 3, size[1] // 3), fill="black")
    return image.convert(mode)


def pdf(
    path: Path,
    texts: Sequence[Sequence[tuple[float, float, str]]],
    *,
    size: tuple[float, float] = PAGE,
    rotation: int = 0,
    crop: tuple[float, float, float, float] | None = None,
    password: str = "",
    invisible: bool = False,
    image: tuple[Image.Image, tuple[float, float, float, float]] | None = None,
) -> Path:
    """One page for each list of ``(x, y, text)``, in points from the lower left. ``image`` is put at x, y, width, height.

    ``rotation`` turns the whole page clockwise; ``crop`` is left, bottom, right, top of what is displayed before that.
    """
    lock = StandardEncryption(password, canPrint=1) if password else None
    canvas = Canvas(str(path), pagesize=size, encrypt=lock)
    for page in texts:
        if image is not None:
            canvas.drawImage(ImageReader(image[0]), *image[1])
        for x, y, text in page:
            line = canvas.beginText(x, y)
            line.setFont("Helvetica", 18)
            if invisible:
                line.setTextRenderMode(3)
            line.textOut(text)
            canvas.drawText(line)
        canvas.showPage()
    canvas.save()
    if rotation or crop:
        document = pdfium.PdfDocument(path.read_bytes())
        for page_number in range(len(document)):
            document[page_number].set_rotation(rotation)
            if crop:
                document[page_number].set_cropbox(*crop)
        document.save(str(path))
    return path


def png_bytes(image: Image.Image) -> bytes:
    buffer = BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def task(path: Path, media_type: str = "application/pdf", number: int = 1, limits: Limits | None = None) -> PageTask:
    return PageTask(path=path, media_type=media_type, document_id="doc-1", number=number, limits=limits or Limits())
