"""File names of uploads. What a client calls a file decides nothing about where it goes."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePosixPath
from typing import Final

from pathvalidate import sanitize_filename

FALLBACK: Final = "document"
_MOST_BYTES: Final = 160
_MOST_SUFFIX: Final = 16
_INVISIBLE: Final = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp"))


def safe_name(raw: str) -> str:
    """The last part of ``raw`` as a name that every file system takes: no folders, no control or direction marks, no device
    names of Windows, not hidden, at most 160 bytes of UTF-8. ``document`` when nothing is left.
    """
    last = re.split(r"[/\\]", raw)[-1]
    visible = "".join(c for c in unicodedata.normalize("NFC", last) if unicodedata.category(c) not in _INVISIBLE)
    clean = sanitize_filename(visible, platform="universal", replacement_text="_", max_len=None).strip(" .")
    if not clean.strip("_"):
        return FALLBACK
    suffix = PurePosixPath(clean).suffix
    suffix = suffix if len(suffix.encode()) <= _MOST_SUFFIX else ""
    stem = clean[: len(clean) - len(suffix)]
    return _cut(stem, _MOST_BYTES - len(suffix.encode())) + suffix


def numbered(name: str, number: int) -> str:
    """``scan.pdf`` as ``scan (2).pdf``."""
    path = PurePosixPath(name)
    return f"{path.stem} ({number}){path.suffix}"


def _cut(text: str, most: int) -> str:
    """``text`` cut to ``most`` bytes of UTF-8, between characters."""
    return text.encode()[:most].decode(errors="ignore").rstrip(" .")
