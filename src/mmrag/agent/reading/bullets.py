"""The items under a heading: bullets and numbers with the lines that go on, lines under one another, or a grid."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from mmrag.agent.reading.layout import Layout, Run
from mmrag.domain.documents import ElementKind, Word

_BULLET = re.compile(
    r"^\s*(?:[•·▪■□►▶●○◦‣⁃∙*+–—-]|[\ue000-\uf8ff]|[oO](?=\s)|\(?(?:\d{1,2}|[ivx]{1,4}|[a-z])[.)](?=\s|$))\s*", re.UNICODE
)
_SIGN = re.compile(r"^\s*[•·▪■□►▶●○◦‣⁃∙\ue000-\uf8ff]", re.UNICODE)
_HANGS = re.compile(r"(?:[,&/(-]|\b(?:and|or|of|the|for|to|in|with|by|a|an))\s*$", re.IGNORECASE)
_GOES_ON = re.compile(r"^(?:[a-zß-ÿ('‘\"“]|and\b|or\b|&)")
FIELD = re.compile(r"^[^:]{2,40}:\s+\S")
"""'Flight: 4u9525': a field and its value, of which a block is no list."""
_FIRST_GAP, _GAP = 9.0, 3.2
"""Line heights from the heading to its first item, and from one line of the list to the next."""
_LINES = 80
_LEAD = 3
"""Lines between a heading and the first bullet: 'The following were bought:'."""
_READ = 2
"""Bullets that are read where the engine reads this list's at all; where fewer are, each capital begins an item."""
_COLUMNS = 12
_SHORT = 11
"""Words of a usual line of a list without bullets: a longer one is running text."""
_CELL = 4
"""Words of a cell of a grid."""
_TALLER = 1.3
"""A line so much taller than the items is the next heading."""
_BESIDE = frozenset({ElementKind.HEADER, ElementKind.FOOTER})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """A run, or a bullet that stands apart with the run behind it. Coordinates as in ``Run``."""

    runs: tuple[Run, ...]
    text: str
    marked: bool
    x0: float
    y0: float
    x1: float
    y1: float
    height: float
    text_x: float

    @classmethod
    def of(cls, *runs: Run) -> _Line:
        text = " ".join(run.text for run in runs)
        mark = _BULLET.match(text)
        first, last = runs[0], runs[-1]
        apart = len(runs) > 1
        return cls(
            runs=runs,
            text=text,
            marked=mark is not None,
            x0=first.x0,
            y0=last.y0,
            x1=last.x1,
            y1=last.y1,
            height=last.height,
            text_x=last.x0 if apart else first.x_at(mark.end()) if mark else first.x0,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One item: its text without the bullet, and its words."""

    text: str
    words: tuple[Word, ...]

    @property
    def confidence(self) -> float:
        return sum(w.confidence for w in self.words) / max(1, len(self.words))


@dataclass(frozen=True, slots=True, kw_only=True)
class Under:
    """What stands under a heading: the items of its list, empty where there is none; ``lead`` are the lines between, and
    ``marked`` says that the items have bullets or numbers."""

    items: tuple[Item, ...] = ()
    lead: str = ""
    marked: bool = False


def items_under(heading: Sequence[Run], layout: Layout, *, columns: bool = True) -> Under:
    """What ``heading``, one line or two, stands over.

    Without ``columns`` lines without bullets are none under one heading of several on a level: it heads a table's column.
    """
    below = _below(heading, layout)
    if not below:
        return Under()
    lines = _lines(below, layout)
    first = next((n for n, line in enumerate(lines[: _LEAD + 1]) if line.marked), None)
    if first is not None:
        lead = " ".join(line.text for line in lines[:first])
        return Under(items=_bulleted(lines[first:], layout.unit), lead=lead, marked=True)
    if not columns and any(layout.right_of(run) or layout.left_of(run) for run in heading):
        return Under()
    return Under(items=_grid(below, layout) or _lined(lines, layout.unit))


def _below(heading: Sequence[Run], layout: Layout) -> list[Run]:
    """The runs under the heading in its column, from top to bottom."""
    last = heading[-1]
    beside = [o for run in heading for o in layout.right_of(run)]
    left_of = [o for run in heading for o in layout.left_of(run)]
    unit = layout.unit
    x0 = min(r.x0 for r in heading) - 3 * unit if beside or left_of else 0.0
    x1 = min((o.x0 for o in beside), default=max(o.x1 for o in layout.runs)) - 0.3 * unit
    if left_of:
        x0 = max(x0, max(o.x1 for o in left_of))
    height = max(r.height for r in heading)
    found: list[Run] = []
    for run in sorted(layout.runs, key=lambda r: (layout.row_of[r.index], r.x0)):
        if run.cy <= last.cy + 0.5 * min(last.height, run.height) or run.x0 < x0 or run.x0 >= x1:
            continue
        element = layout.element_of.get(run.words[0].index)
        if element is not None and element.kind in _BESIDE:
            continue
        if len(found) >= _LINES or (not found and run.y0 - last.y1 > max(_FIRST_GAP * unit, 4 * height)):
            break
        found.append(run)
    return found if beside or left_of else _of_column(found, heading[0])


def _of_column(runs: list[Run], heading: Run) -> list[Run]:
    """The runs of the column that ``heading`` stands over, where lists stand side by side under a row of headings."""
    marked = [run for run in runs if _BULLET.match(run.text)][:_COLUMNS]
    first = [run for run in marked if run.y0 < marked[0].y1 and marked[0].y0 < run.y1]
    starts = sorted(run.x0 for run in first)
    middle = (heading.x0 + heading.x1) / 2
    if len(starts) < 2 or heading.x1 - heading.x0 > 0.8 * (starts[-1] - starts[0]):
        return runs
    left = max((x for x in starts if x <= middle), default=starts[0])
    right = min((x for x in starts if x > left), default=float("inf"))
    return [run for run in runs if left - run.height <= run.x0 < right - 0.3 * run.height]


def _lines(runs: Sequence[Run], layout: Layout) -> list[_Line]:
    """``runs`` as lines: a bullet or number that stands apart belongs to the run behind it."""
    lines: list[_Line] = []
    mark: Run | None = None
    for run in runs:
        if mark is not None and layout.row_of[mark.index] == layout.row_of[run.index]:
            lines.append(_Line.of(mark, run))
            mark = None
        elif (bare := _BULLET.match(run.text)) is not None and bare.end() == len(run.text):
            mark = run
        else:
            mark = None
            lines.append(_Line.of(run))
    return lines


def _bulleted(lines: Sequence[_Line], unit: float) -> tuple[Item, ...]:
    """Lines with bullets or numbers, each with the lines that go on. A lost bullet is told by a line that was not full."""
    first = lines[0]
    lines = _close_together(lines, unit)
    edge = max(line.x1 for line in lines if line.x0 >= first.x0 - unit)
    signs = _SIGN.match(first.text) is not None
    most_lost = sum(line.marked for line in lines if abs(line.x0 - first.x0) < 1.5 * unit) < _READ
    groups: list[list[_Line]] = []
    for line in lines:
        aligned = abs(line.x0 - first.x0) < 1.5 * unit
        if line.marked and aligned and (not signs or _SIGN.match(line.text) or line.text[0] in "*+-–—"):
            groups.append([line])
        elif line.x0 < min(first.text_x, first.x0 + unit) - 1.2 * unit or (groups and line.height > _TALLER * first.height):
            break
        elif groups and _is_rest(groups[-1][-1], line, edge, by_room=not most_lost):
            groups[-1].append(line)
        elif groups and (
            abs(line.x0 - first.text_x) < (2.5 if signs else 0.8) * unit or abs(_middle(line) - _middle(first)) < unit
        ):
            groups.append([line])
        else:
            break
    return _items(groups)


def _close_together(lines: Sequence[_Line], unit: float) -> list[_Line]:
    """The lines before the first wide gap. Bullets may stand further apart than lines of one item."""
    kept = [lines[0]]
    gaps: list[float] = []
    for line in lines[1:]:
        gap = line.y0 - kept[-1].y1
        usual = max(gaps, default=gap) if not line.marked else gap
        if gap > _GAP * unit + (2 * unit if line.marked else 0.0) or gap > 2.2 * usual + unit:
            break
        gaps.append(gap)
        kept.append(line)
    return kept


def _lined(lines: Sequence[_Line], unit: float) -> tuple[Item, ...]:
    """Short lines that share their left edge or their middle."""
    first = lines[0]
    if first.text.rstrip().endswith(":") or first.text[0].islower():
        return ()  # a field, the heading of another list, or the rest of a line
    edge = max(line.x1 for line in lines[:12])
    groups: list[list[_Line]] = []
    kept: list[_Line] = []
    for line in lines:
        flush = abs(line.x0 - first.x0) < 0.8 * unit
        centred = abs((line.x0 + line.x1) - (first.x0 + first.x1)) / 2 < unit
        if kept and (line.height > _TALLER * first.height or not (flush or centred)):
            break
        if kept and line.text.rstrip().endswith(":") and not _is_rest(kept[-1], line, edge):
            break
        if kept and line.y0 - kept[-1].y1 > min(_GAP * unit, 2.2 * _usual_gap(kept, unit) + 0.6 * unit):
            break
        if groups and (_GOES_ON.match(line.text) or _HANGS.search(kept[-1].text)):
            groups[-1].append(line)
        else:
            groups.append([line])
        kept.append(line)
    long = [g for g in groups if sum(len(line.text.split()) for line in g) > _SHORT]
    fields = [g for g in groups if FIELD.match(g[0].text)]
    if len(groups) < 2 or len(long) > 0.3 * len(groups) or 2 * len(fields) > len(groups):
        return ()
    items = _items(groups)
    return items if len({item.text for item in items}) == len(items) else ()


def _grid(runs: Sequence[Run], layout: Layout) -> tuple[Item, ...]:
    """Short words in rows and columns; every row has several."""
    rows: list[list[Run]] = []
    for run in runs:
        if rows and layout.row_of[run.index] == layout.row_of[rows[-1][-1].index]:
            rows[-1].append(run)
        else:
            rows.append([run])
    if len(rows) < 2 or any(len(row) < 2 or len(row) != len(rows[0]) for row in rows):
        return ()
    tight = any(b[0].y0 - a[0].y1 < 0.8 * layout.unit for a, b in pairwise(rows))
    if tight or any(len(run.words) > _CELL or any(c.isdigit() for c in run.text) for run in runs):
        return ()
    return _items([[_Line.of(run)] for run in runs])


def _is_rest(before: _Line, line: _Line, edge: float, *, by_room: bool = True) -> bool:
    """True when ``line`` goes on with the one ``before``: it starts like a rest, or its first word had no room there."""
    if _GOES_ON.match(line.text) or _HANGS.search(before.text):
        return True
    if not by_room:
        return False
    word = line.text.split()[0]
    width = (line.x1 - line.x0) * len(word) / max(1, len(line.text))
    return before.x1 + width + 0.4 * line.height > edge


def _middle(line: _Line) -> float:
    """The middle of the text behind the bullet."""
    return (line.text_x + line.x1) / 2


def _usual_gap(kept: Sequence[_Line], unit: float) -> float:
    gaps = [b.y0 - a.y1 for a, b in pairwise(kept)]
    return max(0.3 * unit, median(gaps)) if gaps else 2 * unit


def _items(groups: Sequence[Sequence[_Line]]) -> tuple[Item, ...]:
    return tuple(item for group in groups if (item := _item([run for line in group for run in line.runs])) is not None)


def _item(runs: Sequence[Run]) -> Item | None:
    text = " ".join(run.text for run in runs)
    mark = _BULLET.match(text)
    at, kept = 0, list[Word]()
    for run in runs:
        kept += run.words_between(max(0, (mark.end() if mark else 0) - at), len(run.text))
        at += len(run.text) + 1
    text = text[mark.end() if mark else 0 :].strip(" ;,")
    text = text.removesuffix(".") if text.count(".") == 1 else text
    return Item(text=text, words=tuple(kept)) if len(text) > 1 and kept else None
