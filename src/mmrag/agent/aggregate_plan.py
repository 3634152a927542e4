"""Decomposing a question that no single place answers: which operation, on what, read from which documents.

Only questions about several *documents* are taken apart here. Sums and comparisons inside one document stay look-ups: the
drafter reads its tables.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta

from mmrag.agent.aggregate_words import AggregateWords, aggregate_words
from mmrag.domain.aggregates import Aggregate, Condition, Giving, Operation, Part, Quantity
from mmrag.domain.plans import Constraint, ConstraintKind
from mmrag.domain.values import ValueKind
from mmrag.values import find_values, parse_number
from mmrag.values.folding import fold
from mmrag.values.months import MONTHS

Single = Callable[[str], tuple[Constraint, ...]]
"""What a piece of a question says of the document that it means."""

_JOINT = re.compile(r"\s*,?\s+(?:and|or|than|before|after|exceeds?|versus|vs\.?|compared\s+(?:to|with))\s+")
_SMALL = re.compile(r"^(?:(?:of|from|by|at|the|or|and)\s+)+")
_YES_NO = re.compile(r"^\W*(?:is|are|was|were|does|do|did)\b")
_DOCUMENT = re.compile(r"^\W*(?:which|what)\b(?!\s+(?:is|was|are|were)\b)")
_RANKS = {"second": 2, "2nd": 2, "third": 3, "3rd": 3, "fourth": 4, "4th": 4, "fifth": 5, "5th": 5}
_ORDINAL = re.compile(
    r"\b(?P<rank>second|third|fourth|fifth|2nd|3rd|4th|5th)[\s-]+(?=(?:most\s+)?(?:\w+est|expensive|recent)\b)",
    re.IGNORECASE,
)
"""'the second highest': a place in the order of all."""
_LATER = re.compile(r"\bdays\s+(?P<which>after|before)\b.*?(?P<joint>\s+(?:was|were|is|came|followed)\s+)", re.IGNORECASE)
"""'how many days after A was B': two documents that no 'and' joins."""
_PAIRED = frozenset(
    (
        Operation.SUM,
        Operation.AVERAGE,
        Operation.DIFFERENCE,
        Operation.LARGEST,
        Operation.SMALLEST,
        Operation.DAYS,
        Operation.LIST,
    )
)
_POOLED = frozenset((Operation.SUM, Operation.AVERAGE, Operation.COUNT, Operation.LIST))
_AMOUNTS_ONLY = frozenset((Operation.SUM, Operation.AVERAGE, Operation.DIFFERENCE))
_TWO_ONLY = frozenset((Operation.DIFFERENCE, Operation.DAYS))
_PINS = frozenset((ConstraintKind.FILE, ConstraintKind.DATE, ConstraintKind.IDENTIFIER, ConstraintKind.AMOUNT))


def find_aggregate(text: str, single: Single) -> Aggregate | None:
    """The decomposition of ``text``, or None for a question that one place on one document may answer."""
    ordinal = _ORDINAL.search(text)
    if ordinal is None:
        return _found(text, single)
    aggregate = _found(f"{text[: ordinal.start()]}{text[ordinal.end() :]}", single)
    if aggregate is None or aggregate.operation not in (Operation.LARGEST, Operation.SMALLEST) or len(aggregate.parts) != 1:
        return None
    return replace(aggregate, rank=_RANKS[ordinal["rank"].casefold()])


def _found(text: str, single: Single) -> Aggregate | None:
    words = aggregate_words()
    lower = fold(text)
    told = single(text)
    bare = _without(lower, told)
    operation = _operation(bare, words)
    files = sum(c.kind is ConstraintKind.FILE for c in told)
    genre = _genre(words.genre.search(bare)) or ("document" if files > 1 else None)
    asked = operation
    if operation in (None, Operation.LIST, Operation.COUNT) or bare.lstrip().startswith("compare"):
        asked = _first(bare, words.pair_operations)
    pair = _pair(text, asked, genre, words, single) if genre and asked in _PAIRED else None
    if pair is not None and asked is not None:
        told_order = _LATER.search(text) if asked is Operation.DAYS else None
        order = 0 if told_order is None else 1 if told_order["which"].casefold() == "after" else -1
        return replace(_built(lower, asked, pair, (), words), order=order)
    pooled = words.several.search(bare) or words.superlative.search(bare)
    spending = operation is Operation.SUM and words.spending.search(bare) is not None
    if operation is None or not (pooled or spending) or (operation in _TWO_ONLY and not words.two.search(bare)):
        return None
    if operation in (Operation.COUNT, Operation.LIST) and not words.opening.search(lower):
        return None
    genre = _genre(pooled)
    conditions, rest = _conditions(text, words)
    told = _telling(single(rest))
    if not told and not conditions and (operation is Operation.LIST or spending):
        return None
    parts = _pools(rest, genre, told, single) if operation in _POOLED else ()
    parts = parts or (Part(name=" ".join(c.text for c in told), constraints=told, genre=genre, several=True),)
    return _built(lower, operation, parts, conditions, words)


def _operation(bare: str, words: AggregateWords) -> Operation | None:
    found = _first(bare, words.operations)
    listed = found is Operation.SUM and words.opening.search(bare) is not None
    return Operation.LIST if listed else found


def _first(text: str, operations: Sequence[tuple[Operation, re.Pattern[str]]]) -> Operation | None:
    return next((operation for operation, pattern in operations if pattern.search(text)), None)


def _without(lower: str, told: Sequence[Constraint]) -> str:
    """The question without the names in it: 'Older Adults' is no question for the older one."""
    for constraint in told:
        if constraint.kind in (ConstraintKind.NAME, ConstraintKind.FILE):
            lower = lower.replace(fold(constraint.text), " ")
    return lower


def _genre(match: re.Match[str] | None) -> str | None:
    return next((g for g in match.groups() if g), None) if match else None


def _built(
    lower: str, operation: Operation, parts: tuple[Part, ...], conditions: tuple[Condition, ...], words: AggregateWords
) -> Aggregate:
    asked = _without(lower, [c for part in parts for c in part.constraints])
    target, quantity = next((t, q) for t, q, pattern in words.targets if pattern.search(asked))
    if operation is Operation.DAYS:
        target, quantity = "date", Quantity.DATE
    elif quantity is Quantity.DATE and operation in _AMOUNTS_ONLY:
        target, quantity = "total amount", Quantity.AMOUNT
    bounded = [c.quantity for c in conditions]
    if operation in (Operation.LIST, Operation.COUNT) and bounded:
        quantity = bounded[0]
        target = "date" if quantity is Quantity.DATE else target if target != "date" else "total amount"
    return Aggregate(
        operation=operation,
        quantity=quantity,
        target=target,
        parts=parts,
        conditions=conditions,
        giving=_giving(lower, operation, parts),
    )


def _giving(lower: str, operation: Operation, parts: tuple[Part, ...]) -> Giving:
    issuers = aggregate_words().issuers.search(lower) is not None
    if operation is Operation.LIST and issuers:
        return Giving.ISSUER
    if operation not in (Operation.LARGEST, Operation.SMALLEST):
        return Giving.VALUE
    if _YES_NO.match(lower) and len(parts) == 2:
        return Giving.YES_NO
    if len(parts) == 2:
        return Giving.PART if _DOCUMENT.match(lower) or " or " in lower else Giving.VALUE
    if issuers:
        return Giving.ISSUER
    return Giving.DOCUMENT if _DOCUMENT.match(lower) else Giving.VALUE


def _pair(
    text: str, operation: Operation | None, genre: str | None, words: AggregateWords, single: Single
) -> tuple[Part, Part] | None:
    """Two documents joined by 'and', 'or' or 'than', each told by something of its own."""
    several = operation in _POOLED and words.several.search(fold(text)) is not None
    joints = [joint.span() for joint in _JOINT.finditer(text)]
    joints += [joint.span("joint") for joint in _LATER.finditer(text) if operation is Operation.DAYS]
    for start, end in joints:
        left, right = _told(text[:start], single), _told(text[end:], single)
        if left and right and left != right and (not several or (_named(left) and _named(right))):
            one, other = (_part(told, genre, several=several) for told in (left, right))
            return one, other
    return None


def _named(told: Sequence[Constraint]) -> bool:
    return any(c.kind is ConstraintKind.NAME for c in told)


def _told(half: str, single: Single) -> tuple[Constraint, ...]:
    """What one half of a comparison says of its document; a bare name stands for 'the receipt from' it."""
    told = _telling(single(half))
    if _named(told) or not half[:1].isupper():
        return told
    named = _telling(single(f"the receipt from {half}"))
    return named if len(named) > len(told) else told


def _telling(constraints: Sequence[Constraint]) -> tuple[Constraint, ...]:
    """What tells documents apart, without the small words that the cut has left before a name."""
    told = [replace(c, text=_SMALL.sub("", c.text)) if c.kind is ConstraintKind.NAME else c for c in constraints]
    return tuple(
        c for c in told if c.kind is ConstraintKind.FILE or (c.kind is not ConstraintKind.GENRE and _is_own(c.text))
    )


def _is_own(text: str) -> bool:
    return text[:1].isupper() or text[:1].isdigit()


def _part(told: tuple[Constraint, ...], genre: str | None, *, several: bool) -> Part:
    names = [c.text for c in told if c.kind is ConstraintKind.NAME]
    pinned = any(c.kind in _PINS for c in told)
    return Part(name=(names or [c.text for c in told])[0], constraints=told, genre=genre, several=several and not pinned)


def _pools(text: str, genre: str | None, told: tuple[Constraint, ...], single: Single) -> tuple[Part, ...]:
    """'receipts from A and B': one pool for each name."""
    names = tuple(c for c in told if c.kind is ConstraintKind.NAME)
    if len(names) < 2 or len(names) != len(told):
        return ()
    return tuple(Part(name=c.text, constraints=(c,), genre=genre, several=True) for c in names)


def _conditions(text: str, words: AggregateWords) -> tuple[tuple[Condition, ...], str]:
    """The bounds that the question sets on amounts and dates, and the question without them."""
    found: list[Condition] = []
    rest, lower = text, fold(text)

    def take(start: int, end: int, condition: Condition) -> None:
        nonlocal rest, lower
        found.append(condition)
        rest = rest[:start] + " " * (end - start) + rest[end:]
        lower = lower[:start] + " " * (end - start) + lower[end:]

    if match := re.search(r"\bbetween\b", lower):
        dates = [v for v in find_values(rest) if v.kind is ValueKind.DATE and v.start > match.start()][:2]
        if len(dates) == 2:
            ends = _days_of(dates[0].normal)[0], _days_of(dates[1].normal)[1]
            take(match.start(), dates[1].end, Condition(quantity=Quantity.DATE, least=ends[0], most=ends[1]))
        elif amounts := words.between.search(lower):
            least, most = _number(amounts["amount"]), _number(amounts["upper"])
            take(*amounts.span(), Condition(quantity=Quantity.AMOUNT, least=least, most=most))
    for value in [v for v in find_values(rest) if v.kind is ValueKind.DATE]:
        before = words.since.search(lower[: value.start])
        start = before.start() if before else _behind(lower, value.start)
        take(start, value.end, _dated(value.normal, before["which"] if before else None))
    while period := words.period.search(lower):
        take(*period.span(), _period(period))
    for name, pattern in words.bounds:
        if bound := pattern.search(lower):
            take(*bound.span(), _bound(name, _number(bound["amount"])))
    return tuple(found), rest


def _behind(lower: str, end: int) -> int:
    """Where the small words before a date begin: 'dated', 'issued on', 'from'."""
    match = re.search(r"(?:\b(?:dated|issued|printed|made|on|in|from|of|during|for)\s+)+(?:the\s+)?$", lower[:end])
    return match.start() if match else end


def _dated(normal: str, which: str | None) -> Condition:
    first, last = _days_of(normal)
    match which:
        case "before":
            return Condition(quantity=Quantity.DATE, most=_day(first, -1))
        case "after":
            return Condition(quantity=Quantity.DATE, least=_day(last, 1))
        case "until" | "on or before":
            return Condition(quantity=Quantity.DATE, most=last)
        case "since" | "on or after":
            return Condition(quantity=Quantity.DATE, least=first)
        case _:
            return Condition(quantity=Quantity.DATE, least=first, most=last)


def _day(iso: str, shift: int) -> str:
    return (date.fromisoformat(iso) + timedelta(days=shift)).isoformat()


def _days_of(normal: str) -> tuple[str, str]:
    """First and last day of a date's normal form, which may be a month."""
    if len(normal) > 7:
        return normal, normal
    year, month = int(normal[:4]), int(normal[5:7])
    return f"{normal}-01", f"{normal}-{calendar.monthrange(year, month)[1]:02d}"


def _period(match: re.Match[str]) -> Condition:
    year = match["year"] or match["only"]
    month = MONTHS[match["month"]] if match["month"] else None
    if year is None:
        return Condition(quantity=Quantity.DATE, month=month)
    if month is None:
        return Condition(quantity=Quantity.DATE, least=f"{year}-01-01", most=f"{year}-12-31")
    first, last = _days_of(f"{year}-{month:02d}")
    return Condition(quantity=Quantity.DATE, least=first, most=last)


def _bound(name: str, number: str) -> Condition:
    if name in ("over", "at_least"):
        return Condition(quantity=Quantity.AMOUNT, least=number, strict=name == "over")
    least = number if name == "exactly" else None
    return Condition(quantity=Quantity.AMOUNT, least=least, most=number, strict=name == "under")


def _number(text: str) -> str:
    return parse_number(text)[0]
