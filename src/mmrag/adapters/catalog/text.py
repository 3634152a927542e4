"""How text is made ready for searching: plain tokens for BM25, folded letters for names in spite of OCR errors."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_COMPOUND: Final = re.compile(r"\w+(?:[.,:/'’-]\w+)*")
_TOKEN: Final = re.compile(r"\w+")
_FOLD: Final = str.maketrans({"0": "o", "1": "i", "l": "i", "5": "s", "8": "b", "2": "z"})
"""Characters that OCR takes for one another, mapped to one of them (after case folding)."""

_COMMON: Final = frozenset(
    re.findall(
        r"\w+",
        "a an and any are as at be been by can did do does for from had has have how i in is it its me of on or that the"
        " their there these this to was were what when where which who whom whose why will with would you your",
    )
)
"""English function words. They match most elements and tell none apart; only the time to score them would be felt."""


def clean(text: str) -> str:
    """``text`` with lone surrogates, which damaged PDFs contain, replaced: SQLite takes valid text only."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def phrases_of(query: str) -> tuple[str, ...]:
    """The words of ``query`` as FTS5 phrases, each once. Nothing in them is an operator."""
    phrases: dict[str, None] = {}
    query = clean(query)
    for compound in _COMPOUND.findall(query):
        parts = _TOKEN.findall(compound)
        # ``46.65`` is one phrase of two tokens to FTS5: rarer, so worth more, than its parts.
        phrases.update(dict.fromkeys([compound.lower(), *(p.lower() for p in parts if len(p) > 1)]))
    telling = [p for p in phrases if p not in _COMMON] or list(phrases)
    return tuple([f'"{phrase}"' for phrase in telling])


def match_any(query: str) -> str | None:
    """An FTS5 expression that matches any word of ``query``, None when it has none."""
    return " OR ".join(phrases_of(query)) or None


def squash(text: str) -> str:
    """Letters and digits only, case and accents dropped, look-alikes folded: ``A8C l0 Sdn.`` is ``abciosdn``."""
    plain = unicodedata.normalize("NFKD", clean(text)).casefold()
    return "".join(c for c in plain if c.isalnum()).translate(_FOLD)


def trigrams(squashed: str) -> tuple[str, ...]:
    """The different runs of three characters, in the order they first appear."""
    return tuple(dict.fromkeys(squashed[i : i + 3] for i in range(len(squashed) - 2)))
