"""Key-value pairs: 'Label: value', label left and value right, label above value, and label in brackets below it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from mmrag_ingest.layout.above_below import MOST_LINES, NEXT_LINE, look_above, look_below
from mmrag_ingest.layout.colons import Pair, by_colon
from mmrag_ingest.layout.found import Found, pairs_of_pieces
from mmrag_ingest.layout.labels import (
    clean_label,
    ends_with_colon,
    is_currency,
    is_label,
    is_numeric,
    names_a_field,
)
from mmrag_ingest.layout.lines import Row
from mmrag_ingest.layout.pieces import Piece, is_leader
from mmrag_ingest.layout.tables import Grid, cells_of_row

_PROSE_WORDS = 9
_PLAIN_LABEL = 6  # words of a label that names no known field


def pairs_of(rows: Sequence[Row], grids: Sequence[Grid], later: Sequence[Row], found: Found) -> list[Pair]:
    """The pairs whose labels are in one column of text, from top to bottom. No word is a value twice.

    ``later`` are the rows of the columns read after this one, where a value may stand under its label. ``found`` holds the
    pairs of the columns before and is added to.
    """
    cells = [cells_of_row(r) for r in rows]
    tabular = {i: g for g in grids for i in range(g.first, g.last + 1)}
    runs = label_columns(rows)
    before = len(found.pairs)
    for i, row in enumerate(rows):
        heading = i in tabular and i < tabular[i].first + tabular[i].head
        if not row.is_vertical and not heading:
            prose = _is_prose(rows, i)
            found.add([_continued(p, rows, i) for p in by_colon(row) if not prose or _is_plain(p.label)])
    for i, row in enumerate(rows):
        if row.is_vertical:
            continue
        grid = tabular.get(i)
        if grid is not None and grid.is_one_record:
            if i == grid.first:
                found.add(_from_grid(grid))
            continue
        if grid is not None and i < grid.first + grid.head:
            continue
        free = [c for c in cells[i] if found.is_free(c)]
        found.add([_continued(p, rows, i) for p in _by_gap(free, runs.answers, in_table=grid is not None)])
        if grid is None:
            look_below(row, [*rows[i + 1 :], *later], found, runs.blanks)
            look_above(rows, i, found)
    order = {w.raw: n for n, w in enumerate(w for r in rows for p in r.pieces for w in p.words)}
    return sorted(found.pairs[before:], key=lambda p: order[p.label_words[0].raw])


def _is_prose(rows: Sequence[Row], i: int) -> bool:
    """True for a line of running text: long, or with a line of much the same place and length next to it."""
    row = rows[i]
    words = len(row.pieces[0].words)
    if len(row.pieces) > 1 or words < 6:
        return False
    near = [r for r in (*rows[max(0, i - 1) : i], *rows[i + 1 : i + 2]) if len(r.pieces) == 1 and len(r.pieces[0].words) > 4]
    flush = [r for r in near if abs(r.x0 - row.x0) < row.height and abs(r.y - row.y) < 2 * row.height]
    return words >= _PROSE_WORDS or any(0.75 < r.pieces[0].width / row.pieces[0].width < 1.34 for r in flush)


def _is_plain(label: str) -> bool:
    """A label that is believed even inside running text."""
    return len(label.split()) <= 3 and not label[:1].islower() and names_a_field(label)


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelColumns:
    """Label cells (by their first word) that stand in a column of labels beside a column of values.

    ``answers`` have a value on their right; ``blanks`` are fields left empty.
    """

    answers: frozenset[int]
    blanks: frozenset[int]


def label_columns(rows: Sequence[Row]) -> LabelColumns:
    """Find columns of three or more labels, some of which name a field, with values at one edge beside them."""
    beside = [(i, a, b) for i, r in enumerate(rows) for a, b in pairwise(cells_of_row(r))]
    answers: set[int] = set()
    blanks: set[int] = set()
    for _, label, value in beside:
        slack = label.height
        column = [
            (i, a, b)
            for i, a, b in beside
            if abs(a.x0 - label.x0) < slack and (abs(b.x0 - value.x0) < slack or abs(b.x1 - value.x1) < slack / 2)
        ]
        if not _asks(column):
            continue
        answers.add(label.words[0].raw)
        last = max(i for i, _, _ in column)
        first = min(i for i, _, _ in column)
        aligned = {a.words[0].raw for _, a, _ in column}
        strict = sum(ends_with_colon(a.text) for _, a, _ in column) > 0.8 * len(column)
        for row in rows if strict else rows[first : min(len(rows), last + 3)]:
            blanks.update(
                p.words[0].raw
                for p in row.pieces
                if abs(p.x0 - label.x0) < slack and p.words[0].raw not in aligned and is_label(p.text)
            )
    return LabelColumns(answers=frozenset(answers), blanks=frozenset(blanks - answers))


def _asks(column: Sequence[tuple[int, Piece, Piece]]) -> bool:
    if len(column) < 3:
        return False
    labels = [a for _, a, _ in column]
    values = [b for _, _, b in column]
    plain = sum(is_label(a.text) and not is_numeric(a.text) and not is_currency(a.text) for a in labels)
    named = sum(names_a_field(clean_label(a.text)) or ends_with_colon(a.text) for a in labels)
    renamed = sum(names_a_field(b.text) for b in values)
    return plain >= 0.85 * len(column) and named >= 0.35 * len(column) and renamed <= 0.34 * len(column)


def _by_gap(cells: Sequence[Piece], answers: frozenset[int], *, in_table: bool) -> list[Pair]:
    """Pairs of cells side by side: a label, a wide gap, a value; then perhaps another pair."""
    pairs: list[Pair] = []
    numbers = sum(is_numeric(c.text) for c in cells)
    used = -1
    for k in range(len(cells) - 1):
        label, value = cells[k], cells[k + 1]
        if k == used or not is_label(label.text) or is_numeric(label.text) or is_currency(label.text):
            continue
        named = names_a_field(clean_label(label.text))
        if is_leader(label.words[-1].text) or label.words[0].raw in answers:
            good = True
        elif label.text[:1].isdigit() or (not named and (label.text.endswith(".") or len(label.words) > _PLAIN_LABEL)):
            good = False
        elif is_numeric(value.text):
            good = len(cells) == 2 or (named and (not in_table or numbers == 1))
        else:
            alone = len(cells) == 2 or (k + 2 < len(cells) and names_a_field(clean_label(cells[k + 2].text)))
            good = named and alone and not in_table and not names_a_field(value.text) and len(value.words) <= 12
        if good:
            pairs += pairs_of_pieces(label, [value])
            used = k + 1
    return pairs


def _continued(pair: Pair, rows: Sequence[Row], i: int) -> Pair:
    """Add the lines of a value that goes on under itself, where nothing stands under its label."""
    first = pair.value_words[0]
    left = min(w.x0 for w in pair.label_words)
    if first.x0 - max(w.x1 for w in pair.label_words) < 0.2 * first.height or is_numeric(pair.value):
        return pair
    y = rows[i].y
    for row in rows[i + 1 : i + MOST_LINES]:
        near = [p for p in row.pieces if abs(p.x0 - first.x0) < first.height]
        beside = [p for p in row.pieces if left - first.height < p.x0 < first.x0 - first.height]
        if not near or beside or row.y - y > NEXT_LINE * first.height or ":" in near[0].text:
            break
        if names_a_field(near[0].text):
            break
        pair = replace(pair, value=f"{pair.value} {near[0].text}", value_words=(*pair.value_words, *near[0].words))
        y = row.y
    return pair


def _from_grid(grid: Grid) -> list[Pair]:
    """A header over one record is a list of labels over their values."""
    heads = {c.column: c for c in grid.cells if c.row == 0}
    pairs: list[Pair] = []
    for cell in grid.cells:
        head = heads.get(cell.column)
        if cell.row == 0 or head is None or not is_label(name := clean_label(head.text)):
            continue
        if names_a_field(name) or is_numeric(cell.text):
            pairs.append(Pair(label=name, value=cell.text, label_words=head.words, value_words=cell.words))
    return pairs
