"""Rows to blocks: paragraphs, titles, lists, headers and footers, small enough to be cited precisely."""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from dataclasses import dataclass

from mmrag.domain.documents import ElementKind
from mmrag_ingest.layout.labels import ends_with_colon, is_numeric, letters
from mmrag_ingest.layout.lines import Row

MAX_ROWS = 8
MAX_WORDS = 120
_BULLET = re.compile(r"^(?:[•●▪◦‣∙■□☐☑☒○*·–—-]|\(?(?:\d{1,2}|[a-zA-Z]|[ivx]{1,4})[.)])(?:\s|$)")
_PAGE_NUMBER = re.compile(r"^(?:page|p\.?|seite)?\s*[-–]?\s*\d{1,4}\s*[-–]?\s*(?:(?:of|/)\s*\d{1,4})?$", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    kind: ElementKind
    rows: tuple[Row, ...]

    @property
    def text(self) -> str:
        return "\n".join(r.text for r in self.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What is usual on the page, in level pixels: ``height`` of text, and where text begins and ends."""

    height: float
    x0: float
    x1: float
    y0: float
    y1: float
    page_width: float
    page_height: float


def blocks_of(rows: Sequence[Row], look: Look, paired: Set[int], values: Set[int]) -> list[Block]:
    """Blocks of one column's rows, in order. Every row is in exactly one block.

    ``paired`` and ``values`` hold the canonical indexes of words in pairs and in their values: rows of pairs keep apart from
    running text, and what was entered in a form is no title however large it is written.
    """
    groups: list[list[Row]] = []
    for row in rows:
        if groups and _continues(groups[-1], row, look) and _is_paired(groups[-1][-1], paired) == _is_paired(row, paired):
            groups[-1].append(row)
        else:
            groups.append([row])
    return [Block(kind=_kind(g, look, values), rows=tuple(g)) for g in groups]


def _is_paired(row: Row, paired: Set[int]) -> bool:
    words = [w.raw for p in row.pieces for w in p.words]
    return sum(w in paired for w in words) > 0.6 * len(words)


def _continues(block: list[Row], row: Row, look: Look) -> bool:
    before = block[-1]
    if len(before.pieces) > 1 or len(row.pieces) > 1 or before.is_vertical or row.is_vertical:
        return False
    if len(block) >= MAX_ROWS or sum(len(r.pieces[0].words) for r in [*block, row]) > MAX_WORDS:
        return False
    low, high = sorted((before.height, row.height))
    if high > 1.27 * low or row.y - before.y > 2.0 * high:
        return False
    if len(block) >= 2 and (row.y - before.y) > 1.35 * max(1e-9, before.y - block[-2].y):
        return False
    shared = min(before.x1, row.x1) - max(before.x0, row.x0)
    if shared < 0.3 * min(before.x1 - before.x0, row.x1 - row.x0):
        return False
    if _BULLET.match(row.text):
        return bool(_BULLET.match(block[0].text)) and _short(block)
    if _aligned(before, row, low):
        return not (ends_with_colon(before.text) and len(before.text) > 40)
    indented = row.x0 - before.x0
    return 0 < -indented < 6 * low or (_BULLET.match(block[0].text) is not None and indented < 6 * low)


def _short(block: list[Row]) -> bool:
    return sum(len(r.text.split()) for r in block) < 60


def _aligned(a: Row, b: Row, height: float) -> bool:
    left = abs(a.x0 - b.x0) < 1.2 * height
    middle = abs((a.x0 + a.x1) - (b.x0 + b.x1)) / 2 < 1.5 * height
    return left or middle


def _kind(rows: list[Row], look: Look, values: Set[int]) -> ElementKind:
    text = " ".join(r.text for r in rows)
    if _in_margin(rows, text, look, foot=False):
        return ElementKind.HEADER
    if _in_margin(rows, text, look, foot=True):
        return ElementKind.FOOTER
    entered = any(w.raw in values for r in rows for p in r.pieces for w in p.words)
    if not entered and _is_title(rows, text, look):
        return ElementKind.TITLE
    if _BULLET.match(rows[0].text) and letters(text) > 3:
        return ElementKind.LIST
    return ElementKind.TEXT


def _in_margin(rows: list[Row], text: str, look: Look, *, foot: bool) -> bool:
    """Page numbers in the outer tenth; other short small print only when it is the outermost line of a tall page."""
    if len(rows) > 2 or rows[0].is_vertical:
        return False
    edge = look.page_height - rows[-1].y if foot else rows[0].y
    if edge > 0.1 * look.page_height:
        return False
    if _PAGE_NUMBER.match(text.strip()):
        return True
    small = max(r.height for r in rows) < 0.9 * look.height
    outermost = look.y1 - rows[-1].y < 1.5 * look.height if foot else rows[0].y - look.y0 < 1.5 * look.height
    return small and outermost and len(text) < 120 and edge < 0.08 * look.page_height


def _is_title(rows: list[Row], text: str, look: Look) -> bool:
    named = letters(text)
    if len(rows) > 3 or any(len(r.pieces) > 1 for r in rows) or named < 4 or len(text) > 160 or is_numeric(text):
        return False
    if ends_with_colon(text) or rows[0].is_vertical or re.search(r"\w\s?:\s?\w", text):
        return False
    height = max(r.height for r in rows)
    if height > 1.25 * look.height and len(text.split()) <= 20:
        return True
    top = rows[0].y < look.y0 + 0.2 * (look.y1 - look.y0)
    capitals = text.upper() == text
    middle = abs((rows[0].x0 + rows[0].x1) / 2 - (look.x0 + look.x1) / 2) < 0.06 * (look.x1 - look.x0)
    digits = sum(c.isdigit() for c in text)
    return top and capitals and middle and len(rows) == 1 and digits * 4 < named
