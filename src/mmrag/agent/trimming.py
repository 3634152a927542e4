"""Leaving out of an answer what does not stand. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from mmrag.domain.answers import Draft, Verdict, VerdictKind
from mmrag.domain.plans import AnswerType, Plan

_KEPT = frozenset({VerdictKind.SUPPORTED, VerdictKind.PARTLY})
_SHORT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Trimmed:
    """What is left of a draft; ``notes`` say what was left out, and why."""

    draft: Draft
    verdicts: tuple[Verdict, ...]
    notes: tuple[str, ...]


def trimmed(plan: Plan, draft: Draft | None, verdicts: Sequence[Verdict]) -> Trimmed | None:
    """The draft without the claims that were refuted; None when there are none, or nothing would be left.

    Only lists and free answers fall into parts that can stand alone. What was worked out falls with its operands.
    """
    refuted = [v for v in verdicts if v.kind not in _KEPT]
    kept = tuple(v for v in verdicts if v.kind in _KEPT)
    listed = plan.answer_type is AnswerType.LIST or bool(draft and draft.items)
    parted = (listed or plan.answer_type is AnswerType.FREE) and plan.aggregate is None and plan.check is None
    if draft is None or draft.operands or not parted or not refuted or not kept:
        return None
    between = "\n" if listed else " "
    spans = tuple(dict.fromkeys(span for v in kept for span in v.claim.spans))
    answer = between.join(v.claim.text for v in kept)
    notes = tuple(f"Left out: “{v.claim.text[:_SHORT]}” – {v.detail or 'no page shows it'}." for v in refuted)
    return Trimmed(
        draft=replace(draft, answer=answer, spans=spans, items=tuple(v.claim for v in kept) if draft.items else ()),
        verdicts=kept,
        notes=notes,
    )
