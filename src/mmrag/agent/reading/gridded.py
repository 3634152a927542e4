"""Answers from a recognised table: the cell in the row that bears a code or a name, under the head that is asked for.

A code is only itself: 'P-1065' is answered from its row or not at all, whatever else of the page looks like an answer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from mmrag.agent.reading.candidates import Candidate
from mmrag.agent.reading.fit import kinds_of
from mmrag.agent.reading.grids import (
    ColumnKind,
    Grid,
    GridRow,
    codes_in,
    meant,
    siblings,
    stems_in,
    without_codes,
)
from mmrag.agent.reading.synonyms import column_names
from mmrag.agent.reading.tables import Table, Wanted, years_in
from mmrag.agent.reading.target import OCCASIONS
from mmrag.agent.reading.text import fold, stem, words
from mmrag.domain.documents import Cell
from mmrag.domain.plans import AnswerType
from mmrag.domain.values import Value
from mmrag.values import find_values

GRIDDED, CODED = "table", "code"
"""``Candidate.why``, as of a table's number: it was found by what the question says of it; or by the code of its row."""
_SURE = 0.95
_MISSING = 0.65
"""What is left for every telling word of the question that neither the table nor its page says."""
_ANOTHER = 0.3
"""What is left where the head says a word that the question does not, and the question one that row and head do not."""
_WAYS = frozenset({"out", "in"})
_SPEC = 0.9
"""A row is named this well by what stands before the first comma of its name: 'Mirror cell, 9 point'."""
_FEWEST_ROWS = 2
"""A form prints its fields with heads over single values: no table whose rows have names."""
_NOT = frozenset({"not", "never", "without", "no", "non", "nor"})
_YEARLY = frozenset(
    {"year", "end", "fy", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}
)
_CALLED, _ONLY = 0.97, 0.85
"""What is left where a column is called otherwise than in the question, and where it is only the one there is."""
_ROW, _ROW_LEAD = 0.66, 0.2
"""A row is named when the question says this share of its name, and so much more than of any other's."""
_RATE = re.compile(r"^(?!.*(?:%|percent|per cent|share|proportion)).*\brates?\b", re.IGNORECASE)
_PHRASE = re.compile(r"\b(?:of|for|with|in|on|at|from|by|under|has|have)\b", re.IGNORECASE)
_UNITS = frozenset({"eur", "usd", "gbp", "chf", "rm", "sek", "nok", "dkk", "pcs", "kg"})
_THING_WORDS = "item product article part good thing name row line entry position"
_THINGS = frozenset(stem(w) for w in _THING_WORDS.split())
_PLAIN_WORDS = "deliver order buy bought sell sold charge invoice bill list cost leave depart arrive stop collect count"
_PLAIN = frozenset(stem(w) for w in (*_PLAIN_WORDS.split(), *OCCASIONS)) | _THINGS
"""What the rows of any list are called and what is done with them: that a page does not print it speaks against nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gridded:
    """What the tables of a page answer. ``owns`` is true where nothing else on the page may: the question names a row of one
    of them by its code, or one of several tables with the same heads."""

    candidates: tuple[Candidate, ...] = ()
    owns: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """The number of a column, and in (0, 1] how surely the question means it, by which of its stems."""

    at: int
    share: float
    by: frozenset[str] = frozenset()


_NOTHING = Gridded()


def in_grids(question: str, kind: AnswerType, wanted: Wanted, grids: Sequence[Grid], table: Table) -> Gridded:
    """What ``grids``, those of one page, answer to ``question`` with a cell of this ``kind``; ``table`` knows what the page
    prints."""
    if kind in (AnswerType.YES_NO, AnswerType.LIST):
        return _NOTHING
    if kind is AnswerType.PERCENT and _RATE.search(question):
        kind = AnswerType.NUMBER  # rates of exchange and of a day are no shares
    found = _in_grids(question, wanted, grids, table)
    return replace(found, candidates=tuple(c for c in found.candidates if _has_kind(c, kind, grids)))


def _in_grids(question: str, wanted: Wanted, grids: Sequence[Grid], table: Table) -> Gridded:
    codes = codes_in(question) if grids else frozenset[str]()
    coded = [(grid, grid.rows_of(codes)) for grid in grids]
    by_code = [(grid, rows) for grid, rows in coded if rows]
    if by_code:
        return _by_code(question, wanted, by_code, table)
    if any(grid.lacks(codes) for grid in grids):
        return Gridded(owns=True)
    return _by_name(question, wanted, grids, table) if grids else _NOTHING


def _has_kind(candidate: Candidate, kind: AnswerType, grids: Sequence[Grid]) -> bool:
    """True where the cell holds a value of the kind asked for; a share has a sign of it at or over it."""
    kinds = kinds_of(kind)
    if kinds and not any(value.kind in kinds for value in find_values(candidate.text)):
        return False
    texts = (candidate.text, *(text for grid in grids for text in (grid.title, *grid.heads.values())))
    return kind is not AnswerType.PERCENT or any("%" in text or "percent" in text.casefold() for text in texts)


def _by_code(
    question: str,
    wanted: Wanted,
    coded: Sequence[tuple[Grid, Sequence[tuple[GridRow, int]]]],
    table: Table,
) -> Gridded:
    bearing = [(fold(row.cells[c].text), stems_in(grid.heads.get(c, ""))) for grid, rows in coded for row, c in rows]
    named = {code: frozenset().union(*(head for other, head in bearing if other == code)) for code, _ in bearing}
    rest = without_codes(question, named)
    found: list[Candidate] = []
    for grid, rows in coded:
        if len({id(row) for row, _ in rows}) > 1:
            continue  # several rows bear it: which is meant is not said
        row, key = rows[0]
        column = column_of(grid, rest, row, without=frozenset({key})) or _described(grid, rest, wanted, row, key)
        cell = row.cells.get(column.at) if column is not None else None
        if column is not None and cell is not None:
            around = (*(c.text for c in row.cells.values()), grid.title, *grid.heads.values())
            about = _about(wanted, stems_in(rest), around, column, table)
            found.append(replace(_candidate(grid, cell, _SURE * column.share * about), why=CODED))
    return Gridded(candidates=tuple(found), owns=True)


def _described(grid: Grid, question: str, wanted: Wanted, row: GridRow, key: int) -> Column | None:
    """What a code stands for, where nothing else is asked: the one text of its row."""
    said = stems_in(question) | ({"many"} & set(words(question)))
    if (wanted.telling & said) - _PLAIN or any(_called(t, said - _THINGS, set())[0] for t in grid.heads.values()):
        return None
    texts = [c for c in grid.of_kind(ColumnKind.TEXT) if c != key and c in row.cells]
    return Column(at=texts[0], share=_ONLY) if len(texts) == 1 else None


def _by_name(question: str, wanted: Wanted, grids: Sequence[Grid], table: Table) -> Gridded:
    said = stems_in(question)
    found: list[Candidate] = []
    owns = False
    for grid in (g for g in grids if len(g.body) >= _FEWEST_ROWS):
        same = siblings(grids, grid)
        chosen = meant(same, said)
        bearing = [other for other in same if _row(other, said, wanted.called) is not None]
        if len(bearing) > 1 or (bearing and bearing[0] not in chosen):
            owns = True  # several tables list such things: the one that is told has it, or nothing here does
        among = [other for other in bearing if other in chosen]
        if len(among) == 1 and among[0] is grid:
            found += _named(question, wanted, grid, said, table)
    return Gridded(candidates=tuple(found), owns=owns)


def _named(question: str, wanted: Wanted, grid: Grid, said: frozenset[str], table: Table) -> list[Candidate]:
    named = _row(grid, said, wanted.called)
    if named is None:
        return []
    row, key, share = named
    name = row.cells[key].text
    column = column_of(grid, question, row, without=frozenset({key}), apart=stems_in(name))
    cell = row.cells.get(column.at) if column is not None else None
    if column is None or cell is None:
        return []
    head = grid.heads.get(column.at, "")
    if (_NOT & set(words(question))) - set(words(f"{name} {head}")):
        return []
    about = _about(wanted, said, (name, grid.title, *grid.heads.values()), column, table)
    strange = (wanted.telling & said) - stems_in(f"{name} {head} {grid.title}") - column.by - _PLAIN
    if strange and stems_in(head) - said - column_names(said | {"many"}) - _UNITS - wanted.years - _YEARLY:
        about *= _ANOTHER  # 'estimate number' is no 'invoice number'
    return [_candidate(grid, cell, _SURE * share * column.share * about)]


def _row(grid: Grid, said: frozenset[str], called: Sequence[frozenset[str]] = ()) -> tuple[GridRow, int, float] | None:
    """The row that is named by one of its texts, the column of that text, and how much of it is said."""
    named: list[tuple[float, int, int, GridRow, int]] = []
    for number, row in enumerate(grid.rows):
        for column in (c for c in grid.of_kind(ColumnKind.TEXT) if c in row.cells):
            stems = stems_in(row.cells[column].text)
            share = len(stems & said) / len(stems) if stems else 0.0
            first = stems_in(row.cells[column].text.partition(",")[0])
            if "," in row.cells[column].text and first and first <= said and not all(s.isdigit() for s in first):
                share = max(share, _SPEC)
            if any(len(name) > 1 and name <= stems for name in called):
                share = 1.0  # 'Card payment Brook Opticians' is named by the whole of a name
            named.append((share, len(stems), -number, row, column))
    named.sort(key=lambda n: n[:3], reverse=True)
    if not named or named[0][0] < _ROW:
        return None
    (share, size, _, row, column), others = named[0], [n for n in named[1:] if n[3] is not named[0][3]]
    if others and others[0][0] > share - _ROW_LEAD and not (share == 1.0 and others[0][:2] < (share, size)):
        return None
    return row, column, share


def column_of(
    grid: Grid,
    question: str,
    row: GridRow | None = None,
    *,
    without: frozenset[int] = frozenset(),
    apart: frozenset[str] = frozenset(),
) -> Column | None:
    """The column whose head ``question`` names: by its words or by others for the same, its year where one is told; the only
    one with a value in ``row`` where none is named. ``apart`` are stems that name something else.
    """
    said = (stems_in(question) | ({"many"} & set(words(question)))) - apart
    years = years_in(question)
    heads = {c: text for c, text in grid.heads.items() if c not in without}
    shown = {c: years_in(text) for c, text in heads.items()}
    if years and any(shown.values()):
        heads = {c: text for c, text in heads.items() if shown[c] & years}
        if len(heads) == 1:
            return Column(at=next(iter(heads)), share=1.0, by=years_stems(years))
        if not heads:
            return None
    ranked = sorted(((*_called(text, said, years), c) for c, text in heads.items()), key=lambda r: -r[0])
    ranked = [r for r in ranked if r[0] > 0]
    if row is not None and len(ranked) > 1:
        ranked = _either_way(grid, row, ranked)
    if len(ranked) > 1 and ranked[0][0] == ranked[1][0]:
        ranked = _first_named(grid, question, [r for r in ranked if r[0] == ranked[0][0]])
    if ranked and (len(ranked) == 1 or ranked[0][0] > ranked[1][0]):
        share, by, at = ranked[0]
        return Column(at=at, share=_CALLED if share < 0.5 else 1.0, by=by)
    if ranked or row is None:
        return None
    valued = [c for c in grid.of_kind(ColumnKind.VALUE) if c in row.cells and c in heads]
    return Column(at=valued[0], share=_ONLY) if len(valued) == 1 else None


_Ranked = tuple[float, frozenset[str], int]


def _either_way(grid: Grid, row: GridRow, ranked: list[_Ranked]) -> list[_Ranked]:
    """Of 'Paid out' and 'Paid in' the one that the row fills in."""
    pair = [r for r in ranked if set(words(grid.heads[r[2]])) & _WAYS and r[1]]
    if len(pair) != 2 or pair[0][1] != pair[1][1]:
        return ranked
    filled = [r for r in pair if r[2] in row.cells and row.cells[r[2]].text.strip()]
    return [(1.0, r[1], r[2]) for r in filled] + [r for r in ranked if r not in pair] if len(filled) == 1 else ranked


def _first_named(grid: Grid, question: str, equal: list[_Ranked]) -> list[_Ranked]:
    """Of columns that are named equally well that of the question's first phrase ('the price of the plant with ...'), then
    the only one with values; all of them where neither tells."""
    phrase = stems_in(_PHRASE.split(question.strip(), maxsplit=1)[0])
    first = [r for r in equal if r[1] & phrase]
    if len(first) == 1:
        return first
    valued = [r for r in equal if grid.kinds.get(r[2]) is ColumnKind.VALUE]
    return valued if len(valued) == 1 else equal


def years_stems(years: set[str]) -> frozenset[str]:
    return frozenset(years)


def _called(head: str, said: frozenset[str], years: set[str]) -> tuple[float, frozenset[str]]:
    """How well the question names ``head``, and by which stems: its own words count double those that mean the same."""
    own = (stems_in(head) - _UNITS or stems_in(head)) - years
    direct = own & said
    if direct:
        return 0.5 + 0.5 * len(direct) / len(own), direct
    other = own & column_names(said)
    by = frozenset(s for s in said if column_names(frozenset({s})) & own)
    return (0.4 * len(other) / len(own) if other else 0.0), by


def _about(wanted: Wanted, said: frozenset[str], around: Sequence[str], column: Column, table: Table) -> float:
    """What is left of an answer by the telling words of the question that nothing here says; nothing without its names."""
    here = frozenset().union(*(stems_in(text) for text in around)) | column.by | _PLAIN
    missing = {t for t in (wanted.telling & said) - here if not table.prints(t)}
    return 0.0 if missing & wanted.names else float(_MISSING ** len(missing))


def value_in(cell: Cell) -> Value | None:
    """The one value of a cell that holds hardly anything else."""
    values = find_values(cell.text)
    return values[0] if len(values) == 1 and len(values[0].text) >= 0.5 * len(cell.text) else None


def _candidate(grid: Grid, cell: Cell, score: float) -> Candidate:
    own = frozenset(cell.words)
    cited = tuple(w for w in grid.page.words if w.index in own)
    confidence = sum(w.confidence for w in cited) / max(1, len(cited))
    value = value_in(cell)
    return Candidate(
        text=cell.text.strip(),
        words=cited,
        normal=value.normal if value else fold(cell.text),
        normals=value.normals if value else (),
        score=score * (0.5 + 0.5 * confidence),
        why=GRIDDED,
        page=grid.page,
    )
