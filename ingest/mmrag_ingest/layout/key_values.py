"""Key-value pairs: 'Label: value', label left and value right, and label above value."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from mmrag_ingest.layout.labels import (
    clean_label,
    ends_with_colon,
    is_currency,
    is_label,
    is_numeric,
    letters,
    names_a_field,
)
from mmrag_ingest.layout.lines import Row
from mmrag_ingest.layout.pieces import Glyphs, Piece, is_leader
from mmrag_ingest.layout.tables import Grid, cells_of_row

_GLUED = re.compile(r"^([^\W\d][\w./#()'&-]*?)\s*(?:[:：]|\.{3,}|…)\s*(\S.*)$")
_CLOCK = re.compile(r"\d[:：]\d")
_NOT_LABELS = re.compile(r"^(?:https?|www|file|mailto)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A label and its value. Words may be shared when the print runs them together (``Date:20/11/2017``)."""

    label: str
    value: str
    label_words: tuple[Glyphs, ...]
    value_words: tuple[Glyphs, ...]

    @property
    def words(self) -> tuple[Glyphs, ...]:
        seen = {w.raw: w for w in (*self.label_words, *self.value_words)}
        return tuple(seen.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Token:
    """A word, or the part of one on one side of a colon."""

    text: str
    word: Glyphs
    piece: int
    colon: bool = False  # a label ends here


def pairs_of(rows: Sequence[Row], grids: Sequence[Grid]) -> list[Pair]:
    """All pairs of one column of text, from top to bottom, without repeats."""
    in_table = {i for g in grids for i in range(g.first, g.last + 1)}
    found: list[Pair] = []
    for i, row in enumerate(rows):
        if row.pieces[0].is_vertical:
            continue
        tokens = _tokens(row)
        across = _by_colon(tokens) if any(t.colon for t in tokens) else []
        if not across:
            across = _by_gap(cells_of_row(row), in_table=i in in_table)
        found += across
        taken = {w.raw for p in across for w in p.words}
        found += _below(rows, i, taken)
    for grid in grids:
        found += _from_grid(grid)
    return _without_repeats(found)


def _tokens(row: Row) -> list[_Token]:
    tokens: list[_Token] = []
    for k, piece in enumerate(row.pieces):
        for word in piece.words:
            tokens += _split_word(word, k)
    return tokens


def _split_word(word: Glyphs, piece: int) -> Iterator[_Token]:
    text = word.text
    if text in (":", "："):
        yield _Token(text="", word=word, piece=piece, colon=True)
        return
    if text.startswith((":", "：")) and len(text) > 1 and not _CLOCK.match(text):
        yield _Token(text="", word=word, piece=piece, colon=True)
        yield _Token(text=text[1:].strip(), word=word, piece=piece)
        return
    if ends_with_colon(text):
        yield _Token(text=text.rstrip(":： "), word=word, piece=piece, colon=True)
        return
    glued = _GLUED.match(text)
    if glued and not _NOT_LABELS.match(glued[1]) and not glued[2].startswith("//") and letters(glued[1]) >= 2:
        yield _Token(text=glued[1], word=word, piece=piece, colon=True)
        yield _Token(text=glued[2], word=word, piece=piece)
        return
    yield _Token(text=text, word=word, piece=piece)


def _by_colon(tokens: list[_Token]) -> list[Pair]:
    """Pairs of a row with colons: each label ends at a colon, its value runs to the next label."""
    marks = [i for i, t in enumerate(tokens) if t.colon]
    pairs: list[Pair] = []
    begin = _label_start(tokens, 0, marks[0])
    for n, mark in enumerate(marks):
        following = marks[n + 1] if n + 1 < len(marks) else None
        end = len(tokens) if following is None else _next_label(tokens, mark + 1, following)
        pair = _pair(tokens[begin : mark + 1], _first_value(tokens[mark + 1 : end]))
        if pair is not None:
            pairs.append(pair)
        begin = end
    return pairs


def _label_start(tokens: list[_Token], begin: int, mark: int) -> int:
    """A label does not reach back over a wide gap, unless only the colon stands right of it."""
    piece = tokens[mark].piece
    if not tokens[mark].text and (mark == begin or tokens[mark - 1].piece != piece):
        piece = tokens[mark - 1].piece if mark > begin else piece
    while begin < mark and tokens[begin].piece < piece:
        begin += 1
    return begin


def _next_label(tokens: list[_Token], begin: int, mark: int) -> int:
    """Where the label that ends at ``mark`` starts, after a value that starts at ``begin``."""
    start = _label_start(tokens, begin, mark)
    if start > begin or begin >= mark:
        return max(start, min(begin, mark))
    last = mark if tokens[mark].text else mark - 1
    if last <= begin:
        return mark if last < begin else last
    start = last
    style = tokens[last].text[:1].isupper(), tokens[last].text.isupper()
    while start - 1 > begin:
        text = tokens[start - 1].text
        if not text.isalpha() or (text[:1].isupper(), text.isupper()) != style or last - start >= 2:
            break
        start -= 1
    return start


def _first_value(tokens: list[_Token]) -> list[_Token]:
    """The value ends at a second wide gap when what follows is a label of its own or another number."""
    kept: list[_Token] = []
    for token in tokens:
        if is_leader(token.text) or (not kept and not any(c.isalnum() for c in token.text) and not is_currency(token.text)):
            continue
        if kept and token.piece != kept[-1].piece and not is_currency(kept[-1].text):
            rest = [t.text for t in tokens if t.piece >= token.piece]
            if is_numeric(token.text) or names_a_field(" ".join(rest)) or len(kept) > 3:
                break
        kept.append(token)
    return kept


def _pair(label: Sequence[_Token], value: Sequence[_Token]) -> Pair | None:
    name = clean_label(" ".join(t.text for t in label if t.text and not is_leader(t.text)))
    text = " ".join(t.text for t in value if t.text).strip()
    if not text or not is_label(name) or len(value) > 25:
        return None
    return Pair(
        label=name,
        value=text,
        label_words=tuple(t.word for t in label),
        value_words=tuple(t.word for t in value),
    )


def _by_gap(cells: list[Piece], *, in_table: bool) -> list[Pair]:
    """Pairs of a row without colons: a label, a wide gap, a value; then perhaps another pair."""
    pairs: list[Pair] = []
    numbers = [is_numeric(c.text) for c in cells]
    if sum(numbers) > 1 and sum(numbers) == len(cells) - 1:
        return []
    for k in range(len(cells) - 1):
        label, value = cells[k], cells[k + 1]
        if not is_label(label.text) or is_numeric(label.text) or is_currency(label.text):
            continue
        leader = is_leader(label.words[-1].text)
        if is_numeric(value.text):
            good = len(cells) == 2 or names_a_field(label.text) or leader
        else:
            good = names_a_field(label.text) and not names_a_field(value.text) and len(value.words) <= 12
        if in_table and len(cells) > 2:
            good = good and names_a_field(label.text) and is_numeric(value.text) and sum(numbers) == 1
        if good or leader:
            pairs += _from_pieces(label, [value])
    return pairs


def _from_pieces(label: Piece, values: Sequence[Piece]) -> list[Pair]:
    name = clean_label(label.text)
    words = tuple(w for v in values for w in v.words if not is_leader(w.text))
    text = " ".join(w.text for w in words)
    if not is_label(name) or not any(c.isalnum() for c in text):
        return []
    return [Pair(label=name, value=text, label_words=label.words, value_words=words)]


def _below(rows: Sequence[Row], i: int, taken: set[int]) -> list[Pair]:
    """Labels of row ``i`` with their values in the rows under them (as in boxes of a form)."""
    pairs: list[Pair] = []
    pieces = rows[i].pieces
    for k, label in enumerate(pieces):
        if any(w.raw in taken for w in label.words) or not _stands_over(label):
            continue
        right = pieces[k + 1].x0 if k + 1 < len(pieces) else float("inf")
        values = _under(rows, i, label, right)
        if values:
            pairs += _from_pieces(label, values)
    return pairs


def _stands_over(label: Piece) -> bool:
    if not names_a_field(clean_label(label.text)) and not ends_with_colon(label.text):
        return False
    return not is_numeric(label.text)


def _under(rows: Sequence[Row], i: int, label: Piece, right: float) -> list[Piece]:
    values: list[Piece] = []
    last = label
    for row in rows[i + 1 :]:
        if row.y - last.y > (3.2 if last is label else 1.9) * max(label.height, row.height):
            break
        inside = [p for p in row.pieces if p.x0 > label.x0 - 2 * label.height and p.x0 < min(right, label.x1 + label.width)]
        near = [p for p in inside if p.x1 <= right or right - p.x0 > 0.5 * p.width]
        if not near:
            break
        piece = near[0]
        looks_like_label = names_a_field(piece.text) or ":" in piece.text
        if looks_like_label or len(piece.words) > 14 or piece.is_vertical:
            break
        if values and (abs(piece.x0 - values[0].x0) > 1.5 * piece.height or len(values) >= 3):
            break
        values.append(piece)
        last = piece
        if is_numeric(piece.text):
            break
    return values


def _from_grid(grid: Grid) -> list[Pair]:
    """A table of one header row over one row is a list of labels over their values."""
    if grid.header != 1 or grid.rows != 2:
        return []
    pairs: list[Pair] = []
    heads = {c.column: c for c in grid.cells if c.row == 0}
    for cell in grid.cells:
        head = heads.get(cell.column)
        if cell.row == 1 and head is not None and is_label(clean_label(head.text)):
            pairs.append(Pair(label=clean_label(head.text), value=cell.text, label_words=head.words, value_words=cell.words))
    return pairs


def _without_repeats(pairs: Sequence[Pair]) -> list[Pair]:
    seen: set[tuple[str, tuple[int, ...]]] = set()
    kept: list[Pair] = []
    for pair in pairs:
        key = (pair.label, tuple(w.raw for w in pair.value_words))
        if key not in seen:
            seen.add(key)
            kept.append(replace(pair))
    return kept
