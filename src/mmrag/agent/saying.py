"""What questions say in ways of their own: short numbers of documents, months behind names, how something was paid."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from mmrag.agent.planwords import plan_words
from mmrag.domain.plans import Constraint, month_of_any_year
from mmrag.domain.values import Value, ValueKind
from mmrag.values.folding import fold
from mmrag.values.months import MONTH_PATTERN, MONTHS

IN_A_MONTH = re.compile(
    rf"(?:\s+(?:receipt|invoice|bill|ticket|order)s?)?\s+(?:in|for|of|during|from)\s+(?:the\s+month\s+of\s+)?(?P<month>{MONTH_PATTERN})\b(?!\.?\s+\d)",
    re.IGNORECASE,
)
_HOW_PAID = re.compile(
    r"^\W*(?:and\s+)?how\s+(?:is|was|were|are|did|has)\s+(?P<subject>[^?]{2,120}?)\s+(?:(?:been\s+)?paid(?:\s+for)?|pa(?:y|id))\s*\?*$",
    re.IGNORECASE,
)
"""'How was the receipt from X paid' asks for no amount."""
_ABOUT_IT = re.compile(r"^ on (?:it|(?:that|this)(?: one)?|they|he|she|the (?:customer|buyer|client|guest))$", re.IGNORECASE)
_SHORT_CODE = re.compile(r"\b[A-Z]{1,6}[-/]?\d{1,2}\b(?![\w./-]*\d)")


def in_plain_words(question: str) -> str:
    """'How was the receipt from X paid?' as the question for its payment method; any other question as it is."""
    paid = _HOW_PAID.match(question)
    return question if paid is None else f"What was the payment method{_ABOUT_IT.sub('', ' on ' + paid['subject'])}?"


def short_codes(text: str) -> list[Value]:
    """'invoice INV-2', 'invoices A-1 and A-2': numbers of documents that are too short to be told by their shape."""
    lead = _before_code()
    codes = (m for m in _SHORT_CODE.finditer(text) if lead.search(text[: m.start()]))
    return [
        Value(kind=ValueKind.IDENTIFIER, text=m.group(), start=m.start(), end=m.end(), normals=(m.group(),)) for m in codes
    ]


@lru_cache(maxsize=1)
def _before_code() -> re.Pattern[str]:
    listed = r"(?:[\w/-]*\d[\w/-]*\s*(?:,|,?\s+(?:and|or|than|with))\s+)*"
    genre = rf"\b(?:{plan_words().genre})s?\s+(?:(?:numbers?|nos?\.?|nr\.?|#)\s*)?"
    return re.compile(rf"(?:^|{genre}{listed})$", re.IGNORECASE)


def months_behind(text: str, names: Sequence[tuple[int, int, str]]) -> list[Constraint]:
    """'at Corner Deli in March': the month behind a name tells which of its documents is meant, where there are several."""
    found = (IN_A_MONTH.match(text[end:]) for _, end, _ in names)
    months = {m["month"]: MONTHS[fold(m["month"])] for m in found if m is not None}
    return [month_of_any_year(name, number) for name, number in months.items()]
