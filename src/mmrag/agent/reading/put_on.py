"""What somebody put on a page: signatures, stamps, and the notes of a PDF. Only asked for by what they are.

A note is no print: it answers what is asked of the note, or who did something that only the note tells of, and never for a
value that a page should print.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from mmrag.agent.critique_words import instructions_in
from mmrag.agent.evidence_words import Text
from mmrag.agent.reading.candidates import Candidate
from mmrag.agent.reading.layout import Layout
from mmrag.agent.reading.target import Asked
from mmrag.agent.reading.text import STOP, fold, stem, words
from mmrag.domain.documents import Element, ElementKind, Word
from mmrag.domain.plans import AnswerType, Plan
from mmrag.domain.values import ValueKind
from mmrag.values import find_values

PUT_ON: Final = "put on"
"""``Candidate.why`` of what stands on such an element."""
SIGNED: Final = "signed"
_SIGN: Final = re.compile(r"\b(?:sign(?:ed|s|ature|atures)?|unterschr\w+|firmad[oa]|assinad[oa])\b", re.IGNORECASE)
_NOT: Final = re.compile(r"\b(?:unsigned|not|never|missing|blank|without)\b", re.IGNORECASE)
_STAMP: Final = re.compile(r"\bstamp(?:ed|s)?\b", re.IGNORECASE)
_NOTE: Final = re.compile(
    r"(?<!delivery\s)(?<!credit\s)(?<!debit\s)(?<!dispatch\s)\b(?:notes?|annotations?|comments?|remarks?|highlight(?:ed|s)?|underlined|struck)\b",
    re.IGNORECASE,
)
_MARKED: Final = re.compile(r"\b(?:highlight|underlin|struck)", re.IGNORECASE)
_WROTE: Final = re.compile(r"\bwho\s+(?:wrote|made|left|added|put|annotated|commented|is the author)\b", re.IGNORECASE)
_NOTED: Final = re.compile(r"^(?P<kind>[A-Z][a-z ]+?)(?: \((?P<author>[^()]+)\))?: (?P<text>.+)$", re.DOTALL)
"""How an annotation is written down when it is read."""
_BY: Final = re.compile(r"\b(?:by|durch|von|par|por|da)\s+(?P<name>(?:[A-Z][\w.'’-]*\s?){1,4})")
_SURE, _LIKELY = 0.92, 0.8


def put_on(asked: Asked, plan: Plan, layout: Layout) -> list[Candidate]:
    """The candidates on one page. ``plan.asked`` says which kind is asked for."""
    elements = layout.page.elements
    found = _signatures(plan, layout, [e for e in elements if e.kind is ElementKind.SIGNATURE and e.label and e.value])
    found += _stamps(asked, plan, layout, [e for e in elements if e.kind is ElementKind.STAMP and e.words])
    notes = [e for e in elements if e.kind is ElementKind.ANNOTATION and instructions_in(e.text) is None]
    return found + _notes(asked, plan, layout, notes)


def _signatures(plan: Plan, layout: Layout, places: Sequence[Element]) -> list[Candidate]:
    if not places or not _SIGN.search(plan.asked):
        return []
    said = _said(_SIGN.sub(" ", plan.asked))
    named = [e for e in places if said & _said(_SIGN.sub(" ", e.label or ""))]
    meant = named or list(places)
    if plan.answer_type is AnswerType.YES_NO:
        if _NOT.search(plan.asked):
            return []
        empty = [e for e in meant if e.value != SIGNED]
        return [_candidate(layout, "No" if empty else "Yes", empty or meant, _SURE)]
    if not re.match(r"\W*(?:who|whose)\b", plan.asked, re.IGNORECASE):
        return []
    names = [(e, name) for e in meant if (name := _written(layout, e))]
    if not names:
        return []
    text = " and ".join(" ".join(w.text for w in name) for _, name in names)
    return [_candidate(layout, text, [], _SURE, [w for _, name in names for w in name])]


def _written(layout: Layout, place: Element) -> tuple[Word, ...]:
    """The words of a signature that were read: those of the pair that goes with it."""
    pair = next((e for e in layout.page.elements if e.kind is ElementKind.KEY_VALUE and e.words == place.words), None)
    if pair is None or not pair.value:
        return ()
    own = pair.words[-len(pair.value.split()) :]
    return tuple(layout.page.words[i] for i in own)


def _stamps(asked: Asked, plan: Plan, layout: Layout, stamps: Sequence[Element]) -> list[Candidate]:
    if not stamps or not _STAMP.search(plan.asked):
        return []
    if plan.answer_type is AnswerType.YES_NO:
        said = _said(_STAMP.sub(" ", plan.asked)) & _said(layout.page.text)
        meant = [e for e in stamps if said <= _said(e.text)]
        return [_candidate(layout, "Yes", meant, _SURE)] if meant else []
    whole = [[layout.page.words[i] for i in e.words] for e in stamps]
    if AnswerType.DATE in (asked.type, plan.answer_type) or re.search(r"\bwhen\b|\bdate\b", plan.asked, re.IGNORECASE):
        dated = [days for of_stamp in whole if (days := _day(of_stamp))]
        return [_candidate(layout, " ".join(w.text for w in days), [], _SURE, days) for days in dated[:1]]
    text = "; ".join(" ".join(w.text for w in of_stamp) for of_stamp in whole)
    return [_candidate(layout, text, stamps, _SURE)]


def _day(printed: Sequence[Word]) -> tuple[Word, ...]:
    text = Text.of(printed)
    day = next((v for v in find_values(text.text) if v.kind is ValueKind.DATE), None)
    return () if day is None else text.between(day.start, day.end)


def _notes(asked: Asked, plan: Plan, layout: Layout, notes: Sequence[Element]) -> list[Candidate]:
    named = _NOTE.search(plan.asked)
    marks_print = _MARKED.search(plan.asked) is not None
    read = [(e, m) for e in notes if (m := _NOTED.match(e.text)) and (not named or bool(e.words) is marks_print)]
    if not named:
        return [c for e, m in read if not e.words for c in _told_by(asked, plan, layout, e, m["text"])]
    if not read:
        return []
    if plan.answer_type is AnswerType.YES_NO:
        return [_candidate(layout, "Yes", [e for e, _ in read], _SURE)]
    if _WROTE.search(plan.asked):
        return [_candidate(layout, m["author"], [e], _SURE) for e, m in read if m["author"]]
    if AnswerType.DATE in (asked.type, plan.answer_type):
        return [_candidate(layout, day, [e], _SURE) for e, m in read if (day := _date(m["text"]))]
    text = "; ".join(m["text"].split("\nNote: ")[0] for _, m in read)
    return [_candidate(layout, text, [e for e, _ in read], _SURE)]


def _told_by(asked: Asked, plan: Plan, layout: Layout, note: Element, text: str) -> Iterable[Candidate]:
    """Who did something, or when, where that stands in the note, and what else is asked about it on the page."""
    said = {stem(w) for w in words(plan.target) if w not in STOP}
    noted = said & _said(text)
    if not noted or not said - noted <= _said(layout.page.text):
        return
    by = _BY.search(text)
    if re.match(r"\W*who\b", plan.asked, re.IGNORECASE) and by:
        yield _candidate(layout, by["name"].strip(), [note], _LIKELY)
    elif AnswerType.DATE in (asked.type, plan.answer_type) and (day := _date(text)):
        yield _candidate(layout, day, [note], _LIKELY)


def _date(text: str) -> str:
    return next((v.text for v in find_values(text) if v.kind is ValueKind.DATE), "")


def _said(text: str) -> set[str]:
    return {stem(w) for w in words(text) if w not in STOP}


def _candidate(
    layout: Layout, text: str, elements: Sequence[Element], score: float, printed: Sequence[Word] = ()
) -> Candidate:
    own = tuple(printed) or tuple(layout.page.words[i] for e in elements for i in e.words)
    return Candidate(
        text=text, words=own, normal=fold(text), score=score, why=PUT_ON, page=layout.page, whole=tuple(elements)
    )
