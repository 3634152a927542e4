"""The arithmetic of aggregates, pure: exact decimals and calendar days, on values that were read elsewhere.

Both the drafter and the verifier call it, each with values that it has read for itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from mmrag.domain.aggregates import Aggregate, Condition, Giving, Operation, Quantity

NOT_COUNTED = " (not counted"
"""Opens the note on documents that were left out, behind the answer."""
_TWO = frozenset({Operation.DIFFERENCE, Operation.DAYS})
_CARDS = ("card", "visa", "master", "maestro", "amex", "american express", "diners", "karte", "carte")
_CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What was read on one document. ``dates`` are the possible readings of its date, likeliest first.

    ``label`` names the document in an answer, ``issuer`` who issued it, ``field`` what else of it is told. None: it was not
    asked for, or not read. ``undated`` says that no date which the document prints is one that the conditions allow.
    """

    document: str
    label: str
    part: int = 0
    amount: Decimal | None = None
    day: date | None = None
    currency: str | None = None
    issuer: str | None = None
    field: str | None = None
    undated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Worked:
    """``text`` is None when nothing can be worked out, for the reason in ``why``. ``used`` are the entries it rests on;
    ``undecided`` the labels of documents that might belong to them but could not be read.
    """

    text: str | None
    used: tuple[Entry, ...] = ()
    undecided: tuple[str, ...] = ()
    why: str = ""


def work_out(aggregate: Aggregate, entries: Sequence[Entry]) -> Worked:
    """The answer to ``aggregate`` from the ``entries``, or why there is none."""
    decided = [_is_meant(aggregate, e) for e in entries]
    kept = tuple(e for e, keep in zip(entries, decided, strict=True) if keep)
    undecided = [e.label for e, keep in zip(entries, decided, strict=True) if keep is None]
    unread = [e.label for e in kept if _value(aggregate, e) is None]
    counted = aggregate.counts_all
    if unread and not counted:
        what = "date" if aggregate.quantity is Quantity.DATE else aggregate.target
        if aggregate.operation is not Operation.LIST:
            return Worked(text=None, why=f"the {what} cannot be read on {_some(unread)}")
        undecided += unread
    used = kept if counted else tuple(e for e in kept if _value(aggregate, e) is not None)
    if not used:
        return Worked(text=None, undecided=tuple(undecided), why="no document read fits what was asked")
    if wrong := _misfit(aggregate, used):
        return Worked(text=None, why=wrong)
    text, resting = _worked(aggregate, used)
    if text is None:
        why = "there are not so many different ones"
        if resting:
            labels = [e.label for e in resting]
            days = aggregate.operation is Operation.DAYS
            why = f"{labels[0]} is the later one" if days and aggregate.order > 0 else why
            why = f"{labels[0]} is the earlier one" if days and aggregate.order < 0 else why
            why = why if days else f"two of them are equal: {_some(labels)}"
        return Worked(text=None, why=why)
    if aggregate.also is not None:
        second, more = _worked(replace(aggregate, operation=aggregate.also, giving=Giving.VALUE), used)
        if second is None:
            return Worked(text=None, why="the second of two questions cannot be worked out")
        text, resting = f"{text}; {second}", tuple(dict.fromkeys((*resting, *more)))
    note = f"{NOT_COUNTED}, because it cannot be read: {_some(undecided)})" if undecided else ""
    return Worked(text=text + note, used=resting, undecided=tuple(undecided))


def _is_meant(aggregate: Aggregate, entry: Entry) -> bool | None:
    """Whether the document keeps every condition and has the field that is asked for; None when that cannot be told."""
    kept = keeps((*aggregate.conditions, *aggregate.parts[entry.part].conditions), entry)
    if aggregate.only is None or kept is False:
        return kept
    if entry.field is None:
        return None
    return kept if is_way(entry.field, aggregate.only) else False


def is_way(field: str, asked: str) -> bool:
    """True where ``field`` is the way to pay that is ``asked``; every brand of cards is a card."""
    printed, wanted = field.casefold().strip(), asked.casefold().strip()
    return printed == wanted or (wanted in ("card", "a card") and any(brand in printed for brand in _CARDS))


def keeps(conditions: Sequence[Condition], entry: Entry) -> bool | None:
    """Whether the document keeps every condition; None when that cannot be told."""
    verdicts = [_keeps_one(c, entry) for c in conditions]
    return False if False in verdicts else None if None in verdicts else True


def _keeps_one(condition: Condition, entry: Entry) -> bool | None:
    if condition.quantity is Quantity.DATE:
        day = entry.day
        if day is None:
            return False if entry.undated else None
        if condition.month is not None and day.month != condition.month:
            return False
        return (condition.least or "") <= day.isoformat() <= (condition.most or "9999")
    amount = entry.amount
    if amount is None:
        return None
    least = None if condition.least is None else Decimal(condition.least)
    most = None if condition.most is None else Decimal(condition.most)
    if amount in (least, most) and condition.strict:
        return False
    return (least is None or amount >= least) and (most is None or amount <= most)


def _value(aggregate: Aggregate, entry: Entry) -> Decimal | date | str | None:
    if aggregate.reads_fields:
        return entry.field
    return entry.day if aggregate.quantity is Quantity.DATE else entry.amount


def _misfit(aggregate: Aggregate, used: Sequence[Entry]) -> str:
    """Why the entries cannot be worked with; empty when they can."""
    for number, part in enumerate(aggregate.parts):
        mine = [e for e in used if e.part == number]
        if part.several and aggregate.operation in _TWO and len(mine) != 2:
            return f"two documents are meant, and {len(mine)} fit: {_some([e.label for e in mine])}"
        if not mine:
            return f"nothing was read for “{part.name}”" if part.name else "nothing was read"
        if not part.several and len({_value(aggregate, e) for e in mine}) > 1:
            return f"several documents fit “{part.name}”: {_some([e.label for e in mine])}; say which is meant"
    if aggregate.quantity is Quantity.AMOUNT and aggregate.operation is not Operation.COUNT and not aggregate.lists_fields:
        currencies = {e.currency for e in used if e.currency}
        if len(currencies) > 1:
            return f"the amounts are in different currencies: {', '.join(sorted(currencies))}"
    return ""


def _worked(aggregate: Aggregate, used: tuple[Entry, ...]) -> tuple[str | None, tuple[Entry, ...]]:
    match aggregate.operation:
        case Operation.COUNT:
            return str(len(used)), used
        case Operation.LIST:
            if aggregate.giving is Giving.ISSUER and all(e.issuer for e in used):
                return "; ".join(dict.fromkeys(e.issuer or "" for e in used)), used
            if aggregate.only is not None:
                return "; ".join(f"{e.label} ({e.field})" for e in used), used
            if aggregate.giving is Giving.FIELD:
                return "; ".join(dict.fromkeys(e.field or "" for e in used)), used
            return "; ".join(f"{e.label} ({_shown(aggregate, e)})" for e in used), used
        case Operation.SUM:
            return _money(sum(_amounts(used), Decimal(0)), used), used
        case Operation.AVERAGE:
            mean = sum(_amounts(used), Decimal(0)) / len(used)
            return _money(mean.quantize(_CENT, ROUND_HALF_UP), used), used
        case Operation.DIFFERENCE:
            one, other = _firsts(used)
            return _money(abs((one.amount or Decimal(0)) - (other.amount or Decimal(0))), (one, other)), (one, other)
        case Operation.DAYS:
            one, other = _firsts(used)
            if aggregate.order and (one.day or date.min) != (other.day or date.min):
                later = (other.day or date.min) > (one.day or date.min)
                if later != (aggregate.order > 0):
                    return None, (one, other)
            return str(abs(((one.day or date.min) - (other.day or date.min)).days)), (one, other)
        case Operation.LARGEST | Operation.SMALLEST:
            return _extreme(aggregate, used)


def _extreme(aggregate: Aggregate, used: tuple[Entry, ...]) -> tuple[str | None, tuple[Entry, ...]]:
    by_date = aggregate.quantity is Quantity.DATE
    ordered = sorted(used, key=lambda e: (e.day or date.min) if by_date else (e.amount or Decimal(0)))
    if aggregate.operation is Operation.LARGEST:
        ordered.reverse()
    values = list(dict.fromkeys(_value(aggregate, e) for e in ordered))
    if len(values) < aggregate.rank:
        return None, ()
    best = next(e for e in ordered if _value(aggregate, e) == values[aggregate.rank - 1])
    ordered = [best, *(e for e in ordered if e is not best)]
    equal = tuple(e for e in ordered if _value(aggregate, e) == _value(aggregate, best) and e.document != best.document)
    if equal and aggregate.giving is not Giving.VALUE:
        return None, (best, *equal)
    match aggregate.giving:
        case Giving.VALUE:
            return _shown(aggregate, best), tuple(ordered)
        case Giving.DOCUMENT:
            return f"{best.label} ({_shown(aggregate, best)})", tuple(ordered)
        case Giving.ISSUER:
            return best.issuer or f"{best.label} ({_shown(aggregate, best)})", tuple(ordered)
        case Giving.FIELD:
            return best.field or f"{best.label} ({_shown(aggregate, best)})", tuple(ordered)
        case Giving.PART:
            return aggregate.parts[best.part].name, tuple(ordered)
        case Giving.YES_NO:
            return ("Yes" if best.part == 0 else "No"), tuple(ordered)


def _firsts(used: Sequence[Entry]) -> tuple[Entry, Entry]:
    """The two entries of a single part, or one of each of two; ``_misfit`` has seen to it that they are there."""
    if all(e.part == 0 for e in used):
        return used[0], used[1]
    return next(e for e in used if e.part == 0), next(e for e in used if e.part == 1)


def _amounts(used: Sequence[Entry]) -> list[Decimal]:
    return [e.amount for e in used if e.amount is not None]


def _shown(aggregate: Aggregate, entry: Entry) -> str:
    if aggregate.quantity is Quantity.DATE:
        return "" if entry.day is None else entry.day.isoformat()
    return "" if entry.amount is None else _money(entry.amount, (entry,))


def _money(amount: Decimal, used: Sequence[Entry]) -> str:
    """The amount with the currency that all of ``used`` print, and without one where any of them prints none."""
    currencies = {entry.currency for entry in used}
    unit = next(iter(currencies)) if len(currencies) == 1 else None
    if unit is None:
        return f"{amount:f}"
    return f"{amount:f} {unit}" if unit.isalpha() else f"{unit}{amount:f}"


def _some(labels: Sequence[str]) -> str:
    return ", ".join(labels[:5]) + (f" and {len(labels) - 5} more" if len(labels) > 5 else "")
