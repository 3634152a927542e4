"""The patterns of ``aggregate.toml``, compiled once."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from mmrag.domain.aggregates import Field, Operation, Quantity
from mmrag.values.months import MONTH_PATTERN

Pattern = re.Pattern[str]
_AMOUNT = r"(?:rm|usd|eur|gbp|myr|[$€£])?\s*(?P<amount>[0-9][0-9,.]*[0-9]|[0-9])"
_ISSUERS = r"(?:compan(?:y|ies)|stores?|shops?|vendors?|sellers?|merchants?|business(?:es)?|restaurants?|suppliers?)"
_YEAR = r"(?:19|20)[0-9]{2}"
ANY = "document"
"""The kind that every document is of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AggregateWords:
    operations: tuple[tuple[Operation, Pattern], ...]
    pair_operations: tuple[tuple[Operation, Pattern], ...]
    targets: tuple[tuple[str, Quantity, Pattern], ...]
    bounds: tuple[tuple[str, Pattern], ...]
    between: Pattern
    several: Pattern
    """'receipts', 'every receipt': all documents of a kind; group ``genre``."""
    opening: Pattern
    """A list or a count is of documents only when their kind stands right behind its opening words."""
    superlative: Pattern
    """'the receipt with the highest': one of all documents of a kind, though the kind is in the singular."""
    genre: Pattern
    issuers: Pattern
    two: Pattern
    """'the two receipts': a pair that is not named one by one."""
    spending: Pattern
    period: Pattern
    since: Pattern
    printed: Mapping[str, tuple[str, ...]]
    documents: Pattern
    """'list all documents from': of any kind, told by their dates or by what they mention. In other questions for documents,
    such as those that somebody has to hand in, something on a page is asked for."""
    fields: tuple[tuple[Field, Pattern], ...]
    """'the customers of all invoices', 'which customer has the highest invoice': a field of each; group ``genre``."""


@cache
def aggregate_words() -> AggregateWords:
    data = tomllib.loads(files("mmrag.agent").joinpath("aggregate.toml").read_text(encoding="utf-8"))
    genre = rf"(?P<genre>{'|'.join(sorted(map(re.escape, data['genres']), key=len, reverse=True))})"
    one = genre.replace("genre", "one")
    bounds = {name: re.compile(rf"\b(?:{'|'.join(words)})\s+{_AMOUNT}\b") for name, words in data["bounds"].items()}
    month = rf"(?P<month>{MONTH_PATTERN})"
    return AggregateWords(
        operations=tuple((Operation(row["name"]), re.compile("|".join(row["any"]))) for row in data["operations"]),
        pair_operations=tuple((Operation(r["name"]), re.compile("|".join(r["any"]))) for r in data["pair_operations"]),
        targets=tuple((r["target"], Quantity(r["quantity"]), re.compile("|".join(r["any"]))) for r in data["targets"]),
        bounds=tuple(bounds.items()),
        between=re.compile(rf"\bbetween\s+{_AMOUNT}\s+and\s+{_AMOUNT.replace('amount', 'upper')}\b(?![/.-][0-9])"),
        several=re.compile(
            rf"\b{genre}s\b(?!')"
            rf"|\b(?:every|each|any|all)\s+(?:of\s+the\s+|single\s+)?{one}\b"
        ),
        opening=re.compile(
            r"^\W*(?:please\s+)?(?:(?:on|in|of|from)\s+)?"
            r"(?:list|enumerate|name|show|find|give|which|what|how many|count|(?:what is )?the number of)"
            rf"(?:\s+(?:me|are|is|were|of|the|all|every|each|different|single))*\s+(?:{genre}s?\b"
            rf"|{_ISSUERS}\b.*\b{one}s?\b)"
        ),
        superlative=re.compile(
            rf"^\W*(?:which|what)\s+{genre}\s+(?:has|had|is|was|shows?|came|comes)\b"
            rf"|\b(?:the|a)\s+{one}\s+(?:with|that has|that shows|having)\s+the\b"
            rf"|\b(?:expensive|recent)\s+{genre.replace('genre', 'other')}\b|[a-z]est\s+{genre.replace('genre', 'last')}\b"
        ),
        genre=re.compile(rf"\b{genre}s?\b"),
        issuers=re.compile(
            rf"^\W*(?:please\s+)?(?:which|what|list|name|show|find|give)(?:\s+(?:me|all|the|every))*\s+{_ISSUERS}\b"
        ),
        two=re.compile(rf"\b(?:two|both)\s+(?:of\s+the\s+)?{genre}s\b"),
        spending=re.compile(r"\bhow much\b.*\bspen[dt]\b|\btotal spen(?:t|d|ding)\b"),
        period=re.compile(
            rf"\b(?:(?:dated|issued|printed|made|paid|bought)\s+)?(?:in|from|for|of|during|within|dated)\s+(?:the\s+)?"
            rf"(?:month\s+of\s+|year\s+)?(?:{month}\b(?:[\s,]+(?:of\s+)?(?P<year>{_YEAR}))?|(?P<only>{_YEAR}))\b(?![-/.][0-9])"
        ),
        since=re.compile(r"\b(?P<which>before|until|after|since|on or before|on or after)\s+(?:the\s+)?$"),
        documents=re.compile(
            r"^\W*(?:please\s+)?(?:list|enumerate|name|show|find|give|which|what|how many|count)"
            r"(?:\s+(?:me|are|of|the|all|every|each))*"
            r"\s+(?:documents?|files?|papers?)\s+(?:(?:that|which)\s+)?(?:(?:are|is|were|was)\s+)?"
            r"(?:dated|issued|written|printed|made|from|of|in|before|after|since|until|between|mention\w*"
            r"|refer(?:s|ring)? to|name\b|contain\w*)"
        ),
        fields=tuple((Field(row["name"]), _field("|".join(row["any"]), genre)) for row in data["fields"]),
        printed=MappingProxyType({name: tuple(words) for name, words in data["printed"].items()}),
    )


def _field(names: str, genre: str) -> Pattern:
    first = (
        r"(?:most\s+(?:expensive|recent)|latest|newest|oldest|earliest|highest|lowest|largest|smallest|biggest"
        r"|cheapest|dearest)"
    )
    one, last = genre.replace("genre", "one"), genre.replace("genre", "last")
    return re.compile(
        rf"^\W*(?:please\s+)?(?:who|which|what|list|name|show|give|find|enumerate)(?:\s+(?:me|is|are|was|were|all|the|different))*"
        rf"\s+(?:{names})\s+(?:(?:of|on|in|for|from)\s+(?:(?:all|both|every|each|these|those|the|of)\s+)*(?:{genre}s\b|{first}\s+{one}\b)"
        rf"|(?:has|had|have|got)\s+the\s+{first}\s+{last}\b)"
    )
