"""Pairs of a label and what stands under it, as in the boxes of a form, or over it, as over a line to sign on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mmrag_ingest.layout.found import Found, pairs_of_pieces
from mmrag_ingest.layout.labels import (
    clean_label,
    digits,
    entry_label,
    is_label,
    is_numeric,
    mentions_a_field,
    names_a_field,
)
from mmrag_ingest.layout.lines import Row
from mmrag_ingest.layout.pieces import Piece

NEXT_LINE = 1.9  # of the text height: how far under a line of a value the next one stands
MOST_LINES = 3
_BELOW = 3.2  # of the text height: how far under its label a value begins
_WINDOW = 16  # text heights under a label within which all lines of its value stand
_LONG_VALUE = 14  # words
_COMB = 2  # letters or digits in one tooth of a comb field


def look_below(row: Row, after: Sequence[Row], found: Found, blanks: frozenset[int]) -> None:
    """Labels of a row with their values in the rows under them, as in the boxes of a form.

    ``after`` are the rows that are read later. Where columns end in the middle of a form's box, they are not all below.
    """
    pieces = row.pieces
    for k, label in enumerate(pieces):
        if label.words[0].raw in blanks or not found.is_free(label) or not _asks_below(label):
            continue
        right = pieces[k + 1].x0 if k + 1 < len(pieces) else float("inf")
        values = _under(after, label, right, found)
        if values:
            found.add(pairs_of_pieces(label, values))


def _asks_below(label: Piece) -> bool:
    if entry_label(label.text) is not None:
        return True
    starts = label.text.lstrip("(*• ")[:1]
    if starts.isdigit() or (not starts.isupper() and len(label.words) > 3):
        return False
    return names_a_field(clean_label(label.text)) and not is_numeric(label.text)


def _under(after: Sequence[Row], label: Piece, right: float, found: Found) -> list[Piece]:
    """The lines of the value under ``label``, which has the width up to ``right`` for itself."""
    values: list[Piece] = []
    last = label
    nearby = [r for r in after if 0.5 * label.height < r.y - label.y < _WINDOW * label.height]
    for row in sorted(nearby, key=lambda r: (r.y, r.x0)):
        reach = NEXT_LINE if values else _BELOW
        if row.y - last.y > reach * max(label.height, row.height):
            break
        far = min(right, label.x1 + max(label.width, 8 * label.height))
        near = [p for p in row.pieces if label.x0 - 2 * label.height < p.x0 < far and p.x0 < right - 0.5 * p.width]
        if not near:
            continue
        piece = near[0]
        if _is_label_itself(piece) or not found.is_free(piece) or _answers_another(row, piece):
            break
        if values and (abs(piece.x0 - values[0].x0) > 1.5 * piece.height or len(values) >= MOST_LINES):
            break
        values += [piece, *_teeth(row, piece, right)]
        last = piece
        if is_numeric(piece.text):
            break
    return values


def _is_label_itself(piece: Piece) -> bool:
    named = names_a_field(piece.text) and not digits(piece.text)
    return (
        named
        or entry_label(piece.text) is not None
        or ":" in piece.text
        or len(piece.words) > _LONG_VALUE
        or piece.is_vertical
    )


def _answers_another(row: Row, piece: Piece) -> bool:
    """True for a number right of a label of its own."""
    at = row.pieces.index(piece)
    return at > 0 and is_numeric(piece.text) and names_a_field(row.pieces[at - 1].text)


def _teeth(row: Row, first: Piece, right: float) -> list[Piece]:
    """The other boxes of a comb field: a digit or two in each."""
    if max(len(w.text) for w in first.words) > _COMB:
        return []
    teeth: list[Piece] = []
    for piece in row.pieces[row.pieces.index(first) + 1 :]:
        if piece.x0 >= right or max(len(w.text) for w in piece.words) > _COMB:
            break
        teeth.append(piece)
    return teeth


def look_above(rows: Sequence[Row], i: int, found: Found) -> None:
    """A label in brackets under the line that it names: ``(Name of Registrant)``."""
    if i == 0:
        return
    for label in rows[i].pieces:
        text = label.text.strip()
        if not (text.startswith("(") and text.endswith(")")) or not mentions_a_field(text) or not found.is_free(label):
            continue
        over = [p for p in rows[i - 1].pieces if min(p.x1, label.x1) > max(p.x0, label.x0) and found.is_free(p)]
        if len(over) != 1 or label.y - over[0].y > 2 * over[0].height or label.height > 1.05 * over[0].height:
            continue
        if is_label(over[0].text) and len(over[0].words) <= 10:
            for pair in pairs_of_pieces(label, over):
                found.add([replace(pair, label=text.strip("() "))])
