"""Answers from numbered boxes: 'What is in box 4?' is answered by what stands in that box, or not at all."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from mmrag.agent.reading.boxes import Box
from mmrag.agent.reading.candidates import Candidate
from mmrag.agent.reading.fit import value_cut
from mmrag.agent.reading.layout import Layout, Run
from mmrag.agent.reading.text import fold
from mmrag.domain.documents import Word

BOXED = "box"
"""``Candidate.why`` of what stands in a numbered box."""
_BELOW = 3.2
"""Line heights from a label to what is written under it."""
_SCORE = 0.92
_TOLD = re.compile(r"(?:\b(?:box|boxes|line|lines|and|to|from|less|add|of)|[-–+(])$", re.IGNORECASE)
"""Before a number at the end of a label: 'add boxes 2 to 6' is no value."""


def in_boxes(number: str, layout: Layout, boxes: Mapping[str, Sequence[Box]]) -> list[Candidate]:
    """What stands in the box with this number."""
    heads = {box.head.index for of_one in boxes.values() for box in of_one}
    marks = {w.index for of_one in boxes.values() for box in of_one for w in box.marks}
    found: list[Candidate] = []
    for box in boxes.get(number, ()):
        inside = _inside(layout, box, heads, marks)
        if inside is not None:
            found.append(inside)
    return found


def _inside(layout: Layout, box: Box, heads: set[int], marks: set[int]) -> Candidate | None:
    """Behind the label, right of it before the next box, or right under it."""
    last = next(iter(reversed(layout.values(box.head))), None)
    ends = last is not None and last.start > box.start and not fold(box.head.text[last.end :])
    if last is not None and ends and not _TOLD.search(box.head.text[: last.start].rstrip()):
        cut = value_cut(box.head, last, 1.0)
        return _candidate(layout, cut.text, cut.words, cut.normal, cut.normals)
    for run in layout.right_of(box.head):
        if run.index in heads or marks.intersection(w.index for w in run.words):
            break
        return _of_run(layout, run)
    rights = [r.x0 for r in layout.right_of(box.head) if r.index in heads or marks.intersection(w.index for w in r.words)]
    right = min(rights, default=box.head.x1 + 8 * layout.unit)
    for run in layout.below(box.head, box.head.x0 - layout.unit, right, _BELOW * layout.unit)[:1]:
        if run.index not in heads and not marks.intersection(w.index for w in run.words):
            return _of_run(layout, run)
    return None


def _of_run(layout: Layout, run: Run) -> Candidate:
    values = layout.values(run)
    whole = values[0] if len(values) == 1 and len(values[0].text.strip()) >= len(run.text.strip()) - 1 else None
    normal = whole.normal if whole is not None else fold(run.text)
    return _candidate(layout, run.text.strip(), run.words, normal, whole.normals if whole is not None else ())


def _candidate(layout: Layout, text: str, cited: tuple[Word, ...], normal: str, normals: tuple[str, ...]) -> Candidate:
    confidence = sum(w.confidence for w in cited) / max(1, len(cited))
    return Candidate(
        text=text,
        words=cited,
        normal=normal,
        normals=normals,
        score=_SCORE * (0.5 + 0.5 * confidence),
        why=BOXED,
        page=layout.page,
    )
