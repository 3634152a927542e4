"""Small files made for tests: pictures in odd modes, PDFs with odd pages, and files that are not what they say."""

from __future__ import annotations

import base64
import zipfile
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


def raw_pdf(path: Path, objects: Sequence[str]) -> Path:
    """A PDF of these objects, numbered from 1; the first is the catalog."""
    data, offsets = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(data))
        data += f"{number} 0 obj\n{body}\nendobj\n".encode("latin-1")
    table = "".join(f"{offset:010} 00000 n \n" for offset in offsets)
    end = f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}"
    end += f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{len(data)}\n%%EOF\n"
    path.write_bytes(data + end.encode("ascii"))
    return path


def stream(content: str, entries: str = "") -> str:
    return f"<< {entries} /Length {len(content)} >>\nstream\n{content}\nendstream"


def marked_pdf(path: Path, marks: Sequence[str], *, printed: str = "", rotation: int = 0) -> Path:
    """One page of 400 by 300 points with ``marks``, each the entries of an annotation; ``printed`` stands at 50, 200.

    Object 5 is an appearance that draws nothing; widgets among the marks are fields of the document's form.
    """
    first = 6
    kids = [f"{first + n} 0 R" for n in range(len(marks))]
    fields = [kid for kid, mark in zip(kids, marks, strict=True) if "/Widget" in mark]
    font = "<< /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >>"
    return raw_pdf(
        path,
        [
            f"<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [{' '.join(fields)}] /DR {font} /DA (/F1 12 Tf 0 g) >> >>",
            "<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 400 300] /Rotate {rotation} /Contents 4 0 R"
            f" /Resources {font} /Annots [{' '.join(kids)}] >>",
            stream(f"BT /F1 18 Tf 50 200 Td ({printed}) Tj ET"),
            stream("", "/Type /XObject /Subtype /Form /BBox [0 0 1 1]"),
            *(f"<< /Type /Annot {mark} >>" for mark in marks),
        ],
    )


def portfolio(path: Path, names: Sequence[str]) -> Path:
    """A cover page that carries files of these names."""
    pdf(path, [[(50, 200, "See the files")]])
    document = pdfium.PdfDocument(path.read_bytes())
    for name in names:
        document.new_attachment(name).set_data(b"content")
    document.save(str(path))
    return path


def email() -> bytes:
    return b"Received: from a by b\r\nFrom: ada@example.org\r\nSubject: The rent\r\nMIME-Version: 1.0\r\n\r\nHello\r\n"


def zip_bytes(*names: str) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, "content")
    return buffer.getvalue()


HEIC = base64.b64decode(
    "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAX1tZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAAACJpbG9jAAAAAERAAAEA"
    "AQAAAAABoQABAAAAAAAAAEAAAAAjaWluZgAAAAAAAQAAABVpbmZlAgAAAAABAABodmMxAAAAAA5waXRtAAAAAAABAAAA/WlwcnAAAADdaXBjbwAAAHZodmND"
    "AQNwAAAAkAAAAAAAHvAA/P34+AAADwNgAAEAGEABDAH//wNwAAADAJAAAAMAAAMAHroCQGEAAQAqQgEBA3AAAAMAkAAAAwAAAwAeoCCBBZbq5Ka5uAhoMCAA"
    "AAMDIAAAAwAhYgABAAZEAcFzwIkAAAATY29scm5jbHgAAQANAAaAAAAAFGlzcGUAAAAAAAAAQAAAAEAAAAAoY2xhcAAAAEAAAAABAAAAMAAAAAEAAAAAAAAA"
    "Av////AAAAACAAAAEHBpeGkAAAAAAwgICAAAABhpcG1hAAAAAAAAAAEAAQWBAgMFhAAAAEhtZGF0AAAAPCgBrxmAGJUUyQDgyh4Xu3FyYAZdYRETiYryZwEE"
    "GicGemi+g0P6jVOTBehnWBUbV/oROTeg022UAgC7pQ=="
)
"""64 x 48 pixels, white with a black rectangle at the top left; written by libheif."""
