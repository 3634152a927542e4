"""What a file is, told from its first bytes. The name's ending is never trusted.

Only the formats in ``READABLE`` are ever handed to a decoder: each decoder less is one way less to be attacked. The others
are named so that a person learns why their file was left out.
"""

from __future__ import annotations

from pathlib import PurePath

PDF = "application/pdf"

HEAD_BYTES = 2048
"""How much of a file ``sniff`` wants to see. Readers of PDF accept a header anywhere in the first 1024 bytes."""

READABLE = frozenset(
    {
        PDF,
        "image/png",
        "image/jpeg",
        "image/tiff",
        "image/gif",
        "image/webp",
        "image/bmp",
        "image/jp2",
        "image/x-portable-anymap",
    }
)

_MAGIC: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"II*\x00", "image/tiff"),
    (0, b"MM\x00*", "image/tiff"),
    (0, b"II+\x00", "image/tiff"),
    (0, b"MM\x00+", "image/tiff"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (0, b"BM", "image/bmp"),
    (0, b"\x00\x00\x00\x0cjP  \r\n\x87\n", "image/jp2"),
    (0, b"\xff\x4f\xff\x51", "image/jp2"),
    (0, b"P4", "image/x-portable-anymap"),
    (0, b"P5", "image/x-portable-anymap"),
    (0, b"P6", "image/x-portable-anymap"),
    (0, b"P7 332", "image/x-xv-thumbnail"),
    (0, b"%!PS", "application/postscript"),
    (0, b"\xc5\xd0\xd3\xc6", "application/postscript"),
    (0, b"\x01\xda", "image/x-sgi"),
    (0, b"icns", "image/x-icns"),
    (0, b"DDS ", "image/x-dds"),
    (0, b"8BPS", "image/vnd.adobe.photoshop"),
    (0, b"\x76\x2f\x31\x01", "image/x-exr"),
    (0, b"\x00\x00\x01\x00", "image/x-icon"),
    (0, b"AT&TFORM", "image/vnd.djvu"),
    (0, b"\x0a\x05\x01", "image/x-pcx"),
)

_BOX_BRANDS = {b"heic": "image/heic", b"heix": "image/heic", b"mif1": "image/heic", b"avif": "image/avif"}

_NAMES = {
    "image/x-xv-thumbnail": "an XV thumbnail",
    "application/postscript": "a PostScript or EPS drawing",
    "image/x-sgi": "an SGI picture",
    "image/x-icns": "an Apple icon",
    "image/x-dds": "a DDS texture",
    "image/vnd.adobe.photoshop": "a Photoshop picture",
    "image/x-exr": "an OpenEXR picture",
    "image/x-icon": "a Windows icon",
    "image/vnd.djvu": "a DjVu document",
    "image/x-pcx": "a PCX picture",
    "image/heic": "a HEIC photo",
    "image/avif": "an AVIF picture",
}

_CLAIMING_SUFFIXES = frozenset(
    {".pdf", ".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".tif", ".tiff", ".gif", ".webp", ".bmp", ".dib"}
    | {".jp2", ".j2k", ".jpx", ".pbm", ".pgm", ".ppm", ".pnm"}
)


def sniff(head: bytes) -> str | None:
    """The media type that the first bytes of a file show, or None when they are of no picture or document known here."""
    if len(head) >= 12 and head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if len(head) >= 12 and head[4:8] == b"ftyp":
        return _BOX_BRANDS.get(head[8:12])
    for offset, magic, media_type in _MAGIC:
        if head.startswith(magic, offset):
            return media_type
    if b"%PDF-" in head[:1024]:
        return PDF
    return None


def claims_to_be_readable(name: str) -> bool:
    """True when the ending of ``name`` promises a format that is read here."""
    return PurePath(name).suffix.lower() in _CLAIMING_SUFFIXES


def why_not(media_type: str | None) -> str:
    """One line for a person on why a file of this type (None: unknown) is not read."""
    if media_type is None:
        return "it is not a PDF or image: its content is of no format read here"
    name = _NAMES.get(media_type, f"of type {media_type}")
    return f"it is {name}, which is not read: save it as PDF, PNG, JPEG or TIFF"
