"""Questions over a whole column of a table: which row has the most, how many rows are over a bound, what they come to.

All rows have to be there. A table that goes on over pages that were not read, a cell that is no number, two rows that share
the first place: then nothing is worked out, for a sum of most of the rows is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache

from mmrag.agent.formulas import number_in
from mmrag.agent.planwords import plan_words
from mmrag.agent.reading.gridded import Column, column_of, value_in
from mmrag.agent.reading.grids import ColumnKind, Grid, GridRow, meant, stems_in
from mmrag.agent.reading.synonyms import column_names
from mmrag.agent.reading.tables import Wanted
from mmrag.agent.reading.text import stem, words
from mmrag.domain.documents import Cell
from mmrag.domain.plans import Reading
from mmrag.values import parse_number

_MOST = "most expensive|dearest|priciest|costliest|highest|largest|biggest|greatest|longest|heaviest|maximum|most"
_LEAST = "least expensive|cheapest|lowest|smallest|shortest|lightest|fewest|minimum|least"
SUPERLATIVES = f"{_MOST}|{_LEAST}"
"""The words that ask for the first place, as alternatives of a pattern."""
_EXTREME = re.compile(rf"\b(?P<how>{SUPERLATIVES})\b", re.IGNORECASE)
_BY_PRICE = re.compile(r"\b(?:expensive|dearest|priciest|costliest|cheapest)\b", re.IGNORECASE)
_LEASTS = re.compile(rf"^(?:{_LEAST})$", re.IGNORECASE)
_WHICH = re.compile(
    r"^\W*(?:(?:in|on|of|at|for|by)\s+)?(?:which|what|(?P<who>who))\b(?:\s+(?:is|was|are)\s+the\b)?\s*(?P<rest>.*)$",
    re.IGNORECASE,
)
_BOUND = re.compile(
    r"\b(?:(?P<over>more than|over|above|exceed(?:s|ing)?|greater than|higher than)|(?P<least>at least)"
    r"|(?P<under>less than|fewer than|under|below|lower than|cheaper than)|(?P<most>at most))"
    r"\s*(?:RM|USD|EUR|GBP|CHF|[$€£])?\s*(?P<number>\d[\d.,]*\d|\d)",
    re.IGNORECASE,
)
_COUNT = re.compile(r"^\W*(?:how many|what number of|count (?:the|all)?)\s+(?P<noun>[a-z-]+)", re.IGNORECASE)
_SUM = re.compile(r"\b(?:total|sum|combined|altogether|in all|overall)\b", re.IGNORECASE)
_ALL = re.compile(r"\b(?:all|both|every|each|together|altogether|combined|of the)\b", re.IGNORECASE)
_AVERAGE = re.compile(r"\b(?:average|mean)\b", re.IGNORECASE)
_GENERIC_WORDS = "item product article part row line entry good thing one table list document listed"
_GENERIC = frozenset(stem(w) for w in _GENERIC_WORDS.split())
"""What the rows of any list may be called."""
_ASKING_WORDS = (
    "expensive dear pricey costly cheap high large big great long heavy maximum most least low small short light few minimum"
    " highest largest biggest greatest longest heaviest lowest smallest shortest lightest fewest dearest cheapest priciest"
    " total sum combined altogether overall average mean all both every each together many much number count cost price"
    " have has had more less than over above below under exceed fewer greater higher lower charge sell sold"
)
_ASKING = frozenset(stem(w) for w in _ASKING_WORDS.split())
_SURE = 0.9
_ONLY, _UNNAMED = 0.85, 0.9
_BOTTOM = 0.75
"""A table that ends above this share of its page does not go on over the next."""


class Over(StrEnum):
    MOST = "most"
    LEAST = "least"
    COUNT = "count"
    SUM = "sum"
    AVERAGE = "average"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """``over`` a column that ``question`` names; ``noun`` are the stems of what the rows are called, ``bound`` the words and
    the number that the counted ones are compared with."""

    over: Over
    question: str
    noun: frozenset[str] = frozenset()
    bound: tuple[str, Decimal] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Picked:
    """A cell of one of the tables."""

    grid: Grid
    cell: Cell


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What was worked out of ``operands``, by ``expression``; ``named`` is the cell that names the row of an extreme.
    ``text`` is None where the question is about these tables and cannot be answered from them, ``why`` says the reason."""

    text: str | None
    document: str
    score: float = 0.0
    operands: tuple[Picked, ...] = ()
    expression: str = ""
    named: Picked | None = None
    why: str = ""


ReadPage = tuple[Reading, Sequence[Grid]]
"""A page that was read, with its tables."""


@lru_cache(maxsize=64)
def over_of(question: str) -> Asked | None:
    """What ``question`` asks over a column; None for any other question."""
    count = _COUNT.search(question)
    bound = _BOUND.search(question)
    if count is not None and bound is not None:
        how = next(name for name in ("over", "least", "under", "most") if bound[name])
        rest = f"{question[count.start('noun') : bound.start()]} {question[bound.end() :]}"
        noun = frozenset({stem(w) for w in words(count["noun"])})
        return Asked(over=Over.COUNT, question=rest, noun=noun, bound=(how, Decimal(parse_number(bound["number"])[0])))
    which, extreme = _WHICH.search(question), _EXTREME.search(question)
    if which is not None and extreme is not None and bound is None:
        over = Over.LEAST if _LEASTS.match(extreme["how"]) else Over.MOST
        named = question if not _BY_PRICE.search(extreme["how"]) else f"{question} price"
        return Asked(over=over, question=named, noun=_noun(which))
    over_all = _ALL.search(_of_one_paper().sub(" ", question))
    for pattern, over in ((_AVERAGE, Over.AVERAGE), (_SUM, Over.SUM)):
        if pattern.search(question) and (over is Over.AVERAGE or over_all):
            return Asked(over=over, question=question)
    return None


@lru_cache(maxsize=1)
def _of_one_paper() -> re.Pattern[str]:
    """'of the purchase order': its total is printed on it, 'the total of the prices' is not."""
    genres = plan_words().genre
    return re.compile(rf"\bof (?:the|this|that)\s+(?:[\w-]+\s+){{0,2}}?(?:{genres})\b", re.IGNORECASE)


def over_tables(asked: Asked, wanted: Wanted, pages: Sequence[ReadPage]) -> Result | None:
    """The answer from the tables of the document that fits best; None where no table is about the question. Two documents
    that would answer it differently leave it open."""
    results = [r for of_one in _by_document(pages) for r in _in_document(asked, wanted, of_one)]
    results.sort(key=lambda r: -r.score)
    if not results:
        return None
    best = results[0]
    other = next((r for r in results[1:] if r.text != best.text and r.score > 0.9 * best.score), None)
    if best.text is not None and other is not None:
        return Result(text=None, document=best.document, why="several tables would answer it, each differently")
    return best


def _by_document(pages: Sequence[ReadPage]) -> list[list[ReadPage]]:
    found: dict[str, list[ReadPage]] = {}
    for page in pages:
        found.setdefault(page[0].document.id, []).append(page)
    return [sorted(of_one, key=lambda p: p[0].page.number) for of_one in found.values()]


def _in_document(asked: Asked, wanted: Wanted, read: Sequence[ReadPage]) -> Iterator[Result]:
    pages = [reading for reading, _ in read]
    grids = [grid for _, of_page in read for grid in of_page]
    groups: dict[tuple[str, ...], list[Grid]] = {}
    for grid in grids:
        groups.setdefault(grid.heading, []).append(grid)
    said = stems_in(asked.question)
    for group in groups.values():
        first = [grid for grid in group if grid.element.belongs_to is None]
        chosen = group if len(first) < 2 else list(meant(group, said))
        unmeasured = frozenset(chosen[0].heads) - frozenset(chosen[0].of_kind(ColumnKind.VALUE))
        column = column_of(chosen[0], asked.question, without=unmeasured)
        rows = None if column is None else _rows(asked, wanted, chosen, column, pages)
        if column is None or not rows:
            continue
        why = _wanting(chosen, pages) or _unread(rows, column.at)
        if why is not None:
            yield Result(text=None, document=pages[0].document.id, score=0.1, why=why)
            continue
        result = _worked(asked, rows, column, pages[0].document.id, wanted)
        if result is not None:
            yield result


def _rows(
    asked: Asked, wanted: Wanted, grids: Sequence[Grid], column: Column, pages: Sequence[Reading]
) -> list[tuple[Grid, GridRow]]:
    """The rows that are meant: all of the tables where their heads, titles or page call them so, else those that bear the
    words of the question that nothing else explains. Empty where the question is about something else."""
    body = [(grid, row) for grid in grids for row in grid.body if column.at in row.cells]
    told = {s for s in stems_in(asked.question) if s.isdigit()} - wanted.years
    numbered = [row for _, row in body if told & _row_stems(row)] if told else []
    if numbered and len(numbered) < len(body):
        return []  # 'the mean length at 6 m' stands in the row of 6 m
    heads = stems_in(" ".join(" ".join(grid.heads.values()) for grid in grids))
    titles = stems_in(" ".join(grid.title for grid in grids))
    printed = frozenset(stem(w) for reading in pages for w in words(reading.page.text))
    asks = (
        {s for s in stems_in(asked.question) if not s.isdigit()} - _ASKING - _GENERIC - column.by - column_names(column.by)
    )
    asks -= heads
    telling = asks & (wanted.telling | asked.noun) - titles
    if not telling:
        return body
    bearing = [(grid, row) for grid, row in body if telling & _row_stems(row)]
    rest = telling - frozenset().union(*(_row_stems(row) for _, row in bearing)) if bearing else telling
    if rest & wanted.names or not rest <= printed:
        return []
    if bearing:
        # Of a row every telling word that stands in any row: 'wheel nuts' are no nuts.
        every = telling - rest
        return [(grid, row) for grid, row in bearing if every <= _row_stems(row)]
    return body


def _row_stems(row: GridRow) -> frozenset[str]:
    return frozenset().union(*(stems_in(cell.text) for cell in row.cells.values()))


def _wanting(grids: Sequence[Grid], pages: Sequence[Reading]) -> str | None:
    """Why the tables are not whole: a page that they stand on was not read."""
    ids = {grid.element.id for grid in grids}
    if any(grid.element.belongs_to is not None and grid.element.belongs_to not in ids for grid in grids):
        return "the table begins on a page that was not read"
    read = {reading.page.number for reading in pages}
    last = max(grids, key=lambda grid: (grid.page.number, grid.element.bbox.y1))
    ends = last.element.bbox.y1 < _BOTTOM or last.page.number >= pages[0].document.pages
    between = set(range(min(g.page.number for g in grids), last.page.number + 1))
    if not ends and last.page.number + 1 not in read:
        return "the table may go on over a page that was not read"
    chained = any(grid.element.belongs_to is not None for grid in grids)
    return "a page of the table was not read" if chained and not between <= read else None


def _unread(rows: Sequence[tuple[Grid, GridRow]], column: int) -> str | None:
    texts = [row.cells[column].text for _, row in rows]
    if any(number_in(text) is None for text in texts):
        return "a value of the column cannot be read as a number"
    currencies = {v.currency for _, row in rows if (v := value_in(row.cells[column])) is not None and v.currency}
    return "the column holds amounts in several currencies" if len(currencies) > 1 else None


def _worked(
    asked: Asked, rows: Sequence[tuple[Grid, GridRow]], column: Column, document: str, wanted: Wanted
) -> Result | None:
    cells = [Picked(grid=grid, cell=row.cells[column.at]) for grid, row in rows]
    numbers = [number for p in cells if (number := number_in(p.cell.text)) is not None]
    score = _SURE * column.share
    sign = "%" if all("%" in p.cell.text for p in cells) else ""
    match asked.over:
        case Over.MOST | Over.LEAST:
            return _extreme(asked, rows, cells, numbers, score, document)
        case Over.COUNT:
            if asked.bound is None:
                return None
            kept = tuple(p for p, n in zip(cells, numbers, strict=True) if _is_within(n, asked.bound))
            return Result(text=str(len(kept)), document=document, score=score, operands=kept, expression=str(len(kept)))
        case Over.SUM | Over.AVERAGE:
            if len(numbers) < 2:
                return None
            joined = ", ".join(_digits(n) for n in numbers)
            places = max(0, *(-int(n.as_tuple().exponent) for n in numbers))
            total = sum(numbers, Decimal(0))
            value = total if asked.over is Over.SUM else (total / len(numbers)).quantize(Decimal(1).scaleb(-max(2, places)))
            name = "sum" if asked.over is Over.SUM else "mean"
            return Result(
                text=f"{value:f}{sign}",
                document=document,
                score=score,
                operands=tuple(cells),
                expression=f"{name}({joined})",
            )


def _extreme(
    asked: Asked,
    rows: Sequence[tuple[Grid, GridRow]],
    cells: Sequence[Picked],
    numbers: Sequence[Decimal],
    score: float,
    document: str,
) -> Result | None:
    if len(rows) < 2:
        return None
    best = max(numbers) if asked.over is Over.MOST else min(numbers)
    if numbers.count(best) > 1:
        return Result(text=None, document=document, score=score, why="several rows share the first place")
    at = numbers.index(best)
    grid, row = rows[at]
    name = _name_of(grid, row, asked.noun)
    if name is None:
        return None
    order = (cells[at], *(cell for n, cell in enumerate(cells) if n != at))
    function = "max" if asked.over is Over.MOST else "min"
    return Result(
        text=name.text.strip(),
        document=document,
        score=score,
        operands=order,
        expression=f"{function}({', '.join(_digits(n) for n in numbers)})",
        named=Picked(grid=grid, cell=name),
    )


def _name_of(grid: Grid, row: GridRow, noun: frozenset[str]) -> Cell | None:
    """What the row is called by: the column that is asked for, else its first text, else its code."""
    headed = [c for c, text in sorted(grid.heads.items()) if stems_in(text) & noun and c in row.cells]
    named = [c for kind in (ColumnKind.TEXT, ColumnKind.CODE) for c in grid.of_kind(kind) if c in row.cells]
    column = next(iter((*headed, *named)), None)
    return None if column is None else row.cells[column]


def _is_within(number: Decimal, bound: tuple[str, Decimal]) -> bool:
    how, limit = bound
    match how:
        case "over":
            return number > limit
        case "least":
            return number >= limit
        case "under":
            return number < limit
        case _:
            return number <= limit


def _noun(which: re.Match[str]) -> frozenset[str]:
    """The stem of the first word behind 'which' that does not rank: 'part', of 'part is the most expensive'."""
    if which["who"]:
        return frozenset()
    found = [stem(w) for w in words(which["rest"])]
    kept = [w for w in found if w not in _ASKING and w not in ("is", "was", "the", "are")]
    return frozenset(kept[:1])


def _digits(number: Decimal) -> str:
    return f"{number:f}" if number >= 0 else f"({number:f})"
