"""The part of a question that only says how to answer: 'Answer in USD millions.', 'Write it as YYYY-MM.'

Its words are no words of the document, its quoted examples no names. What it says of units is still read from the question.
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
