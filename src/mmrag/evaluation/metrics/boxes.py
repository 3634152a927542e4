"""Boxes against boxes: IoU, box F1, and attribution as CiteVQA defines it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mmrag.domain.geometry import BBox

IOU_MATCH = 0.5
EVIDENCE_ENOUGH = 0.6
OVERLAP_SHARE = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A box on a page of a document; ``page`` from 1, ``box`` in page fractions, None when only the page is known."""

    document: str
    page: int
    box: BBox | None = None


def same_page(a: Place, b: Place) -> bool:
    return (a.document, a.page) == (b.document, b.page)


def iou(a: Place, b: Place) -> float:
    """Intersection over union (Everingham et al., *PASCAL VOC*, IJCV 2010, sec. 4.2); 0 on different pages."""
    return a.box.iou(b.box) if same_page(a, b) and a.box is not None and b.box is not None else 0.0


def overlaps(cited: Place, true: Place) -> bool:
    """A person looking at the cited box sees the true one: they share half of the smaller one's area."""
    if not same_page(cited, true) or cited.box is None or true.box is None:
        return False
    smaller = min(cited.box.area, true.box.area)
    return cited.box.intersection(true.box) >= OVERLAP_SHARE * smaller > 0


def evidence_recall(cited: Sequence[Place], true: Sequence[Place]) -> float:
    """The share of true boxes that some cited box meets with IoU 0.5 or more, same document and page.

    *Recall* of CiteVQA (arXiv 2605.12882, and ``eval_recall_single`` of its evaluation). ``true`` must not be empty.
    """
    return sum(any(iou(c, t) >= IOU_MATCH for c in cited) for t in true) / len(true)


def page_recall(cited: Sequence[Place], true: Sequence[Place]) -> float:
    """The share of true pages that are cited (*Page Recall* of CiteVQA). ``true`` must not be empty."""
    pages = {(t.document, t.page) for t in true}
    return len(pages & {(c.document, c.page) for c in cited}) / len(pages)


def box_f1(cited: Sequence[Place], true: Sequence[Place]) -> tuple[float, float, float]:
    """Precision, recall and F1 of boxes at IoU 0.5, each true box taken by one cited box at most.

    The matching is the best possible one (Hungarian method, by scipy), as in DETR (Carion et al., ECCV 2020, sec. 3.1), so
    the order of the boxes changes nothing. All 0 when nothing is cited.
    """
    if not cited or not true:
        return 0.0, 0.0, 0.0
    import numpy as np
    from scipy.optimize import linear_sum_assignment

    table = np.array([[iou(c, t) >= IOU_MATCH for t in true] for c in cited], dtype=float)
    rows, columns = linear_sum_assignment(table, maximize=True)
    hits = float(table[rows, columns].sum())
    precision, recall = hits / len(cited), hits / len(true)
    return precision, recall, (2 * hits / (len(cited) + len(true)))


def strict_attributed(right: bool, cited: Sequence[Place], true: Sequence[Place]) -> bool:
    """Strict attributed accuracy of one question with CiteVQA's numbers: right, and evidence recall of 0.6 or more.

    CiteVQA (arXiv 2605.12882) also accepts citations that a judge model finds relevant; without a judge only the boxes
    count, which is never more lenient. ``right`` stands for its judge's 4 of 5 or more.
    """
    return right and evidence_recall(cited, true) >= EVIDENCE_ENOUGH
