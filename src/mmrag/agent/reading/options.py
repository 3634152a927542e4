"""Check boxes: whether an option is ticked, and which option is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from mmrag.agent.reading.candidates import Candidate
from mmrag.agent.reading.fit import kinds_of
from mmrag.agent.reading.layout import Layout
from mmrag.agent.reading.target import Asked
from mmrag.agent.reading.text import STOP, fold, stem, words
from mmrag.domain.documents import Element, ElementKind
from mmrag.domain.plans import AnswerType, Plan

OPTION = "option"
"""``Candidate.why`` of a check box."""
TICKED = "ticked"
_TICK = re.compile(
    r"\b(?:tick(?:ed|s)?|check(?:ed|s)?(?:\s+off)?|mark(?:ed|s)?|select(?:ed|s|ion)?|chosen|choice|cross(?:ed)?|box(?:es)?|options?)\b",
    re.IGNORECASE,
)
"""Words that ask for a box rather than for what is written in or beside one."""
_MANY = re.compile(r"\b(?:boxes|options|items|choices|answers|methods|types|kinds|ones|all)\b", re.IGNORECASE)
_WHO = re.compile(r"\W*(?:who|whom|whose|when)\b", re.IGNORECASE)
_SAID = 0.6
"""Of the words of an option, or of its question, that a question has to say to mean it."""
_MOST = 12
"""Options of one answer."""
_BASE, _MORE = 0.5, 0.4
_ALONE = 0.75
"""What a score keeps when nothing but the words for ticking points at the options."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ranked:
    element: Element
    option: float
    question: float


def in_options(asked: Asked, plan: Plan, layout: Layout) -> list[Candidate]:
    """Yes or no for the option that is named, or the options ticked under the question of the form that is meant."""
    about_ticks = _TICK.search(plan.asked) is not None
    if kinds_of(asked.type) and not about_ticks:
        return []  # a date, an amount or a number is never the name of a box
    boxes = [e for e in layout.page.elements if e.kind is ElementKind.CHECKBOX and e.label]
    if not boxes or _WHO.match(plan.asked):
        return []
    said = {stem(w) for w in words(_TICK.sub(" ", plan.asked)) if w not in STOP}
    ranked = [_Ranked(element=e, option=_share(e.label or "", said), question=_share(_question(e), said)) for e in boxes]
    if asked.type is AnswerType.YES_NO or plan.answer_type is AnswerType.YES_NO:
        return _yes_or_no(ranked, layout) if about_ticks else []
    ticked = [r for r in ranked if r.element.value == TICKED]
    best = max((r.question for r in ranked), default=0.0)
    meant = [r for r in ticked if r.question >= best - 1e-9] if best >= _SAID else (ticked if about_ticks else [])
    named = best >= _SAID
    several = about_ticks and 1 < len(meant) <= _MOST and (not named or _MANY.search(plan.asked) is not None)
    share = best if named else _ALONE * (1.0 if several or len(ticked) == 1 else 0.5) * _shown(said, layout)
    found = [_candidate(layout, r.element, r.element.label or "", (_BASE + _MORE * share)) for r in meant]
    return [_all(found)] if several else found


def _shown(said: set[str], layout: Layout) -> float:
    """The share of what the question says beside its words for ticking that the page prints: "the membership form"."""
    printed = {stem(w) for w in words(layout.page.text)}
    return len(said & printed) / len(said) if said else 1.0


def _all(found: Sequence[Candidate]) -> Candidate:
    """All that are ticked, where several are: one of them alone would be half an answer."""
    text = "; ".join(c.text for c in found)
    return replace(
        found[0],
        text=text,
        normal=fold(text),
        words=tuple(w for c in found for w in c.words),
        score=min(c.score for c in found),
        parts=tuple(found),
    )


def _yes_or_no(ranked: Sequence[_Ranked], layout: Layout) -> list[Candidate]:
    best = max(ranked, key=lambda r: (r.option, r.question))
    if best.option < _SAID:
        return []
    said = "Yes" if best.element.value == TICKED else "No"
    return [_candidate(layout, best.element, said, _BASE + _MORE * best.option)]


def _question(element: Element) -> str:
    return element.section[-1] if element.section else ""


def _share(text: str, said: set[str]) -> float:
    """The share of the words of ``text`` that the question says, or of the question's that ``text`` says, in [0, 1]."""
    own = {stem(w) for w in words(text) if w not in STOP}
    if not own or not said:
        return 0.0
    both = len(own & said)
    return max(both / len(own), both / len(said) if both > 1 else 0.0)


def _candidate(layout: Layout, element: Element, text: str, score: float) -> Candidate:
    own = set(element.words)
    found = tuple(w for w in layout.page.words if w.index in own)
    confidence = sum(w.confidence for w in found) / len(found) if found else element.confidence
    return Candidate(
        text=text,
        words=found,
        normal=fold(text),
        score=score * (0.5 + 0.5 * confidence),
        why=OPTION,
        page=layout.page,
        whole=() if found else (element,),
    )
