"""Links that carry their own leave: a page picture or a crop can be shown by a chat client that holds no token.

The signature is HMAC-SHA256 over the path and the query, with a key that only the store has. A link opens what it names and
nothing else, until it expires.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

SIGNATURE, EXPIRES, STORE = "signature", "expires", "store"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """``now`` gives seconds since the epoch; ``lifetime_s`` is how long a link works."""

    store: str
    key: bytes
    now: Callable[[], float]
    lifetime_s: float

    def sign(self, path: str, query: Mapping[str, str]) -> str:
        """``path`` with its query, the time until which it works, and the signature."""
        # To the full hour: links to the same place stay the same for a while, and a browser's cache can keep them.
        until = int((self.now() + self.lifetime_s) // 3600 + 1) * 3600
        full = {**query, STORE: self.store, EXPIRES: str(until)}
        return f"{path}?{urlencode({**full, SIGNATURE: self._signature(path, full)})}"

    def opens(self, path: str, query: Mapping[str, str]) -> bool:
        """True when ``query`` was signed for ``path`` by this store and has not expired."""
        given = query.get(SIGNATURE, "")
        rest = {name: value for name, value in query.items() if name != SIGNATURE}
        fits = hmac.compare_digest(self._signature(path, rest).encode(), given.encode())
        until = rest.get(EXPIRES, "")
        return fits and until.isascii() and until.isdigit() and self.now() < int(until)

    def _signature(self, path: str, query: Mapping[str, str]) -> str:
        text = f"{path}?{urlencode(sorted(query.items()))}"
        return hmac.new(self.key, text.encode(), hashlib.sha256).hexdigest()
