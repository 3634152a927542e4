"""Whether questions are still like those that confidence was calibrated on.

Two distributions are compared with the calibration set's: the confidence of answers, and the score of the best piece of
evidence. The measure is the two-sample Kolmogorov-Smirnov statistic: the largest distance between the two cumulative
distributions, 0 when alike, 1 when apart. Where the calibration kept no scores there is nothing to compare with, and nothing
is reported.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Final

from mmrag.domain.answers import Answer
from mmrag.domain.calibration import Calibration

WINDOW: Final = 500
"""Latest questions that are compared."""
LEAST: Final = 30
"""Fewer questions than this say nothing about a distribution."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """``score`` is ``confidence`` or ``retrieval``; ``questions`` is how many are in the window."""

    score: str
    statistic: float
    questions: int


class Drift:
    """The window of the latest scores. ``reference`` is what to compare with, by the name of the score."""

    def __init__(self) -> None:
        self.reference: dict[str, Sequence[float]] = {}
        self._lock = Lock()  # measured in a thread, added to on the event loop
        self._windows: dict[str, deque[float]] = {
            "confidence": deque(maxlen=WINDOW),
            "retrieval": deque(maxlen=WINDOW),
        }

    def compare_with(self, calibration: Calibration) -> None:
        self.reference = {
            "confidence": calibration.confidences,
            "retrieval": calibration.retrieval_scores,
        }

    def add(self, answer: Answer) -> None:
        with self._lock:
            if answer.answered:
                self._windows["confidence"].append(answer.confidence)
            if answer.evidence:
                self._windows["retrieval"].append(answer.evidence[0].score)

    def measured(self) -> Iterator[Measured]:
        """What can be said now. Blocks for some milliseconds, and longer the first time."""
        with self._lock:
            windows = {score: list(window) for score, window in self._windows.items()}
        for score, window in windows.items():
            reference = self.reference.get(score, ())
            if len(window) >= LEAST and len(reference) >= LEAST:
                from scipy.stats import ks_2samp

                result = ks_2samp(window, list(reference))
                yield Measured(score=score, statistic=float(result.statistic), questions=len(window))
