"""Values of form fields and annotations, put on a page that was read. Pure.

A value that is not drawn becomes words at the place of its field. An annotation becomes an element of its own kind: it can
be found and shown, and a mark on print leads to the words below it. What a note says is not print: it becomes no words, so
no value is ever read from it as if it stood on the page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from rapidfuzz import fuzz

from mmrag.domain.documents import ElementKind, Page, TextSource
from mmrag.domain.geometry import BBox, Polygon
from mmrag_ingest.fields import element_of, with_fields
from mmrag_ingest.mark_records import Annotation, FormField, MarkKind, Marks
from mmrag_ingest.records import RawPage, RawWord

_DRAWN: Final = 0.7
"""Likeness of what stands in a field's box to its value from which the value counts as drawn: OCR errs by less."""
_LETTER: Final = 0.5
"""Width of a letter to its height."""


def with_undrawn(raw: RawPage, fields: Sequence[FormField]) -> RawPage:
    """``raw`` with the values that its picture does not show, as words in the boxes of their fields, and a warning."""
    hidden = [f for f in fields if f.value and not _is_drawn(f, raw.words)]
    if not hidden:
        return raw
    line = max((word.line for word in raw.words), default=-1) + 1
    words = list(raw.words)
    for field in hidden:
        added = tuple(_words(field, line, raw.height / raw.width))
        words += added
        line = max((word.line for word in added), default=line) + 1
    one = "a form field holds a value that is not drawn on it"
    return replace(
        raw,
        words=tuple(words),
        source=TextSource.NATIVE if raw.source is TextSource.NONE else raw.source,
        confidence=1.0 if raw.source is TextSource.NONE else raw.confidence,
        warnings=(
            *raw.warnings,
            f"{one}: it was taken from the file"
            if len(hidden) == 1
            else f"{len(hidden)} form fields hold values that are not drawn on it: they were taken from the file",
        ),
    )


def with_marks(page: Page, marks: Marks) -> Page:
    """``page`` with its check boxes as the file has them, named fields as pairs, and annotations as elements."""
    page = with_fields(page, marks.fields)
    for annotation in marks.annotations:
        page = _with_annotation(page, annotation)
    return page


def _is_drawn(field: FormField, words: Sequence[RawWord]) -> bool:
    wanted = _bare(field.value)
    inside = "".join(_bare(w.text) for w in words if field.box.contains(*w.polygon.bbox.center))
    return not wanted or wanted in inside or fuzz.ratio(wanted, inside) >= 100 * _DRAWN


def _words(field: FormField, line: int, upright: float) -> Iterator[RawWord]:
    """The words of a value where they would stand: line below line, from the left. ``upright``: page height to width."""
    lines = [text.split() for text in field.value.split("\n") if text.split()]
    box, step = field.box, field.box.height / max(1, len(lines))
    for number, words in enumerate(lines):
        letters = sum(map(len, words)) + len(words) - 1
        pitch = min(box.width / letters, _LETTER * step * upright)
        at = box.x0
        for word in words:
            place = BBox.clamped(at, box.y0 + number * step, at + pitch * len(word), box.y0 + (number + 1) * step)
            yield RawWord(text=word, polygon=Polygon.from_bbox(place), confidence=1.0, line=line + number)
            at += pitch * (len(word) + 1)


def _with_annotation(page: Page, annotation: Annotation) -> Page:
    areas = annotation.areas or ((annotation.box,) if annotation.kind.is_on_text else ())
    words = tuple(w.index for w in page.words if any(area.contains(*w.bbox.center) for area in areas))
    marked = " ".join(page.words[i].text for i in words)
    if (not words and not annotation.text) or _is_printed(page, annotation):
        return page
    who = annotation.kind.capitalize() + (f" ({annotation.author})" if annotation.author else "")
    text = f"{who}: {marked}" if words else f"{who}: {annotation.text}"
    if words and annotation.text and _bare(annotation.text) != _bare(marked):
        text += f"\nNote: {annotation.text}"
    box = BBox.around(areas) if areas else annotation.box
    return replace(page, elements=(*page.elements, element_of(page, ElementKind.ANNOTATION, box, text, words=words)))


def _is_printed(page: Page, annotation: Annotation) -> bool:
    """True for text that is drawn on the page as well, as free text and stamps are: it was read with the page."""
    if annotation.kind not in (MarkKind.NOTE, MarkKind.STAMP):
        return False
    inside = "".join(_bare(w.text) for w in page.words if annotation.box.contains(*w.bbox.center))
    return bool(inside) and _bare(annotation.text) in inside


def _bare(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).casefold()
