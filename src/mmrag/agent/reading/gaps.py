"""Where the value of a label would stand and nothing can be read: blurred, blacked out, or left empty.

A value from the line above, or from another label, is then no answer, however well it is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mmrag.agent.reading.candidates import Candidate
from mmrag.agent.reading.labels import Label, LabelIndex
from mmrag.agent.reading.layout import Layout
from mmrag.agent.reading.lexicon import Lexicon
from mmrag.agent.reading.near import is_filler
from mmrag.agent.reading.target import Asked
from mmrag.agent.reading.text import fold
from mmrag.domain.documents import Element, Page

_SURE = 0.6
"""Quality from which a label is the one asked for."""
_OF_ANOTHER = 0.8
"""A value of another label of the field counts where that names the field at least this well beside the empty one."""
_BELOW = 2.5
"""Line heights under a label within which its value would stand, where it does not stand beside it."""
_BESIDE = ("inline", "right", "below")
_NO_PLACE = ("above", "left", "amount", "alignment")
"""What is near an empty place, or of its kind, and does not stand where its value would."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A ``label`` of ``page`` beside which nothing is read. ``element`` is the place that could not be read, or the one that
    holds the label."""

    page: Page
    label: Label
    element: Element
    blurred: bool

    def why(self, document: str) -> str:
        """Why there is no answer, for the one who asks."""
        place = f"“{self.label.run.text[self.label.start : self.label.end]}” on page {self.page.number} of {document}"
        return (
            f"what stands beside {place} cannot be read"
            if self.blurred
            else f"nothing that can be read stands beside {place}"
        )


def gap_for(asked: Asked, pages: Sequence[LabelIndex], best: Candidate | None, lexicon: Lexicon) -> Gap | None:
    """The gap where the value asked for would stand; None where ``best`` stands beside a label that names it as well."""
    if asked.concept is None or asked.concept.type is not asked.type:
        return None
    for index in pages:
        labels = [label for label in index.of_concept(asked.concept) if label.quality >= _SURE]
        for label in labels:
            gap = _gap(index.layout, label, lexicon)
            if gap is not None and not _is_answered(best, gap, asked):
                return gap
    return None


def is_covered(layout: Layout, label: Label) -> bool:
    """True when something that could not be read stands right of ``label``, before anything else."""
    return _covering(layout, label) is not None


def _gap(layout: Layout, label: Label, lexicon: Lexicon) -> Gap | None:
    run = label.run
    if fold(run.text[label.end :]):
        return None
    covering = _covering(layout, label)
    if covering is None:
        beside = [other for other in layout.right_of(run) if not is_filler(other.text, lexicon)]
        under = layout.below(run, run.x0, run.x1, _BELOW * layout.unit)
        if beside or under or not run.text.rstrip().endswith(":"):
            return None
    holder = covering or layout.element_of.get(run.words[-1].index)
    if holder is None:
        return None
    return Gap(page=layout.page, label=label, element=holder, blurred=covering is not None)


def _covering(layout: Layout, label: Label) -> Element | None:
    run = label.run
    if fold(run.text[label.end :]):
        return None
    first = min((other.x0 for other in layout.right_of(run)), default=float("inf"))
    for element, (x0, y0, x1, y1) in layout.unreadable:
        on_level = min(y1, run.y1) - max(y0, run.y0) >= 0.5 * min(y1 - y0, run.height)
        if on_level and x1 > run.x1 + layout.unit and x0 > run.x0 and (x0 + x1) / 2 < first:
            return element
    return None


def _is_answered(best: Candidate | None, gap: Gap, asked: Asked) -> bool:
    if best is None or asked.concept is None:
        return False
    if not gap.blurred and (best.page is not gap.page or not best.why.startswith(_NO_PLACE)):
        return True  # the field is filled in elsewhere: on a cover, in another form of the document
    if not best.why.startswith(_BESIDE):
        return False
    named = asked.concept.labels.get(best.label, 0.0)
    return best.page.document_id != gap.page.document_id or named >= _OF_ANOTHER * gap.label.quality
