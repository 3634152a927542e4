"""The words of a page: from the text layer where it is there and can be believed, else read by OCR."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import replace
from difflib import SequenceMatcher

import numpy as np
from numpy.typing import NDArray

from mmrag.domain.documents import TextSource
from mmrag.domain.geometry import BBox
from mmrag_ingest.engines.lines import OcrEngine, OcrLine
from mmrag_ingest.fields import apart
from mmrag_ingest.marks import with_undrawn
from mmrag_ingest.native import TextLayer
from mmrag_ingest.ocr_words import words_of
from mmrag_ingest.pages import Rendered
from mmrag_ingest.records import RawPage, RawWord
from mmrag_ingest.sanity import Trust, judge
from mmrag_ingest.seeing.effort import Effort
from mmrag_ingest.seeing.see import see

NATIVE_ENGINE = "pdfium"

_UNREAD_IMAGE = 0.15
"""An image over this share of the page without native text on it may hold text that only OCR sees."""
_BANDS = 10
"""Bands into which such an image is cut: a stamp or a typed header on a scan fills one or two of them."""
_LEAST_BANDS = 3

_KNOWN_SHARE = 0.3
"""Of the box of a word read by OCR, covered by words of the text layer, from which it is one of them."""

_SAMPLED_WORDS = 12
_AGREEMENT = 0.8
"""Mean similarity of sampled words to what OCR reads at their places. True layers of 120 printed pages had 0.92 and more."""
_OCR_LAYER_AGREEMENT = 0.93
"""Asked of an invisible layer, which is another engine's OCR: where the two differ, ours carries a confidence."""


def find_words(rendered: Rendered, engine: OcrEngine, effort: Effort | None = None) -> RawPage:
    """Decide where the words come from, and get them. ``engine`` is not touched when the text layer will do;
    ``effort`` is what reading the page may take.

    Values of form fields that the picture does not show are added from the file.
    """
    return with_undrawn(_visible_words(rendered, engine, effort or Effort()), rendered.marks.fields)


def _visible_words(rendered: Rendered, engine: OcrEngine, effort: Effort) -> RawPage:
    layer = rendered.layer
    if layer is None or not layer.words:
        return _by_ocr(rendered, engine, effort, [])
    trust, why = judge(layer)
    if trust is Trust.NO:
        return _by_ocr(rendered, engine, effort, [f"the text layer was not used: {why}"])
    if trust is Trust.DOUBT:
        hidden = layer.invisible > 0.5
        agreement = _agreement(layer, rendered.picture, engine, _SAMPLED_WORDS * (2 if hidden else 1))
        if agreement < (_OCR_LAYER_AGREEMENT if hidden else _AGREEMENT):
            against = f"{why}, and a sample of it agrees with the picture by only {agreement:.0%}"
            return _by_ocr(rendered, engine, effort, [f"the text layer was not used: {against}"])
        if hidden:
            # Somebody else's OCR does not say how sure it was: the sample says how right it is.
            layer = replace(layer, words=tuple(replace(word, confidence=agreement) for word in layer.words))
    layer = replace(layer, words=apart(layer.words, rendered.marks))
    unread = [image for image in layer.images if _is_unread(image, layer)]
    added = [word for image in unread for word in _read_region(image, rendered, layer, engine, effort)]
    return _native(rendered, layer, added, engine)


def _native(rendered: Rendered, layer: TextLayer, added: list[RawWord], engine: OcrEngine) -> RawPage:
    """The words of the layer, and those ``added`` from images by OCR."""
    width, height = rendered.size
    last = max(word.line for word in layer.words)
    words = (*layer.words, *(replace(word, line=last + 1 + word.line) for word in added))
    mostly_ocr = _letters(added) > _letters(layer.words)
    return RawPage(
        width=width,
        height=height,
        source=TextSource.OCR if mostly_ocr else TextSource.NATIVE,
        engine=f"{NATIVE_ENGINE} and {engine.identity}" if added else NATIVE_ENGINE,
        confidence=_confidence(added if mostly_ocr else words),
        words=words,
        figures=_figures(layer),
        warnings=(*rendered.warnings, *(("text in large images was read by OCR",) if added else ())),
    )


def _by_ocr(rendered: Rendered, engine: OcrEngine, effort: Effort, notes: list[str]) -> RawPage:
    width, height = rendered.size
    sight = see(rendered.picture, engine, effort)
    words = words_of(sight.lines, width=width, height=height)
    return RawPage(
        width=width,
        height=height,
        source=TextSource.OCR if words else TextSource.NONE,
        engine=engine.identity,
        confidence=_confidence(words),
        words=words,
        figures=_figures(rendered.layer) if rendered.layer is not None else (),
        turn=sight.turn,
        unread=_places(sight.unread, width, height),
        warnings=(*rendered.warnings, *notes, *sight.notes),
    )


def _places(lines: Sequence[OcrLine], width: int, height: int) -> tuple[BBox, ...]:
    boxes = ((*zip(*line.quad, strict=True),) for line in lines)
    return tuple(BBox.from_pixels(min(x), min(y), max(x), max(y), width=width, height=height) for x, y in boxes)


def _figures(layer: TextLayer) -> tuple[BBox, ...]:
    """Picture regions known from the file: images that are not the scan of the page itself."""
    return tuple(box for box in layer.images if box.area < 0.85)


def _is_unread(image: BBox, layer: TextLayer) -> bool:
    """True for a large image with next to no words on it: a scan pasted into a page, a fax under a typed header."""
    if image.area < _UNREAD_IMAGE:
        return False
    centers = [word.polygon.bbox.center for word in layer.words]
    bands = {int((y - image.y0) / image.height * _BANDS) for x, y in centers if image.contains(x, y)}
    return len(bands) < _LEAST_BANDS


def _read_region(
    region: BBox, rendered: Rendered, layer: TextLayer, engine: OcrEngine, effort: Effort
) -> tuple[RawWord, ...]:
    """Read one part of the page by OCR. Words that the text layer has as well are left out: its letters are exact."""
    width, height = rendered.size
    x0, y0, x1, y1 = (int(value) for value in region.to_pixels(width, height))
    part = rendered.picture[y0 : max(y0 + 1, y1), x0 : max(x0 + 1, x1)]
    lines = [
        replace(line, quad=tuple((x + x0, y + y0) for x, y in line.quad))
        for line in see(np.ascontiguousarray(part), engine, effort).lines
    ]
    known = [word.polygon.bbox for word in layer.words]
    words = words_of(lines, width=width, height=height)
    return tuple(word for word in words if not _is_known(word.polygon.bbox, known))


def _is_known(box: BBox, known: Sequence[BBox]) -> bool:
    return sum(box.intersection(other) for other in known) > _KNOWN_SHARE * box.area


def _letters(words: Sequence[RawWord]) -> int:
    return sum(len(word.text) for word in words)


def _confidence(words: Sequence[RawWord]) -> float:
    """The mean over letters; 0 without any."""
    letters = _letters(words)
    return sum(word.confidence * len(word.text) for word in words) / letters if letters else 0.0


def _agreement(layer: TextLayer, picture: NDArray[np.uint8], engine: OcrEngine, most: int) -> float:
    """Read a fixed sample of longer words from the picture; the mean similarity to the layer, in ``[0, 1]``."""
    candidates = [word for word in layer.words if len(word.text) >= 3] or list(layer.words)
    # The same page must always be judged alike.
    chosen = random.Random(len(candidates)).sample(candidates, min(most, len(candidates)))  # noqa: S311 - no secret
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
    left, right = _bare(a), _bare(b)
    return SequenceMatcher(None, left, right, autojunk=False).ratio() if left or right else 1.0


def _bare(text: str) -> str:
    return re.sub(r"\W+", "", text).casefold()
