"""From scored questions to figures: overall, by kind, by any field, and where the gaps are."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from mmrag.domain.hashing import Json
from mmrag.evaluation.answer_scores import TOLERANCES
from mmrag.evaluation.metrics import confidence as conf
from mmrag.evaluation.metrics.ranking import RANKING_METRICS
from mmrag.evaluation.metrics.reading import consistency
from mmrag.evaluation.scoring import ERRORS, Result, Scored

_GAP_METRICS = ("right", "strict_attributed", "page_recall@5", "document_recall@1")
_SMALLEST_SLICE = 5
"""Slices with fewer questions are shown, but never called a gap: chance alone opens one."""
_MOST_VALUES = 20


def figures(scored: Sequence[Scored]) -> dict[str, Json]:
    """All figures of one group of questions, with the counts they stand on. A figure without questions is null."""
    texts = [s for s in scored if s.result is not None]
    return {
        "counts": _counts(scored, texts),
        "retrieval": {
            by: {name: mean_of(scored, f"{by}_{name}") for name in RANKING_METRICS} | {"n": count_of(scored, f"{by}_mrr")}
            for by in ("document", "page")
        },
        "answers": {
            name: mean_of(scored, name) for name in ("right", "anls", "anls_star", "exact_match", "relaxed_accuracy")
        }
        | {"n": count_of(scored, "right"), "right_when_answered": _ratio(texts, lambda s: s.is_right, _given)},
        "numbers": {"n": count_of(scored, "number_equal")} | {name: mean_of(scored, name) for name, _ in TOLERANCES},
        "lists": {
            "n": count_of(scored, "items_found"),
            "completeness": mean_of(scored, "items_found"),
            "hallucination": mean_of(scored, "items_invented"),
        },
        "vqa": {"n": count_of(scored, "vqa_accuracy"), "accuracy": mean_of(scored, "vqa_accuracy")},
        "consistency": consistency_of(texts),
        "attribution": {
            "strict_attributed_accuracy": mean_of(scored, "strict_attributed"),
            "strict_attributed_accuracy_iou50": mean_of(scored, "strict_attributed_iou50"),
            "n": count_of(scored, "strict_attributed"),
            "evidence_recall": mean_of(scored, "evidence_recall"),
            "page_recall": mean_of(scored, "page_cited"),
            "box_iou": mean_of(scored, "box_iou"),
            "box_f1": mean_of(scored, "box_f1"),
            "citation_precision": mean_of(scored, "citation_precision"),
            "citation_recall": mean_of(scored, "citation_recall"),
            "n_cited": count_of(scored, "citation_recall"),
        },
        "refusal": _refusal(texts),
        "calibration": calibration(texts),
        "verifier": verifier(texts),
        "cost": _cost(scored),
        "latency_ms": _latency(scored),
        "errors": {r.value: sum(s.result is r for s in scored) for r in ERRORS},
        "rates": {
            "hallucination": _ratio(texts, lambda s: s.result is Result.HALLUCINATED, _given),
            "coverage": _ratio(texts, _given, lambda s: s.question.is_answerable),
        },
    }


def mean_of(scored: Iterable[Scored], name: str) -> float | None:
    """Mean over the questions for which the figure has a meaning, None when there are none."""
    values = [s.values[name] for s in scored if name in s.values]
    return round(sum(values) / len(values), 4) if values else None


def count_of(scored: Iterable[Scored], name: str) -> int:
    return sum(name in s.values for s in scored)


def by_kind(scored: Sequence[Scored]) -> dict[str, Json]:
    kinds = sorted({s.question.kind for s in scored})
    return {kind: figures([s for s in scored if s.question.kind == kind]) for kind in kinds}


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """The questions that share one value of one field."""

    field: str
    value: str
    scored: tuple[Scored, ...]


def slices(scored: Sequence[Scored]) -> tuple[Slice, ...]:
    """Every field of the data set with two values or more; fields that tell nearly every question apart are left out."""
    tagged = [(s, {**s.question.fields, "kind": s.question.kind, **_derived(s)}) for s in scored]
    found: list[Slice] = []
    for name in sorted({field for _, fields in tagged for field in fields}):
        groups: dict[str, list[Scored]] = {}
        for s, fields in tagged:
            groups.setdefault(fields.get(name, "(none)"), []).append(s)
        told = sum(name in fields for _, fields in tagged)
        if 2 <= len(groups) <= _MOST_VALUES and told >= 2 * (len(groups) - 1):
            found += [Slice(field=name, value=v, scored=tuple(group)) for v, group in sorted(groups.items())]
    return tuple(found)


def _derived(s: Scored) -> dict[str, str]:
    """Fields that no data set states: how well the page could be read, and what kind of answer is true."""
    return {"answer looks like": s.true_kind, **({"page quality": s.truth.quality} if s.truth.quality else {})}


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """The best and the worst slice of one field under one figure, each with its count."""

    field: str
    metric: str
    best: str
    best_score: float
    best_n: int
    worst: str
    worst_score: float
    worst_n: int

    @property
    def size(self) -> float:
        return self.best_score - self.worst_score


def gaps(found: Sequence[Slice]) -> tuple[Gap, ...]:
    """The gaps between slices of five questions or more, largest first."""
    result = []
    for field in dict.fromkeys(s.field for s in found):
        for metric in _GAP_METRICS:
            ranked = sorted(
                (mean, s.value, n)
                for s in found
                if s.field == field
                and (n := count_of(s.scored, metric)) >= _SMALLEST_SLICE
                and (mean := mean_of(s.scored, metric)) is not None
            )
            if len(ranked) >= 2 and ranked[-1][0] > ranked[0][0]:
                (low, worst, worst_n), (high, best, best_n) = ranked[0], ranked[-1]
                result.append(
                    Gap(
                        field=field, metric=metric, best=best, best_score=high, best_n=best_n,
                        worst=worst, worst_score=low, worst_n=worst_n,
                    )
                )  # fmt: skip
    return tuple(sorted(result, key=lambda g: -g.size))


def calibration(texts: Sequence[Scored]) -> dict[str, Json]:
    """Over the answers that were given: ECE and Brier score, and the area under risk and coverage."""
    given = [s for s in texts if _given(s)]
    if not given:
        return {"n": 0, "ece": None, "brier": None, "aurc": None}
    scores, right = [s.outcome.confidence for s in given], [s.is_right for s in given]
    return {
        "n": len(given),
        "ece": round(conf.expected_calibration_error(scores, right), 4),
        "brier": round(conf.brier(scores, right), 4),
        "aurc": round(conf.area_under_risk_coverage(scores, right), 4),
    }


def consistency_of(texts: Sequence[Scored]) -> dict[str, Json]:
    """Over groups of paraphrases with two questions or more: the share answered alike throughout, and the mean share of
    pairs that are (Elazar et al., TACL 2021).
    """
    asked: dict[str, list[str | None]] = {}
    for s in texts:
        if s.question.group is not None and s.outcome.error is None:
            asked.setdefault(s.question.group, []).append(s.outcome.answer)
    found = [consistency(answers) for answers in asked.values() if len(answers) > 1]
    return {
        "groups": len(found),
        "alike": round(sum(c == 1.0 for c in found) / len(found), 4) if found else None,
        "pairwise": round(sum(found) / len(found), 4) if found else None,
    }


def verifier(texts: Sequence[Scored]) -> dict[str, Json]:
    """What checking changed. A flip is a harm when it took a right draft away, a rescue when it took a wrong one away.

    ``right_drafts_withheld``: right drafts that were not refuted but refused for too little confidence.
    """
    flipped = [s for s in texts if s.outcome.flipped]
    return {
        "flips": len(flipped),
        "harms": sum(s.draft_right is True and not s.is_right for s in flipped),
        "rescues": sum(s.draft_right is False and (s.is_right or not s.outcome.answered) for s in flipped),
        "right_drafts_withheld": sum(
            s.draft_right is True and not s.outcome.flipped and not s.outcome.answered for s in texts
        ),
    }


def _given(s: Scored) -> bool:
    return s.outcome.answered


def _ratio(of: Sequence[Scored], hit: Callable[[Scored], bool], within: Callable[[Scored], bool]) -> float | None:
    inside = [s for s in of if within(s)]
    return round(sum(hit(s) for s in inside) / len(inside), 4) if inside else None


def _counts(scored: Sequence[Scored], texts: Sequence[Scored]) -> dict[str, Json]:
    answerable = [s for s in texts if s.question.is_answerable]
    return {
        "questions": len(scored),
        "answerable": len(answerable),
        "unanswerable": len(texts) - len(answerable),
        "finding_only": len(scored) - len(texts),
        "with_box": count_of(scored, "strict_attributed"),
        "answered": sum(_given(s) for s in texts),
        "refused": sum(not _given(s) and s.outcome.error is None for s in texts),
        "right": sum(s.is_right for s in texts),
    }


def _refusal(texts: Sequence[Scored]) -> dict[str, Json]:
    asked = [s for s in texts if s.result is not Result.FAILED]
    precision, recall = conf.refusal_scores([not _given(s) for s in asked], [s.question.is_answerable for s in asked])
    return {
        "precision": None if precision is None else round(precision, 4),
        "recall": None if recall is None else round(recall, 4),
        "refused": sum(not _given(s) for s in asked),
        "unanswerable": sum(not s.question.is_answerable for s in asked),
    }


def _cost(scored: Sequence[Scored]) -> dict[str, Json]:
    usd = sum((Decimal(s.outcome.usd) for s in scored), Decimal(0))
    right = sum(s.is_right for s in scored)
    return {
        "usd": f"{usd:.6f}",
        "usd_per_question": f"{usd / len(scored):.6f}" if scored else None,
        "usd_per_right_answer": f"{usd / right:.6f}" if right else None,
        "unpriced_calls": sum(s.outcome.unpriced_calls for s in scored),
        "calls": sum(s.outcome.calls for s in scored),
        "input_tokens": sum(s.outcome.input_tokens for s in scored),
        "output_tokens": sum(s.outcome.output_tokens for s in scored),
        "images": sum(s.outcome.images for s in scored),
    }


def _latency(scored: Sequence[Scored]) -> dict[str, Json]:
    import numpy as np

    if not scored:
        return {"p50": None, "p95": None}
    p50, p95 = np.percentile([1000 * s.outcome.seconds for s in scored], [50, 95])
    return {"p50": round(float(p50), 1), "p95": round(float(p95), 1)}
