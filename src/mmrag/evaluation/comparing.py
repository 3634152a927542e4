"""Two runs over the same questions: which figures differ by more than chance, and which questions changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mmrag.domain.hashing import Json
from mmrag.errors import UsageError
from mmrag.evaluation.report import SavedQuestion, SavedReport

METRICS = (
    "right", "anls", "exact_match", "relaxed_accuracy", "vqa_accuracy", "items_found", "strict_attributed",
    "citation_precision", "citation_recall", "answered",
    "document_recall@1", "document_mrr", "page_recall@1", "page_recall@5", "page_mrr", "page_ndcg@10", "seconds", "usd",
)  # fmt: skip
RESAMPLES = 2000
LEVEL = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One figure in both runs, over the questions that have it in both. ``low`` to ``high`` is the interval of ``b - a``."""

    metric: str
    n: int
    a: float
    b: float
    low: float
    high: float

    @property
    def is_clear(self) -> bool:
        """True when chance alone would hardly make such a difference: the interval leaves out 0."""
        return self.low > 0 or self.high < 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    a: str
    b: str
    shared: int
    differences: tuple[Difference, ...]
    changed: tuple[tuple[SavedQuestion, SavedQuestion], ...]


def compare(a: SavedReport, b: SavedReport) -> Comparison:
    """Compare by question id. Raises ``UsageError`` when the two share no question."""
    theirs = {q.id: q for q in b.questions}
    pairs = [(q, theirs[q.id]) for q in a.questions if q.id in theirs]
    if not pairs:
        raise UsageError("The two reports have no question in common: compare runs over the same data set.")
    differences = []
    for metric in METRICS:
        values = [(p.values[metric], q.values[metric]) for p, q in pairs if metric in p.values and metric in q.values]
        if values:
            differences.append(_difference(metric, values))
    changed = tuple((p, q) for p, q in pairs if p.result != q.result or (p.result == "wrong_answer" and p.given != q.given))
    return Comparison(a=a.title, b=b.title, shared=len(pairs), differences=tuple(differences), changed=changed)


def paired_interval(a: Sequence[float], b: Sequence[float], *, seed: int = 0) -> tuple[float, float]:
    """95% interval of the mean of ``b - a``: percentile bootstrap over question pairs, by scipy.

    Efron and Tibshirani, *An Introduction to the Bootstrap*, 1993, ch. 13; for retrieval runs Sakai, SIGIR 2006. Resampling
    pairs keeps what is easy or hard about a question out of the difference. The seed is fixed, so a report repeats exactly.
    """
    import numpy as np
    from scipy.stats import bootstrap

    apart = np.subtract(b, a)
    if len(apart) < 2 or not apart.any():
        return float(apart.mean()), float(apart.mean())
    done = bootstrap(
        (apart,), np.mean, n_resamples=RESAMPLES, confidence_level=LEVEL, method="percentile", vectorized=True,
        batch=200, rng=np.random.default_rng(seed),
    )  # fmt: skip
    return float(done.confidence_interval.low), float(done.confidence_interval.high)


def comparison_json(comparison: Comparison) -> dict[str, Json]:
    return {
        "a": comparison.a,
        "b": comparison.b,
        "questions": comparison.shared,
        "level": LEVEL,
        "differences": [
            {
                "metric": d.metric, "n": d.n, "a": round(d.a, 4), "b": round(d.b, 4), "difference": round(d.b - d.a, 4),
                "low": round(d.low, 4), "high": round(d.high, 4), "clear": d.is_clear,
            }
            for d in comparison.differences
        ],
        "changed": [
            {
                "id": p.id, "kind": p.kind, "asked": p.asked, "true": list(p.true), "a": {"result": p.result, "given":
                p.given}, "b": {"result": q.result, "given": q.given},
            }
            for p, q in comparison.changed
        ],
    }  # fmt: skip


def _difference(metric: str, values: Sequence[tuple[float, float]]) -> Difference:
    a, b = [x for x, _ in values], [y for _, y in values]
    low, high = paired_interval(a, b)
    return Difference(metric=metric, n=len(values), a=sum(a) / len(a), b=sum(b) / len(b), low=low, high=high)
