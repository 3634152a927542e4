"""Answers, hits and events as JSON: the shape that ``mmrag ask --json`` and ``mmrag search --json`` promise."""

from __future__ import annotations

from mmrag.domain.answers import Abstention, Answer, Citation, CitedClaim
from mmrag.domain.costs import Bill
from mmrag.domain.events import (
    AnswerEvent,
    AnswerGiven,
    ClaimChecked,
    CostSoFar,
    DraftText,
    EvidenceFound,
    PlanMade,
    ToolFinished,
    ToolStarted,
)
from mmrag.domain.evidence import Hit, Leg
from mmrag.domain.geometry import BBox
from mmrag.domain.hashing import Json
from mmrag.domain.plans import Plan

_LEGS = (Leg.TEXT, Leg.LEXICAL, Leg.IMAGE)
"""Always present, null when the leg did not find the element; other legs only when they did."""


def to_json(answer: Answer) -> dict[str, Json]:
    """``page`` counts from 1, ``bbox`` is in page fractions, money is decimal text in USD, times are milliseconds."""
    refusal = answer.abstention
    return {
        "question": answer.question,
        "status": "answered" if answer.answered else "abstained",
        "answer": answer.answer,
        "abstention": None if refusal is None else _refusal(refusal),
        "confidence": round(answer.confidence, 4),
        "claims": [_claim(claim) for claim in answer.claims],
        "evidence": [hit_json(hit) for hit in answer.evidence],
        "tier": answer.tier,
        "tiers_tried": list(answer.tiers_tried),
        "revisions": answer.revisions,
        "flipped": answer.flipped,
        "cost": _cost(answer.bill),
        "timings_ms": {stage: round(ms, 1) for stage, ms in answer.timings_ms.items()},
        "notes": list(answer.notes),
        "contradictions": [
            {"value": found.value, "answer": _citation(found.answer), "other": _citation(found.other)}
            for found in answer.contradictions
        ],
        "trace": answer.trace,
    }


def _refusal(refusal: Abstention) -> Json:
    return {"reason": refusal.reason.value, "detail": refusal.detail, "help": refusal.help}


def hit_json(hit: Hit) -> dict[str, Json]:
    """One piece of evidence. ``legs`` gives its rank, from 1, in each way of searching."""
    legs: dict[str, Json] = {leg.value: hit.legs.get(leg) for leg in _LEGS}
    legs |= {leg.value: rank for leg, rank in hit.legs.items()}
    return {
        "document": hit.document,
        "sha256": hit.sha256,
        "page": hit.element.page,
        "bbox": _box(hit.element.bbox),
        "element": hit.element.id,
        "kind": hit.element.kind.value,
        "score": round(hit.score, 4),
        "legs": legs,
        "text": hit.element.text,
    }


def event_json(event: AnswerEvent) -> dict[str, Json]:
    """``{"type": ..., "data": ...}``; the data of ``answer`` is that of :func:`to_json`."""
    return {"type": event.type, "data": _told(event)}


def _told(event: AnswerEvent) -> Json:
    match event:
        case PlanMade(plan=plan):
            return _plan(plan)
        case EvidenceFound(hits=hits):
            return {"evidence": [hit_json(hit) for hit in hits]}
        case ToolStarted():
            return {"call_id": event.call_id, "name": event.name, "arguments": event.arguments, "step": event.step}
        case ToolFinished():
            return {
                "call_id": event.call_id,
                "name": event.name,
                "text": event.text,
                "elements": list(event.element_ids),
                "failed": event.failed,
                "repeated": event.repeated,
            }
        case DraftText():
            return {"tier": event.tier, "attempt": event.attempt, "text": event.text}
        case ClaimChecked():
            return {
                "tier": event.tier,
                "attempt": event.attempt,
                "text": event.text,
                "verdict": event.verdict.value,
                "method": event.method.value,
                "detail": event.detail,
            }
        case CostSoFar(bill=bill):
            return _cost(bill)
        case AnswerGiven(answer=answer):
            return to_json(answer)


def _plan(plan: Plan) -> Json:
    return {
        "question": plan.question,
        "answer_type": plan.answer_type.value,
        "target": plan.target,
        "names": [constraint.text for constraint in plan.constraints],
        "document": plan.document,
        "operation": None if plan.aggregate is None else plan.aggregate.operation.value,
    }


def _claim(claim: CitedClaim) -> Json:
    return {
        "text": claim.text,
        "verdict": claim.verdict.value,
        "method": claim.method.value,
        "citations": [_citation(citation) for citation in claim.citations],
    }


def _citation(citation: Citation) -> Json:
    return {
        "document": citation.document,
        "sha256": citation.sha256,
        "page": citation.page,
        "bbox": _box(citation.bbox),
        "element": citation.element,
        "quote": citation.quote,
        "ocr_confidence": citation.ocr_confidence,
    }


def _cost(bill: Bill) -> Json:
    def estimate(usd: object) -> str | None:
        return None if usd is None else f"{usd:.4f}"

    return {
        "usd": f"{bill.cost.usd:.6f}",
        "unpriced_calls": bill.cost.unpriced_calls,
        "calls": bill.calls,
        "cache_hits": bill.cache_hits,
        "input_tokens": bill.usage.input_tokens,
        "output_tokens": bill.usage.output_tokens,
        "images": bill.usage.images,
        "if_all_flagship_usd": estimate(bill.if_all_flagship_usd),
        "if_all_cheap_usd": estimate(bill.if_all_cheap_usd),
    }


def _box(box: BBox) -> Json:
    return [round(value, 5) for value in box.as_tuple()]
