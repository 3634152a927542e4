"""The trace: what each stage was given and what it made of it, as canonical JSON that a person can read afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from mmrag.agent.cascade import Abstain, Decision, Escalate, Failure, Keep, Repair, Thresholds
from mmrag.agent.starting import Start
from mmrag.domain.answers import Draft, Prompted, Span, Verdict
from mmrag.domain.evidence import Hit
from mmrag.domain.hashing import Json, canonical_bytes
from mmrag.domain.plans import Constraint, Gathered, Plan, Reading

_TEXT = 240
"""Characters of an element's text that are kept."""


@dataclass(slots=True, kw_only=True)
class Trace:
    """Grows by one entry a stage. ``at`` is the start, ISO 8601 in UTC."""

    id: str
    question: str
    at: str
    stages: list[Json] = field(default_factory=list)

    def add(self, stage: str, data: Json) -> None:
        self.stages.append({"stage": stage, "data": data})

    def to_bytes(self, answer: Json) -> bytes:
        """Canonical JSON of the whole trace with the ``answer`` as it was given."""
        whole: Json = {"id": self.id, "question": self.question, "at": self.at, "stages": self.stages, "answer": answer}
        return canonical_bytes(whole)


def plan_json(plan: Plan) -> Json:
    return {
        "answer_type": plan.answer_type.value,
        "target": plan.target,
        "constraints": [_constraint(c) for c in plan.constraints],
        "document": plan.document,
    }


def gathered_json(gathered: Gathered) -> Json:
    return {
        "hits": [_hit(hit) for hit in gathered.hits],
        "documents": list(gathered.documents),
        "matches": {d: round(gathered.matches.get(d, 0.0), 4) for d in gathered.documents},
        "unmatched": [_constraint(c) for c in gathered.unmatched],
    }


def readings_json(readings: Sequence[Reading]) -> Json:
    return [
        {
            "document": r.document.name,
            "page": r.page.number,
            "words": len(r.page.words),
            "match": round(r.match, 4),
            "relevance": round(r.relevance, 4),
        }
        for r in readings
    ]


def start_json(start: Start, order: Sequence[str]) -> Json:
    return {
        "needs": sorted(need.value for need in start.needs),
        "order": list(order),
        "skipped": [{"tier": tier, "why": why} for tier, why in start.skipped],
    }


def draft_json(tier: str, draft: Draft | None, failure: Failure | None) -> Json:
    if draft is None:
        return {"tier": tier, "failure": None if failure is None else _failure(failure)}
    return {
        "tier": tier,
        "answer": draft.answer,
        "confidence": draft.confidence,
        "spans": [_span(s) for s in draft.spans],
        "rivals": [[text, score] for text, score in draft.rivals],
        "token_probability": draft.token_probability,
        "prompted": _prompted(draft.prompted) if draft.prompted else None,
    }


def verdicts_json(verdicts: Sequence[Verdict]) -> Json:
    return [
        {
            "claim": v.claim.text,
            "spans": [_span(s) for s in v.claim.spans],
            "verdict": v.kind.value,
            "method": v.method.value,
            "confidence": v.confidence,
            "detail": v.detail,
        }
        for v in verdicts
    ]


def decision_json(decision: Decision, score: float, confidence: float, thresholds: Thresholds) -> Json:
    """``score`` is the tier's own times the weakest verdict, ``confidence`` what calibration makes of it."""
    why: dict[str, Json] = {
        "decision": type(decision).__name__.lower(),
        "score": score,
        "confidence": confidence,
        "min_confidence": round(thresholds.min_confidence, 4),
        "accept": round(thresholds.accept, 4),
    }
    match decision:
        case Keep():
            why["why"] = decision.why
        case Repair():
            why["why"] = decision.missing
        case Escalate():
            why["why"] = decision.why
        case Abstain():
            why |= {"reason": decision.abstention.reason.value, "why": decision.abstention.detail}
    return why


def _failure(failure: Failure) -> Json:
    told = failure.abstention
    return {"kind": failure.kind.value, "reason": told.reason.value, "detail": told.detail}


def _constraint(constraint: Constraint) -> Json:
    return {
        "kind": constraint.kind.value,
        "text": constraint.text,
        "normals": list(constraint.normals),
        "role": constraint.role,
    }


def _prompted(prompted: Prompted) -> Json:
    return {
        "elements": prompted.elements,
        "images": list(prompted.images),
        "estimated_tokens": prompted.estimated_tokens,
        "billed_tokens": prompted.billed_tokens,
        "notes": list(prompted.notes),
    }


def _span(span: Span) -> Json:
    return {"element": span.element_id, "words": list(span.words), "quote": span.quote}


def _hit(hit: Hit) -> Json:
    return {
        "element": hit.element.id,
        "document": hit.document,
        "page": hit.element.page,
        "kind": hit.element.kind.value,
        "score": round(hit.score, 5),
        "legs": {leg.value: rank for leg, rank in hit.legs.items()},
        "text": hit.element.text[:_TEXT],
    }
