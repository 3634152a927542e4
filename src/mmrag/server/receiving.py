"""Uploads, straight from the wire to the disk: ``multipart/form-data``, by the parser of python-multipart.

Nothing is held in memory but one piece, nothing is written but files, and what goes wrong leaves nothing behind.
"""

from __future__ import annotations

import errno
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

import anyio.to_thread
from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header

from mmrag.server.problems import Problem

_PIECE: Final = 1 << 20
"""Bytes that are collected before a worker thread writes them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A file that arrived. ``name`` is what the client calls it, as it came."""

    name: str
    path: Path
    size: int


async def receive(
    body: AsyncIterator[bytes], content_type: str, folder: Path, *, most_bytes: int, most_files: int
) -> tuple[Received, ...]:
    """Write the files of the body below ``folder``. Raises ``Problem``: 400, 413, 415; then ``folder`` is as it was."""
    kind, options = parse_options_header(content_type)
    boundary = options.get(b"boundary")
    if kind != b"multipart/form-data" or not boundary:
        raise Problem(415, "not_multipart", "Send the files as multipart/form-data: curl -F file=@scan.pdf URL")
    parts = _Parts(folder=folder, most_files=most_files)
    try:
        parser = MultipartParser(boundary, parts.callbacks())  # type: ignore[arg-type]  # a TypedDict of these very names
        total, piece = 0, bytearray()
        async for chunk in body:
            total += len(chunk)
            if total > most_bytes:
                message = f"The upload is larger than {most_bytes} bytes (serve.max_upload_bytes)."
                raise Problem(413, "upload_too_large", message)
            piece += chunk
            if len(piece) >= _PIECE:
                await anyio.to_thread.run_sync(parser.write, bytes(piece))
                piece.clear()
        await anyio.to_thread.run_sync(parser.write, bytes(piece))
        if not parts.complete:
            raise Problem(400, "incomplete_upload", "The upload ends before it is complete. Send it again.")
        if not parts.received:
            raise Problem(400, "no_files", "The upload has no files in it: every part needs a file name.")
    except BaseException as error:
        await anyio.to_thread.run_sync(parts.discard)
        if isinstance(error, (MultipartParseError, ValueError)):
            raise Problem(400, "bad_multipart", "The upload is not valid multipart/form-data.") from error
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise Problem(507, "disk_full", "The server's disk is full.") from error
        raise
    return tuple(parts.received)


@dataclass(slots=True, kw_only=True)
class _Parts:
    """The callbacks of the parser. Blocking: they run in worker threads, one at a time."""

    folder: Path
    most_files: int
    received: list[Received] = field(default_factory=list)
    complete: bool = False
    _header: bytearray = field(default_factory=bytearray)
    _value: bytearray = field(default_factory=bytearray)
    _disposition: bytes = b""
    _name: str = ""
    _file: IO[bytes] | None = None
    _size: int = 0

    def callbacks(self) -> dict[str, object]:
        return {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, start, end: self._header.extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
            "on_header_end": self._header_end,
            "on_headers_finished": self._open,
            "on_part_data": self._write,
            "on_part_end": self._close,
            "on_end": self._end,
        }

    def discard(self) -> None:
        """Remove everything that was written."""
        if self._file is not None:
            self._file.close()
            Path(self._file.name).unlink(missing_ok=True)
            self._file = None
        for file in self.received:
            file.path.unlink(missing_ok=True)

    def _begin(self) -> None:
        self._disposition = b""

    def _header_end(self) -> None:
        if bytes(self._header).lower() == b"content-disposition":
            self._disposition = bytes(self._value)
        self._header.clear()
        self._value.clear()

    def _open(self) -> None:
        _, options = parse_options_header(self._disposition)
        raw = options.get(b"filename")
        if raw is None:
            return  # a form's other fields: read over, not kept
        if len(self.received) >= self.most_files:
            message = f"More than {self.most_files} files in one upload (serve.max_upload_files)."
            raise Problem(413, "too_many_files", message)
        self._name = raw.decode("utf-8", "replace")
        self._file = tempfile.NamedTemporaryFile(dir=self.folder, delete=False)  # noqa: SIM115  # closed in _close
        self._size = 0

    def _write(self, data: bytes, start: int, end: int) -> None:
        if self._file is not None:
            self._file.write(data[start:end])
            self._size += end - start

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self.received.append(Received(name=self._name, path=Path(self._file.name), size=self._size))
            self._file = None

    def _end(self) -> None:
        self.complete = True
