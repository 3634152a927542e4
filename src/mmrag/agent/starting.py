"""Before anything is drafted: which tier to ask first, from the question and the evidence. Pure.

A tier is left out only where it cannot do what is asked, never the last one, and never because a later one is better: the
cascade finds that out from drafts, and the first tiers cost little.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from statistics import fmean
from types import MappingProxyType

from mmrag.domain.documents import ElementKind
from mmrag.domain.pictures import PageKind
from mmrag.domain.plans import Plan, Reading

FAINT = 0.6
"""Mean OCR confidence of a page under which its words are not to be relied on."""
_FEW_WORDS = 20
_CLOSE = 0.05
"""Two documents are found equally well when their best pages' scores differ by less than this share."""


class Need(StrEnum):
    """What an answer takes beyond reading a printed value."""

    CHART = "chart"  # the value is drawn, not printed
    PHOTO = "photo"  # a picture without words
    FAINT = "faint"  # print that the OCR could hardly read
    SEVERAL_PAGES = "several_pages"
    ARITHMETIC = "arithmetic"
    FREE_TEXT = "free_text"  # an explanation in words of its own
    UNSURE_WHERE = "unsure_where"  # several documents were found equally well, and much is left open


_EYES = frozenset({Need.PHOTO, Need.FAINT, Need.CHART})
"""What a tier that sees no pictures cannot make good."""
_THOUGHT = frozenset({Need.ARITHMETIC, Need.SEVERAL_PAGES, Need.FREE_TEXT, Need.UNSURE_WHERE})
"""What a tier that copies printed words cannot do alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Skill:
    """What a tier can do: ``sees`` pictures, ``reasons`` beyond copying words, and is ``paid`` for."""

    name: str
    sees: bool = False
    reasons: bool = True
    paid: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """The tiers to ask, by their indexes in order, and those left out, each with why."""

    order: tuple[int, ...]
    needs: frozenset[Need] = frozenset()
    skipped: tuple[tuple[str, str], ...] = ()


def needs_of(plan: Plan, readings: Sequence[Reading], *, margin: float) -> frozenset[Need]:
    """What the question needs. ``margin`` is how far the best document is ahead of the next, as a share of its score;
    1 when there is no other."""
    needs = _needs_of_page(readings[0]) if readings else set()
    if margin < _CLOSE and plan.answer_type.is_open and len({r.document.id for r in readings}) > 1:
        needs.add(Need.UNSURE_WHERE)
    if plan.aggregate is not None or plan.check is not None:  # worked out by the code from values that are read one by one
        return frozenset(needs)
    asked = {need for need, pattern in _patterns().items() if pattern.search(plan.asked)}
    if readings and _read_charts(readings[0]):  # the reader works differences out itself, from the chart's own cells
        asked -= {Need.ARITHMETIC, Need.SEVERAL_PAGES}
    return frozenset(needs | asked)


def starting_tier(needs: frozenset[Need], tiers: Sequence[Skill]) -> Start:
    """Leave out tiers that cannot do what is needed, when a later one can. So the last tier is always asked."""
    order, skipped = [], []
    for n, tier in enumerate(tiers):
        why = _lacks(needs, tier, tiers[n + 1 :])
        if why is None:
            order.append(n)
        else:
            skipped.append((tier.name, why))
    return Start(order=tuple(order), needs=needs, skipped=tuple(skipped))


def _lacks(needs: frozenset[Need], tier: Skill, later: Sequence[Skill]) -> str | None:
    unseen = needs & _EYES
    if unseen and not tier.sees and any(t.sees for t in later) and (tier.paid or unseen & {Need.PHOTO, Need.FAINT}):
        return f"it sees no pictures, and the evidence is {_named(unseen)}"
    unthought = needs & _THOUGHT
    if unthought and not tier.reasons and any(t.reasons for t in later):
        return f"it copies printed words, and the question needs {_named(unthought)}"
    return None


def _named(needs: frozenset[Need]) -> str:
    return " and ".join(sorted(need.value.replace("_", " ") for need in needs))


def _needs_of_page(best: Reading) -> set[Need]:
    page = best.page
    needs: set[Need] = set()
    if not page.words or (page.kind is PageKind.PHOTO and len(page.words) < _FEW_WORDS):
        needs.add(Need.PHOTO)
    elif fmean(word.confidence for word in page.words) < FAINT:
        needs.add(Need.FAINT)
    if any(e.kind is ElementKind.CHART and not e.cells for e in page.elements):
        needs.add(Need.CHART)
    return needs


def _read_charts(best: Reading) -> bool:
    return any(e.kind is ElementKind.CHART and e.cells for e in best.page.elements)


@cache
def _patterns() -> Mapping[Need, re.Pattern[str]]:
    data = tomllib.loads(files("mmrag.agent").joinpath("starting.toml").read_text(encoding="utf-8"))
    names = {Need.ARITHMETIC: "arithmetic", Need.SEVERAL_PAGES: "several", Need.FREE_TEXT: "explaining"}
    return MappingProxyType({need: re.compile("|".join(data[name]), re.IGNORECASE) for need, name in names.items()})
