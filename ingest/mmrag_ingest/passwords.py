"""Passwords of locked PDFs: from the settings and from a file, never in a log, a reason, or the title of a process."""

from __future__ import annotations

import contextlib
import ctypes
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from mmrag.errors import SettingsError

if TYPE_CHECKING:
    from mmrag.settings import IngestSettings

_ARGUMENTS_START, _ARGUMENTS_END = 48, 49
"""Fields of ``/proc/self/stat``, counted from 1 (proc(5): ``arg_start`` and ``arg_end``)."""


def passwords_of(settings: IngestSettings) -> tuple[str, ...]:
    """All passwords to try, each once, those of the file last. Raises ``SettingsError`` when the file cannot be read."""
    given = [secret.get_secret_value() for secret in settings.passwords]
    if settings.passwords_file is not None:
        given += _lines(settings.passwords_file)
    return tuple(dict.fromkeys(password for password in given if password))


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        why = (error.strerror or "unknown error").lower() if isinstance(error, OSError) else "it is not UTF-8 text"
        raise SettingsError(f"ingest.passwords_file names {file}, which cannot be read: {why}.") from error


def hide_arguments(secrets: Iterable[str]) -> None:
    """Overwrite ``secrets`` in this process's own command line, which every user of the machine can list.

    They can be seen until then, some tenths of a second. Does nothing where the system does not let a process do so.
    """
    if sys.platform != "linux":
        return
    with contextlib.suppress(OSError, ValueError, IndexError):
        # The second field is the program's name in brackets and may hold anything.
        fields = Path("/proc/self/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        start, end = (int(fields[number - 3]) for number in (_ARGUMENTS_START, _ARGUMENTS_END))
        line = ctypes.string_at(start, end - start) if 0 < start < end else b""
        for secret in filter(None, secrets):
            wanted = secret.encode("utf-8", errors="surrogateescape")
            # Whole arguments, or the part after "--password=": a short secret may be part of a path as well.
            for before in (b"\0", b"="):
                at = line.find(before + wanted + b"\0")
                while at >= 0:
                    ctypes.memset(start + at + 1, ord("*"), len(wanted))
                    at = line.find(before + wanted + b"\0", at + 1)
