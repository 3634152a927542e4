"""What kind of document a question speaks of, held against the kind of page that an answer was read from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from mmrag.domain.documents import Page
from mmrag.domain.pictures import PageKind
from mmrag.domain.plans import ConstraintKind, Plan

_FAR = frozenset({PageKind.REPORT, PageKind.PRESENTATION, PageKind.CHART, PageKind.DIAGRAM, PageKind.MAP, PageKind.COVER})
_NEAR = frozenset({PageKind.RECEIPT, PageKind.INVOICE, PageKind.TICKET, PageKind.CARD, PageKind.FORM, PageKind.CONTRACT})
_NEVER: Mapping[str, frozenset[PageKind]] = {
    **dict.fromkeys(("receipt", "invoice", "bill", "ticket", "payslip"), _FAR),
    **dict.fromkeys(("slide", "deck", "presentation", "chart", "graph"), frozenset({PageKind.RECEIPT, PageKind.TICKET})),
}
"""Kinds that are not mistaken for one another: a page's kind is right nine times in ten, and wrong ones are near ones."""
OTHER_GENRE = 0.5
"""The share of its confidence that an answer keeps from a page of quite another kind than the question speaks of."""


def genre_shares(plan: Plan, pages: Sequence[Page]) -> list[float]:
    """For each page 1.0, or ``OTHER_GENRE`` where what ``plan`` speaks of is far from the kind of the page.

    A page that no model has sorted, or as neither, is what most of the pages read of its document are.
    """
    never = [_NEVER.get(c.text) for c in plan.constraints if c.kind is ConstraintKind.GENRE]
    if not never or None in never:
        return [1.0] * len(pages)
    far = frozenset.intersection(*(kinds for kinds in never if kinds is not None))
    kinds = Counter((page.document_id, page.kind in far) for page in pages if page.kind is not None)
    shares = []
    for page in pages:
        mostly = kinds[page.document_id, True] > kinds[page.document_id, False]
        other = page.kind in far or (mostly and page.kind not in _NEAR)
        shares.append(OTHER_GENRE if other else 1.0)
    return shares
