"""Text as read against text as printed, by jiwer; and whether paraphrases get the same answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from mmrag.evaluation.metrics.text import is_right


def character_error_rate(read: Sequence[str], printed: Sequence[str]) -> float:
    """Edits a character of the printed text, over all texts together, by jiwer (Morris, Maier, Green, Interspeech 2004).

    It can exceed 1. ``printed`` must hold at least one character.
    """
    import jiwer

    return float(jiwer.cer(list(printed), list(read)))


def word_error_rate(read: Sequence[str], printed: Sequence[str]) -> float:
    """Edits a word of the printed text, over all texts together, by jiwer. It can exceed 1."""
    import jiwer

    return float(jiwer.wer(list(printed), list(read)))


def words_found(read: Sequence[str], printed: Sequence[str]) -> float:
    """The share of printed words that were read, repeats counted, in whatever order they stand, in ``[0, 1]``.

    Recall of the *bag of words* of Pletschacher, Clausner, Antonacopoulos, *Europeana Newspapers OCR Workflow Evaluation*,
    HIP 2015: unlike the word error rate it does not count columns that were read in another order as errors. ``printed``
    must hold at least one word.
    """
    total = found = 0
    for seen, true in zip(read, printed, strict=True):
        words = Counter(true.split())
        total += words.total()
        found += (words & Counter(seen.split())).total()
    return found / total


def consistency(answers: Sequence[str | None]) -> float:
    """The share of pairs of paraphrases that got the same answer, in ``[0, 1]``; two refusals are the same.

    *Pairwise consistency* of Elazar et al., *Measuring and Improving Consistency in Pretrained Language Models*, TACL 2021,
    sec. 3. 1 with fewer than two answers.
    """
    pairs = [(a, b) for n, a in enumerate(answers) for b in answers[n + 1 :]]
    return sum(_same(a, b) for a, b in pairs) / len(pairs) if pairs else 1.0


def _same(a: str | None, b: str | None) -> bool:
    if a is None or b is None:
        return a is b
    return is_right(a, [b]) or is_right(b, [a])
