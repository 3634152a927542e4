"""Claims: a draft taken apart into statements that can be right or wrong on their own."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mmrag.domain.answers import Claim, Draft, Span
from mmrag.domain.plans import AnswerType, Plan

_ITEMS = re.compile(r"\s*(?:\n|;|•|(?:^|(?<=\s))[-*–](?=\s))\s*")
_COMMAS = re.compile(r",\s+")
_SENTENCE_END = re.compile(r"(?<=[.!?])[\"”')\]]?\s+(?=[\"“'(\[]?[A-ZÄÖÜÉ0-9])")
_ABBREVIATED = re.compile(
    r"(?:^|[\s(])(?:[A-Za-z]|no|nr|mr|mrs|ms|dr|st|sdn|bhd|inc|ltd|co|corp|dept|vs|fig|approx|e\.g|i\.e|"
    r"jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\.$",
    re.IGNORECASE,
)
_WORD = re.compile(r"\w+")


def split_claims(plan: Plan, draft: Draft) -> tuple[Claim, ...]:
    """One claim for a short answer, one an item for a list, one a statement for a free answer; none without an answer.

    What was worked out is one claim, followed by one for each operand. Each claim gets the spans whose words it shares.
    Where a statement shares words with none, it leans on all of them: the verifier then says whether they carry it.
    """
    text = (draft.answer or "").strip()
    if not text:
        return ()
    spans = tuple(dict.fromkeys(draft.spans))
    if draft.operands:
        return (Claim(text=text, spans=spans, formula=draft.formula, expression=draft.expression), *draft.operands)
    if draft.items:
        return draft.items
    parts: Sequence[str] = (text,)
    if plan.answer_type is AnswerType.LIST:
        parts = _items(text, len(spans))
    elif plan.answer_type is AnswerType.FREE:
        parts = _statements(text)
    if len(parts) == 1:
        return (Claim(text=text, spans=spans),)
    return tuple(Claim(text=part, spans=_sharing(part, spans)) for part in parts)


def _items(text: str, spans: int) -> tuple[str, ...]:
    """Items stand on lines of their own or between semicolons; between commas only when there are as many spans."""
    items = tuple(part.strip() for part in _ITEMS.split(text) if part.strip())
    if len(items) > 1:
        return items
    by_comma = tuple(part.strip() for part in _COMMAS.split(text) if part.strip())
    return by_comma if len(by_comma) == spans > 1 else (text,)


def _statements(text: str) -> tuple[str, ...]:
    statements: list[str] = []
    start = 0
    for end in _SENTENCE_END.finditer(text):
        if _ABBREVIATED.search(text[start : end.start()]):
            continue
        statements.append(text[start : end.start()].strip())
        start = end.end()
    statements.append(text[start:].strip())
    return tuple(s for s in statements if s)


def _sharing(part: str, spans: tuple[Span, ...]) -> tuple[Span, ...]:
    """The spans that share the most words with ``part``; all of them when none shares any."""
    words = _words(part)
    shares = [len(words & _words(span.quote)) for span in spans]
    most = max(shares, default=0)
    return tuple(span for span, share in zip(spans, shares, strict=True) if 2 * share > most) or spans


def _words(text: str) -> frozenset[str]:
    return frozenset(word.casefold() for word in _WORD.findall(text))
