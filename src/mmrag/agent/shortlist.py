"""Which elements a model is shown: those that a question may be about, as many as fit. Pure.

A model that reads 90 tokens a second needs a minute for a few pages, and a small one loses the thread. Elements are ranked
by the words that they share with the question (BM25: a rare word counts more than a common one, and any word less in a long
text), by holding a value of the kind that is asked for, and by standing next to one that is ranked high: a label and its
value are often two elements.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mmrag.agent.reading.text import content_words, stem
from mmrag.domain.documents import Element, ElementKind, Page
from mmrag.domain.plans import AnswerType, Plan, Reading
from mmrag.domain.values import ValueKind
from mmrag.values import find_values

_NEIGHBOURS = {1: 0.45, 2: 0.2}
"""Share of an element's score that those next to it in reading order get, by distance."""
_OF_KIND = 0.8
"""What a value of the kind asked for counts, in units of a word that one element in e (2.7) has."""
_K1, _B, _USUAL = 1.2, 0.6, 20
"""BM25's saturation and length normalisation, and the tokens of a usual element."""
_TITLE = 0.3
_HEAD = 0.6
_HEAD_ELEMENTS = 4
"""The first elements of a page say whose it is; questions after that share no word with them."""
_ALWAYS, _WORTH = 8, 0.15
"""So many elements are shown if they fit; others only when they have this share of the best one's score."""
_SAID_ALREADY = 0.2
"""An element of which only so many words are new is not shown: a pair of label and value is often a line of text as well."""
_LETTERS_PER_TOKEN = 4
_LABEL = 0.05
_WHO = frozenset({AnswerType.NAME, AnswerType.ADDRESS})
_KINDS: Mapping[AnswerType, frozenset[ValueKind]] = {
    AnswerType.AMOUNT: frozenset({ValueKind.AMOUNT, ValueKind.NUMBER}),
    AnswerType.DATE: frozenset({ValueKind.DATE}),
    AnswerType.TIME: frozenset({ValueKind.TIME}),
    AnswerType.NUMBER: frozenset({ValueKind.NUMBER, ValueKind.AMOUNT, ValueKind.PERCENT}),
    AnswerType.PERCENT: frozenset({ValueKind.PERCENT, ValueKind.NUMBER}),
    AnswerType.IDENTIFIER: frozenset({ValueKind.IDENTIFIER, ValueKind.NUMBER}),
    AnswerType.PHONE: frozenset({ValueKind.PHONE}),
    AnswerType.EMAIL: frozenset({ValueKind.EMAIL}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """An element under the short id by which a model names it. ``page_key`` names its page the same way."""

    key: str
    page_key: str
    reading: Reading
    element: Element
    score: float

    @property
    def page(self) -> Page:
        return self.reading.page


def shortlist(plan: Plan, readings: Sequence[Reading], *, tokens: int) -> tuple[Offered, ...]:
    """The elements to show, with ids ``E1``, ``E2``, ... and pages ``P1``, ..., in reading order, best page first.

    Their texts are about ``tokens`` tokens together, at most. Generated text is never shown: it is no evidence.
    """
    wanted = {stem(w) for w in content_words(f"{plan.question} {plan.target}")}
    rare = _rarity(wanted, readings)
    scored = [(score, n, element) for n, reading in enumerate(readings) for element, score in _scores(plan, reading, rare)]
    left, kept = tokens, list[tuple[int, Element, float]]()
    best = max((score for score, _, _ in scored), default=0.0)
    shown: dict[int, set[int]] = {n: set() for n in range(len(readings))}
    for score, n, element in sorted(scored, key=lambda s: (-s[0], s[1], s[2].ordinal)):
        cost = tokens_in(element.text) + _OVERHEAD
        if len(kept) >= _ALWAYS and score < _WORTH * best:
            break
        fresh = len(set(element.words) - shown[n])
        if cost <= left and fresh > _SAID_ALREADY * len(element.words):
            left -= cost
            shown[n].update(element.words)
            kept.append((n, element, score))
    kept.sort(key=lambda k: (k[0], k[1].ordinal))
    pages = {n: f"P{rank}" for rank, n in enumerate(dict.fromkeys(n for n, _, _ in kept), 1)}
    return tuple(
        Offered(key=f"E{rank}", page_key=pages[n], reading=readings[n], element=element, score=score)
        for rank, (n, element, score) in enumerate(kept, 1)
    )


_OVERHEAD = 4
"""Tokens of an element's id and line end."""


def tokens_in(text: str) -> int:
    """About how many tokens ``text`` is: most tokenizers of today write each digit and each sign as one of its own."""
    letters = sum(c.isalpha() or c.isspace() for c in text)
    return math.ceil(letters / _LETTERS_PER_TOKEN) + len(text) - letters


def _scores(plan: Plan, reading: Reading, rare: Mapping[str, float]) -> list[tuple[Element, float]]:
    elements = [e for e in reading.page.elements if e.kind.stands_alone and e.words]
    own = [_own_score(plan, e, rare) for e in elements]
    weight = (0.25 + 0.75 * reading.relevance) * (0.25 + 0.75 * reading.match)
    spread = list(own)
    for at, score in enumerate(own):
        for distance, share in _NEIGHBOURS.items():
            for beside in (at - distance, at + distance):
                if 0 <= beside < len(own):
                    spread[beside] = max(spread[beside], own[beside] + share * score)
    return [(element, weight * score) for element, score in zip(elements, spread, strict=True)]


def _own_score(plan: Plan, element: Element, rare: Mapping[str, float]) -> float:
    said = {stem(w) for w in content_words(f"{element.text} {' '.join(element.section[-1:])}")}
    longer = tokens_in(element.text) / _USUAL
    score = sum(rare[word] for word in rare.keys() & said) * (_K1 + 1) / (1 + _K1 * (1 - _B + _B * longer))
    kinds = _KINDS.get(plan.answer_type)
    if kinds and any(value.kind in kinds for value in find_values(element.text)):
        score += _OF_KIND
    if element.kind is ElementKind.TITLE:
        score += _TITLE
    if element.ordinal < _HEAD_ELEMENTS:
        score += _HEAD * (2 if plan.answer_type in _WHO else 1)
    return score + (_LABEL if element.label else 0.0)


def _rarity(wanted: set[str], readings: Sequence[Reading]) -> Mapping[str, float]:
    """The inverse document frequency of each word over all elements, as in BM25."""
    seen: Counter[str] = Counter()
    count = 0
    for reading in readings:
        for element in reading.page.elements:
            if element.kind.stands_alone and element.words:
                count += 1
                seen.update(wanted & {stem(w) for w in content_words(element.text)})
    return {word: math.log(1 + (count - seen[word] + 0.5) / (seen[word] + 0.5)) for word in wanted}
