"""The judge beside the plain metric, as figures: agreement, kappa, and the answers on which they part."""

from __future__ import annotations

from collections.abc import Sequence

from mmrag.domain.hashing import Json
from mmrag.evaluation.judging import Judged
from mmrag.evaluation.metrics.agreement import cohen_kappa, raw_agreement
from mmrag.evaluation.scoring import Scored


def judge_json(judged: Judged, scored: Sequence[Scored]) -> dict[str, Json]:
    """All of it over the answers that the judge gave a verdict on; ``failed`` counts those it gave none on."""
    by_id = {s.question.id: s for s in scored}
    pairs = [(by_id[j.id], j) for j in judged.judgements if j.id in by_id]
    verdicts = [(s, j.right) for s, j in pairs if j.right is not None]
    kinds = sorted({s.question.kind for s, _ in verdicts})
    return {
        "tier": judged.tier,
        "model": judged.model,
        "failed": len(pairs) - len(verdicts),
        "overall": _figures(verdicts),
        "by_kind": {kind: _figures([(s, right) for s, right in verdicts if s.question.kind == kind]) for kind in kinds},
        "cost": {
            "usd": f"{judged.bill.cost.usd:.6f}",
            "unpriced_calls": judged.bill.cost.unpriced_calls,
            "calls": judged.bill.calls,
            "cache_hits": judged.bill.cache_hits,
            "input_tokens": judged.bill.usage.input_tokens,
            "output_tokens": judged.bill.usage.output_tokens,
        },
        "disagreements": [
            {
                "id": s.question.id,
                "kind": s.question.kind,
                "asked": s.outcome.asked,
                "true": list(s.question.answers[:5]),
                "given": s.outcome.answer,
                "metric": s.is_right,
                "judge": j.right,
                "why": j.why,
            }
            for s, j in pairs
            if j.right is not None and j.right != s.is_right
        ],
        "without_verdict": [{"id": j.id, "why": j.why} for _, j in pairs if j.right is None],
    }


def _figures(verdicts: Sequence[tuple[Scored, bool]]) -> dict[str, Json]:
    metric, judge = [s.is_right for s, _ in verdicts], [right for _, right in verdicts]
    kappa = cohen_kappa(metric, judge)
    return {
        "n": len(verdicts),
        "agreement": round(raw_agreement(metric, judge), 4) if verdicts else None,
        "kappa": None if kappa is None else round(kappa, 4),
        "metric_right": sum(metric),
        "judge_right": sum(judge),
        "judge_only_right": sum(j and not m for m, j in zip(metric, judge, strict=True)),
        "metric_only_right": sum(m and not j for m, j in zip(metric, judge, strict=True)),
    }
