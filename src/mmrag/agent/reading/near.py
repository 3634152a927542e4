"""Where the value of a label may stand: behind it, right of it, below it, above it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from mmrag.agent.reading.labels import Label
from mmrag.agent.reading.layout import Layout, Run, same_level
from mmrag.agent.reading.lexicon import Lexicon
from mmrag.agent.reading.text import fold, words
from mmrag.domain.documents import ElementKind
from mmrag.domain.values import ValueKind

_HINT = r"(?:\s*\([^)]{0,60}\)|[\s.,]*\b(?:see (?:the )?instructions|if any|optional|please print|block letters)\b)"
_AFTER_LABEL = re.compile(rf"(?:[^()]*\))?{_HINT}*[\s:;.#=\-–—_*…·•)>►▶|]*", re.IGNORECASE)
_PLAIN_AFTER_LABEL = re.compile(rf"{_HINT}*[\s:;.#=\-–—_*…·•)>►▶|]*", re.IGNORECASE)
_TO_COLON = re.compile(r"[^\W\d][^\d:]{0,40}:\s*")
_GOES_ON = re.compile(r"(?:and|or|of|for|und|et|y|dan)\b|[&/]\s*[A-Za-z]{3}")
"""The printed label is longer than the words found: in 'Name and address: ...' nothing before the colon is a value."""
_NUMBERED = re.compile(r"^\(?\d{1,2}[a-z]?[.)\]]\s*[A-Z][a-z]|^\(?[a-zA-Z][.)]\s+[A-Z]")
_WITH_INITIAL = re.compile(r"[A-Z]\.(?:\s?[A-Z]\.)*(?:\s+[A-Z][\w'’-]+){1,2}(?:,?\s+[A-Z][\w.]*)?")
"""'D. Brook' is a person, unless it says what a field is for: 'B. Address'."""
_ROLE_WORDS = 5
_FAR_LEFT, _HEADED = 15, 0.8
"""Line heights to a label so far left that it says nothing, and the weight of a place close under its own label."""
_NAME = r"(?:[A-Z][\w.'’-]*)(?:,?\s+(?:[A-Z][\w.'’-]*|de|da|van|von|der|bin|al)){1,5}"
_PERSON = re.compile(rf"{_NAME}(?:,\s+[A-Z][A-Za-z.]{{1,5}}){{0,3}}")
"""With degrees: 'Ada Brook, MD, MPH'."""
_VALUES = (ValueKind.DATE, ValueKind.AMOUNT, ValueKind.TIME)
_REST = re.compile(r"(?:and|of|for)\s")
_OWNED = re.compile(r"\w['’]s$")
_LARGER, _STACKED = 1.15, 2.6
"""What is filled in under a label is this much larger than it, within this many line heights."""
_UNDER_HEADS = 0.25
"""What is left of print as small as a label, beside it, whose own value stands under it: another such label."""
_PROSE, _WITHIN, _OF_PROSE = 8, 8, 0.3
"""A run of more words is a line of text: nothing beside or under it is the value of a word that so many letters precede."""
_BOXED = re.compile(r"^\d{1,2}[a-z]?\s+[A-Z][a-z]")


class Relation(StrEnum):
    INLINE = "inline"
    RIGHT = "right"
    BELOW = "below"
    ABOVE = "above"
    LEFT = "left"


WEIGHTS = {
    Relation.INLINE: 1.0,
    Relation.RIGHT: 0.97,
    Relation.BELOW: 0.84,
    Relation.ABOVE: 0.5,
    Relation.LEFT: 0.4,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Characters ``start`` to the end of ``run``, as the place of a label's value. ``weight`` in (0, 1]."""

    run: Run
    start: int
    relation: Relation
    weight: float


def places(layout: Layout, label: Label, lexicon: Lexicon) -> Iterator[Place]:
    """The places where the value of ``label`` may stand."""
    head = label.run.text[: label.end]
    inside = head.count("(") > head.count(")")
    after = (_AFTER_LABEL if inside else _PLAIN_AFTER_LABEL).match(label.run.text, label.end)
    rest = after.end() if after else label.end
    longer = _TO_COLON.match(label.run.text, rest) if rest == label.end or label.run.text[rest - 1] not in ":=#" else None
    if longer:
        rest = longer.end()
    elif _GOES_ON.match(label.run.text, rest):
        rest = len(label.run.text)
    owned = _OWNED.search(label.run.text[: label.end]) is not None and label.run.text[rest : rest + 1].islower()
    if fold(label.run.text[rest:]) and not owned:  # the report of 'Treasurer's report' is no treasurer
        yield Place(run=label.run, start=rest, relation=Relation.INLINE, weight=WEIGHTS[Relation.INLINE])
    yield from _right(layout, label, lexicon)
    yield from _below(layout, label, lexicon)
    yield from _above(layout, label, lexicon)
    for run in layout.left_of(label.run)[:1]:
        yield Place(run=run, start=0, relation=Relation.LEFT, weight=WEIGHTS[Relation.LEFT])


def name_over(layout: Layout, label: Label) -> Place | None:
    """The name that stands over its role, as on a cover or above a signature: nearer than what follows below, or None."""
    run = label.run
    if ":" in run.text or len(run.words) > _ROLE_WORDS or label.start > 1 or label.end < len(run.text.rstrip()) - 1:
        return None
    above = next(iter(layout.above(run, run.x0, run.x1, 4 * layout.unit)), None)
    if above is None or not _PERSON.fullmatch(above.text.strip()) or not _aligned(run, above, layout.unit):
        return None
    below = next((o for o in layout.below(run, run.x0, run.x1, 12 * layout.unit) if not _REST.match(o.text)), None)
    if below is not None and run.cy - above.cy > 0.8 * (below.cy - run.cy):
        return None
    return Place(run=above, start=0, relation=Relation.ABOVE, weight=WEIGHTS[Relation.BELOW])


def is_filler(text: str, lexicon: Lexicon) -> bool:
    """True for print that is no value of its own: colons, dotted lines, a currency sign."""
    bare = text.strip(" .:;-–—_*|=()").casefold()
    return not fold(bare) or bare in lexicon.answer["currency"]


def is_label(run: Run, lexicon: Lexicon) -> bool:
    """True when a run reads as a label: it ends in a colon, is numbered like a form's box, or is a known label."""
    text = run.text.strip()
    if text.endswith((":", "#")):
        return True
    if _NUMBERED.match(text) and not (_WITH_INITIAL.fullmatch(text) and not _names_field(text, lexicon)):
        return True
    if _BOXED.match(text):
        named = [w in lexicon.label_words for w in words(text)[1:]]
        return named[0] or sum(named) > 1
    head = text.split(":", 1)[0] if ":" in text else text
    key = fold(re.sub(r"\([^)]*\)", "", head)).rstrip("#")
    if key in lexicon.label_keys:
        return True
    parts = [w for w in words(head) if len(w) > 1]
    return len(parts) > 1 and all(w in lexicon.label_words for w in parts)


def _names_field(text: str, lexicon: Lexicon) -> bool:
    return any(w in lexicon.label_words for w in words(text)[1:])


def _right(layout: Layout, label: Label, lexicon: Lexicon) -> Iterator[Place]:
    step = 0
    stacked = _is_stacked(layout, label.run)
    for run in layout.right_of(label.run):
        if is_filler(run.text, lexicon):
            continue
        level = min(1.0, same_level(label.run, run))
        head = stacked and run.height <= _LARGER * label.run.height and not any(c.isdigit() for c in run.text)
        apart = _UNDER_HEADS if head else _OF_PROSE if _is_prose(label) else 1.0
        weight = WEIGHTS[Relation.RIGHT] * (0.8**step) * (0.7 + 0.3 * level) * apart
        yield Place(run=run, start=0, relation=Relation.RIGHT, weight=weight)
        step += 2 if is_label(run, lexicon) else 1
        if step > 4:
            return


def _is_stacked(layout: Layout, run: Run) -> bool:
    """True for a small head over what is filled in: larger print, right under it, from the same left edge."""
    if len(run.words) > _ROLE_WORDS or run.text.rstrip().endswith((".", ";")):
        return False
    under = next(iter(layout.below(run, run.x0, run.x1, _STACKED * layout.unit)), None)
    return under is not None and abs(under.x0 - run.x0) < 0.8 * layout.unit and under.height > _LARGER * run.height


def _is_next_label(layout: Layout, label: Run, below: Run) -> bool:
    """True in a list of labels with their values beside them: what stands under the one is the next, with its own value."""
    if abs(label.x0 - below.x0) > layout.unit or any(c.isdigit() for c in below.text):
        return False
    value, other = next(iter(layout.right_of(label)), None), next(iter(layout.right_of(below)), None)
    if value is None or other is None or abs(value.x0 - other.x0) >= layout.unit:
        return False
    if any(v.kind in _VALUES and len(v.text.strip()) >= len(value.text.strip()) - 1 for v in layout.values(value)):
        return True  # a value, and no head of a column
    pair = layout.element_of.get(label.words[0].index) if label.index in layout.pair_labels else None
    return pair is not None and pair.kind is ElementKind.KEY_VALUE and value.words[0].index in pair.words


def _is_prose(label: Label) -> bool:
    return len(label.run.words) > _PROSE and label.start > _WITHIN


def _column(layout: Layout, label: Label, lexicon: Lexicon) -> tuple[float, float]:
    """The width of the form's box that the label heads: from the label to the next label on its level."""
    run = label.run
    left = run.x_at(label.start) - 1.5 * layout.unit
    rights = [o for o in layout.right_of(run) if not is_filler(o.text, lexicon)]
    right = rights[0].x0 - 0.5 * layout.unit if rights else max(o.x1 for o in layout.runs)
    return left, max(right, run.x1)


def _below(layout: Layout, label: Label, lexicon: Lexicon) -> Iterator[Place]:
    left, right = _column(layout, label, lexicon)
    run = label.run
    stacked = _is_stacked(layout, run)
    for step, (below, distance) in enumerate(_stack(layout.below(run, left, right, 7 * layout.unit), run, layout.unit)):
        aligned = 1.0 if _aligned(run, below, layout.unit) else 0.85
        if _is_prose(label) and len(below.words) > 1:
            aligned = _OF_PROSE
        elif _is_next_label(layout, run, below) or (stacked and step and _is_stacked(layout, below)):
            aligned = _UNDER_HEADS
        elif stacked and not step:
            yield Place(run=below, start=0, relation=Relation.BELOW, weight=WEIGHTS[Relation.RIGHT])
            continue
        weight = WEIGHTS[Relation.BELOW] * aligned * max(0.25, 1.0 - 0.1 * max(0.0, distance - 1.2)) * 0.85**step
        yield Place(run=below, start=0, relation=Relation.BELOW, weight=weight)


def _above(layout: Layout, label: Label, lexicon: Lexicon) -> Iterator[Place]:
    left, right = _column(layout, label, lexicon)
    run = label.run
    for above in layout.above(run, left, right, 2.2 * layout.unit)[:2]:
        aligned = 1.0 if _aligned(run, above, layout.unit) else 0.8
        yield Place(run=above, start=0, relation=Relation.ABOVE, weight=WEIGHTS[Relation.ABOVE] * aligned)


def _stack(runs: list[Run], start: Run, unit: float) -> Iterator[tuple[Run, float]]:
    """The first runs below, with their distance in line heights."""
    for run in runs[:6]:
        yield run, (run.cy - start.cy) / unit


def _aligned(a: Run, b: Run, unit: float) -> bool:
    """Same left edge, same centre, same right edge, or one over the other."""
    centre = abs((a.x0 + a.x1) - (b.x0 + b.x1)) / 2
    shared = min(a.x1, b.x1) - max(a.x0, b.x0)
    return abs(a.x0 - b.x0) < 1.5 * unit or centre < 1.5 * unit or abs(a.x1 - b.x1) < 1.5 * unit or shared > 0


def has_own_words(run: Run, value: str, lexicon: Lexicon) -> bool:
    """True when ``value`` stands behind words on its line: it is the value of that label, or the price of that item."""
    at = run.text.find(value)
    head = run.text[:at] if at > 0 else ""
    return any(len(w) > 1 and w.isalpha() and w not in lexicon.answer["currency"] for w in words(head))


def own_label(layout: Layout, place: Place, lexicon: Lexicon) -> str | None:
    """The folded text of the label that stands on the value's own level to its left, when there is one."""
    if place.relation is Relation.BELOW and place.weight >= WEIGHTS[Relation.RIGHT]:
        return None  # filled in right under its small head
    for run in layout.left_of(place.run):
        dated = any(v.kind is ValueKind.DATE for v in layout.values(run))
        if is_filler(run.text, lexicon) or not (dated or any(w.isalpha() for w in words(run.text))):
            continue
        if place.relation is Relation.BELOW and place.run.x0 - run.x1 > _FAR_LEFT * layout.unit and place.weight >= _HEADED:
            return None  # it stands right under its own heading, and that label has its value nearer
        return fold(re.sub(r"[:(].*$", "", run.text))
    return None
