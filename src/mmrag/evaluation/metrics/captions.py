"""Captions against references: BLEU, METEOR and CIDEr-D; and what a description invents or leaves out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from math import exp, log, sqrt

MAX_N = 4
SIGMA = 6.0


def words_of(text: str) -> list[str]:
    """Lower-case words and numbers without punctuation, as caption metrics count them."""
    return re.findall(r"[^\W_]+(?:['’][^\W_]+)?", text.lower())


def bleu(captions: Sequence[str], references: Sequence[Sequence[str]]) -> float:
    """Corpus BLEU-4 in ``[0, 100]``, by sacrebleu (Papineni et al., ACL 2002; Post, WMT 2018, for the reference scoring).

    ``references[i]`` are those of ``captions[i]``; they may differ in number.
    """
    from sacrebleu.metrics.bleu import BLEU

    most = max(len(r) for r in references)
    # Where a caption has fewer references, repeating one changes nothing: each n-gram counts by its most frequent reference.
    streams = [[r[min(k, len(r) - 1)] for r in references] for k in range(most)]
    return float(BLEU(lowercase=True).corpus_score(list(captions), streams).score)


def meteor(caption: str, references: Sequence[str]) -> float:
    """METEOR of one caption in ``[0, 1]``, by NLTK (Banerjee and Lavie, ACL workshop 2005), with stems and without synonyms.

    The synonyms would need WordNet, which no package carries: figures are lower than published ones, and comparable only
    with each other.
    """
    from nltk.stem.porter import PorterStemmer
    from nltk.translate.meteor_score import meteor_score

    said, given = words_of(caption), [words_of(r) for r in references]
    return float(meteor_score(given, said, stemmer=PorterStemmer(), wordnet=_NoSynonyms()))


class _NoSynonyms:
    """In place of WordNet: no word has a synonym."""

    def synsets(self, _word: str) -> list[object]:
        return []


def cider_d(captions: Sequence[str], references: Sequence[Sequence[str]]) -> tuple[float, ...]:
    """CIDEr-D of each caption, 0 to 10; document frequencies come from ``references``.

    Vedantam, Zitnick, Parikh, *CIDEr: Consensus-based Image Description Evaluation*, CVPR 2015, eq. 4 to 6, with n up to 4
    and sigma 6. Our own, because the usual package brings 100 MB of Java; a test holds it to that package's figures.
    """
    grams = [[_ngrams(words_of(r)) for r in refs] for refs in references]
    frequency = Counter(g for refs in grams for g in {g for ref in refs for g in ref})
    total = log(float(len(references)))
    return tuple(
        _cider_of(_ngrams(words_of(caption)), refs, frequency, total) for caption, refs in zip(captions, grams, strict=True)
    )


Gram = tuple[str, ...]


def _ngrams(words: Sequence[str]) -> Counter[Gram]:
    return Counter(tuple(words[i : i + n]) for n in range(1, MAX_N + 1) for i in range(len(words) - n + 1))


def _cider_of(said: Counter[Gram], refs: Sequence[Counter[Gram]], frequency: Mapping[Gram, int], total: float) -> float:
    score = 0.0
    mine = _weighted(said, frequency, total)
    for ref in refs:
        theirs = _weighted(ref, frequency, total)
        apart = _length(said) - _length(ref)
        penalty = exp(-(apart**2) / (2 * SIGMA**2))
        for n in range(1, MAX_N + 1):
            a = {g: w for g, w in mine.items() if len(g) == n}
            b = {g: w for g, w in theirs.items() if len(g) == n}
            size = sqrt(sum(w * w for w in a.values())) * sqrt(sum(w * w for w in b.values()))
            shared = sum(min(w, b[g]) * b[g] for g, w in a.items() if g in b)
            score += (shared / size if size else 0.0) * penalty / MAX_N
    return 10 * score / len(refs)


def _weighted(grams: Counter[Gram], frequency: Mapping[Gram, int], total: float) -> dict[Gram, float]:
    return {g: n * (total - log(max(1.0, frequency.get(g, 0)))) for g, n in grams.items()}


def _length(grams: Counter[Gram]) -> int:
    """The number of 2-grams: the length that the reference implementation compares."""
    return sum(n for g, n in grams.items() if len(g) == 2)


def hallucination_rate(said: Sequence[str], present: Sequence[str]) -> float:
    """CHAIR_i in ``[0, 1]``: of the things mentioned, how many are not there (Rohrbach et al., EMNLP 2018, eq. 1); 0 for
    none.
    """
    there = {p.lower() for p in present}
    mentioned = [s.lower() for s in said]
    return sum(s not in there for s in mentioned) / len(mentioned) if mentioned else 0.0


def completeness_rate(said: Sequence[str], present: Sequence[str]) -> float:
    """Of the things that are there, how many are mentioned: *coverage* of AMBER (Wang et al., arXiv 2311.07397); 1 for
    none.
    """
    mentioned = {s.lower() for s in said}
    there = {p.lower() for p in present}
    return len(there & mentioned) / len(there) if there else 1.0
