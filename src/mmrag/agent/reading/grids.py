"""The recognised tables of a page as grids: heads, rows, columns of codes, and which tables are one.

``tables`` reads numbers where they stand and needs no table; here is what only a whole table tells: which row bears the code
'P-1065', which of two tables with the same heads is meant, and all the values of a column.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from mmrag.agent.reading.text import STOP, fold, stem, words
from mmrag.domain.documents import Cell, Element, ElementKind, Page
from mmrag.domain.values import ValueKind
from mmrag.values import find_values

_MOST = 0.6
"""A column is of a kind when this share of its cells is."""
_FEWEST = 3
"""Rows of a table whose codes can be trusted to be codes."""
_TITLE_AWAY = 0.05
"""How far over a table, as a share of the page's height, its title stands at most."""
_TITLE_WORDS = 14
_CODE = re.compile(r"(?=.*\d)[^\W_](?:[^\s]*[^\W_])?")
_CODED_HEAD = re.compile(
    r"\b(?:nos?|nr|number|num|code|id|sku|article|account|acct|ref|reference|part|invoice|order|ean|isbn|barcode|plu"
    r"|konto|artikel|n[oº°])\b|#",
    re.IGNORECASE,
)
"""Heads over plain digits that name things: '70310' under 'Account no.' counts nothing."""
_TOTALS = frozenset({"total", "subtotal", "sum", "vat", "tax", "gst", "due", "totals", "gesamt", "summe"})
_NUMERIC = frozenset({ValueKind.AMOUNT, ValueKind.NUMBER, ValueKind.PERCENT})
_LAST_WORD = re.compile(r"([^\W\d_]+)[\s.:#]*$")
_SAID = re.compile(r"[^\s,;:?!()\"'“”‘’]*\d[^\s,;:?!()\"'“”‘’]*")


class ColumnKind(StrEnum):
    CODE = "code"
    VALUE = "value"
    TEXT = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class GridRow:
    """A row under the heads: its cells by column. ``is_total`` where it sums up others."""

    cells: Mapping[int, Cell]
    is_total: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """One table. ``heads`` are the texts over the columns, ``title`` what stands close over the table."""

    page: Page
    element: Element
    title: str
    heads: Mapping[int, str]
    rows: tuple[GridRow, ...]
    kinds: Mapping[int, ColumnKind]

    @property
    def body(self) -> tuple[GridRow, ...]:
        """The rows that are no sums of others."""
        return tuple(row for row in self.rows if not row.is_total)

    def of_kind(self, kind: ColumnKind) -> tuple[int, ...]:
        return tuple(column for column, own in sorted(self.kinds.items()) if own is kind)

    def rows_of(self, codes: frozenset[str]) -> tuple[tuple[GridRow, int], ...]:
        """The rows with one of ``codes`` (folded) as a whole cell of a column of codes, each with that column.

        Equal to the last character: a code that is one digit off names another thing.
        """
        columns = self.of_kind(ColumnKind.CODE)
        return tuple((row, c) for row in self.rows for c in columns if c in row.cells and fold(row.cells[c].text) in codes)

    def lacks(self, codes: frozenset[str]) -> bool:
        """True when one of ``codes`` is written like those of a column and is none of them: 'KB-2044' where 'KB-2041' is."""
        for column in self.of_kind(ColumnKind.CODE):
            own = {fold(row.cells[column].text) for row in self.rows if column in row.cells}
            shapes = {shape for key in own if (shape := _shape(key))[0]}
            if any(code not in own and _shape(code) in shapes for code in codes):
                return True
        return False

    @property
    def heading(self) -> tuple[str, ...]:
        return tuple(fold(text) for _, text in sorted(self.heads.items()))


def _shape(code: str) -> tuple[str, ...]:
    """The letters of a folded code in order, '9' for each stretch of digits: two that share it are of one kind."""
    letters = "".join(c for c in code if c.isalpha())
    return letters, re.sub(r"\d+", "9", code)


def grids_of(page: Page) -> tuple[Grid, ...]:
    """The tables of ``page`` that have heads over two columns at least and a row under them."""
    found = (_grid(page, e) for e in page.elements if e.kind is ElementKind.TABLE and e.cells)
    return tuple(grid for grid in found if grid is not None)


def codes_in(question: str) -> frozenset[str]:
    """What in ``question`` may be a code: every stretch without spaces that holds a digit, folded."""
    return frozenset(key for m in _SAID.finditer(question) if len(key := fold(m.group().strip(".-/_"))) >= 2)


def without_codes(question: str, named: Mapping[str, frozenset[str]]) -> str:
    """``question`` without the codes that are keys of ``named``, and without what each is called right before it: the values
    are the stems of the head over its column. In 'when is invoice WX-31 due' no invoice date is asked for."""
    kept: list[str] = []
    at = 0
    for match in _SAID.finditer(question):
        head = named.get(fold(match.group().strip(".-/_")))
        if head is None:
            continue
        before = question[at : match.start()]
        while (last := _LAST_WORD.search(before)) and stem(fold(last.group(1))) in head:
            before = before[: last.start()]
        kept.append(before)
        at = match.end()
    return " ".join((*kept, question[at:]))


def stems_in(text: str) -> frozenset[str]:
    """The stems of the words of ``text`` that carry meaning."""
    return frozenset(stem(w) for w in words(text) if w not in STOP and (len(w) > 1 or w.isdigit()))


def siblings(grids: Sequence[Grid], grid: Grid) -> tuple[Grid, ...]:
    """The tables with the heads of ``grid``, itself among them: 'North depot' and 'South depot' list the same things."""
    return tuple(other for other in grids if other.heading == grid.heading)


def meant(grids: Sequence[Grid], said: frozenset[str]) -> tuple[Grid, ...]:
    """Of tables with the same heads those whose title says the most of what the question says and only some titles say."""
    titles = [stems_in(grid.title) for grid in grids]
    shared = frozenset.intersection(*titles) if titles else frozenset[str]()
    told = [len((title - shared) & said) for title in titles]
    return tuple(grid for grid, share in zip(grids, told, strict=True) if share == max(told))


def number_of(text: str) -> bool:
    """True for a cell that holds one number and hardly anything beside it."""
    values = [v for v in find_values(text) if v.kind in _NUMERIC]
    if len(values) != 1:
        return False
    rest = text[: values[0].start] + text[values[0].end :]
    return sum(c.isalpha() for c in rest) <= 4 and not any(c.isdigit() for c in rest)


def _grid(page: Page, element: Element) -> Grid | None:
    rows: dict[int, dict[int, Cell]] = {}
    for cell in element.cells:
        if cell.text.strip():
            rows.setdefault(cell.row, {})[cell.column] = cell
    numbers = sorted(rows)
    heads = _head_rows(rows, numbers)
    if not heads or len(heads) == len(numbers):
        return None
    texts: dict[int, str] = {}
    for number in heads:
        for column, cell in rows[number].items():
            for at in range(column, column + max(1, cell.column_span)):
                texts[at] = f"{texts.get(at, '')} {cell.text}".strip()
    body = [rows[n] for n in numbers if n not in heads]
    if len(texts) < 2:
        return None
    kinds = {c: _kind(texts.get(c, ""), [r[c].text for r in body if c in r]) for c in {c for r in body for c in r}}
    first = min(texts)
    named = sum(first in row for row in body) >= _MOST * len(body)
    return Grid(
        page=page,
        element=element,
        title=_title(page, element),
        heads=texts,
        rows=tuple(GridRow(cells=row, is_total=_is_total(row, first if named else None)) for row in body),
        kinds=kinds,
    )


def _head_rows(rows: Mapping[int, Mapping[int, Cell]], numbers: Sequence[int]) -> list[int]:
    marked: list[int] = []
    for number in numbers:
        if not all(cell.is_header for cell in rows[number].values()):
            break
        marked.append(number)
    if marked or len(numbers) < 3:
        return marked
    first = rows[numbers[0]]
    worded = len(first) > 1 and all(any(c.isalpha() for c in cell.text) for cell in first.values())
    valued = [c for c in first if sum(_is_value(rows[n][c].text) for n in numbers[1:] if c in rows[n]) >= 2]
    below = {c: {v.kind for n in numbers[1:] if c in rows[n] for v in find_values(rows[n][c].text)} for c in valued}
    alike = any(below[c] & {v.kind for v in find_values(first[c].text)} for c in valued)
    return [numbers[0]] if worded and valued and not alike else []


def _is_value(text: str) -> bool:
    return bool(find_values(text)) and sum(c.isalpha() for c in text) <= 4


def _kind(head: str, texts: Sequence[str]) -> ColumnKind:
    least = _MOST * len(texts)
    coded = sum(_is_code(text, head) for text in texts)
    if coded >= least and len(texts) >= _FEWEST and len({fold(t) for t in texts}) >= 0.9 * len(texts):
        return ColumnKind.CODE
    return ColumnKind.VALUE if sum(_is_value(text) for text in texts) >= least else ColumnKind.TEXT


def _is_code(text: str, head: str) -> bool:
    if _CODE.fullmatch(text) is None or len(fold(text)) < 2:
        return False
    if text.isdigit():
        return len(text) >= 2 and _CODED_HEAD.search(head) is not None
    kinds = {value.kind for value in find_values(text)}
    return kinds <= {ValueKind.IDENTIFIER, ValueKind.PHONE} or (any(c.isalpha() for c in text) and not kinds - _NUMERIC)


def _is_total(row: Mapping[int, Cell], named: int | None) -> bool:
    """A row of sums says so, or has no name where the others have theirs and one over its value: 'Subtotal  648.40'."""
    texts = [cell.text for cell in row.values() if not _is_value(cell.text)]
    sums = any(_TOTALS & set(words(text)) and len(text.split()) <= 4 for text in texts)
    return sums or (named is not None and named not in row and bool(texts))


def _title(page: Page, element: Element) -> str:
    """The line close over the table, and the title it stands under."""
    box = element.bbox
    over = [
        e
        for e in page.elements
        if e.id != element.id
        and not e.kind.is_generated
        and 0 <= box.y0 - e.bbox.y1 + 0.004 <= _TITLE_AWAY
        and min(e.bbox.x1, box.x1) > max(e.bbox.x0, box.x0) - 0.1
        and e.text
        and len(e.text.split()) <= _TITLE_WORDS
    ]
    nearest = max(over, key=lambda e: e.bbox.y1, default=None)
    return " ".join(dict.fromkeys((*element.section[-1:], *((nearest.text,) if nearest else ()))))
