"""Pages as read against pages as they are: error rates of the text, and captions against those that people wrote."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from mmrag.domain.hashing import Json
from mmrag.errors import UsageError
from mmrag.evaluation.metrics import captions as metrics
from mmrag.evaluation.metrics.reading import character_error_rate, word_error_rate, words_found


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPage:
    """One page with its truth, as the store has it. ``read`` is None when the page is not in the store.

    ``captions`` are the generated captions of the page by the model that wrote them.
    """

    kind: str
    quality: str | None
    true_text: str | None
    read: str | None
    true_captions: tuple[str, ...] = ()
    captions: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


def reading_json(pages: Sequence[ReadPage]) -> Json:
    """Error rates overall, by kind and by page quality; None without true text. A page not in the store was read as
    nothing.
    """
    known = [p for p in pages if p.true_text and letters_and_digits(p.true_text)]
    if not known:
        return None
    kinds, bands = sorted({p.kind for p in known}), sorted({p.quality or "not in the store" for p in known})
    return {
        "overall": _error_rates(known),
        "by_kind": {kind: _error_rates([p for p in known if p.kind == kind]) for kind in kinds},
        "by_quality": {b: _error_rates([p for p in known if (p.quality or "not in the store") == b]) for b in bands},
    }


def _error_rates(pages: Sequence[ReadPage]) -> dict[str, Json]:
    """As printed, runs of space and line breaks being one space; and *bare*, without regard to case and punctuation, for
    transcripts are often written in capitals.
    """
    read, true = [_plain(p.read or "") for p in pages], [_plain(p.true_text or "") for p in pages]
    bare_read, bare_true = [letters_and_digits(t) for t in read], [letters_and_digits(t) for t in true]
    return {
        "pages": len(pages),
        "not_in_store": sum(p.read is None for p in pages),
        "cer": round(character_error_rate(read, true), 4),
        "wer": round(word_error_rate(read, true), 4),
        "bare_cer": round(character_error_rate(bare_read, bare_true), 4),
        "bare_wer": round(word_error_rate(bare_read, bare_true), 4),
        "bare_words_found": round(words_found(bare_read, bare_true), 4),
    }


def _plain(text: str) -> str:
    return " ".join(text.split())


def letters_and_digits(text: str) -> str:
    """Words of letters and digits alone, in lower case, a space between them."""
    return " ".join(re.findall(r"[^\W_]+", text.lower()))


def captions_json(pages: Sequence[ReadPage]) -> Json:
    """Caption metrics by the model that wrote them, with the number of pages each stands on; None without true captions.

    Raises ``UsageError`` when the packages of the metrics are not installed.
    """
    known = [p for p in pages if p.true_captions]
    if not known:
        return None
    authors = sorted({author for p in known for author in p.captions})
    return {
        "pages": len(known),
        "with_caption": sum(bool(p.captions) for p in known),
        "by_model": {a: _caption_scores([p for p in known if a in p.captions], a) for a in authors},
    }


def _caption_scores(pages: Sequence[ReadPage], author: str) -> dict[str, Json]:
    said, true = [p.captions[author] for p in pages], [p.true_captions for p in pages]
    try:
        bleu, meteor = metrics.bleu(said, true), [metrics.meteor(s, t) for s, t in zip(said, true, strict=True)]
    except ImportError as error:
        raise UsageError(
            f'{error.name} is not installed, which captions are measured with: pip install "mmrag[eval]".'
        ) from (error)
    named = [(content_words(s), agreed_words(t), _all_words(t)) for s, t in zip(said, true, strict=True)]
    return {
        "n": len(pages),
        "bleu": round(bleu, 2),
        "meteor": _mean(meteor),
        "cider": _mean(metrics.cider_d(said, true)),
        "completeness": _mean([metrics.completeness_rate(words, agreed) for words, agreed, _ in named]),
        "hallucination": _mean([metrics.hallucination_rate(words, anyone) for words, _, anyone in named]),
    }


def content_words(caption: str) -> tuple[str, ...]:
    """The words of a caption that name something, as stems, once each: in place of the lists of objects of CHAIR and AMBER,
    which only cover the pictures of MS COCO and their own.
    """
    from nltk.stem.porter import PorterStemmer
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    stem = PorterStemmer().stem
    return tuple(dict.fromkeys(stem(w) for w in metrics.words_of(caption) if w not in ENGLISH_STOP_WORDS))


def agreed_words(references: Sequence[str]) -> tuple[str, ...]:
    """What at least half of the people mention: that much a description should have."""
    counts = Counter(w for r in references for w in content_words(r))
    return tuple(w for w, n in counts.items() if 2 * n >= len(references))


def _all_words(references: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(w for r in references for w in content_words(r)))


def _mean(values: Sequence[float]) -> float:
    return round(sum(values) / len(values), 4)
