"""Do two judges agree, and by more than chance would have it?"""

from __future__ import annotations

from collections.abc import Sequence


def raw_agreement(a: Sequence[bool], b: Sequence[bool]) -> float:
    """The share of cases that both call the same, in ``[0, 1]``. Neither may be empty."""
    return sum(x == y for x, y in zip(a, b, strict=True)) / len(a)


def cohen_kappa(a: Sequence[bool], b: Sequence[bool]) -> float | None:
    """Cohen's kappa, by scikit-learn: 1 for full agreement, 0 for as much as chance gives, below 0 for less.

    Cohen, *A Coefficient of Agreement for Nominal Scales*, Educational and Psychological Measurement 20(1), 1960. None where
    it has no meaning: both call everything the same, so chance alone agrees fully.
    """
    from sklearn.metrics import cohen_kappa_score

    if len({*a, *b}) < 2:
        return None
    return float(cohen_kappa_score(list(a), list(b)))
