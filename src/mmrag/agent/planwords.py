"""The word lists of ``planning.toml``, compiled once."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from mmrag.domain.plans import AnswerType

_START = r"[(\[]?[A-ZÄÖÜÉÈÀÇÑ][^\s?\"“”]*"
_NEXT = r"[(\[]?[A-Z0-9ÄÖÜÉÈÀÇÑ][^\s?\"“”]*"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanWords:
    genres: frozenset[str]
    genre: str
    """The genres as alternatives of a pattern, longest first."""
    stop: frozenset[str]
    name_run: re.Pattern[str]
    """Capitalised words in a row, with connectors between them."""
    after_genre: re.Pattern[str]
    """What follows 'receipt from', in whatever case; group 1."""
    leading: re.Pattern[str]
    """Question words in front of a capitalised run."""
    trailing: re.Pattern[str]
    """Connectors and months left behind a run."""
    genre_phrase: re.Pattern[str]
    """'on the political advertising contract, order or invoice': it only says what kind of document is meant."""
    types: tuple[tuple[AnswerType, re.Pattern[str]], ...]

    def content(self, text: str) -> str:
        """The words of ``text`` that are not stop words, in order."""
        words = re.findall(r"[^\W_](?:[\w'’/&-]*[^\W_])?", text)
        return " ".join(w for w in words if w.lower() not in self.stop)


@lru_cache(maxsize=1)
def plan_words() -> PlanWords:
    data = tomllib.loads(files("mmrag.agent").joinpath("planning.toml").read_text(encoding="utf-8"))
    genre = "|".join(sorted(map(re.escape, data["genres"]), key=len, reverse=True))
    connector = "|".join(data["connectors"].split())
    label_next = r"(?!\s+(?:number|no\.|date|total|amount)\b)"
    return PlanWords(
        genres=frozenset(data["genres"]),
        genre=genre,
        stop=frozenset(data["stop"].split()),
        name_run=re.compile(rf"{_START}(?:\s+(?:(?:{connector}|[&/–.+-])\s+)*{_NEXT}|\s+[&/.])*"),
        after_genre=re.compile(
            rf"(?i:\b(?:{genre})s?\s+(?:from|of|by|for|issued by|filed by|signed by)\s+(?!the\b|this\b|an?\b))(.+?)"
            r"(?=\s+(?:dated|with|whose|that|which|issued|start|end|as|for the|on|in|due)\b|,\s+(?![A-Z])|\s*[?(;]|\s*$)",
        ),
        leading=re.compile(
            r"^(?:(?:What|Which|Who|Whose|How|When|Where|Why|In|On|At|By|Describe|According|Is|Are|Was|Were|Did|Does|Do|Has|Have|List|Compare)\b[\s,]*)+"
        ),
        trailing=re.compile(rf"(?:\s+(?:{connector}))+\s*$"),
        genre_phrase=re.compile(
            r"\b(?:(?:on|in|of|from|for|at|by|under|according to|as printed on)\s+(?:(?:the|this|that|its|their|an?)\s+)?"
            r"|(?:the|this|that|its|their|an?)\s+)"
            rf"(?:(?!(?:date|number|total|amount|name|on|in|of|from|for|at|by|to|with)\b)[\w/-]+\s+){{0,3}}?(?:{genre})s?"
            rf"(?:,?\s+(?:or\s+|and\s+)?(?:{genre})s?)*\b{label_next}"
            r"(?:\s+(?:on|about)\s+(?!the\b)[a-z-]+(?:\s+[a-z-]+){0,2}(?=\s*(?:[?,]|$)))?",
            re.IGNORECASE,
        ),
        types=tuple((AnswerType(rule["type"]), re.compile("|".join(rule["any"]), re.IGNORECASE)) for rule in data["types"]),
    )
