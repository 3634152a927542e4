"""Rows to blocks: paragraphs, titles, lists, headers and footers, small enough to be cited precisely."""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from dataclasses import dataclass

from mmrag.domain.documents import ElementKind
from mmrag_ingest.layout.labels import digits, ends_with_colon, is_numeric, letters
from mmrag_ingest.layout.lines import Row

MAX_ROWS = 8
MAX_WORDS = 120
_BULLET = re.compile(r"^(?:[•●▪◦‣∙■□☐☑☒○*·–—-]|\(?(?:\d{1,2}|[a-zA-Z]|[ivx]{1,4})[.)])(?:\s|$)")
_HEAD = 0.25  # of the text's extent: where the name of whoever issued the page stands
_COMPANY = re.compile(
    r"\b(?:sdn\.?|bhd\.?|ltd\.?|llc|inc\.?|llp|plc|gmbh|corp(?:oration)?\.?|co\.?|company|enterprises?|trading|restaurant)\W*$",
    re.IGNORECASE,
)
_PAIR = re.compile(r"\w\s?:\s?\w")
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
        top = row.y < look.y0 + _HEAD * (look.y1 - look.y0)
        if top and groups and len(groups[-1]) == 1 and _names_the_issuer(groups[-1][0], row):
            groups.append([row])
        elif groups and _continues(groups[-1], row, look) and _is_paired(groups[-1][-1], paired) == _is_paired(row, paired):
            groups[-1].append(row)
        else:
            groups.append([row])
    above = [None, *(g[-1] for g in groups)]
    return [Block(kind=_kind(g, before, look, values), rows=tuple(g)) for g, before in zip(groups, above, strict=False)]


def _names_the_issuer(first: Row, second: Row) -> bool:
    """True when a page's first line is a name and its second starts something else: an address, a number, a bracket."""
    name, below = first.text, second.text
    if digits(name) or letters(name) < 4 or len(name.split()) > 7 or ":" in name or len(first.pieces) > 1:
        return False
    return bool(digits(below)) or below.startswith("(") or (bool(_COMPANY.search(name)) and not _COMPANY.search(below))


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
    pitch = row.y - before.y
    usual = before.y - block[-2].y if len(block) > 1 else 1.4 * high
    even = abs(pitch - usual) < 0.15 * usual and min(len(before.pieces[0].words), len(row.pieces[0].words)) > 3
    if high > (1.6 if even else 1.27) * low or pitch > min(2.0 * high, 1.35 * usual if len(block) > 1 else 2.0 * high):
        return False
    shared = min(before.x1, row.x1) - max(before.x0, row.x0)
    if shared < 0.3 * min(before.x1 - before.x0, row.x1 - row.x0):
        return False
    if _BULLET.match(row.text):
        return bool(_BULLET.match(block[0].text)) and _short(block)
    if _aligned(before, row, low):
        return True
    indented = row.x0 - before.x0
    return 0 < -indented < 6 * low or (_BULLET.match(block[0].text) is not None and indented < 6 * low)


def _short(block: list[Row]) -> bool:
    return sum(len(r.text.split()) for r in block) < 60


def _aligned(a: Row, b: Row, height: float) -> bool:
    left = abs(a.x0 - b.x0) < 1.2 * height
    middle = abs((a.x0 + a.x1) - (b.x0 + b.x1)) / 2 < 1.5 * height
    return left or middle


def _kind(rows: list[Row], before: Row | None, look: Look, values: Set[int]) -> ElementKind:
    text = " ".join(r.text for r in rows)
    if _in_margin(rows, text, look, foot=False):
        return ElementKind.HEADER
    if _in_margin(rows, text, look, foot=True):
        return ElementKind.FOOTER
    entered = any(w.raw in values for r in rows for p in r.pieces for w in p.words)
    if not entered and _is_title(rows, before, text, look):
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


def _is_title(rows: Sequence[Row], before: Row | None, text: str, look: Look) -> bool:
    """Larger print, capitals in the middle near the top, or a short line alone over a text. ``before`` is the row above."""
    named = letters(text)
    if len(rows) > 3 or any(len(r.pieces) > 1 for r in rows) or named < 4 or len(text) > 160 or is_numeric(text):
        return False
    if ends_with_colon(text) or rows[0].is_vertical or _PAIR.search(text):
        return False
    height = max(r.height for r in rows)
    words = len(text.split())
    space = float("inf") if before is None else rows[0].y - before.y
    goes_on = before is not None and space < 1.6 * height and before.height > 0.8 * height and len(before.text) > 40
    if height > 1.25 * look.height and words <= 20 and digits(text) < named and not goes_on:
        return True
    top = rows[0].y < look.y0 + 0.2 * (look.y1 - look.y0)
    capitals = text.upper() == text
    middle = abs((rows[0].x0 + rows[0].x1) / 2 - (look.x0 + look.x1) / 2) < 0.06 * (look.x1 - look.x0)
    if top and capitals and middle and len(rows) == 1 and digits(text) * 4 < named:
        return True
    starts = text[:1].isupper() and not text.endswith((".", ",", ";", "-"))
    return starts and height > 1.1 * look.height and words <= 8 and len(rows) == 1 and space > 2.2 * height
