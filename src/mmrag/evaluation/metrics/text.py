"""Answers as text: ANLS, ANLS*, exact match, numbers with tolerance, VQA accuracy, and what counts as right."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rapidfuzz.distance import Levenshtein

ANLS_THRESHOLD = 0.5
NEARLY = 0.8
"""Similarity from which an answer of words counts as right: OCR loses a letter of a name, not its meaning."""


def anls(answer: str, accepted: Sequence[str]) -> float:
    """Average normalised Levenshtein similarity of one question, in ``[0, 1]``.

    Biten et al., *Scene Text Visual Question Answering*, ICCV 2019, eq. 1: the best ``1 - NL`` over the accepted answers,
    0 when ``NL`` is 0.5 or more; without regard to case and surrounding space, as the DocVQA evaluation does.
    """
    said = answer.strip().lower()
    best = max((1 - _distance(said, a.strip().lower()) for a in accepted), default=0.0)
    return best if best > ANLS_THRESHOLD else 0.0


def anls_star(answer: str | None, accepted: Sequence[str]) -> float:
    """ANLS* of one question, in ``[0, 1]``, by its authors' package.

    Peer et al., *ANLS* -- A Universal Document Processing Metric for Generative Large Language Models*, arXiv 2402.03848.
    ``accepted`` is a set of alternatives; with none, the right answer is None.
    """
    from anls_star import anls_score

    score: object = anls_score(tuple(accepted) if accepted else None, answer)
    assert isinstance(score, float | int)  # noqa: S101  # its type only varies with options that are not used
    return float(score)


def exact_match(answer: str, accepted: Sequence[str]) -> bool:
    """Equal once lower-cased and without punctuation, articles and repeated space.

    Rajpurkar et al., *SQuAD*, EMNLP 2016, the normalisation of its evaluation script. Points and commas inside a number
    stay.
    """
    return any(_squad(answer) == _squad(a) for a in accepted)


def number_of(text: str) -> float | None:
    """The one number that ``text`` holds beside a currency, a percent sign or a unit; None when it is not just one number.

    A comma before three digits groups thousands; brackets around a number make it negative, as in accounts.
    """
    bare = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", text.strip())
    match = re.fullmatch(
        r"[^\d()+\-−.]*(\()?\s*((?<![^\W\d_])[+\-−])?[^\d()+\-−.]*(\d+(?:\.\d+)?|\.\d+)\s*(\))?[^\d]*", bare
    )
    if match is None:
        return None
    negative = match[2] in ("-", "−") or (match[1] is not None and match[4] is not None)
    return -float(match[3]) if negative else float(match[3])


def number_match(answer: str, accepted: Sequence[str], *, tolerance: float = 0.0) -> bool:
    """Equal as numbers within ``tolerance`` relative to the true one.

    With 0.05 it is the relaxed accuracy of Methani et al., *PlotQA*, WACV 2020, sec. 5, as ChartQA (Masry et al., ACL
    Findings 2022) uses it. False when either side is not one number.
    """
    said = number_of(answer)
    return said is not None and any(_close(said, number_of(a), tolerance) for a in accepted)


def relaxed_accuracy(answer: str, accepted: Sequence[str]) -> bool:
    """ChartQA's accuracy (Masry et al., ACL Findings 2022): numbers within 5%, other answers equal without regard to
    case.
    """
    if any(number_of(a) is not None for a in accepted) and number_of(answer) is not None:
        return number_match(answer, accepted, tolerance=0.05)
    return any(answer.strip().lower() == a.strip().lower() for a in accepted)


def vqa_accuracy(answer: str, given: Sequence[str]) -> float:
    """VQA accuracy, in ``[0, 1]``: ``min(1, matches / 3)`` averaged over all ways to leave one person's answer out.

    Antol et al., *VQA: Visual Question Answering*, ICCV 2015, sec. 3, with the averaging of the official evaluation.
    ``given`` are the answers of the (usually ten) persons, repeats included.
    """
    if not given:
        return 0.0
    said = _squad(answer)
    same = [_squad(g) == said for g in given]
    matches = sum(same)
    return sum(min(1.0, (matches - s) / 3) for s in same) / len(same)


def is_right(answer: str, accepted: Sequence[str]) -> bool:
    """Right for a person: the same letters and digits, the same number, or nearly the same words.

    Numbers and codes must be equal; an answer mostly of letters may differ in a fifth of its characters, for OCR's sake.
    This is the project's own rule, applied alike to every system that is compared; ANLS and exact match stand beside it.
    """
    said = _squash(answer)
    for expected in accepted:
        true = _squash(expected)
        if said == true and said:
            return True
        if number_match(answer, [expected]):
            return True
        letters = sum(c.isalpha() for c in expected) > sum(c.isdigit() for c in expected)
        if letters and _digits(answer) == _digits(expected) and Levenshtein.normalized_similarity(said, true) >= NEARLY:
            return True
    return False


def _distance(a: str, b: str) -> float:
    return Levenshtein.normalized_distance(a, b)


def _close(said: float, true: float | None, tolerance: float) -> bool:
    return true is not None and abs(said - true) <= tolerance * abs(true) + 1e-9


def _squad(text: str) -> str:
    kept = re.sub(r"(?<!\d)[.,]|[.,](?!\d)|[^\w\s.,]", " ", text.lower())
    return " ".join(re.sub(r"\b(a|an|the)\b", " ", kept).split())


def _squash(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.lower())


def _digits(text: str) -> str:
    return "".join(c for c in text if c.isdigit())
