"""Form fields as elements of a page that was read: a pair for each value, a state for each box. Pure.

What the file says a field holds is exact, and where; print on the page says what the field is called. Pairs that geometry
made of a field's words without knowing of the field give way to the field's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Final

from mmrag.domain.documents import Element, ElementKind, Page, Word, element_id
from mmrag.domain.geometry import BBox
from mmrag_ingest.layout.checkboxes import without_pairs
from mmrag_ingest.layout.labels import clean_label
from mmrag_ingest.mark_records import TICKED, UNTICKED, FormField, Marks
from mmrag_ingest.records import RawWord
from mmrag_ingest.relabelling import renumbered

EMPTY: Final = "(empty)"
"""Behind the label of a field that was left empty on a page where others were filled in."""
_SAME_BOX: Final = 0.3
"""Of the smaller box: two check boxes that share so much are one."""
_LEVEL: Final = 0.5
"""Of the lower of a word and a field, that they must share to stand on one line."""
_GAP: Final = 1.6
"""Letter heights between two words of one label, at most."""
_FAR: Final = 0.3
"""Of the page's width, from the end of a label to its field."""
_BESIDE: Final = 3.0
"""Sides of a check box, from it to what it is called."""
_OVER: Final = 1.2
"""Letter heights from a label to the field under it."""
_MOST_WORDS: Final = 10


def apart(words: Sequence[RawWord], marks: Marks) -> tuple[RawWord, ...]:
    """``words`` of a text layer with lines of their own for what fields and notes draw.

    pdfium runs their text together as one line, wherever on the page they stand.
    """
    boxes = [f.box for f in marks.fields if f.value] + [a.box for a in marks.annotations if not a.kind.is_on_text]
    if not boxes:
        return tuple(words)
    lines: dict[tuple[int, int], int] = {}
    places = [(word.line, _box_around(word.polygon.bbox, boxes)) for word in words]
    return tuple(replace(word, line=lines.setdefault(place, len(lines))) for word, place in zip(words, places, strict=True))


def _box_around(word: BBox, boxes: Sequence[BBox]) -> int:
    """The number of the smallest box that the middle of a word lies in, -1 without one."""
    found = [(box.area, n) for n, box in enumerate(boxes) if box.contains(*word.center)]
    return min(found)[1] if found else -1


def with_fields(page: Page, fields: Sequence[FormField]) -> Page:
    """``page`` with its fields as elements, each after the print that holds its words.

    Fields left empty are told where others are not: on a form that nobody filled in they say nothing.
    """
    if not fields:
        return page
    names = _Names(page=page, fields=fields)
    filled = any(f.value or f.ticked for f in fields)
    for field in fields:
        if field.ticked is not None:
            page = _with_box(page, field, names)
        elif field.value or filled:
            page = _with_pair(page, field, names)
    return replace(page, elements=without_pairs(page.elements))


def element_of(
    page: Page,
    kind: ElementKind,
    box: BBox,
    text: str,
    *,
    words: tuple[int, ...] = (),
    label: str | None = None,
    value: str | None = None,
    section: tuple[str, ...] = (),
) -> Element:
    """An element to be put behind those of ``page``. Its confidence is that of its words; what the file says is certain."""
    ordinal = len(page.elements)
    return Element(
        id=element_id(page.document_id, page.number, ordinal, kind, text),
        document_id=page.document_id,
        page=page.number,
        ordinal=ordinal,
        kind=kind,
        bbox=box,
        text=text,
        words=words,
        confidence=sum(page.words[i].confidence for i in words) / len(words) if words else 1.0,
        label=label,
        value=value,
        section=section,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Name:
    """What a field is called, and the words that say so where it is printed."""

    text: str
    words: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Names:
    """Finds the print that names a field."""

    page: Page
    fields: Sequence[FormField]

    @property
    def upright(self) -> float:
        return self.page.height / self.page.width

    def of(self, field: FormField) -> _Name:
        """The print beside or over a field, else what the file calls it."""
        sides = (self._right, self._left) if field.ticked is not None else (self._left, self._over)
        for side in sides:
            words = side(field)
            text = clean_label(" ".join(w.text for w in words))
            if 0 < len(words) <= _MOST_WORDS and sum(c.isalpha() for c in text) > 1:
                return _Name(text=text, words=tuple(w.index for w in words))
        return _Name(text=field.label)

    def _free(self, field: FormField) -> Iterator[Word]:
        """Words in no other field's box; the field's own neither, but a check box may have its name in its box."""
        others = [f.box for f in self.fields if f is not field or f.ticked is None]
        return (w for w in self.page.words if not any(box.contains(*w.bbox.center) for box in others))

    def _level(self, field: FormField) -> list[Word]:
        return [w for w in self._free(field) if w.bbox.vertical_overlap(field.box) > _LEVEL]

    def _left(self, field: FormField) -> list[Word]:
        edge = max((b.x1 for b in self._beside(field) if b.center[0] < field.box.x0), default=0.0)
        words = [w for w in self._level(field) if edge <= w.bbox.center[0] < field.box.x0]
        words.sort(key=lambda w: -w.bbox.x1)
        return self._run(words, field.box.x0, _FAR)[::-1]

    def _right(self, field: FormField) -> list[Word]:
        edge = min((b.x0 for b in self._beside(field) if b.center[0] > field.box.x1), default=1.0)
        words = [w for w in self._level(field) if field.box.x1 <= w.bbox.center[0] < edge]
        words.sort(key=lambda w: w.bbox.x0)
        return self._run(words, field.box.x1, _BESIDE * field.box.width)

    def _over(self, field: FormField) -> list[Word]:
        near = [
            w
            for w in self._free(field)
            if w.bbox.center[1] < field.box.y0
            and field.box.y0 - w.bbox.y1 < _OVER * w.bbox.height
            and w.bbox.x1 > field.box.x0 - 0.01
            and w.bbox.x0 < field.box.x1
        ]
        if not near:
            return []
        lowest = max(near, key=lambda w: w.bbox.center[1])
        line = sorted((w for w in near if w.bbox.vertical_overlap(lowest.bbox) > _LEVEL), key=lambda w: w.bbox.x0)
        return self._run(line, line[0].bbox.x0, 0.0)

    def _beside(self, field: FormField) -> list[BBox]:
        return [f.box for f in self.fields if f is not field and f.box.vertical_overlap(field.box) > _LEVEL]

    def _run(self, words: Sequence[Word], edge: float, gap: float) -> list[Word]:
        """The words of ``words``, nearest first, up to the first wide gap. The first may be ``gap`` from ``edge``."""
        run: list[Word] = []
        left = right = edge
        for word in words:
            if max(word.bbox.x0 - right, left - word.bbox.x1) > gap:
                break
            run.append(word)
            left, right = word.bbox.x0, word.bbox.x1
            gap = _GAP * word.bbox.height * self.upright
        return run


def _with_pair(page: Page, field: FormField, names: _Names) -> Page:
    """A pair of the field's name and its value; pairs of others with its words, or with its name where it is empty, go."""
    name = names.of(field)
    own = _said_in(page, field)
    if not own:
        wrong = [e for e in _pairs(page) if name.words and set(name.words) <= set(e.words)]
        if field.value or not name.text:
            return page  # hidden from view by the file's own wish, or nobody knows what it is
        pair = element_of(
            page, ElementKind.KEY_VALUE, field.box, f"{name.text}: {EMPTY}", words=name.words, label=name.text, value=""
        )
        return _put(page, pair, name.words[0] if name.words else None, wrong)
    taken = [e for e in _pairs(page) if not set(own).isdisjoint(e.words)]
    kept = next((e for e in taken if e.label and set(e.words) == {*own, *name.words}), None)
    if kept is not None:
        name = _Name(text=kept.label or "", words=name.words)
    elif not name.words:
        said = next((e for e in taken if _bare(e.value or "") == _bare(field.value) and e.label), None)
        if said is not None:
            name = _Name(text=said.label or "", words=tuple(i for i in said.words if i not in own))
    if not name.text:
        return page
    value = " ".join(field.value.split())
    words = tuple(sorted({*name.words, *own}))
    box = BBox.around([field.box, *(page.words[i].bbox for i in words)])
    text = f"{name.text}: {value}"
    pair = element_of(page, ElementKind.KEY_VALUE, box, text, words=words, label=name.text, value=value)
    return _put(page, pair, words[0], taken)


def _said_in(page: Page, field: FormField) -> tuple[int, ...]:
    """The words of a field's value in its box: of a list that shows all its choices, those of the chosen ones."""
    inside = [w for w in page.words if field.box.contains(*w.bbox.center)]
    wanted = _bare(field.value)
    lines = [list(line) for _, line in groupby(inside, key=lambda w: w.line)]
    chosen = [w for line in lines if (said := _bare("".join(w.text for w in line))) and said in wanted for w in line]
    return tuple(w.index for w in (chosen or inside) if field.value)


def _pairs(page: Page) -> list[Element]:
    return [e for e in page.elements if e.kind is ElementKind.KEY_VALUE]


def _with_box(page: Page, field: FormField, names: _Names) -> Page:
    """The state of a check box as the file has it: what was seen in the picture may be wrong, the file is not."""
    state = TICKED if field.ticked else UNTICKED
    for at, element in enumerate(page.elements):
        if element.kind is ElementKind.CHECKBOX and _overlap(element.bbox, field.box) >= _SAME_BOX:
            if element.value == state:
                return page
            mark = "x" if field.ticked else " "
            text = re.sub(r"^\[[ x]\]", f"[{mark}]", element.text)
            fixed = replace(
                element, value=state, text=text, id=element_id(page.document_id, page.number, at, element.kind, text)
            )
            return replace(page, elements=(*page.elements[:at], fixed, *page.elements[at + 1 :]))
    name = names.of(field)
    if not name.text:
        return page
    box = BBox.around([field.box, *(page.words[i].bbox for i in name.words)])
    option = element_of(
        page,
        ElementKind.CHECKBOX,
        box,
        f"{name.text}: {state}",
        words=name.words,
        label=name.text,
        value=state,
        section=(field.group,) if field.group else (),
    )
    return _put(page, option, name.words[0] if name.words else None, [])


def _put(page: Page, element: Element, word: int | None, without: Sequence[Element]) -> Page:
    """``page`` with ``element`` behind the print that holds ``word`` (at the end without one), and without some others."""
    gone = {e.id for e in without}
    kept = [e for e in page.elements if e.id not in gone]
    at = next((n for n, e in enumerate(kept) if word in e.words and not e.kind.is_picture), len(kept) - 1) + 1
    while at < len(kept) and kept[at].kind is ElementKind.KEY_VALUE:
        at += 1
    if element.words and kept[at - 1 : at]:
        element = replace(element, section=element.section or kept[at - 1].section)
    return replace(page, elements=renumbered([*kept[:at], element, *kept[at:]]))


def _overlap(a: BBox, b: BBox) -> float:
    return a.intersection(b) / max(1e-9, min(a.area, b.area))


def _bare(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).casefold()
