"""Questions for who made a document: its cover, its first pages and its last tell. Pure."""

from __future__ import annotations

import re
from enum import StrEnum

_MADE = (
    r"(?:wr(?:o|i)te|written|author(?:ed)?|present(?:ed)?|prepar(?:ed|e)|creat(?:ed|e)|ma[dk]e|compil(?:ed|e)|produc(?:ed|e)"
    r"|publish(?:ed)?|edit(?:ed)?|research(?:ed)?|develop(?:ed)?)"
)
_WORK = (
    r"(?:report|deck|slides?|presentation|document|paper|study|analysis|plan|survey|guide|manual|article|brochure|talk|lecture"
    r"|publication)"
)
_PERSON = re.compile(
    rf"\bwho\s+(?:is|are|was|were)\s+the\s+(?:main\s+|lead\s+)?(?:authors?|presenters?|speakers?|writers?|editors?|creators?)\b"
    rf"|\bwho\s+{_MADE}\s+(?:the|this|that|these)\s+(?:[\w-]+\s+){{0,2}}?{_WORK}"
    rf"|\b(?:by\s+whom|who)\s+(?:is|are|was|were|has|have)?\s*(?:the|this)\s+(?:[\w-]+\s+){{0,2}}?{_WORK}\s+{_MADE}"
    rf"|\bnames?\s+of\s+(?:the|its)\s+(?:authors?|presenters?|speakers?|writers?|editors?)\b",
    re.IGNORECASE,
)
_FIRM = re.compile(
    rf"\b(?:which|what)\s+(?:company|firm|organi[sz]ation|agency|institute|institution|publisher|body)\s+{_MADE}\s+"
    rf"(?:the|this|that|these)\s+(?:[\w-]+\s+){{0,2}}?{_WORK}"
    rf"|\b(?:company|firm|organi[sz]ation|agency|institute|institution)\s+(?:that|which|who)\s+{_MADE}\s+(?:the|this)\s+"
    rf"(?:[\w-]+\s+){{0,2}}?{_WORK}|\bwho\s+(?:is|was)\s+the\s+publisher\b",
    re.IGNORECASE,
)
_WHEN = re.compile(
    rf"\bwhen\s+(?:was|were|is)\s+(?:the|this|that)\s+(?:[\w-]+\s+){{0,2}}?{_WORK}\s+(?:{_MADE}|released|issued|dated|revised)"
    rf"|\bdate\s+(?:is\s+)?on\s+(?:the|its)\s+(?:cover|front\s+page|title\s+page|title\s+slide|first\s+slide)\b"
    rf"|\b(?:publication|release|issue)\s+date\s+of\s+(?:the|this)\b|\bdate\s+of\s+(?:the|this)\s+{_WORK}",
    re.IGNORECASE,
)
_FOR = re.compile(
    rf"\bfor\s+whom\s+(?:is|was|were)\s+(?:the|this)\s+(?:[\w-]+\s+){{0,2}}?{_WORK}\s+{_MADE}"
    rf"|\bwho(?:m)?\s+(?:is|was|were)\s+(?:the|this)\s+(?:[\w-]+\s+){{0,2}}?{_WORK}\s+{_MADE}\s+for\b",
    re.IGNORECASE,
)
FIRST = 3
"""Pages that may hold what a cover says."""


class Maker(StrEnum):
    """What a question about a document as a whole asks for."""

    PERSON = "person"
    FIRM = "firm"
    DATE = "date"
    CLIENT = "client"


def maker_asked(question: str) -> Maker | None:
    """Who, which firm, when or for whom, where ``question`` asks that of a document; None where it asks something else."""
    if _FOR.search(question):
        return Maker.CLIENT
    if _FIRM.search(question):
        return Maker.FIRM
    if _PERSON.search(question):
        return Maker.PERSON
    return Maker.DATE if _WHEN.search(question) else None
