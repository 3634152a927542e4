"""What a model is shown of a page as a picture: the region that matters, the page only where its layout does.

``looks`` decides, purely; ``taken`` cuts the regions out of the stored page pictures, in a worker thread. The model sees
them as separate, labelled parts and never says where anything is: it names elements, whose boxes are stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from statistics import fmean

import anyio.to_thread

from mmrag.agent.shortlist import Offered
from mmrag.domain.capabilities import Capabilities
from mmrag.domain.documents import ElementKind, Page
from mmrag.domain.geometry import BBox
from mmrag.domain.messages import Detail, ImagePart
from mmrag.domain.plans import Reading
from mmrag.errors import StoreDamagedError
from mmrag.imaging import cut_out
from mmrag.ports import Blobs

MOST = 4
"""Pictures for one draft: each costs as much as a page of text, and more of them answer no better."""
_REGION_PAGES = 2
_FAINT = 0.6
"""Mean OCR confidence under which words are not to be relied on, so that a picture has to be read instead."""
_FEW_WORDS = 8
_MARGIN = 0.02
"""Of the page, around a region: what touches it belongs to it."""
_SMALLEST = 224
"""Pixels of a region's shorter side; models see little in smaller ones."""
_MOST_OF_PAGE = 0.6
"""A region that covers this much of the page is the page."""
_DRAWN = frozenset({ElementKind.CHART, ElementKind.FIGURE, ElementKind.PHOTO})
_LAID_OUT = frozenset({*_DRAWN, ElementKind.TABLE, ElementKind.UNREADABLE})


class Task(StrEnum):
    """What a picture is looked at for."""

    LOOKUP = "look-up"
    OCR = "reading"
    TABLE = "table"
    CHART = "chart"
    PHOTO = "photo"


_SCALE = {
    Task.LOOKUP: (768, Detail.MEDIUM),
    Task.OCR: (1568, Detail.HIGH),
    Task.TABLE: (1568, Detail.HIGH),
    Task.CHART: (1280, Detail.HIGH),
    Task.PHOTO: (1024, Detail.MEDIUM),
}
"""The longest side in pixels and the detail that a task needs. More is paid for and not seen better: print of 10 points is
read at 100 dots an inch, an A4 page then has 1,170 pixels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One picture to take: a region of a page, what for, and what the model is told that it is."""

    page: Page
    region: BBox
    task: Task
    label: str


def looks(offered: Sequence[Offered], readings: Sequence[Reading], can: Capabilities) -> tuple[Look, ...]:
    """The pictures for these elements, the most useful first; none for a model that does not look at pictures.

    The best elements of the best pages are cut out. A page with a table, a chart or a figure, a photo, or print that the OCR
    could hardly read, is shown whole, or that part of it.
    """
    if not can.images:
        return ()
    keys = {(o.page.document_id, o.page.number): o.page_key for o in offered}
    found: list[Look] = []
    for rank, reading in enumerate(readings):
        page = reading.page
        if page.image is None:
            continue
        key = keys.get((page.document_id, page.number), f"page {page.number} of {reading.document.name}")
        of_page = [o for o in offered if o.page is page]
        found += _of_page(page, key, of_page, with_region=rank < _REGION_PAGES)
    most = MOST if can.max_images is None else min(MOST, can.max_images)
    return tuple(found[:most])


def _of_page(page: Page, key: str, offered: Sequence[Offered], *, with_region: bool) -> list[Look]:
    whole = BBox(0, 0, 1, 1)
    if len(page.words) < _FEW_WORDS:
        return [Look(page=page, region=whole, task=Task.PHOTO, label=f"{key}, the whole page")]
    if fmean(word.confidence for word in page.words) < _FAINT:
        return [Look(page=page, region=whole, task=Task.OCR, label=f"{key}, the whole page")]
    found: list[Look] = []
    best = sorted(offered, key=lambda o: -o.score)[:3]
    if with_region and best:
        region = _grown(BBox.around(o.element.bbox for o in best), page)
        task = Task.OCR if any(_is_faint(o) for o in best) else Task.LOOKUP
        named = ", ".join(sorted((o.key for o in best), key=lambda k: int(k[1:])))
        if region.area < _MOST_OF_PAGE:
            found.append(Look(page=page, region=region, task=task, label=f"{key}, the part with {named}"))
    laid_out = [e for e in page.elements if e.kind in _LAID_OUT]
    if laid_out:
        region = _grown(BBox.around(e.bbox for e in laid_out), page)
        task = Task.CHART if any(e.kind in _DRAWN for e in laid_out) else Task.TABLE
        if any(e.kind is ElementKind.UNREADABLE for e in laid_out):
            task = Task.OCR
        if region.area < _MOST_OF_PAGE:
            found.append(Look(page=page, region=region, task=task, label=f"{key}, the part with the {task.value}"))
        else:
            found.append(Look(page=page, region=whole, task=task, label=f"{key}, the whole page"))
    elif with_region and not found:
        found.append(Look(page=page, region=whole, task=Task.TABLE, label=f"{key}, the whole page"))
    return found


async def taken(wanted: Sequence[Look], blobs: Blobs, can: Capabilities) -> tuple[tuple[ImagePart, ...], tuple[str, ...]]:
    """The pictures, scaled to their task and to the model's limits, and a note on each that could not be had."""
    parts: list[ImagePart] = []
    notes: list[str] = []
    limit = can.side_for(len(wanted))
    for look in wanted:
        side, detail = _SCALE[look.task]
        longest = side if limit is None else min(side, limit)
        try:
            data = await blobs.get(look.page.image or "")
            picture = await anyio.to_thread.run_sync(partial(cut_out, data, look.region, longest=longest))
        except (StoreDamagedError, ValueError) as error:
            notes.append(f"{look.label} is not shown: {error}")
            continue
        parts.append(
            ImagePart(
                label=look.label,
                media_type=picture.media_type,
                data=picture.data,
                width=picture.width,
                height=picture.height,
                detail=detail,
            )
        )
    return tuple(parts), tuple(notes)


def _is_faint(offered: Offered) -> bool:
    words = [offered.page.words[i] for i in offered.element.words]
    return bool(words) and fmean(word.confidence for word in words) < _FAINT


def _grown(region: BBox, page: Page) -> BBox:
    """With its margin, and no side shorter than a model needs to see something."""
    wide = max(_MARGIN, (_SMALLEST / max(1, page.width) - region.width) / 2)
    high = max(_MARGIN, (_SMALLEST / max(1, page.height) - region.height) / 2)
    return region.grown(wide, high)
