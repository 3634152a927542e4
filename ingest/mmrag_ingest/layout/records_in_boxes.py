"""Rows of a ruled table without lines between them: one box a column holds them all, a record on each printed line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from statistics import median

from mmrag_ingest.layout.labels import is_numeric
from mmrag_ingest.layout.pieces import Glyphs
from mmrag_ingest.layout.tables import GridCell

_LEVEL = 0.6  # of the letters' height: words whose middles differ by less are on one line
_SHARE = 0.5  # of the columns of a row: those with a word on a line that is a record


def with_split_rows(cells: Sequence[GridCell]) -> list[GridCell]:
    """Cells with each row parted into its records, where each of its printed lines is one.

    A line is a record when it has a number, and either the first column and half of the others have words on it, or two of
    them numbers. A row with a line that is none stays whole: there, a cell has several lines.
    """
    parts: dict[int, list[list[list[Glyphs]]]] = {}
    for row in sorted({c.row for c in cells}):
        own = _of(cells, row)
        lines = _lines(own) if all(c.row_span == c.column_span == 1 for c in own) else []
        if len(lines) > 1 and all(_is_record(line, own) for line in lines):
            parts[row] = lines
    if not parts:
        return list(cells)
    more = {row: len(lines) - 1 for row, lines in parts.items()}
    result: list[GridCell] = []
    for row in sorted({c.row for c in cells}):
        own, at = _of(cells, row), row + sum(n for r, n in more.items() if r < row)
        for number, line in enumerate(parts.get(row, ())):
            result += [replace(c, row=at + number, words=tuple(ws)) for c, ws in zip(own, line, strict=True) if ws]
        if row not in parts:
            grown = {c.column: sum(more.get(r, 0) for r in range(row, row + c.row_span)) for c in own}
            result += [replace(c, row=at, row_span=c.row_span + grown[c.column]) for c in own]
    return result


def _of(cells: Sequence[GridCell], row: int) -> list[GridCell]:
    return [c for c in cells if c.row == row]


def _lines(cells: Sequence[GridCell]) -> list[list[list[Glyphs]]]:
    """For each printed line of a row, top down, the words of each of its cells."""
    height = median(w.height for c in cells for w in c.words)
    middles: list[float] = []
    for y in sorted(w.y for c in cells for w in c.words):
        if not middles or y - middles[-1] > _LEVEL * height:
            middles.append(y)
    lines: list[list[list[Glyphs]]] = [[[] for _ in cells] for _ in middles]
    for n, cell in enumerate(cells):
        for word in cell.words:
            at = max(i for i, y in enumerate(middles) if word.y >= y)
            lines[at][n].append(word)
    return lines


def _is_record(line: Sequence[Sequence[Glyphs]], cells: Sequence[GridCell]) -> bool:
    numbers = sum(is_numeric(" ".join(w.text for w in words)) for words in line if words)
    held = sum(bool(words) for words in line)
    return numbers >= 2 or (numbers >= 1 and bool(line[0]) and held >= max(2.0, _SHARE * len(cells)))
