"""Canonical bytes and content ids: the same content has the same id on every machine and in every run."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias, Union, cast

Json: TypeAlias = Union[bool, int, float, str, Sequence["Json"], Mapping[str, "Json"], None]
"""What JSON can hold. Used where bytes are made, never to pass records between modules."""


def _plain(value: object) -> object:
    """What the encoder takes, of a mapping or a sequence that it does not know."""
    return dict(value) if isinstance(value, Mapping) else list(cast(Sequence[object], value))


_ENCODER: Final = json.JSONEncoder(
    sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=_plain
)


def canonical_bytes(value: Json) -> bytes:
    """UTF-8 JSON with sorted keys, no spaces and NFC text: equal values give equal bytes.

    Raises ``ValueError`` for NaN and infinities, which have no canonical form.
    """
    text = _ENCODER.encode(value)
    # Parts of NFC text are NFC: where the whole is, as nearly always, no part has to be looked at by itself.
    if not (text.isascii() or unicodedata.is_normalized("NFC", text)):
        text = _ENCODER.encode(_normal(value))
    return text.encode("utf-8", "surrogatepass")


def sha256_hex(data: bytes) -> str:
    """The SHA-256 of ``data`` as 64 lower-case hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def content_id(prefix: str, value: Json) -> str:
    """A short stable id such as ``doc-1f0c...``: ``prefix`` and 24 hexadecimal digits (96 bits) of the content's hash."""
    return f"{prefix}-{sha256_hex(canonical_bytes(value))[:24]}"


def _normal(value: Json) -> Json:
    if isinstance(value, str):
        return value if value.isascii() else unicodedata.normalize("NFC", value)
    if value is None or isinstance(value, int | float):
        return value
    if isinstance(value, Mapping):
        return {k if k.isascii() else unicodedata.normalize("NFC", k): _normal(v) for k, v in value.items()}
    return [_normal(v) for v in value]
