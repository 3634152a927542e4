"""What a question says beside what it asks: how to answer ('Answer in USD millions.'), and on which page to look.

Such words are no words of the document, their quoted examples no names. Units are still read from the whole question.
"""

from __future__ import annotations

import re

_SENTENCE = re.compile(r"(?<=[.?!])\s+(?=[A-Z])")
_TELLS_HOW = re.compile(
    r"(?:please\s+|kindly\s+)?(?:answer|write|give|return|format|save|represent|round|express|report|provide|list|enumerate"
    r"|use|base|address|respond|output|keep|show|state|compute|your|the answer|do not|don['’]t)\b",
    re.IGNORECASE,
)
_NAMES_SOMETHING = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
"""A year is no instruction: such a sentence says what is asked about."""

_ORDINALS = ("first", "second", "third", "fourth", "fifth")
_PAGE = re.compile(
    rf"\b(?:on|of|in|at|from)\s+(?:the\s+)?(?:page\s+(?:no\.?\s*)?(?P<number>\d{{1,4}})(?!\d)"
    rf"|(?P<ordinal>{'|'.join(_ORDINALS)}|last|final)\s+page\b|(?:title\s+page|front\s+page|cover(?:\s+page)?)(?!\s+letter)\b)",
    re.IGNORECASE,
)
_PAGES = re.compile(r"\bpages\b|\bpage\s+\d+\s*(?:-|–|and|to|or|,)\s*(?:page\s+)?\d", re.IGNORECASE)


def page_named(text: str) -> int | None:
    """The page that ``text`` asks about: counted from 1, or -1 for the last; None where it names none or several."""
    found = list(_PAGE.finditer(text))
    if len(found) != 1 or _PAGES.search(text):
        return None
    number, ordinal = found[0]["number"], (found[0]["ordinal"] or "").lower()
    if number is not None:
        return int(number) or None
    return -1 if ordinal in ("last", "final") else _ORDINALS.index(ordinal) + 1 if ordinal else 1


def without_instructions(text: str) -> tuple[str, str]:
    """``text`` without the sentences at its end that say how to answer, and these; nothing is cut off a question that is
    one sentence, or that asks nothing before them.
    """
    sentences = _SENTENCE.split(text)
    kept = len(sentences)
    while kept > 1 and _TELLS_HOW.match(sentences[kept - 1]) and not _NAMES_SOMETHING.search(sentences[kept - 1]):
        kept -= 1
    asks = any(sentence.rstrip().endswith("?") for sentence in sentences[:kept])
    if kept == len(sentences) or not asks:
        return text, ""
    cut = sum(len(sentence) for sentence in sentences[:kept]) + kept - 1
    return text[:cut].rstrip(), text[cut:].strip()
