"""The words of a page: from the text layer where it is there and can be believed, else read by OCR."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from difflib import SequenceMatcher

import numpy as np
from numpy.typing import NDArray

from mmrag.domain.documents import TextSource
from mmrag.domain.geometry import BBox
from mmrag_ingest.engines.lines import OcrEngine
from mmrag_ingest.native import TextLayer
from mmrag_ingest.ocr_words import words_of
from mmrag_ingest.pages import Rendered
from mmrag_ingest.records import RawPage, RawWord
from mmrag_ingest.sanity import Trust, judge

NATIVE_ENGINE = "pdfium"

_UNREAD_IMAGE = 0.25
"""An image over this share of the page that carries no native text may hold text that only OCR sees."""
_SAMPLED_WORDS = 12
_AGREEMENT = 0.8
"""Mean similarity of sampled words to what OCR reads at their places, from which a doubtful layer is believed."""


def find_words(rendered: Rendered, engine: OcrEngine) -> RawPage:
    """Decide where the words come from, and get them. ``engine`` is not touched when the text layer will do."""
    layer = rendered.layer
    notes = list(rendered.warnings)
    if layer is not None and layer.words:
        trust, why = judge(layer)
        if trust is Trust.DOUBT and (agreement := _agreement(layer, rendered.picture, engine)) < _AGREEMENT:
            trust, why = Trust.NO, f"{why}, and only {agreement:.0%} of a sample agrees with the picture"
        if trust is Trust.NO:
            notes.append(f"the text layer was not used: {why}; the page was read by OCR")
        elif _hides_text(layer):
            notes.append("large images without a text layer: the page was read by OCR")
        else:
            return _native(rendered, layer, notes)
    return _by_ocr(rendered, engine, notes)


def _native(rendered: Rendered, layer: TextLayer, notes: list[str]) -> RawPage:
    width, height = rendered.size
    return RawPage(
        width=width,
        height=height,
        source=TextSource.NATIVE,
        engine=NATIVE_ENGINE,
        confidence=1.0,
        words=layer.words,
        figures=_figures(layer),
        warnings=tuple(notes),
    )


def _by_ocr(rendered: Rendered, engine: OcrEngine, notes: list[str]) -> RawPage:
    width, height = rendered.size
    words = words_of(engine.read(rendered.picture), width=width, height=height)
    letters = sum(len(word.text) for word in words)
    confidence = sum(word.confidence * len(word.text) for word in words) / letters if letters else 0.0
    return RawPage(
        width=width,
        height=height,
        source=TextSource.OCR if words else TextSource.NONE,
        engine=engine.identity,
        confidence=confidence,
        words=words,
        figures=_figures(rendered.layer) if rendered.layer is not None else (),
        warnings=tuple(notes),
    )


def _figures(layer: TextLayer) -> tuple[BBox, ...]:
    """Picture regions known from the file: images that are not the scan of the page itself."""
    return tuple(box for box in layer.images if box.area < 0.85)


def _hides_text(layer: TextLayer) -> bool:
    """True when a large image has next to no words on it: a scan pasted into a page, a page of a fax with a typed header."""
    for image in layer.images:
        if image.area < _UNREAD_IMAGE:
            continue
        covered = sum(image.contains(*word.polygon.bbox.center) for word in layer.words)
        if covered < max(3, 8 * image.area):
            return True
    return False


def _agreement(layer: TextLayer, picture: NDArray[np.uint8], engine: OcrEngine) -> float:
    """Read a fixed sample of longer words from the picture; the mean similarity to the layer, in ``[0, 1]``."""
    candidates = [word for word in layer.words if len(word.text) >= 3] or list(layer.words)
    # The same page must always be judged alike.
    chosen = random.Random(len(candidates)).sample(candidates, min(_SAMPLED_WORDS, len(candidates)))  # noqa: S311 - no secret
    strips = [_strip(word, picture) for word in chosen]
    read = engine.read_strips(strips)
    scores = [_similarity(word.text, text) for word, text in zip(chosen, read, strict=True)]
    return sum(scores) / len(scores) if scores else 0.0


def _strip(word: RawWord, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    height, width = picture.shape[:2]
    box = word.polygon.bbox
    x0, y0, x1, y1 = box.grown(0.15 * box.height * height / width, 0.15 * box.height).to_pixels(width, height)
    left, top = min(int(x0), width - 1), min(int(y0), height - 1)
    strip = picture[top : max(top + 1, round(y1)), left : max(left + 1, round(x1))]
    return np.rot90(strip) if strip.shape[0] > 1.5 * strip.shape[1] and len(word.text) > 2 else strip


def _similarity(a: str, b: str) -> float:
    left, right = _letters(a), _letters(b)
    return SequenceMatcher(None, left, right, autojunk=False).ratio() if left or right else 1.0


def _letters(text: str | Sequence[str]) -> str:
    return re.sub(r"\W+", "", "".join(text)).casefold()
