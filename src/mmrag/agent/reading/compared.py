"""Questions that one value of one document answers wrongly: for the larger of two, for the receipt with the highest total,
for all receipts of a kind. Where the documents were not compared or gone through, nothing is said."""

from __future__ import annotations

import re
from functools import lru_cache

from mmrag.agent.degrees import EARLIER, LARGER, LATER, SMALLER
from mmrag.agent.planwords import plan_words
from mmrag.agent.reading.over import SUPERLATIVES
from mmrag.domain.plans import ConstraintKind, Plan

_MORE_OR_LESS = rf"(?:{LARGER}|{SMALLER}|{LATER}|{EARLIER}|heavier|lighter|longer|shorter)"
COMPARES = re.compile(
    rf"\b(?:which|who)\b[^?]*\b{_MORE_OR_LESS}\b[^?]*\bor\b"
    rf"|\bwhich\b[^?]*\b(?:has|have|had|is|are|was|were|shows?|showed)\s+(?:the\s+)?{_MORE_OR_LESS}\b",
    re.IGNORECASE,
)
"""One value answers no question for the larger of two: where they were not compared, none is said."""
_RANKED = re.compile(rf"\bwhich\s+(?P<papers>[^?]*?)\b(?:{_MORE_OR_LESS}|{SUPERLATIVES})\b", re.IGNORECASE)
_PAPERS = re.compile(
    r"^\W*(?:which|what|list|show|find|name|(?:who|what)\s+are\s+the\s+[a-z -]{3,30}?\s+(?:of|on|in))"
    r"(?:\s+(?:me|are|of|all|the|every|each))*"
    r"\s+(?P<papers>[a-z]+s)\b",
    re.IGNORECASE,
)
_SHORT_PAPERS = frozenset({"receipts", "invoices", "bills", "contracts", "letters", "documents"})
"""A question for several documents is answered by all that fit, or not at all."""


@lru_cache(maxsize=64)
def ranks_papers(question: str) -> bool:
    """True for "which receipt has the highest total": a row of one receipt is no receipt, and its value no comparison."""
    ranked = _RANKED.search(question)
    said = [] if ranked is None else re.findall(r"[a-z]+", ranked["papers"].casefold())
    nouns = [word.removesuffix("s") for word in said if word not in ("of", "the", "these", "two", "all")]
    return any(noun in plan_words().genres for noun in nouns[:2])


def lists_papers(plan: Plan) -> bool:
    """True for "which receipts were paid in cash", asked of all documents: a value of one of them is not what is asked."""
    if plan.document is not None or any(c.kind is not ConstraintKind.GENRE for c in plan.constraints):
        return False
    found = _PAPERS.search(plan.asked)
    return found is not None and found["papers"].casefold() in _SHORT_PAPERS
