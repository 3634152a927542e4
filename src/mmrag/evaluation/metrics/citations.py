"""Citation precision and recall as ALCE defines them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

C = TypeVar("C")


def citation_scores(statements: Sequence[Sequence[C]], supports: Callable[[int, Sequence[C]], bool]) -> tuple[float, float]:
    """Citation precision and recall of one answer, in ``[0, 1]``.

    Gao et al., *Enabling Large Language Models to Generate Text with Citations* (ALCE), EMNLP 2023, sec. 4.3.
    ``statements`` are the citations of each statement; ``supports(n, citations)`` says whether those citations together
    support statement ``n``. Recall: the share of statements that their citations support. Precision: the share of
    citations that are not irrelevant; one is irrelevant when it does not support its statement alone and the others do
    without it. The citations of a statement that is not supported all count as wrong. Precision is 0 without citations,
    recall 0 without statements.
    """
    recalled = precise = total = 0
    for n, citations in enumerate(statements):
        total += len(citations)
        if not citations or not supports(n, citations):
            continue
        recalled += 1
        for k, citation in enumerate(citations):
            others = [c for j, c in enumerate(citations) if j != k]
            if supports(n, [citation]) or not (others and supports(n, others)):
                precise += 1
    return precise / total if total else 0.0, recalled / len(statements) if statements else 0.0
