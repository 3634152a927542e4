"""Numbered boxes of forms: where each begins, and which one a question asks for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from mmrag.agent.reading.layout import Layout, Run
from mmrag.domain.documents import Word

_ASKED = re.compile(
    r"\b(?:box|line|field|feld|zeile|ligne|case|casilla|campo)\s+(?:no\.?\s*|nr\.?\s*|n[°º]\s*)?(?P<number>\d{1,3}[a-z]?)\b(?!\s*%)",
    re.IGNORECASE,
)
_HEADED = re.compile(r"^\(?(?P<number>\d{1,3}[a-z]?)(?:[.):]\s*|\s+)(?=[^\W\d_][^\W_]{2})")
_ALONE = re.compile(r"^\(?(?P<number>\d{1,3}[a-z]?)[.):]?$")
_FEWEST, _REPEATED = 4, 1.5
"""Numbers in a row that make a page a form of such boxes, and how often each may stand there: the quantities before the
articles of a receipt are no numbers of boxes."""
_BESIDE = 4.0
"""Line heights from a number that stands alone to its label."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A box by its number: ``head`` is the run that says what belongs in it, from character ``start`` on."""

    number: str
    head: Run
    start: int
    marks: tuple[Word, ...]


def number_asked(question: str) -> str | None:
    """The number of the box that ``question`` asks for."""
    match = _ASKED.search(question)
    return match["number"].lower() if match is not None else None


def boxes_of(layout: Layout) -> Mapping[str, tuple[Box, ...]]:
    """The numbered boxes of a form by their number; empty where the page is no such form."""
    found: dict[str, list[Box]] = {}
    for run in layout.runs:
        box = _box_at(layout, run)
        if box is not None:
            found.setdefault(box.number, []).append(box)
    numbers = {int(number) for number in found if number.isdigit()}
    counted = any(numbers.issuperset(range(n, n + _FEWEST)) for n in numbers)
    if not counted or sum(len(boxes) for boxes in found.values()) > _REPEATED * len(found):
        return {}
    return {number: tuple(boxes) for number, boxes in found.items()}


def _box_at(layout: Layout, run: Run) -> Box | None:
    match = _HEADED.match(run.text)
    if match is not None:
        return Box(
            number=match["number"].lower(), head=run, start=match.end(), marks=run.words_between(0, match.end("number"))
        )
    match = _ALONE.match(run.text)
    beside = next(iter(layout.right_of(run)), None) if match is not None else None
    if match is None or beside is None or beside.x0 - run.x1 > _BESIDE * layout.unit or not beside.text[:1].isalpha():
        return None
    return Box(number=match["number"].lower(), head=beside, start=0, marks=run.words)
