"""Verification: everything a claim says is found again among the stored words of the places it cites, or it is not kept.

The words are read from the page by their indexes; what the drafter quoted plays no part. The confidence of a verdict
carries the OCR confidence of the words that decided it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from statistics import fmean

from mmrag.agent.aggregate_check import check_worked_out
from mmrag.agent.check import check_held
from mmrag.agent.checking import comparable, find_same, has_shape, likeness, without_values
from mmrag.agent.critique_hostile import hostile_words
from mmrag.agent.critique_words import instructions_in
from mmrag.agent.estimates import check_estimate
from mmrag.agent.evidence_words import Cited, Places, Text
from mmrag.agent.expressions import check_expression
from mmrag.agent.formulas import check_formula
from mmrag.agent.marked import check_marked
from mmrag.agent.premises import broken_premise
from mmrag.agent.rivals import other_values
from mmrag.domain.answers import Claim, Verdict, VerdictKind, VerifyMethod
from mmrag.domain.documents import Element, ElementKind, Word
from mmrag.domain.plans import AnswerType, Plan, Reading
from mmrag.domain.values import Value
from mmrag.values import find_values

READABLE = 0.5
"""Words that the OCR engine itself gives less than this are not evidence for or against anything."""
_FOUND = 0.8
"""A claim whose words stand on the page to this share is found there, in spite of OCR errors."""
_NEAR = 0.55
_YES = frozenset({"yes", "y", "true", "x", "✓", "☑", "☒", "[x]"})
_NO = frozenset({"no", "n", "false", "none", "☐", "[]"})


def verify(plan: Plan, claims: Sequence[Claim], readings: Sequence[Reading]) -> tuple[Verdict, ...]:
    """One verdict a claim, in the same order. The first claim of an aggregate, and one with a formula, is what was
    worked out from the others; that of a check is decided by them."""
    if plan.check is not None and claims:
        sides = plan.check.sides if claims[0].expression else None
        asked = ((plan.check.asks, claims[1:]),) if sides is None else ((sides[0], claims[1:2]), (sides[1], claims[2:]))
        deciding = tuple(verdict for side, own in asked for verdict in verify(side, own, readings))
        return (check_held(plan.check, claims[0], deciding), *deciding)
    places = Places(readings)
    if plan.aggregate is not None and claims:
        operand = replace(plan, answer_type=AnswerType.FREE, aggregate=None)
        verdicts = tuple(_verdict(operand, claim, places, readings) for claim in claims[1:])
        return (check_worked_out(plan.aggregate, claims[0], verdicts, readings), *verdicts)
    if claims and (claims[0].formula is not None or claims[0].expression):
        operand = replace(plan, answer_type=AnswerType.FREE)
        verdicts = tuple(_verdict(operand, claim, places, readings) for claim in claims[1:])
        check = check_formula if claims[0].formula is not None else check_expression
        return (check(claims[0], verdicts), *verdicts)
    return tuple(_unless_contradicted(plan, _verdict(plan, claim, places, readings), places, readings) for claim in claims)


def _unless_contradicted(plan: Plan, verdict: Verdict, places: Places, readings: Sequence[Reading]) -> Verdict:
    """``verdict``, or that the document of its claim contradicts what the question takes for granted."""
    if verdict.kind not in (VerdictKind.SUPPORTED, VerdictKind.PARTLY):
        return verdict
    cited = [place for span in verdict.claim.spans if not isinstance(place := places.cited(span), str)]
    documents = {place.reading.document.id for place in cited}
    pages = [reading.page for reading in readings if reading.document.id in documents]
    numbers = frozenset(place.reading.page.number for place in cited)
    broken = broken_premise(plan, verdict.claim, pages, cited=numbers)
    return verdict if broken is None else replace(verdict, kind=VerdictKind.CONTRADICTED, detail=broken)


def unchecked(claims: Sequence[Claim]) -> tuple[Verdict, ...]:
    """Every claim let stand unseen: what measuring without verification measures."""
    return tuple(_say(claim, VerdictKind.SUPPORTED, VerifyMethod.LEXICAL, 1.0, "not checked") for claim in claims)


def _verdict(plan: Plan, claim: Claim, places: Places, readings: Sequence[Reading]) -> Verdict:
    if not claim.spans:
        return _refuted(claim, "it names no place on a page")
    cited: list[Cited] = []
    for span in claim.spans:
        place = places.cited(span)
        if isinstance(place, str):
            return _refuted(claim, place)
        if not hostile_words(place.reading.page).isdisjoint(span.words):
            return _refuted(claim, "it stands in text that tells its reader what to do")
        cited.append(place)
    if any(not place.words and instructions_in(place.element.text) for place in cited):
        return _refuted(claim, "it stands in text that tells its reader what to do")
    marked = check_marked(plan, claim, cited)
    if marked is not None:
        return marked
    measured = [place.cell for place in cited if place.cell is not None]
    if measured:
        return check_estimate(claim, measured, cited)
    text = Text.of([word for place in cited for word in place.words])
    if plan.answer_type is AnswerType.YES_NO:
        return _yes_no(plan, claim, text, cited)
    box = _box_of(cited)
    if box is not None and claim.text == box.label:
        kind = VerdictKind.SUPPORTED if box.value == "ticked" else VerdictKind.CONTRADICTED
        mean = fmean(word.confidence for word in text.words)
        return _say(claim, kind, VerifyMethod.LEXICAL, mean, f"the box of {_quoted(text.words)} is {box.value}")
    values = find_values(claim.text)
    if not values:
        return _by_words(plan, claim, text)
    verdict = _by_values(plan, claim, values, text)
    others = other_values(values, cited, readings) if verdict.kind is VerdictKind.SUPPORTED else ()
    if not others:
        return verdict
    also = f"{verdict.detail}; the document shows another value by the same label: {', '.join(others[:3])}"
    return replace(verdict, detail=also)


def _by_values(plan: Plan, claim: Claim, values: Sequence[Value], text: Text) -> Verdict:
    printed = find_values(text.text)
    missing: list[Value] = []
    deciding: list[Word] = []
    for value in values:
        place = find_same(value, text.text, printed)
        if place is None:
            missing.append(value)
        else:
            deciding.extend(text.between(*place))
    if missing:
        return _missing(claim, missing, values, printed, text)
    weakest = min(word.confidence for word in deciding)
    weak = [word for word in deciding if word.confidence < READABLE]
    if 2 * len(weak) >= len(deciding):
        return _unreadable(claim, weak, weakest, VerifyMethod.VALUE)
    if weak:
        mean = fmean(word.confidence for word in deciding)
        detail = f"{_quoted(weak)} is hardly readable, the other values are read again on the page"
        return _say(claim, VerdictKind.PARTLY, VerifyMethod.VALUE, mean, detail)
    words = likeness(without_values(claim.text, values), text.text)
    shaped = has_shape(plan.answer_type, claim.text)
    detail = f"read again on the page as {_quoted(deciding)}"
    if words >= _FOUND and shaped:
        return _say(claim, VerdictKind.SUPPORTED, VerifyMethod.VALUE, weakest, detail)
    reason = "its other words are not all there" if shaped else f"that is no {plan.answer_type.value}"
    score = weakest * min(1.0, words / _FOUND) * (1.0 if shaped else 0.5)
    return _say(claim, VerdictKind.PARTLY, VerifyMethod.VALUE, score, f"{detail}; {reason}")


def _missing(
    claim: Claim, missing: Sequence[Value], values: Sequence[Value], printed: Sequence[Value], text: Text
) -> Verdict:
    """Some values are not there: refuted by another value of their kind, partly there, or simply not shown."""
    weakest = min(word.confidence for word in text.words)
    if weakest < READABLE:
        return _unreadable(claim, text.words, weakest, VerifyMethod.VALUE)
    said = ", ".join(value.text for value in missing)
    other = [p.text for p in printed if any(comparable(p, m) for m in missing)]
    if len(missing) < len(values):
        share = 1.0 - len(missing) / len(values)
        detail = f"{said} is not among the cited words"
        return _say(claim, VerdictKind.PARTLY, VerifyMethod.VALUE, weakest * share, detail)
    if other:
        detail = f"the cited words say {', '.join(other[:3])}, not {said}"
        return _say(claim, VerdictKind.CONTRADICTED, VerifyMethod.VALUE, weakest, detail)
    return _say(claim, VerdictKind.UNSUPPORTED, VerifyMethod.VALUE, weakest, f"{said} is not among the cited words")


def _by_words(plan: Plan, claim: Claim, text: Text) -> Verdict:
    mean = fmean(word.confidence for word in text.words)
    if mean < READABLE:
        return _unreadable(claim, text.words, mean, VerifyMethod.LEXICAL)
    score = likeness(claim.text, text.text)
    if score < _NEAR:
        detail = f"the cited words {_quoted(text.words)} do not say it"
        return _say(claim, VerdictKind.UNSUPPORTED, VerifyMethod.LEXICAL, mean, detail)
    shaped = has_shape(plan.answer_type, claim.text)
    weak = [word for word in text.words if word.confidence < READABLE]
    kind, detail = VerdictKind.PARTLY, ""
    if score < _FOUND:
        detail = f"only a part of it stands in {_quoted(text.words)}"
    elif not shaped:
        detail = f"it is on the page, but is no {plan.answer_type.value}"
    elif weak:
        detail = f"{_quoted(weak)} is hardly readable"
    else:
        kind, detail = VerdictKind.SUPPORTED, f"read again on the page as {_quoted(text.words)}"
    return _say(claim, kind, VerifyMethod.LEXICAL, mean * min(1.0, score / _FOUND) * (1.0 if shaped else 0.5), detail)


def _yes_no(plan: Plan, claim: Claim, text: Text, cited: Sequence[Cited]) -> Verdict:
    """A yes or no leans on a printed yes or no, on a mark, or at least on words about what was asked."""
    mean = fmean(word.confidence for word in text.words)
    if mean < READABLE:
        return _unreadable(claim, text.words, mean, VerifyMethod.LEXICAL)
    says_yes = claim.text.strip().casefold().startswith("yes")
    box = _box_of(cited)
    if box is not None:
        agrees = says_yes is (box.value == "ticked")
        kind = VerdictKind.SUPPORTED if agrees else VerdictKind.CONTRADICTED
        return _say(claim, kind, VerifyMethod.LEXICAL, mean, f"the box of {_quoted(text.words)} is {box.value}")
    tokens = {word.text.strip(" .:;,()").casefold() for word in text.words}
    agreeing, opposing = (_YES, _NO) if says_yes else (_NO, _YES)
    about = max((likeness(plan.target, place.element.text) for place in cited), default=0.0)
    if tokens & opposing and not tokens & agreeing:
        return _say(
            claim, VerdictKind.CONTRADICTED, VerifyMethod.LEXICAL, mean, f"the cited words say {_quoted(text.words)}"
        )
    if tokens & agreeing:
        detail = f"read again on the page as {_quoted(text.words)}"
        return _say(claim, VerdictKind.SUPPORTED, VerifyMethod.LEXICAL, mean, detail)
    if about >= _NEAR:
        detail = f"it is concluded from {_quoted(text.words)}"
        return _say(claim, VerdictKind.PARTLY, VerifyMethod.LEXICAL, mean * about, detail)
    return _say(claim, VerdictKind.UNSUPPORTED, VerifyMethod.LEXICAL, mean, "the cited words are about something else")


def _box_of(cited: Sequence[Cited]) -> Element | None:
    """The check box whose option the cited words are."""
    for place in cited:
        own = {word.index for word in place.words}
        for element in place.reading.page.elements:
            if element.kind is ElementKind.CHECKBOX and own and own <= set(element.words):
                return element
    return None


def _unreadable(claim: Claim, words: Sequence[Word], confidence: float, method: VerifyMethod) -> Verdict:
    detail = f"{_quoted(words)} is hardly readable on the page (OCR confidence {confidence:.2f})"
    return _say(claim, VerdictKind.UNREADABLE, method, confidence, detail)


def _refuted(claim: Claim, why: str) -> Verdict:
    return replace(_say(claim, VerdictKind.UNSUPPORTED, VerifyMethod.LEXICAL, 1.0, why), final=True)


def _say(claim: Claim, kind: VerdictKind, method: VerifyMethod, confidence: float, detail: str) -> Verdict:
    bounded = round(max(0.0, min(1.0, confidence)), 4)
    return Verdict(claim=claim, kind=kind, method=method, confidence=bounded, detail=detail)


def _quoted(words: Sequence[Word]) -> str:
    text = " ".join(word.text for word in words)
    return f"“{text if len(text) <= 80 else text[:79] + '…'}”"
