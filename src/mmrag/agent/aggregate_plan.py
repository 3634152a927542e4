"""Decomposing a question that no single place answers: which operation, on what, read from which documents.

Only questions about several *documents* are taken apart here. Sums and comparisons inside one document stay look-ups: the
drafter reads its tables.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from mmrag.agent.aggregate_bounds import conditions_in, month_in
from mmrag.agent.aggregate_words import ANY, AggregateWords, aggregate_words
from mmrag.domain.aggregates import Aggregate, Condition, Field, Giving, Operation, Part, Quantity
from mmrag.domain.plans import Constraint, ConstraintKind
from mmrag.values.folding import fold

Single = Callable[[str], tuple[Constraint, ...]]
"""What a piece of a question says of the document that it means."""

_JOINT = re.compile(r"\s*,?\s+(?:and|or|than|before|after|exceeds?|versus|vs\.?|compared\s+(?:to|with))\s+")
_SMALL = re.compile(r"^(?:(?:of|from|by|at|the|or|and)\s+)+")
_YES_NO = re.compile(r"^\W*(?:is|are|was|were|does|do|did)\b")
_DOCUMENT = re.compile(r"^\W*(?:which|what)\b(?!\s+(?:is|was|are|were)\b)")
_WHICH_IS = re.compile(r"[:,;]\s*which\b")
_RANKS = {"second": 2, "2nd": 2, "third": 3, "3rd": 3, "fourth": 4, "4th": 4, "fifth": 5, "5th": 5}
_ORDINAL = re.compile(
    r"\b(?P<rank>second|third|fourth|fifth|2nd|3rd|4th|5th)[\s-]+(?=(?:most\s+)?(?:\w+est|expensive|recent)\b)",
    re.IGNORECASE,
)
"""'the second highest': a place in the order of all."""
_LATER = re.compile(r"\bdays\s+(?P<which>after|before)\b.*?(?P<joint>\s+(?:was|were|is|came|followed)\s+)", re.IGNORECASE)
"""'how many days after A was B': two documents that no 'and' joins."""
_LISTED = frozenset((Operation.SUM, Operation.AVERAGE, Operation.LARGEST, Operation.SMALLEST, Operation.LIST))
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
_VALUES = re.compile(
    r"^\W*(?:please\s+)?(?:list|enumerate|show|name|give|what\s+are)\s+(?:me\s+)?(?:all\s+)?the\s+"
    r"(?:totals|amounts|dates|sub-?totals|taxes)\s+(?:of|on|in|from)\b"
)
"""'list the totals of all invoices': one by one, and not what they come to."""
_SECOND = re.compile(
    r"[,;]?\s+and\s+(?P<second>(?:what|which|how|by how)\b.*"
    r"\b(?:they|them|both|two|it|that|those|difference|sum|total)\b.*)$",
    re.IGNORECASE,
)
"""'... which is larger, and what do they sum to?': a second question about the same documents."""
_PAID = re.compile(r"\bpaid\s+(?:for\s+)?(?:in|by|with|via|using)\s+(?:an?\s+)?(?P<way>[a-z ]{3,20}?)\s*\W*$")
_ENUMERATED = frozenset((ConstraintKind.IDENTIFIER, ConstraintKind.FILE))
_BOUNDS = frozenset((ConstraintKind.DATE, ConstraintKind.AMOUNT))
_PINS = frozenset((ConstraintKind.FILE, ConstraintKind.DATE, ConstraintKind.IDENTIFIER, ConstraintKind.AMOUNT))


def find_aggregate(text: str, single: Single) -> Aggregate | None:
    """The decomposition of ``text``, or None for a question that one place on one document may answer."""
    second = _SECOND.search(text)
    if second is not None:
        return _found_both(text[: second.start()], second["second"], single)
    ordinal = _ORDINAL.search(text)
    if ordinal is None:
        return _found(text, single)
    aggregate = _found(f"{text[: ordinal.start()]}{text[ordinal.end() :]}", single)
    if aggregate is None or aggregate.operation not in (Operation.LARGEST, Operation.SMALLEST) or len(aggregate.parts) != 1:
        return None
    return replace(aggregate, rank=_RANKS[ordinal["rank"].casefold()])


def _found_both(first: str, second: str, single: Single) -> Aggregate | None:
    """Two questions about the same documents: what the second asks for is worked out of the operands of the first."""
    words = aggregate_words()
    aggregate = _found(f"{first}?", single)
    asked = _first(fold(second), words.operations)
    if aggregate is None or asked is None or aggregate.quantity is not Quantity.AMOUNT or asked is aggregate.operation:
        return None
    fits = asked in _AMOUNTS_ONLY and (asked not in _TWO_ONLY or len(aggregate.parts) == 2)
    return replace(aggregate, also=asked) if fits else None


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
    several = _enumerated(told, genre, several=True) if operation in _LISTED else ()
    if operation is not None and len(several) > 2:
        return _built(lower, operation, several, (), words)
    pair = _pair(text, asked, genre, words, single) if genre and asked in _PAIRED else None
    if pair is not None and asked is not None:
        told_order = _LATER.search(text) if asked is Operation.DAYS else None
        order = 0 if told_order is None else 1 if told_order["which"].casefold() == "after" else -1
        return replace(_built(lower, asked, pair, (), words), order=order)
    return _pooled(text, bare, operation, genre, single)


def _pooled(text: str, bare: str, operation: Operation | None, genre: str | None, single: Single) -> Aggregate | None:
    """The decomposition of a question for all documents of a kind, or for several that it tells by a number each. ``bare``
    is the question in lower case without names."""
    words, told, lower = aggregate_words(), single(text), fold(text)
    field = next((f for f, pattern in words.fields if pattern.search(bare)), None)
    if field is not None and operation not in (Operation.LARGEST, Operation.SMALLEST):
        operation = Operation.LIST
    listed = _enumerated(told, genre, several=words.several.search(bare) is not None) if operation in _LISTED else ()
    if operation is not None and listed:
        return _built(lower, operation, listed, (), words, field=field)
    of_any = words.documents.search(bare) if operation in (Operation.LIST, Operation.COUNT) else None
    pooled = of_any or words.several.search(bare) or words.superlative.search(bare) or field
    spending = operation is Operation.SUM and words.spending.search(bare) is not None
    if operation is None or not (pooled or spending) or (operation in _TWO_ONLY and not words.two.search(bare)):
        return None
    opened = of_any or field or words.opening.search(lower) or _VALUES.search(bare)
    if operation in (Operation.COUNT, Operation.LIST) and not opened:
        return None
    genre = ANY if of_any else _genre(pooled) if isinstance(pooled, re.Match) else genre
    conditions, rest = conditions_in(text)
    paid = _PAID.search(bare) if operation in (Operation.LIST, Operation.COUNT) and field is None else None
    told = _telling(single(rest))
    if (
        not told
        and not conditions
        and ((operation is Operation.LIST and not (field or paid or _VALUES.search(bare))) or spending or of_any)
    ):
        return None
    parts = _pools(rest, genre, told, single) if operation in _POOLED else ()
    parts = parts or (Part(name=" ".join(c.text for c in told), constraints=told, genre=genre, several=True),)
    built = _built(lower, operation, parts, conditions, words, field=field)
    return built if paid is None else replace(built, field=Field.PAYMENT, only=paid["way"])


def _enumerated(told: Sequence[Constraint], genre: str | None, *, several: bool) -> tuple[Part, ...]:
    """'invoices 4711, 4712 and 4720': documents that are told by a number or a file each."""
    pins = [c for c in told if c.kind is not ConstraintKind.GENRE]
    if len(pins) < 2 or not all(c.kind in _ENUMERATED for c in pins):
        return ()
    files = all(c.kind is ConstraintKind.FILE for c in pins)
    return tuple(_part((c,), genre, several=False) for c in pins) if files or several else ()


def _operation(bare: str, words: AggregateWords) -> Operation | None:
    found = _first(bare, words.operations)
    listed = found is Operation.SUM and (words.opening.search(bare) or _VALUES.search(bare)) is not None
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
    lower: str,
    operation: Operation,
    parts: tuple[Part, ...],
    conditions: tuple[Condition, ...],
    words: AggregateWords,
    *,
    field: Field | None = None,
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
        giving=_giving(lower, operation, parts) if field is None else Giving.FIELD,
        field=field,
    )


def _giving(lower: str, operation: Operation, parts: tuple[Part, ...]) -> Giving:
    issuers = aggregate_words().issuers.search(lower) is not None
    if operation is Operation.LIST and issuers:
        return Giving.ISSUER
    if operation not in (Operation.LARGEST, Operation.SMALLEST):
        return Giving.VALUE
    if _YES_NO.match(lower) and len(parts) == 2:
        return Giving.YES_NO
    if len(parts) > 1:
        return Giving.PART if _DOCUMENT.match(lower) or _WHICH_IS.search(lower) or " or " in lower else Giving.VALUE
    if issuers:
        return Giving.ISSUER
    return Giving.DOCUMENT if _DOCUMENT.match(lower) else Giving.VALUE


def _pair(
    text: str, operation: Operation | None, genre: str | None, words: AggregateWords, single: Single
) -> tuple[Part, Part] | None:
    """Two documents joined by 'and', 'or' or 'than', each told by something of its own."""
    by_month = _pair_of_months(text, genre, words, single)
    if by_month is not None:
        return by_month
    several = operation in _POOLED and words.several.search(fold(text)) is not None
    joints = [joint.span() for joint in _JOINT.finditer(text)]
    joints += [joint.span("joint") for joint in _LATER.finditer(text) if operation is Operation.DAYS]
    for start, end in joints:
        left, right = _told(text[:start], single), _told(text[end:], single)
        if (
            right
            and not words.genre.search(fold(text[end:]))
            and all(c.kind in _BOUNDS for c in right)
            and _YES_NO.match(fold(text))
        ):
            continue  # 'was it before 1 July' names no second document
        if left and right and left != right and (not several or (_named(left) and _named(right))):
            one, other = (_part(told, genre, several=several) for told in (left, right))
            return one, other
    return None


def _pair_of_months(text: str, genre: str | None, words: AggregateWords, single: Single) -> tuple[Part, Part] | None:
    """'the receipt of March or of April', 'A's receipt of March 2018 and that of April': each half has a month, and the name
    that the second half leaves out is that of the first."""
    for joint in _JOINT.finditer(text):
        halves = (text[: joint.start()], text[joint.end() :])
        months = [month_in(half) for half in halves]
        if months[0] is None or months[1] is None or months[0] == months[1]:
            continue
        told = [[c for c in _telling(single(half)) if c.kind is not ConstraintKind.DATE] for half in halves]
        if any(c.kind is not ConstraintKind.NAME for side in told for c in side):
            continue
        sides = (told[0], told[1] or told[0])
        one, other = (
            Part(name=name, constraints=tuple(side), genre=genre, conditions=(condition,))
            for (name, condition), side in zip([m for m in months if m is not None], sides, strict=True)
        )
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
