"""Refusals and confidence: refusal precision and recall, risk against coverage, calibration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BINS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """One bar of a reliability diagram; ``low < confidence <= high``."""

    low: float
    high: float
    count: int
    confidence: float
    accuracy: float


def refusal_scores(refused: Sequence[bool], answerable: Sequence[bool]) -> tuple[float | None, float | None]:
    """Refusal precision and recall: of the refusals, how many were due; of the unanswerable questions, how many were
    refused.

    Precision and recall of the class *unanswerable*, by scikit-learn (Rajpurkar et al., *SQuAD 2.0*, ACL 2018, is where the
    field began to ask for it). None where there is nothing to divide by.
    """
    from sklearn.metrics import precision_score, recall_score

    truth = [not a for a in answerable]
    precision = float(precision_score(truth, refused, zero_division=0.0)) if any(refused) else None
    recall = float(recall_score(truth, refused, zero_division=0.0)) if any(truth) else None
    return precision, recall


def brier(confidence: Sequence[float], right: Sequence[bool]) -> float:
    """Mean squared distance of confidence from what happened (Brier, Monthly Weather Review 78, 1950), by scikit-learn."""
    from sklearn.metrics import brier_score_loss

    return float(brier_score_loss(list(right), list(confidence), pos_label=True))


def reliability(confidence: Sequence[float], right: Sequence[bool], bins: int = BINS) -> tuple[Bin, ...]:
    """The bars of a reliability diagram over equal widths; bars without answers are left out.

    Guo et al., *On Calibration of Modern Neural Networks*, ICML 2017, sec. 2: bar ``m`` holds confidences in ``((m-1)/M,
    m/M]``, the first one 0 too.
    """
    scores: NDArray[np.float64] = np.asarray(confidence, dtype=float)
    hits: NDArray[np.float64] = np.asarray(right, dtype=float)
    edges = np.linspace(0, 1, bins + 1)
    at = np.clip(np.searchsorted(edges, scores, side="left") - 1, 0, bins - 1)
    return tuple(
        Bin(
            low=float(edges[m]),
            high=float(edges[m + 1]),
            count=int((at == m).sum()),
            confidence=float(scores[at == m].mean()),
            accuracy=float(hits[at == m].mean()),
        )
        for m in range(bins)
        if (at == m).any()
    )


def expected_calibration_error(confidence: Sequence[float], right: Sequence[bool], bins: int = BINS) -> float:
    """ECE: how far accuracy is from confidence, bar by bar, weighted by the answers in it.

    Naeini, Cooper, Hauskrecht, AAAI 2015, in the form of Guo et al., ICML 2017, eq. 3.
    """
    bars = reliability(confidence, right, bins)
    return sum(b.count * abs(b.accuracy - b.confidence) for b in bars) / len(confidence)


def risk_coverage(confidence: Sequence[float], right: Sequence[bool]) -> tuple[tuple[float, float], ...]:
    """Coverage and risk when only the most confident share is answered, one point for each distinct confidence.

    El-Yaniv and Wiener, *On the Foundations of Noise-free Selective Classification*, JMLR 11, 2010; Geifman and El-Yaniv,
    NeurIPS 2017. Equal confidences enter together: no threshold could part them.
    """
    order = np.argsort(-np.asarray(confidence, dtype=float), kind="stable")
    scores = np.asarray(confidence, dtype=float)[order]
    wrong = np.cumsum(~np.asarray(right, dtype=bool)[order])
    ends = [n for n in range(len(scores)) if n + 1 == len(scores) or scores[n + 1] != scores[n]]
    return tuple(((n + 1) / len(scores), float(wrong[n]) / (n + 1)) for n in ends)


def area_under_risk_coverage(confidence: Sequence[float], right: Sequence[bool]) -> float:
    """AURC: mean risk over all coverages (Geifman, Uziel, El-Yaniv, ICLR 2019, eq. 3); lower is better.

    Within equal confidences the risk at each coverage is that of the whole group's end, so the order does not matter.
    """
    points, area, before = risk_coverage(confidence, right), 0.0, 0.0
    for coverage, risk in points:
        area += (coverage - before) * risk
        before = coverage
    return area
