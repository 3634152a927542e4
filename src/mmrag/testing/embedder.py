"""Text vectors without a model."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mmrag.ports import Vectors

_TOKEN: Final = re.compile(r"\w+")


class HashEmbedder:
    """``TextEmbedder`` by feature hashing (Weinberger et al. 2009): each word adds +1 or -1 to one dimension.

    Texts that share words are near one another, and the same text has the same vector on every machine. A text without
    words gets the first unit vector.
    """

    def __init__(self, dimension: int = 64) -> None:
        self._dimension = dimension

    @property
    def identity(self) -> str:
        return f"hashing-{self._dimension}"

    @property
    def dimension(self) -> int:
        return self._dimension

    async def embed(self, texts: Sequence[str]) -> Vectors:
        import numpy as np

        rows = np.zeros((len(texts), self._dimension), np.float32)
        for row, text in zip(rows, texts, strict=True):
            for token in _TOKEN.findall(text.casefold()):
                digest = hashlib.sha256(token.encode("utf-8", "replace")).digest()
                row[int.from_bytes(digest[:4], "little") % self._dimension] += 1 if digest[4] & 1 else -1
            if not row.any():
                row[0] = 1
        vectors: Vectors = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return vectors
