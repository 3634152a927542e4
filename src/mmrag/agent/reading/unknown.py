"""Words of the question that its document does not know: what is asked for by them is hardly there."""

from __future__ import annotations

from collections.abc import Sequence

from rapidfuzz import fuzz

from mmrag.agent.planwords import plan_words
from mmrag.agent.reading.lexicon import Lexicon
from mmrag.agent.reading.target import GENERIC, OCCASIONS, Asked
from mmrag.agent.reading.text import fold, stem, words
from mmrag.domain.documents import Page

_LETTERS = 4
_ALIKE = 80.0
"""Words are the same in spite of OCR errors from this likeness (``rapidfuzz.fuzz.ratio``)."""


def all_unknown(asked: Asked, pages: Sequence[Page], lexicon: Lexicon) -> bool:
    """True when the question narrows down what it asks for, and none of ``pages`` prints a single word of that.

    ``the price of the latte`` is no question for a price that stands beside other things. Words that a field of the lexicon
    explains do not count: "GST" asks for what is printed as tax.
    """
    telling = [w for w in asked.qualifiers if _tells(w, lexicon)]
    if not telling:
        return False
    printed = frozenset(w for page in pages for w in words(page.text))
    stems = frozenset(map(stem, printed))
    run_together = "".join(fold(page.text) for page in pages)
    return not any(is_printed(word, printed, stems, run_together) for word in telling)


def _tells(word: str, lexicon: Lexicon) -> bool:
    if len(word) < _LETTERS or not word.isalpha() or word in GENERIC or word in OCCASIONS or word in lexicon.ask_words:
        return False
    return word.removesuffix("s") not in plan_words().genres


def is_printed(word: str, printed: frozenset[str], stems: frozenset[str], run_together: str) -> bool:
    """True when a page prints ``word``, whatever its ending, run together with others or misread by a letter or two.

    ``printed`` are its words, ``stems`` their stems, ``run_together`` its text without spaces.
    """
    if stem(word) in stems or stem(word) in run_together:
        return True
    return any(abs(len(other) - len(word)) <= 2 and fuzz.ratio(word, other) >= _ALIKE for other in printed)
