"""What a file is, told from its first bytes. The name's ending is never trusted.

Only the formats that ``is_readable`` names are ever handed to a decoder: each decoder less is one way less to be attacked.
The others are named so that a person learns why their file was left out, and what to do with it.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.util import find_spec
from pathlib import PurePath
from typing import Final

PDF = "application/pdf"
HEIC: Final = "image/heic"
AVIF: Final = "image/avif"
ZIP: Final = "application/zip"
EMAIL: Final = "message/rfc822"
OFFICE: Final = "application/vnd.openxmlformats-officedocument"
OLD_OFFICE: Final = "application/x-ole-storage"

HEAD_BYTES = 2048
"""How much of a file ``sniff`` wants to see. Readers of PDF accept a header anywhere in the first 1024 bytes."""

_ALWAYS: Final = frozenset(
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
    (0, b"\xff\x0a", "image/jxl"),
    (0, b"\x00\x00\x00\x0cJXL \r\n\x87\n", "image/jxl"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", OLD_OFFICE),
    (0, b"{\\rtf", "text/rtf"),
    (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (0, b"Rar!\x1a\x07", "application/vnd.rar"),
    (0, b"\x1f\x8b\x08", "application/gzip"),
    (257, b"ustar", "application/x-tar"),
)

_BOX_BRANDS: Final = {
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"), HEIC),
    **dict.fromkeys((b"avif", b"avis"), AVIF),
}

_UNPACK = "unpack it and ingest what is in it"
_AS_PDF = "save it as PDF"
_AS_PICTURE = "save it as PDF, PNG, JPEG or TIFF"

_REFUSED: Final[dict[str, tuple[str, str]]] = {
    "image/x-xv-thumbnail": ("an XV thumbnail", _AS_PICTURE),
    "application/postscript": ("a PostScript or EPS drawing", _AS_PICTURE),
    "image/x-sgi": ("an SGI picture", _AS_PICTURE),
    "image/x-icns": ("an Apple icon", _AS_PICTURE),
    "image/x-dds": ("a DDS texture", _AS_PICTURE),
    "image/vnd.adobe.photoshop": ("a Photoshop picture", _AS_PICTURE),
    "image/x-exr": ("an OpenEXR picture", _AS_PICTURE),
    "image/x-icon": ("a Windows icon", _AS_PICTURE),
    "image/vnd.djvu": ("a DjVu document", _AS_PICTURE),
    "image/x-pcx": ("a PCX picture", _AS_PICTURE),
    "image/jxl": ("a JPEG XL picture", _AS_PICTURE),
    AVIF: ("an AVIF picture", _AS_PICTURE),
    HEIC: ("a HEIC photo", "install the reader for it with pip install 'mmrag[heif]', or save it as JPEG"),
    ZIP: ("a ZIP archive", _UNPACK),
    "application/x-7z-compressed": ("a 7-Zip archive", _UNPACK),
    "application/vnd.rar": ("a RAR archive", _UNPACK),
    "application/gzip": ("a compressed file (gzip)", _UNPACK),
    "application/x-tar": ("a tar archive", _UNPACK),
    EMAIL: ("an e-mail", "print the message to PDF, save its attachments, and ingest those"),
    OFFICE: ("an Office document (or another file in a ZIP container)", _AS_PDF),
    OLD_OFFICE: ("an older Office document or an Outlook message", _AS_PDF),
    "text/rtf": ("an RTF document", _AS_PDF),
}

_IN_OFFICE: Final = (b"[Content_Types].xml", b"_rels/.rels", b"mimetypeapplication/vnd.oasis", b"mimetypeapplication/epub")
"""What stands at the start of the ZIP container of a document: these names come first there."""

_MAIL_HEADER: Final = re.compile(
    rb"^(From|To|Received|Return-Path|Delivered-To|Message-ID|MIME-Version|Subject|Date|Reply-To|DKIM-Signature): ?\S",
    re.MULTILINE | re.IGNORECASE,
)
_MAIL_START: Final = re.compile(rb"\A(From \S+|[A-Za-z][A-Za-z0-9-]{1,40}: ?\S)")
_LEAST_HEADERS: Final = 3
"""Different ones, from the first line on: a letter that begins with "To: ..." and "Subject: ..." is no e-mail yet."""

_CLAIMING_SUFFIXES = frozenset(
    {".pdf", ".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".tif", ".tiff", ".gif", ".webp", ".bmp", ".dib"}
    | {".jp2", ".j2k", ".jpx", ".pbm", ".pgm", ".ppm", ".pnm", ".heic", ".heif", ".avif"}
)


@cache
def is_readable(media_type: str | None) -> bool:
    """True for what is handed to a decoder here. HEIC and AVIF are where a decoder for them is installed."""
    if media_type == HEIC:
        return find_spec("pi_heif") is not None
    if media_type == AVIF:
        from PIL import features

        return bool(features.check("avif"))
    return media_type in _ALWAYS


def sniff(head: bytes) -> str | None:
    """The media type that the first bytes of a file show, or None when they are of no picture or document known here."""
    if len(head) >= 12 and head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if len(head) >= 12 and head[4:8] == b"ftyp":
        return _box_type(head)
    for offset, magic, media_type in _MAGIC:
        if head.startswith(magic, offset):
            return media_type
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return OFFICE if any(name in head for name in _IN_OFFICE) else ZIP
    if b"%PDF-" in head[:1024]:
        return PDF
    return EMAIL if _is_email(head) else None


def claims_to_be_readable(name: str) -> bool:
    """True when the ending of ``name`` promises a format that is read here."""
    return PurePath(name).suffix.lower() in _CLAIMING_SUFFIXES


def why_not(media_type: str | None) -> str:
    """One line for a person on why a file of this type (None: unknown) is not read."""
    if media_type is None:
        return "it is not a PDF or image: its content is of no format read here"
    name, what_to_do = _REFUSED.get(media_type, (f"of type {media_type}", _AS_PICTURE))
    return f"it is {name}, which is not read: {what_to_do}"


def _box_type(head: bytes) -> str | None:
    """A file of boxes says its brand first, and after it those that it is compatible with: a video has none of ours."""
    size = int.from_bytes(head[:4], "big")
    brands = [head[8:12], *(head[at : at + 4] for at in range(16, min(size, len(head) - 3), 4))]
    if brands[0] in (b"mif1", b"msf1") and any(_BOX_BRANDS.get(brand) == AVIF for brand in brands):
        return AVIF
    return _BOX_BRANDS.get(brands[0])


def _is_email(head: bytes) -> bool:
    if not _MAIL_START.match(head):
        return False
    top = head.replace(b"\r\n", b"\n").split(b"\n\n", 1)[0]
    return len({name.lower() for name in _MAIL_HEADER.findall(top)}) >= _LEAST_HEADERS
