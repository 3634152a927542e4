"""Claims about what somebody put on a page, checked by what was stored of it: its state, or what was written into it."""

from __future__ import annotations

from collections.abc import Sequence

from mmrag.agent.checking import find_same, likeness
from mmrag.agent.evidence_words import Cited
from mmrag.domain.answers import Claim, Verdict, VerdictKind, VerifyMethod
from mmrag.domain.documents import ElementKind
from mmrag.domain.plans import AnswerType, Plan
from mmrag.values import find_values

_FOUND = 0.8
_HOLDS = {"signed": True, "unsigned": False, "ticked": True, "unticked": False}


def check_marked(plan: Plan, claim: Claim, cited: Sequence[Cited]) -> Verdict | None:
    """The verdict on a claim that leans on signatures, stamps, or on elements without words; None for any other."""
    if not cited:
        return None
    elements = [place.element for place in cited]
    bare = [place.element for place in cited if not place.words]
    if plan.answer_type is AnswerType.YES_NO:
        states = [e.value for e in elements if e.kind is ElementKind.SIGNATURE or e in bare]
        if len(states) == len(elements) and all(state in _HOLDS for state in states):
            return _stated(claim, all(_HOLDS[state or ""] for state in states), elements[0].text)
        if all(e.kind is ElementKind.STAMP or e in bare for e in elements):
            return _stated(claim, True, elements[0].text)
    if not bare:
        return None
    if len(bare) == 1 and bare[0].kind is ElementKind.CHECKBOX and claim.text == bare[0].label:
        return _stated(claim, bare[0].value == "ticked", bare[0].text, always=True)
    text = " ".join(e.text for e in elements)
    printed = find_values(text)
    missing = [v.text for v in find_values(claim.text) if find_same(v, text, printed) is None]
    if missing or likeness(claim.text, text) < _FOUND:
        return _say(claim, VerdictKind.UNSUPPORTED, f"{_shown(text)} does not say it")
    return _say(claim, VerdictKind.SUPPORTED, f"the file says {_shown(text)}")


def _stated(claim: Claim, holds: bool, text: str, *, always: bool = False) -> Verdict:
    says_yes = always or claim.text.strip().casefold().startswith("yes")
    kind = VerdictKind.SUPPORTED if says_yes is holds else VerdictKind.CONTRADICTED
    return _say(claim, kind, f"the page has {_shown(text)}")


def _say(claim: Claim, kind: VerdictKind, detail: str) -> Verdict:
    return Verdict(claim=claim, kind=kind, method=VerifyMethod.LEXICAL, confidence=1.0, detail=detail)


def _shown(text: str) -> str:
    return f"“{text if len(text) <= 80 else text[:79] + '…'}”"
