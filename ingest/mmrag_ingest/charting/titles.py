"""The titles of a chart's axes: what stands along an axis and says what its numbers or names are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mmrag.domain.documents import Word
from mmrag.values.units import is_unit
from mmrag_ingest.charting.items import Item, is_name, is_tilted, joined, lines_of, phrases_of
from mmrag_ingest.charting.records import ChartTable, MeasuredChart

_FAR: Final = 4.0
"""Heights of its letters that a title may stand away from the numbers or names of its axis."""
_WIDE: Final = 0.15
"""The same of a title beside an axis, as a share of the chart's width: an axis without numbers has room for them."""
_CENTRED: Final = 0.2
"""Of the length of the axis: how far the middle of a title may be from its middle."""
_ALONE: Final = 0.3
_LONGEST: Final = 8  # words
_NO_TITLE: Final = re.compile(r"^(?:fig(?:ure|\.)?|chart|table|graph|source|sources|notes?|page)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class AxisTitles:
    """What the axis of values and that of categories are called; None for what is not printed."""

    values: Item | None = None
    categories: Item | None = None

    @property
    def words(self) -> tuple[int, ...]:
        return tuple(sorted({w for title in (self.values, self.categories) if title is not None for w in title.words}))


def titles_of(
    chart: ChartTable | MeasuredChart, words: Sequence[Word], items: Sequence[Item], width: int, height: int
) -> AxisTitles:
    """The titles along the two axes of a chart. ``words`` are those of its surroundings, ``items`` those of them that run
    level, in pixels of a page of that size."""
    printed = [p.value for p in chart.points] if isinstance(chart, ChartTable) else []
    known = [*chart.ticks, *chart.categories, *printed]
    if len(chart.categories) < 2 or (not chart.ticks and not printed):
        return AxisTitles()  # a pie has no axes
    whole = joined(known)
    taken = {w for i in (*known, *(s for s in chart.series if s is not None)) for w in i.words}
    beside = _standing([w for w in words if w.index not in taken], whole, width, height)
    below = _lying([i for i in items if not taken.intersection(i.words)], whole)
    values, categories = (beside, below) if _is_upright(chart) else (below, beside)
    if values is None and categories is not None and is_unit(categories.text):
        return AxisTitles(values=categories)  # wherever it stands, "(in millions)" is said of the numbers
    return AxisTitles(values=values, categories=categories)


def _is_upright(chart: ChartTable | MeasuredChart) -> bool:
    if isinstance(chart, ChartTable):
        return chart.upright
    xs, ys = [i.cx for i in chart.categories], [i.cy for i in chart.categories]
    return max(xs) - min(xs) > max(ys) - min(ys)


def _standing(words: Sequence[Word], whole: Item, width: int, height: int) -> Item | None:
    """The line of words written up or down the page right beside an axis."""
    pieces = [(w, _item(w, width, height)) for w in words if is_tilted(w, width, height)]
    lines: list[list[tuple[Word, Item]]] = []
    for word, item in sorted(pieces, key=lambda p: p[1].cx):
        if lines and abs(lines[-1][-1][1].cx - item.cx) < 0.5 * (item.x1 - item.x0):
            lines[-1].append((word, item))
        else:
            lines.append([(word, item)])
    found = []
    for line in lines:
        upwards = line[0][0].polygon.points[1][1] < line[0][0].polygon.points[0][1]
        title = joined([i for _, i in sorted(line, key=lambda p: -p[1].cy if upwards else p[1].cy)])
        thick = title.x1 - title.x0
        gap = max(whole.x0 - title.x1, title.x0 - whole.x1)
        if (
            -0.5 * thick < gap < max(_FAR * thick, _WIDE * (whole.x1 - whole.x0))
            and _is_title(title.text)
            and whole.y0 < title.cy < whole.y1
        ):
            found.append((gap, title))
    return min(found, key=lambda f: f[0])[1] if found else None


def _lying(items: Sequence[Item], whole: Item) -> Item | None:
    """The phrase that stands alone and centred right under the lowest numbers or names."""
    length = whole.x1 - whole.x0
    for line in lines_of([i for i in items if i.y0 > whole.y1 - 0.3 * i.height]):
        phrases = phrases_of(line)
        near = [p for p in phrases if p.x1 > whole.x0 - _ALONE * length and p.x0 < whole.x1 + _ALONE * length]
        if not near:
            continue
        (title, *more) = near
        close = title.y0 - whole.y1 < _FAR * title.height
        centred = abs(title.cx - (whole.x0 + whole.x1) / 2) < _CENTRED * length and title.x1 - title.x0 < length
        return title if not more and close and centred and _is_title(title.text) else None
    return None


def _is_title(text: str) -> bool:
    words = text.split()
    lettered = sum(c.isalpha() for c in text) > 1 or "%" in text
    return lettered and len(words) <= _LONGEST and is_name(text, _LONGEST) and _NO_TITLE.match(text) is None


def _item(word: Word, width: int, height: int) -> Item:
    box = word.bbox
    return Item(
        text=word.text.strip(),
        words=(word.index,),
        x0=box.x0 * width,
        y0=box.y0 * height,
        x1=box.x1 * width,
        y1=box.y1 * height,
    )
