"""The head of a receipt, bill or letter: who issued it, and the address under the name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from mmrag.agent.reading.candidates import Candidate
from mmrag.agent.reading.layout import Layout, Run
from mmrag.agent.reading.lexicon import Lexicon
from mmrag.agent.reading.text import blurred, fold, phrases, words
from mmrag.domain.documents import Word
from mmrag.domain.values import ValueKind

_ROWS = 14
_LINES, _LIKE = 5, 0.3
"""Lines of an address under a name, and how much like one its last has to be."""
_POSTCODE = re.compile(r"(?<![\w-])\d{5,6}(?![\w-])|\b[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}\b|\b[A-Z]{2} ?\d{5}(?:-\d{4})?\b")
_REGISTER = re.compile(r"^\(?[\d\s-]{4,}[- ]?[A-Z]?\)?$")
_TAIL_REGISTER = re.compile(
    r"\s*[(\[]?\s*(?:co(?:mpany)?\.?\s*(?:reg)?\.?\s*(?:no)?\.?\s*:?\s*)?\d[\d\s-]{3,}-?\s*[A-Z]{0,2}\s*[)\]]?\s*$", re.I
)
_FIRST = re.compile(r"(?:no|lot|unit|suite|ground|g|hq|level|block|plot|bt)?[\s.,:#-]*[\dA-Z]{0,2}[-.]?\d", re.I)
_ENDS = tuple(
    blurred(k) for k in ("tel", "gst", "fax", "phone", "reg", "coreg", "invoice", "date", "bill", "taxinv", "roc", "hp")
)
_LONG = 6
_NO_NAME = frozenset({"invoice", "receipt", "www", "http", "com"})
_GLUED = ("jalan", "taman", "bandar", "street", "avenue", "lorong", "strasse", "kampung")
_AFTER_LEGAL = re.compile(
    r"(?<=\b)(?P<legal>sdn\.?\s*bhd\.?|s/b|ltd\.?|inc\.?|llc|llp|gmbh|plc|corp\.?|limited)(?P<rest>\s*[(\[,].*|\s+[\d-]{4,}.*)$",
    re.I,
)
_RECIPIENT = re.compile(
    r"^\W*(?:(?:to|an|à|attn|attention|c/o|customer|client|kunde|cliente)\s*\.?\s*:|(?:bill(?:ed)?|invoiced?|sold|ship(?:ped)?|deliver(?:ed)?)\s+to\b)",
    re.IGNORECASE,
)
"""Before the name of whoever gets a paper, and did not issue it."""
_OWNED = re.compile(r"^(?:dimiliki oleh|own(?:ed)? by|operated by|managed by|a division of)\s*:?\s*", re.I)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadLine:
    """A row near the top of a page with what its words say about it. Scores are in [0, 1]."""

    row: int
    runs: tuple[Run, ...]
    text: str
    name: float
    address: float
    ends_address: bool

    @property
    def height(self) -> float:
        return max(r.height for r in self.runs)

    @property
    def words(self) -> tuple[Word, ...]:
        return tuple(w for r in self.runs for w in r.words)


def head_lines(layout: Layout, lexicon: Lexicon) -> tuple[HeadLine, ...]:
    """The first rows of the page, read as a letterhead."""
    lines: list[HeadLine] = []
    for number, whole in enumerate(layout.rows[:_ROWS]):
        row = _without_titles(_without_specks(whole, layout.unit), lexicon)
        text = " ".join(r.text for r in row)
        if not fold(text):
            continue
        ends = _ends_address(text, lexicon)
        received = _RECIPIENT.match(" ".join(r.text for r in whole)) is not None
        lines.append(
            HeadLine(
                row=number,
                runs=row,
                text=text,
                name=0.0 if received else _name_likeness(layout, row, text, lexicon),
                address=_address_likeness(text, lexicon),
                ends_address=ends,
            )
        )
    return tuple(lines)


def _without_specks(row: Sequence[Run], unit: float) -> tuple[Run, ...]:
    """The row without the crumbs of print that stand apart from its main run: page numbers, stamps, noise."""
    main = max(row, key=lambda r: len(r.text))
    return tuple(
        r
        for r in row
        if r is main
        or sum(map(str.isalpha, r.text)) >= 3
        or (max(r.x0 - main.x1, main.x0 - r.x1) < 1.2 * unit and len(r.text) > 3)
        or (main.x0 - 0.8 * unit < r.x1 <= main.x0 + 0.2 * unit and r.text.isdigit())
    )


def _without_titles(row: tuple[Run, ...], lexicon: Lexicon) -> tuple[Run, ...]:
    """The row without a kind of paper ("INVOICE") that stands beside the name of whoever issued it."""
    kept = tuple(r for r in row if " ".join(words(r.text)) not in lexicon.issuer["never"])
    return kept if any(sum(map(str.isalpha, r.text)) >= 3 for r in kept) else row


def issuers(layout: Layout, lexicon: Lexicon) -> list[Candidate]:
    """The company at the head of the page: its printed name line or lines."""
    lines = head_lines(layout, lexicon)
    goods = next((at for at, line in enumerate(lines) if _has_amount(layout, line)), len(lines))
    found: list[Candidate] = []
    for at, line in enumerate(lines):
        if line.name <= 0.05:
            continue
        group = _name_group(lines, at, lexicon)
        score = max(g.name for g in group) * (1.0 - 0.045 * min(at, 8)) * (1.0 if at < goods else 0.5)
        if any(g.address > 0.5 for g in lines[at + 1 : at + 4]):
            score *= 1.1
        found.append(_name_candidate(layout, group, min(1.0, score)))
    return found


def _has_amount(layout: Layout, line: HeadLine) -> bool:
    return any(v.kind is ValueKind.AMOUNT for run in line.runs for v in layout.values(run))


def addresses(layout: Layout, lexicon: Lexicon, *, after: str | None = None) -> list[Candidate]:
    """Blocks of consecutive address lines near the head; ``after`` is the folded name that the block should follow."""
    lines = head_lines(layout, lexicon)
    found: list[Candidate] = []
    at = 0
    while at < len(lines):
        if lines[at].address < 0.35 or lines[at].ends_address:
            at += 1
            continue
        block = [lines[at]]
        while _continues(lines[at + len(block) :], block, layout):
            block.append(lines[at + len(block)])
        skipped = _name_above(block)
        at, block = at + skipped, block[skipped:]
        found.append(_block_candidate(layout, block, _head_name(lines[:at], after)))
        at += len(block)
    return found


def under_name(layout: Layout, lexicon: Lexicon, name: str) -> list[Candidate]:
    """The address lines right under the name of their owner, wherever on the page they stand; ``name`` is folded."""
    found: list[Candidate] = []
    for run in (r for r in layout.runs if name in fold(r.text)):
        block: list[HeadLine] = []
        last = run
        for below in layout.below(run, run.x0 - layout.unit, run.x1, 6 * layout.unit):
            if abs(below.x0 - run.x0) > layout.unit or below.y0 - last.y1 > 1.2 * layout.unit or len(block) >= _LINES:
                break
            if below.index in layout.label_runs or _ends_address(below.text, lexicon) or ":" in below.text:
                break
            likeness = _address_likeness(below.text, lexicon)
            line = HeadLine(row=0, runs=(below,), text=below.text, name=0.0, address=likeness, ends_address=False)
            block, last = [*block, line], below
        while block and block[-1].address < _LIKE:
            block.pop()
        if block and max(line.address for line in block) >= _LIKE:
            skipped = _name_above(block)
            found.append(_block_candidate(layout, block[skipped:], 1.0))
    return found


def _head_name(before: Sequence[HeadLine], after: str | None) -> float:
    if after and any(after[:12] in fold(line.text) or fold(line.text)[:12] in after for line in before):
        return 1.0
    return 0.85 if any(line.name > 0.3 for line in before) else 0.7


def _name_likeness(layout: Layout, row: Sequence[Run], text: str, lexicon: Lexicon) -> float:
    letters, digits = sum(map(str.isalpha, text)), sum(map(str.isdigit, text))
    if letters < 3 or digits > letters or len(text) > 70:
        return 0.0
    said = phrases(text, lexicon.longest)
    bare = " ".join(words(text))
    if bare in lexicon.issuer["never"] or not said.isdisjoint(_NO_NAME):
        return 0.02
    if not said.isdisjoint(lexicon.issuer["register"]):
        return 0.05
    values = [v for run in row for v in layout.values(run)]
    if any(v.kind in (ValueKind.DATE, ValueKind.TIME, ValueKind.AMOUNT, ValueKind.EMAIL, ValueKind.PHONE) for v in values):
        return 0.05
    score = 0.45
    if not said.isdisjoint(lexicon.issuer["legal"]) or bare.endswith(_long(lexicon.issuer["legal"])):
        score += 0.4
    elif not said.isdisjoint(lexicon.issuer["trade"]):
        score += 0.25
    score += 0.12 * min(1.0, max(0.0, max(r.height for r in row) / layout.unit - 1.0))
    score -= 0.5 * _address_likeness(text, lexicon)
    if ":" in text and not _OWNED.match(text):
        score -= 0.25
    if letters < 5:
        score -= 0.2
    confidence = sum(r.confidence for r in row) / len(row)
    return max(0.0, min(1.0, score)) * (0.4 + 0.6 * confidence)


def _address_likeness(text: str, lexicon: Lexicon) -> float:
    said, together = phrases(text, lexicon.longest), fold(text)
    score = 0.0
    street = len(said & lexicon.address["street"])
    glued = sum(map(together.__contains__, _GLUED))
    score += 0.45 * min(2, max(street, glued)) ** 0.5
    place = not said.isdisjoint(lexicon.address["place"])
    score += 0.35 * (place or any(map(together.__contains__, _run_together(lexicon.address["place"]))))
    score += 0.35 * bool(_POSTCODE.search(text))
    score += 0.1 * (text.rstrip().endswith(",")) + 0.1 * any(map(str.isdigit, text))
    if any(len(phrase) > 2 for phrase in said & lexicon.issuer["legal"]):
        score -= 0.4
    if _REGISTER.match(text.strip()):
        score = 0.0
    return max(0.0, min(1.0, score))


def _ends_address(text: str, lexicon: Lexicon) -> bool:
    ends = not phrases(text, lexicon.longest).isdisjoint(lexicon.address["end"])
    return ends or blurred(fold(text)).startswith(_ENDS)


@cache
def _long(among: frozenset[str]) -> tuple[str, ...]:
    """Phrases that are known without a space before them; shorter ones stand in any text."""
    return tuple(phrase for phrase in sorted(among) if len(phrase) >= _LONG)


@cache
def _run_together(among: frozenset[str]) -> tuple[str, ...]:
    """Phrases that are known without any spaces."""
    return tuple(phrase.replace(" ", "") for phrase in _long(among))


def _continues(following: Sequence[HeadLine], block: Sequence[HeadLine], layout: Layout) -> bool:
    """The next line belongs to the address while it still reads like one and stands close under it."""
    if not following or len(block) >= 6:
        return False
    line, after = following[0], following[1] if len(following) > 1 else None
    if line.ends_address or _REGISTER.match(line.text.strip()):
        return False
    gap = min(r.y0 for r in line.runs) - max(r.y1 for r in block[-1].runs)
    if gap > 1.6 * layout.unit:
        return False
    if line.address >= 0.3:
        return True
    unfinished = block[-1].text.rstrip().endswith((",", "-", "&"))
    leads_on = after is not None and after.address >= 0.35 and not after.ends_address
    short = len(line.text) <= 32
    return short and gap < 0.9 * layout.unit and (unfinished or leads_on or line.address > 0.05)


def _name_above(block: Sequence[HeadLine]) -> int:
    """1 when the block starts with a branch or shop name: no digits, and the next line starts like an address does."""
    if len(block) < 2 or any(c.isdigit() for c in block[0].text):
        return 0
    return 1 if _FIRST.match(block[1].text.strip()) else 0


def _name_group(lines: Sequence[HeadLine], at: int, lexicon: Lexicon) -> list[HeadLine]:
    """The line at ``at`` with the one before or after it when the name is broken over two."""
    line = lines[at]
    if at > 0 and _only_ends_name(line, lexicon) and lines[at - 1].name > 0.1:
        return [lines[at - 1], line]
    following = lines[at + 1] if at + 1 < len(lines) else None
    if following is not None and line.name > 0.1:
        hanging = line.text.rstrip().lower().endswith(("&", "-", ",", " and", " of"))
        if _only_ends_name(following, lexicon) or (hanging and following.name > 0.2):
            return [line, following]
    return [line]


def _only_ends_name(line: HeadLine, lexicon: Lexicon) -> bool:
    """True for a line of nothing but legal forms or one trade: 'SDN BHD', 'TRADING'."""
    own = [w for w in words(line.text) if w not in {"m", "s"}]
    known = lexicon.issuer["legal"] | lexicon.issuer["trade"] | {"sdnbhd"}
    return 0 < len(own) <= 4 and all(w in known for w in own)


def _name_candidate(layout: Layout, group: Sequence[HeadLine], score: float) -> Candidate:
    words_ = tuple(w for line in group for w in line.words)
    text = " ".join(line.text for line in group)
    owned = _OWNED.match(text)
    tail, legal = _TAIL_REGISTER.search(text), _AFTER_LEGAL.search(text)
    end = min(tail.start() if tail and tail.start() > 3 else len(text), legal.start("rest") if legal else len(text))
    start = owned.end() if owned else 0
    kept, offset = [], 0
    for word in words_:
        if offset >= start and offset < end:
            kept.append(word)
        offset += len(word.text) + 1
    return Candidate(
        text=text[start:end].strip(" \t,;:*|_=~-"),
        words=tuple(kept) or words_,
        normal=fold(text[start:end]),
        score=score,
        why="letterhead",
        page=layout.page,
    )


def _block_candidate(layout: Layout, block: Sequence[HeadLine], context: float) -> Candidate:
    texts = [line.text.strip() for line in block]
    strength = sum(line.address for line in block) / len(block)
    whole = 0.25 * bool(_POSTCODE.search(" ".join(texts))) + 0.1 * (len(block) > 1)
    return Candidate(
        text=" ".join(texts),
        words=tuple(w for line in block for w in line.words),
        normal=fold("".join(texts)),
        score=min(1.0, (0.35 + 0.4 * strength + whole)) * context,
        why="letterhead address",
        page=layout.page,
    )
