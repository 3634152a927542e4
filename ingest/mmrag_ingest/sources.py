"""From paths to the files to ingest: folders walked in one fixed order, content looked at, every digest taken."""

from __future__ import annotations

import hashlib
import os
import stat
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mmrag_ingest.records import Source
from mmrag_ingest.sniff import HEAD_BYTES, claims_to_be_readable, is_readable, sniff, why_not

_CHUNK = 1 << 20
_BIDI_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A file that cannot be ingested, and why in one line. It ends in quarantine, never in silence."""

    name: str
    path: Path
    reason: str
    sha256: str = ""
    size: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """What the paths hold. ``skipped`` are names of files in folders that do not even claim to be documents."""

    sources: tuple[Source, ...]
    refused: tuple[Refused, ...]
    skipped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Found:
    path: Path
    name: str
    direct: bool
    problem: str = ""


def discover(paths: Sequence[Path], *, exclude: Iterable[Path] = ()) -> Discovery:
    """Find the files to ingest below ``paths`` (files or folders), in a fixed order, each real file once.

    ``exclude`` are folders never entered (the store itself). Hidden files and folders are left out unless given directly.
    Nothing is raised for a file: what cannot be read is in ``refused``. Blocks on the disk; call it in a thread.
    """
    excluded = frozenset(os.path.realpath(path) for path in exclude)
    seen: set[str] = set()
    sources: list[Source] = []
    refused: list[Refused] = []
    skipped: list[str] = []
    for path in paths:
        for found in _below(Path(path), excluded):
            real = os.path.realpath(found.path)
            if real in seen:
                continue
            seen.add(real)
            entry = _look(found)
            if isinstance(entry, Source):
                sources.append(entry)
            elif isinstance(entry, Refused):
                refused.append(entry)
            else:
                skipped.append(entry)
    return Discovery(sources=tuple(sources), refused=tuple(refused), skipped=tuple(skipped))


def printable_name(name: str) -> str:
    """``name`` made safe to store as UTF-8 and to print on a terminal.

    Bytes that were no UTF-8, control characters, line separators and marks that turn the writing direction become their
    ``\\x..`` or ``\\u....`` escapes; every other character stays as it is.
    """
    return "".join(_printable(character) for character in name)


def location_of(path: Path) -> str:
    """The absolute path as text that can be stored and compared: as it is where it is clean, else with escapes."""
    return printable_name(os.path.abspath(path))


def _printable(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that os.fsdecode could not decode
        return f"\\x{code - 0xDC00:02x}"
    if unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") or character in _BIDI_CONTROLS:
        return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
    return character


def _below(path: Path, excluded: frozenset[str]) -> Iterator[_Found]:
    if path.is_dir():
        if os.path.realpath(path) not in excluded:
            yield from _walk(path, path, excluded, frozenset())
    else:
        yield _Found(path, printable_name(path.name), direct=True)


def _walk(root: Path, folder: Path, excluded: frozenset[str], parents: frozenset[str]) -> Iterator[_Found]:
    """Depth first, names in code point order. ``parents`` are the real paths above: a link back to one is not followed."""
    here = os.path.realpath(folder)
    if here in parents:
        return
    below = parents | {here}
    try:
        names = sorted(os.listdir(folder))
    except OSError as error:
        yield _Found(folder, _relative(root, folder), direct=True, problem=f"the folder cannot be read: {_why(error)}")
        return
    for name in names:
        if name.startswith("."):
            continue
        path = folder / name
        if path.is_dir():
            if os.path.realpath(path) not in excluded:
                yield from _walk(root, path, excluded, below)
        else:
            yield _Found(path, _relative(root, path), direct=False)


def _relative(root: Path, path: Path) -> str:
    relative = path.relative_to(root).as_posix()
    return printable_name(root.name if relative == "." else relative)


def _look(found: _Found) -> Source | Refused | str:
    """Decide about one file: its name alone when it is to be skipped."""
    if found.problem:
        return Refused(name=found.name, path=found.path, reason=found.problem)
    speaks_up = found.direct or claims_to_be_readable(found.name)
    try:
        status = os.stat(found.path)
        if not stat.S_ISREG(status.st_mode):
            reason = "it is not a regular file"
            return Refused(name=found.name, path=found.path, reason=reason) if speaks_up else found.name
        with open(found.path, "rb") as file:
            head = file.read(HEAD_BYTES)
            media_type = sniff(head)
            if media_type is None and not speaks_up:
                return found.name
            digest = hashlib.sha256(head)
            size = len(head)
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
                size += len(chunk)
    except OSError as error:
        reason = f"it cannot be read: {_why(error)}"
        return Refused(name=found.name, path=found.path, reason=reason) if speaks_up else found.name
    sha256 = digest.hexdigest()
    if size and is_readable(media_type):
        return Source(path=Path(os.path.abspath(found.path)), name=found.name, sha256=sha256, size=size)
    reason = why_not(media_type) if size else "the file is empty"
    return Refused(name=found.name, path=found.path, reason=reason, sha256=sha256, size=size)


def _why(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()
