"""Bytes on disk by their SHA-256: page images."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final

import anyio
import anyio.to_thread

from mmrag.adapters.catalog.connect import translated
from mmrag.domain.hashing import sha256_hex
from mmrag.errors import StoreDamagedError

_AGAIN: Final = "delete the store and ingest its documents again"


class FileBlobs:
    """``Blobs`` as files ``ab/cd/abcd...`` under ``root``. A file is either whole or not there."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._incoming = root / "incoming"
        self._limiter = anyio.CapacityLimiter(4)

    async def put(self, data: bytes) -> str:
        return await anyio.to_thread.run_sync(self._put, data, limiter=self._limiter)

    async def get(self, digest: str) -> bytes:
        return await anyio.to_thread.run_sync(self._get, digest, limiter=self._limiter)

    async def discard(self, digests: Sequence[str]) -> None:
        def work() -> None:
            for digest in digests:
                self._path(digest).unlink(missing_ok=True)

        await anyio.to_thread.run_sync(work, limiter=self._limiter)

    async def tidy(self) -> None:
        """Drop what an interrupted run had not finished writing. Only for the one process that writes the store."""
        await anyio.to_thread.run_sync(partial(shutil.rmtree, self._incoming, ignore_errors=True), limiter=self._limiter)

    def _path(self, digest: str) -> Path:
        if len(digest) != 64 or not set(digest) <= set("0123456789abcdef"):
            raise StoreDamagedError(f"{digest[:80]!r} is not the digest of a stored file: {_AGAIN}.")
        return self._root / digest[:2] / digest[2:4] / digest

    def _put(self, data: bytes) -> str:
        digest = sha256_hex(data)
        path = self._path(digest)
        with translated(self._root):
            # A file of another length was cut short by something other than us: write it anew.
            if path.is_file() and path.stat().st_size == len(data):
                return digest
            is_new = not path.parent.is_dir()
            path.parent.mkdir(parents=True, exist_ok=True)
            self._incoming.mkdir(exist_ok=True)
            with NamedTemporaryFile(dir=self._incoming, delete=False) as file:
                try:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                    os.replace(file.name, path)
                except BaseException:
                    with contextlib.suppress(OSError):
                        os.unlink(file.name)
                    raise
            for folder in (path.parent, path.parent.parent, self._root) if is_new else (path.parent,):
                _sync_folder(folder)
        return digest

    def _get(self, digest: str) -> bytes:
        path = self._path(digest)
        try:
            data = path.read_bytes()
        except FileNotFoundError as error:
            raise StoreDamagedError(f"{path} is missing: {_AGAIN}.") from error
        if sha256_hex(data) != digest:
            raise StoreDamagedError(f"{path} has changed since it was stored: {_AGAIN}.")
        return data


def _sync_folder(folder: Path) -> None:
    """Make a rename survive a power cut. Windows cannot open folders, and needs no such call."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
