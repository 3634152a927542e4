"""Rules that hold an answer to the constitution without a model. They run on every tier, the keyless one too.

Each rule judges one principle by its id. A file of one's own does not switch them off: ``mmrag.prompting.constitution`` adds
those that it neither has nor leaves out by name.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from mmrag.agent.checking import has_shape
from mmrag.agent.critique_words import critique_words, escapes_in, instructions_in, private_in
from mmrag.agent.evidence_words import Places
from mmrag.domain.answers import Draft, Verdict, VerdictKind
from mmrag.domain.critique import Finding, Principle, Ruling
from mmrag.domain.documents import PageRef
from mmrag.domain.plans import AnswerType, Plan, Reading

FAINT = 0.6
"""OCR confidence under which a word is badly read. Above ``mmrag.agent.verify.READABLE``, where a word still is evidence."""
_LONG_VALUE = 120
_LONG_ANSWER = 1200
_OPEN = frozenset({AnswerType.FREE, AnswerType.LIST, AnswerType.ADDRESS, AnswerType.NAME})
_REFUTED = frozenset({VerdictKind.UNSUPPORTED, VerdictKind.CONTRADICTED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """What is judged: the answer with the plan it answers, the verdicts on its claims and the pages read."""

    plan: Plan
    draft: Draft
    verdicts: tuple[Verdict, ...] = ()
    readings: tuple[Reading, ...] = ()

    @property
    def text(self) -> str:
        return (self.draft.answer or "").strip()

    @property
    def pages(self) -> tuple[PageRef, ...]:
        """The pages that the answer comes from."""
        return (*(reading.ref for reading in self.readings), *self.draft.looked)


Told = tuple[Ruling, str, str]
"""Ruling, reason, and the words it is about."""
_FINE: Told = (Ruling.KEPT, "", "")


def judge_by_rules(reviewed: Reviewed, principles: Sequence[Principle]) -> tuple[Finding, ...]:
    """A finding for each of ``principles`` that a rule can judge. Nothing is found against an answer that is none."""
    if not reviewed.text:
        return ()
    found = []
    for principle in principles:
        rule = _RULES.get(principle.id)
        if rule is not None:
            ruling, reason, words = rule(reviewed)
            found.append(Finding(principle=principle, ruling=ruling, reason=reason, words=words))
    return tuple(found)


def _visible_only(reviewed: Reviewed) -> Told:
    for verdict in reviewed.verdicts:
        if verdict.kind in _REFUTED:
            return Ruling.VIOLATED, verdict.detail or "the pages do not show it", verdict.claim.text
    return _FINE


def _says_unsure(reviewed: Reviewed) -> Told:
    """A badly read word that the answer rests on has to be owned up to, in the answer or in the verdict on its claim."""
    if critique_words().unsure.search(reviewed.text):
        return _FINE
    places = Places(reviewed.readings)
    for verdict in reviewed.verdicts:
        if verdict.kind is not VerdictKind.SUPPORTED:
            continue
        for span in verdict.claim.spans:
            place = places.cited(span)
            faint = [] if isinstance(place, str) else [w for w in place.words if w.confidence < FAINT]
            if faint:
                weakest = min(faint, key=lambda w: w.confidence)
                return Ruling.VIOLATED, f"it was read with confidence {weakest.confidence:.2f} only", weakest.text
    return _FINE


def _private_data(reviewed: Reviewed) -> Told:
    number = private_in(reviewed.text)
    if number is None or critique_words().asks_private.search(reviewed.plan.question):
        return _FINE
    return Ruling.VIOLATED, "the number of a card, an account or an identity paper, which was not asked for", number


def _text_is_data(reviewed: Reviewed) -> Told:
    told = instructions_in(reviewed.text)
    if told is not None and instructions_in(reviewed.plan.question) is None:
        return Ruling.VIOLATED, "it passes on what a document tells its reader to do", told
    markup = escapes_in(reviewed.text)
    if markup is not None:
        return Ruling.VIOLATED, "it holds markup that would load or open something", markup
    words = critique_words()
    address = words.addresses.search(reviewed.text)
    if address is not None and not words.asks_address.search(reviewed.plan.question):
        return Ruling.VIOLATED, "it holds a link that was not asked for", address.group()
    return _FINE


def _answers_question(reviewed: Reviewed) -> Told:
    text, kind = reviewed.text, reviewed.plan.answer_type
    if reviewed.plan.aggregate is not None:
        return _FINE  # its shape follows from how it was worked out
    if kind is AnswerType.YES_NO and not text.casefold().startswith(("yes", "no", "true", "false")):
        return Ruling.VIOLATED, "a yes or a no was asked for", text[:80]
    if kind is not AnswerType.YES_NO and not has_shape(kind, text):
        return Ruling.VIOLATED, f"it is no {kind.value}, which was asked for", text[:80]
    said = _words(reviewed.plan.question)
    if _words(text) and _words(text) <= said and len(_words(text)) > 3:
        return Ruling.VIOLATED, "it only repeats the question", text[:80]
    return _FINE


def _right_length(reviewed: Reviewed) -> Told:
    listed = reviewed.plan.aggregate is not None
    most = _LONG_ANSWER if reviewed.plan.answer_type in _OPEN or listed else _LONG_VALUE
    if len(reviewed.text) > most:
        return Ruling.VIOLATED, f"it is {len(reviewed.text)} characters long", reviewed.text[:80]
    return _FINE


def _words(text: str) -> frozenset[str]:
    return frozenset("".join(c if c.isalnum() else " " for c in text.casefold()).split())


_RULES: MappingProxyType[str, Callable[[Reviewed], Told]] = MappingProxyType(
    {
        "visible-only": _visible_only,
        "say-unsure": _says_unsure,
        "private-data": _private_data,
        "text-is-data": _text_is_data,
        "answer-the-question": _answers_question,
        "right-length": _right_length,
    }
)
