"""What becomes of claims that the checks of values and words leave undecided: further checks, in the order of their price.

First the place is read again from the file, where its words were hardly readable; then it is asked whether the words carry
the claim; then a model looks at the picture. A claim that is decided is not checked any further.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from mmrag.agent.checking import comparable, find_same, likeness
from mmrag.agent.evidence_words import Cited, Places
from mmrag.domain.answers import Entailed, Verdict, VerdictKind, VerifyMethod
from mmrag.domain.documents import Document, Page
from mmrag.domain.geometry import BBox
from mmrag.domain.plans import AnswerType, Plan, Reading
from mmrag.errors import MMRagError
from mmrag.ports import Entailment
from mmrag.values import find_values

_SURE = 0.7
"""Of a judge, and of a second reading: less decides nothing."""
_NO_REREADER = (
    "Words that were hardly readable were not read again: nothing here opens original files (mmrag doctor says why)."
)
_FOUND = 0.8
_SENTENCE = 4
"""Words from which on a claim is taken to be a sentence, and not a value that needs to be told of what."""


class Rereader(Protocol):
    """Reads a place of a page once more, best from the original file."""

    async def read(self, document: Document, page: Page, place: BBox) -> tuple[str, float]:
        """What it reads now, and with which confidence in ``[0, 1]``. Raises ``MMRagError`` where it cannot."""
        ...


class Witness(Protocol):
    """Looks at a place of a page."""

    async def judge(self, page: Page, place: BBox, statement: str) -> Entailed:
        """Raises ``ModelError``."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Judges:
    """Who checks what is left undecided. None: nobody does."""

    rereader: Rereader | None = None
    entailment: Entailment | None = None
    witness: Witness | None = None


async def look_again(
    plan: Plan, verdicts: Sequence[Verdict], readings: Sequence[Reading], judges: Judges
) -> tuple[tuple[Verdict, ...], tuple[str, ...]]:
    """The verdicts after the further checks, and what could not be checked. What was worked out is not looked at again: its
    operands decide it.
    """
    if plan.aggregate is not None or plan.check is not None or any(v.claim.formula or v.claim.expression for v in verdicts):
        return tuple(verdicts), ()
    places = Places(readings)
    looked = await asyncio.gather(*(_looked_at(plan, verdict, places, judges) for verdict in verdicts))
    notes = dict.fromkeys(note for _, note in looked if note)
    return tuple(verdict for verdict, _ in looked), tuple(notes)


def is_decided(verdict: Verdict) -> bool:
    """True for what no further check is asked about: it stands, or a value on the page refutes it."""
    if verdict.final or verdict.kind in (VerdictKind.SUPPORTED, VerdictKind.CONTRADICTED):
        return True
    return verdict.kind is VerdictKind.UNSUPPORTED and verdict.method is VerifyMethod.VALUE


async def _looked_at(plan: Plan, verdict: Verdict, places: Places, judges: Judges) -> tuple[Verdict, str]:
    cited = [place for span in verdict.claim.spans if not isinstance(place := places.cited(span), str)]
    if is_decided(verdict) or not cited:
        return verdict, ""
    note = ""
    try:
        if verdict.kind is VerdictKind.UNREADABLE and judges.rereader is None:
            note = _NO_REREADER
        elif verdict.kind is VerdictKind.UNREADABLE and judges.rereader is not None:
            verdict = await _read_again(verdict, cited, judges.rereader)
        if verdict.kind is not VerdictKind.UNREADABLE and not is_decided(verdict) and judges.entailment is not None:
            words = "\n".join(dict.fromkeys(place.element.text for place in cited))
            said = await judges.entailment.judge(words, _statement(plan, verdict.claim.text))
            verdict = _told(verdict, said, VerifyMethod.ENTAILMENT)
        if not is_decided(verdict) and judges.witness is not None:
            said = await judges.witness.judge(cited[0].reading.page, _around(cited), _statement(plan, verdict.claim.text))
            verdict = _told(verdict, said, VerifyMethod.MODEL)
    except MMRagError as error:  # the verdict so far holds; that nobody could look further is told
        note = f"A claim could not be checked any further: {error}"
    return verdict, note


async def _read_again(verdict: Verdict, cited: Sequence[Cited], rereader: Rereader) -> Verdict:
    """The verdict after a second reading of the place: it decides only where it is clear."""
    reading = cited[0].reading
    text, confidence = await rereader.read(reading.document, reading.page, _around(cited))
    if confidence < _SURE or not text.strip():
        return verdict
    values, printed = find_values(verdict.claim.text), find_values(text)
    read = f"read again from the file as “{text.strip()[:80]}” (confidence {confidence:.2f})"
    if values:
        found = all(find_same(value, text, printed) is not None for value in values)
        others = [p.text for p in printed if any(comparable(p, v) for v in values)]
    else:
        found, others = likeness(verdict.claim.text, text) >= _FOUND, []
    if found:
        return replace(verdict, kind=VerdictKind.SUPPORTED, confidence=round(confidence, 4), detail=read)
    if others:
        return replace(verdict, kind=VerdictKind.CONTRADICTED, confidence=round(confidence, 4), detail=read)
    return verdict


def _told(verdict: Verdict, said: Entailed, method: VerifyMethod) -> Verdict:
    """``verdict`` with what a judge says, where the judge is sure. The judge never makes words better read than they are."""
    if said.confidence < _SURE:
        return verdict
    confidence = round(min(said.confidence, verdict.confidence or said.confidence), 4)
    if said.kind is VerdictKind.SUPPORTED and method is VerifyMethod.ENTAILMENT and verdict.kind is VerdictKind.UNSUPPORTED:
        confidence = round(said.confidence, 4)
    return replace(verdict, kind=said.kind, method=method, confidence=confidence, detail=said.why or verdict.detail)


def _statement(plan: Plan, claim: str) -> str:
    """The claim as a sentence: a bare value is told of what it is."""
    if plan.answer_type is AnswerType.YES_NO:
        return f"{plan.asked} {claim}"
    if len(claim.split()) >= _SENTENCE or not plan.target:
        return claim
    return f"The {plan.target} is {claim}."


def _around(cited: Sequence[Cited]) -> BBox:
    """The box around the cited words of the first page that is cited."""
    page = cited[0].reading.page
    of_page = [place for place in cited if place.reading.page is page]
    bare = [place.element.bbox for place in of_page if not place.words]
    return BBox.around([*(word.bbox for place in of_page for word in place.words), *bare])
