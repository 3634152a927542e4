"""Pairs that a colon or dotted leaders mark: ``Date : 20/11/2017  Time: 10:42``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from mmrag_ingest.layout.labels import (
    clean_label,
    digits,
    ends_with_colon,
    is_currency,
    is_label,
    is_numeric,
    letters,
    names_a_field,
)
from mmrag_ingest.layout.lines import Row
from mmrag_ingest.layout.pieces import Glyphs, is_leader

_GLUED = re.compile(r"^([^\W\d][\w./#()'&-]*?)\s*(?:[:：]|\.{3,}|…)\s*(\S.*)$")
_CLOCK = re.compile(r"\d[:：]\d")
_NOT_LABELS = re.compile(r"^(?:https?|www|file|mailto)$", re.IGNORECASE)
_NUMBER_SIGN = re.compile(r"^(?:\w*#|nos?\.?|number)$", re.IGNORECASE)
_LONGEST_VALUE = 25
_SHORT_PIECE = 8
_WIDE = 2.5  # text heights: words this far right of a value are not of it
_FAR = 5.0  # text heights: another label this far right of an empty field is not its value


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


def by_colon(row: Row) -> list[Pair]:
    """Pairs of a row with colons: each label ends at a colon, its value runs to the next label."""
    tokens = _marked([t for k, piece in enumerate(row.pieces) for word in piece.words for t in _split(word, k)])
    marks = [i for i, t in enumerate(tokens) if t.colon]
    pairs: list[Pair] = []
    begin = _label_start(tokens, 0, marks[0]) if marks else 0
    for n, mark in enumerate(marks):
        end = len(tokens) if n + 1 == len(marks) else _next_label(tokens, mark + 1, marks[n + 1])
        pair = _pair(tokens[begin : mark + 1], _first_value(tokens[mark], tokens[mark + 1 : end]))
        if pair is not None:
            pairs.append(pair)
        begin = end
    return pairs


def _split(word: Glyphs, piece: int) -> Iterator[_Token]:
    text = word.text
    bare = text.strip(":： ")
    if ends_with_colon(text):
        yield _Token(text=bare if any(c.isalnum() for c in bare) else "", word=word, piece=piece, colon=True)
        return
    if text.startswith((":", "：")) and not _CLOCK.match(text):
        yield _Token(text="", word=word, piece=piece, colon=True)
        yield _Token(text=bare, word=word, piece=piece)
        return
    glued = _GLUED.match(text)
    if glued and not _NOT_LABELS.match(glued[1]) and not glued[2].startswith("//") and letters(glued[1]) >= 2:
        yield _Token(text=glued[1], word=word, piece=piece, colon=True)
        yield _Token(text=glued[2], word=word, piece=piece)
        return
    yield _Token(text=text, word=word, piece=piece)


def _marked(tokens: list[_Token]) -> list[_Token]:
    """Let a label also end at ``#`` or ``No.`` before a word with digits, in a short piece: ``Contract # 26932832``."""
    marked = list(tokens)
    for i, (token, after) in enumerate(pairwise(tokens)):
        short = sum(t.piece == token.piece for t in tokens) <= _SHORT_PIECE
        if _NUMBER_SIGN.match(token.text) and not after.colon and digits(after.text) and short and i and not token.colon:
            marked[i] = replace(token, colon=tokens[i - 1].piece == token.piece and not tokens[i - 1].colon)
    return marked


def _label_start(tokens: Sequence[_Token], begin: int, mark: int) -> int:
    """A label does not reach back over a wide gap, unless only the colon stands right of it."""
    piece = tokens[mark].piece
    if not tokens[mark].text and mark > begin and tokens[mark - 1].piece != piece:
        piece = tokens[mark - 1].piece
    start = begin
    while start < mark and tokens[start].piece < piece:
        start += 1
    # A lone field name left of the label belongs to it: "Advertiser   Name: ...".
    before = " ".join(t.text for t in tokens[begin:start])
    named = names_a_field(before) and not is_numeric(before) and start - begin <= 2
    return begin if begin == 0 and named else start


def _next_label(tokens: Sequence[_Token], begin: int, mark: int) -> int:
    """Where the label that ends at ``mark`` starts, after a value that starts at ``begin``."""
    start = _label_start(tokens, begin, mark)
    if start > begin or begin >= mark:
        return max(start, min(begin, mark))
    if tokens[begin - 1].piece != tokens[begin].piece and _is_one_label(tokens[begin : mark + 1]):
        return begin
    last = mark if tokens[mark].text else mark - 1
    if last <= begin:
        return last
    start = last
    style = _style(tokens[last].text)
    while start - 1 > begin and last - start < 2:
        text = tokens[start - 1].text
        if not text.isalpha() or _style(text) != style:
            break
        start -= 1
    return start


def _is_one_label(tokens: Sequence[_Token]) -> bool:
    """True when a piece is a label from its first word to its colon, so that the field left of it is empty."""
    words = [t.text for t in tokens if t.text]
    capitals = {w.isupper() for w in words if letters(w) > 1}
    return len(words) <= 5 and not any(digits(w) for w in words) and len(capitals) == 1


def _style(text: str) -> tuple[bool, bool]:
    return text[:1].isupper(), text.isupper()


def _first_value(mark: _Token, tokens: Sequence[_Token]) -> list[_Token]:
    """The value ends at a second wide gap when what follows is a label of its own, or a number after words."""
    kept: list[_Token] = []
    for token in tokens:
        if is_leader(token.text) or (not kept and not any(c.isalnum() for c in token.text) and not is_currency(token.text)):
            continue
        before = kept[-1] if kept else mark
        if token.piece != before.piece and not is_currency(before.text):
            piece = " ".join(t.text for t in tokens if t.piece == token.piece)
            numbers = is_numeric(piece) and all(is_numeric(t.text) or is_currency(t.text) for t in kept)
            gap = (token.word.x0 - before.word.x1) / max(token.word.height, 1e-9)
            if names_a_field(piece) and (kept or gap > _FAR):
                break
            if kept and ((is_numeric(piece) and not numbers) or len(kept) > 3 or (gap > _WIDE and not numbers)):
                break
        kept.append(token)
    return kept


def _pair(label: Sequence[_Token], value: Sequence[_Token]) -> Pair | None:
    name = clean_label(" ".join(t.text for t in label if t.text and not is_leader(t.text)))
    text = " ".join(t.text for t in value if t.text).strip()
    if not any(c.isalnum() for c in text) or not is_label(name) or len(value) > _LONGEST_VALUE:
        return None
    return Pair(label=name, value=text, label_words=tuple(t.word for t in label), value_words=tuple(t.word for t in value))
