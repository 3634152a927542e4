"""The token and the signing key of a store: made once, kept in its folder, readable by its owner only."""

from __future__ import annotations

import hmac
import os
import secrets
from hashlib import sha256
from pathlib import Path
from typing import Final

from mmrag.errors import StoreError

TOKEN_FILE: Final = "serve.token"  # noqa: S105  # a file's name
KEY_FILE: Final = "serve.key"


def kept_token(store: Path) -> str:
    """The token of the store, made when there is none. Raises ``StoreError`` when it can neither be read nor kept."""
    return _kept(store / TOKEN_FILE)


def kept_key(store: Path) -> bytes:
    """The key that links are signed with, made when there is none. Raises ``StoreError``."""
    return sha256(_kept(store / KEY_FILE).encode()).digest()


def same(one: str, other: str) -> bool:
    """Compared in a time that does not depend on where they differ, nor on their lengths."""
    return hmac.compare_digest(sha256(one.encode()).digest(), sha256(other.encode()).digest())


def _kept(path: Path) -> str:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            known = path.read_text(encoding="ascii").strip()
            if known:
                return known
            handle = os.open(path, os.O_WRONLY | os.O_TRUNC, 0o600)
        made = secrets.token_urlsafe(32)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(f"{made}\n")
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError(f"{path} can neither be read nor written: make the store's folder writable.") from error
    return made
